// jax-js, its WebAssembly backend, one thread: a whole step (forward, backward, update) is one jitted function, and the
// loss is read back. Comes in: a workload's name; goes out: a step from its initial parameters, or a product to repeat.
// Every array here is owned once: `ref` where it is used again, as the library asks.

import { jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax'
import type { Multiplication, Step } from '../subject.ts'
import { type Embedding, embedding, embeddingSizes } from '../workloads/embedding.ts'
import { w1, type W1 } from '../workloads/w1.ts'
import { w2, type W2 } from '../workloads/w2.ts'
import type { Product, Tensor } from '../workloads/workload.ts'

type Arrays<Name extends string> = Record<Name, np.Array>

// The library names the kinds of buffer that a typed array may have; those of the workloads are never shared.
const array = ({ data, shape }: Tensor): np.Array =>
  np.array(data as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>, { shape: [...shape] })

const mapArrays = <Name extends string, A>(
  from: Readonly<Record<Name, A>>,
  f: (value: A, name: Name) => np.Array,
): Arrays<Name> =>
  Object.fromEntries(Object.entries<A>(from).map(([name, value]) => [name, f(value, name as Name)])) as Arrays<Name>

const again = <Name extends string>(arrays: Arrays<Name>): Arrays<Name> => mapArrays(arrays, (value) => value.ref)

const dense = (x: np.Array, w: np.Array, b: np.Array): np.Array => np.matmul(x, w).add(b)

/** Steps over batches held as arrays, in turn, of what takes parameters to parameters. */
const stepping = <P, Held extends readonly np.Array[]>(
  update: (parameters: P, ...batch: Held) => [np.Array, P],
  initial: P,
  batches: readonly Held[],
): Step => {
  let current = initial
  return (index) => {
    const batch = batches[index % batches.length] as Held
    const [value, next] = update(current, ...(batch.map((a) => a.ref) as readonly np.Array[] as Held))
    current = next
    return value.dataSync()[0] ?? Number.NaN
  }
}

const trainW1 = ({ parameters, batches, optimizer }: W1): Step => {
  type Parameters = Arrays<keyof W1['parameters']>
  // −y·log σ(z) − (1 − y)·log σ(−z) = −log σ(−z) − y·z: one transcendental less.
  const loss = (p: Parameters, x: np.Array, y: np.Array): np.Array => {
    const z = dense(np.tanh(dense(x, p.w1, p.b1)), p.w2, p.b2)
    return np.mean(np.negative(nn.logSigmoid(np.negative(z.ref))).sub(z.mul(y)))
  }
  const update = jit((p: Parameters, x: np.Array, y: np.Array): [np.Array, Parameters] => {
    const [value, gradient] = valueAndGrad(loss)(again(p), x, y)
    return [value, mapArrays(p, (old, name) => old.sub(gradient[name].mul(optimizer.learningRate)))]
  })
  const held = batches.map(({ x, y }) => [array(x), array(y)] as const)
  return stepping(update, mapArrays(parameters, array), held)
}

const trainW2 = ({ parameters, batches, optimizer }: W2): Step => {
  type Parameters = Arrays<keyof W2['parameters']>
  // Adam's corrections are made outside, one number each: inside, they would be divided out again for every element.
  type State = { p: Parameters; m: Parameters; v: Parameters }
  const { learningRate, beta1, beta2, epsilon } = optimizer
  const loss = (p: Parameters, x: np.Array, target: np.Array): np.Array => {
    const h1 = nn.relu(dense(x, p.w1, p.b1))
    const h2 = nn.relu(dense(h1, p.w2, p.b2))
    return np.negative(np.mean(np.sum(nn.logSoftmax(dense(h2, p.w3, p.b3), -1).mul(target), -1)))
  }
  const update = jit(
    (state: State, rate: np.Array, second: np.Array, x: np.Array, target: np.Array): [np.Array, State] => {
      const [value, gradient] = valueAndGrad(loss)(again(state.p), x, target)
      const m = mapArrays(state.m, (old, name) => old.mul(beta1).add(gradient[name].ref.mul(1 - beta1)))
      const v = mapArrays(state.v, (old, name) => old.mul(beta2).add(np.square(gradient[name]).mul(1 - beta2)))
      const p = mapArrays(state.p, (old, name) =>
        old.sub(m[name].ref.mul(rate.ref).div(np.sqrt(v[name].ref.mul(second.ref)).add(epsilon))),
      )
      rate.dispose()
      second.dispose()
      return [value, { p, m, v }]
    },
  )
  const zeros = (): Parameters => mapArrays(parameters, ({ shape }) => np.zeros([...shape]))
  // One-hot rows made ahead: a product and a sum instead of a gather in every step.
  const held = batches.map(({ x, label }) => ({ x: array(x), target: nn.oneHot(array(label), 10) }))
  let state: State = { p: mapArrays(parameters, array), m: zeros(), v: zeros() }
  let taken = 0
  return (index) => {
    const { x, target } = held[index % held.length] as (typeof held)[number]
    taken += 1
    const rate = np.array([learningRate / (1 - beta1 ** taken)])
    const second = np.array([1 / (1 - beta2 ** taken)])
    const [value, next] = update(state, rate, second, x.ref, target.ref)
    state = next
    return value.dataSync()[0] ?? Number.NaN
  }
}

/** The gradient is a dense table here, and so are its norm and the update. */
const trainEmbedding = ({ parameters, batches, optimizer }: Embedding): Step => {
  type Parameters = Arrays<'table'>
  const loss = (p: Parameters, id: np.Array, target: np.Array): np.Array =>
    np.mean(np.sum(np.square(p.table.slice(id).sub(target)), -1))
  const update = jit((p: Parameters, id: np.Array, target: np.Array): [np.Array, Parameters] => {
    const [value, gradient] = valueAndGrad(loss)(again(p), id, target)
    const norm = np.sqrt(np.sum(np.square(gradient.table.ref)))
    const rate = np
      .array(optimizer.learningRate * embeddingSizes.clipNorm)
      .div(np.maximum(norm, embeddingSizes.clipNorm))
    return [value, { table: p.table.sub(gradient.table.mul(rate)) }]
  })
  const held = batches.map(({ id, target }) => [array(id), array(target)] as const)
  return stepping(update, mapArrays(parameters, array), held)
}

const trainers: Readonly<Record<string, () => Step>> = {
  W1: () => trainW1(w1()),
  W2: () => trainW2(w2()),
  embedding: () => trainEmbedding(embedding()),
}

export const train = (workload: string): Promise<Step> | undefined => {
  const make = trainers[workload]
  return make === undefined ? undefined : Promise.resolve(make())
}

export const multiply = ({ left, right, form }: Product): Promise<Multiplication> => {
  const a = array(left)
  const b = array(right)
  const product = jit(
    (x: np.Array, y: np.Array): np.Array =>
      np.matmul(form === 'tn' ? np.transpose(x) : x, form === 'nt' ? np.transpose(y) : y),
  )
  return Promise.resolve({
    // Waiting for the result costs less than reading it back would.
    run: async () => {
      const c = product(a.ref, b.ref)
      await c.blockUntilReady()
      c.dispose()
    },
    result: () => product(a.ref, b.ref).dataSync() as Float32Array,
  })
}
