// TensorFlow.js, its WebAssembly backend with SIMD, one thread: the loss as an expression of variables, its own optimizer,
// and the loss read back. It trains the networks without patches; a lookup it cannot differentiate on this backend. Of the formulations that it offers, the fastest is
// taken (for W1 softplus instead of `tf.losses.sigmoidCrossEntropy`; fused layers gain nothing in training).

import { dirname } from 'node:path'
import { createRequire } from 'node:module'
import * as tf from '@tensorflow/tfjs'
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import type { Multiplication, Step } from '../subject.ts'
import { w1, type W1 } from '../workloads/w1.ts'
import { w2, type W2 } from '../workloads/w2.ts'
import type { Convolution, Product, Tensor } from '../workloads/workload.ts'

setThreadsCount(1)
setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`)
if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend does not start')

type Variables<Name extends string> = Record<Name, tf.Variable>

const tensor = ({ data, shape }: Tensor): tf.Tensor =>
  tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32')

const variables = <Name extends string>(parameters: Readonly<Record<Name, Tensor>>): Variables<Name> =>
  Object.fromEntries(
    Object.entries<Tensor>(parameters).map(([name, value]) => [name, tf.variable(tensor(value))]),
  ) as Variables<Name>

const dense = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.add(tf.matMul(x, w), b)

const step =
  (optimizer: tf.Optimizer, losses: readonly (() => tf.Scalar)[]): Step =>
  (index) => {
    const loss = losses[index % losses.length] as () => tf.Scalar
    const value = optimizer.minimize(loss, true)
    if (value === null) throw new Error('the optimizer gave no loss')
    const [number = Number.NaN] = value.dataSync()
    value.dispose()
    return number
  }

const trainW1 = ({ parameters, batches, optimizer }: W1): Step => {
  const p = variables(parameters)
  const losses = batches.map((batch) => {
    const [x, y] = [tensor(batch.x), tensor(batch.y)]
    return (): tf.Scalar => {
      const z = dense(tf.tanh(dense(x, p.w1, p.b1)), p.w2, p.b2)
      return tf.mean(tf.sub(tf.softplus(z), tf.mul(z, y)))
    }
  })
  return step(tf.train.sgd(optimizer.learningRate), losses)
}

const trainW2 = ({ parameters, batches, optimizer }: W2): Step => {
  const p = variables(parameters)
  const losses = batches.map((batch) => {
    const x = tensor(batch.x)
    const target = tf.cast(tf.oneHot(tensor(batch.label), 10), 'float32')
    return (): tf.Scalar => {
      const h1 = tf.relu(dense(x, p.w1, p.b1))
      const h2 = tf.relu(dense(h1, p.w2, p.b2))
      const logarithms = tf.logSoftmax(dense(h2, p.w3, p.b3))
      return tf.neg(tf.mean(tf.sum(tf.mul(logarithms, target), 1)))
    }
  })
  const { learningRate, beta1, beta2, epsilon } = optimizer
  return step(tf.train.adam(learningRate, beta1, beta2, epsilon), losses)
}

const trainers: Readonly<Record<string, () => Step>> = {
  W1: () => trainW1(w1()),
  W2: () => trainW2(w2()),
}

export const train = (workload: string): Promise<Step> | undefined => {
  const make = trainers[workload]
  return make === undefined ? undefined : Promise.resolve(make())
}

/** The backend has no derivative by the filters, and neither the layout nor groups. */
export const convolve = ({
  form,
  image,
  filters,
  cotangent,
  pad,
  layout,
  groups,
}: Convolution): Promise<Multiplication> | undefined => {
  if (form === 'filters' || layout !== 'NHWC' || groups !== 1) return undefined
  const [x, w, ct] = [image, filters, cotangent].map(tensor) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]
  const around = pad === 0 ? ('valid' as const) : pad
  return repeated(() =>
    form === 'forward' ? tf.conv2d(x, w, 1, around) : tf.conv2dTranspose(ct, w, x.shape, 1, around),
  )
}

export const multiply = ({ left, right, form }: Product): Promise<Multiplication> => {
  const [a, b] = [tensor(left), tensor(right)]
  return repeated(() => tf.matMul(a, b, form === 'tn', form === 'nt'))
}

const repeated = (product: () => tf.Tensor): Promise<Multiplication> =>
  Promise.resolve({
    // The backend runs a kernel when it is called, so there is nothing to wait for.
    run: () => product().dispose(),
    result: () => {
      const c = product()
      const data = c.dataSync() as Float32Array
      c.dispose()
      return data
    },
  })
