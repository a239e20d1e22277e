/**
 * Loops, from expressions to both targets: values, gradients, what leaves the loop, and that length costs nothing.
 */
import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import {
  add,
  cast,
  foldIn,
  input,
  key,
  matmul,
  mean,
  type Node,
  param,
  randomUniform,
  reshape,
  scan,
  sgd,
  square,
  sub,
  sum,
  tanh,
  uniform,
  zeros,
} from 'nabla'
import { grad, interpret, type Scalar, type Tensor, tensor, trainStep } from 'nabla/compiler'
import { load } from 'nabla/runtime'
import { describe, expect, test } from 'vitest'
import { compileWhole, type Whole } from '../../compiler/compile.ts'
import type { EntryInputs } from '../../compiler/entries.ts'

const built = async (entries: EntryInputs, target: 'wasm' | 'javascript'): Promise<Whole> => {
  const whole = await compileWhole(entries, { target, checked: true })
  if (!isRight(whole)) throw new Error(whole.left.message)
  return whole.right
}

interface Model {
  readonly loss: Node
  readonly leaves: readonly Node[]
  readonly weights: readonly Node[]
}

const network = (steps: number, dtype: 'f32' | 'f64' = 'f32'): Model => {
  const [b, e, h] = [3, 4, 5]
  const xs: Node = input('xs', [steps, b, e], dtype)
  const targets: Node = input('targets', [steps, b, h], dtype)
  const h0: Node = input('h0', [b, h], dtype)
  const weights: readonly Node[] = [input('wx', [e, h], dtype), input('wh', [h, h], dtype), input('b', [h], dtype)]
  const [wx, wh, bias] = weights as [Node, Node, Node]
  const { carry, outputs } = scan(
    (state: Node, { x, t }: { readonly x: Node; readonly t: Node }) => {
      const next: Node = tanh(add(add(matmul(x, wx), matmul(state, wh)), bias))
      return { carry: next, output: sum(square(sub(next, t))) }
    },
    h0,
    { x: xs, t: targets },
  )
  return { loss: add(sum(outputs), mean(carry)), leaves: [xs, targets, h0, ...weights], weights }
}

const draw = (leaves: readonly Node[]): Map<Node, Tensor> =>
  new Map(
    leaves.map((n, i) => {
      const size = n.shape.reduce((a, b) => a * b, 1)
      return [
        n,
        tensor(
          n.dtype,
          n.shape,
          Array.from({ length: size }, (_, k) => Math.sin(12.9 * k + i)),
        ),
      ]
    }),
  )

const run = async (w: Whole, entry: string, env: ReadonlyMap<Node, Tensor>): Promise<readonly ArrayLike<number>[]> => {
  const program = await load({ manifest: w.manifest, bytes: w.bytes })
  if (isLeft(program)) throw new Error(program.left.message)
  const e = program.right.entries[entry]
  if (e === undefined) throw new Error(`no entry ${entry}`)
  for (const [n, t] of env) {
    const view = e.inputs[(n.params as { readonly name: string }).name]
    if (view !== undefined) view.set(t.data)
  }
  const done = e.run()
  if (isLeft(done)) throw new Error(done.left.message)
  return Object.values(e.outputs)
}

const entryOf = ({ loss, leaves, weights }: Model): Readonly<Record<string, Node>> => {
  const gradients = grad(loss as Scalar, [leaves[0] as Node, leaves[2] as Node, ...weights])
  return { loss, ...Object.fromEntries(gradients.map((g, i) => [`g${i}`, g])) }
}

describe.each(['wasm', 'javascript'] as const)('a recurrent network on %s', (target) => {
  test.each([
    ['f32', 2e-5],
    ['f64', 1e-12],
  ] as const)('has the interpreter’s loss and gradients at %s', async (dtype, tolerance) => {
    const model = network(12, dtype)
    const results = entryOf(model)
    const env = draw(model.leaves)
    const want = interpret(Object.values(results), env)
    const got = await run(await built({ main: results }, target), 'main', env)
    for (const [i, w] of want.entries())
      for (const [k, v] of Array.from(w.data).entries())
        expect(Math.abs((got[i]?.[k] as number) - v)).toBeLessThan(tolerance * (1 + Math.abs(v)))
  })
})

/** Kernel names inside and outside of loops. */
const namesOf = (
  w: Whole,
  entry: string,
): { readonly inside: readonly string[]; readonly outside: readonly string[] } => {
  const e = w.plan.entries.find((x) => x.name === entry)
  const names = (e?.steps ?? []).map((s, at) => ({
    name: w.plan.kernels[s.kernel]?.name ?? '',
    inLoop: (e?.ranges ?? []).some((l) => l.from <= at && at < l.to),
  }))
  return {
    inside: names.filter((n) => n.inLoop).map((n) => n.name),
    outside: names.filter((n) => !n.inLoop).map((n) => n.name),
  }
}

const products = (names: readonly string[]): number => names.filter((n) => n.startsWith('dotGeneral')).length

describe('what leaves the loop', () => {
  test('the inputs’ product goes ahead, weight gradients and the inputs’ gradient behind: one recurrent product each way stays', async () => {
    const w = await built({ main: entryOf(network(12)) }, 'javascript')
    const { inside, outside } = namesOf(w, 'main')
    expect(w.plan.entries.find((e) => e.name === 'main')?.ranges).toHaveLength(2)
    expect(products(inside)).toBe(2)
    // ahead: x Wx; behind: the gradients of x, Wx and Wh
    expect(products(outside)).toBe(4)
  })

  // The loops are the same to the byte but for their counts. Products over all steps are cut for the caches: 10 and 100 steps
  // fit in one piece, 1000 do not, and from then on a loop over pieces and panels stands for any number of steps. How many of
  // them a round of a product's loop takes, one to four, depends on what divides them.
  test.each([
    ['wasm', 1.08, 1.25, 1.13],
    ['javascript', 1.01, 1.05, 1.05],
  ] as const)('on %s, the length of a loop costs neither kernels nor size', async (target, within, cut, beyond) => {
    const sized = async (steps: number): Promise<Whole> => built({ main: entryOf(network(steps)) }, target)
    const [ten, hundred, thousand, many] = [await sized(10), await sized(100), await sized(1000), await sized(100_000)]
    for (const w of [hundred, thousand, many]) expect(w.plan.kernels.length).toBe(ten.plan.kernels.length)
    expect(hundred.bytes.length).toBeLessThan(within * ten.bytes.length)
    expect(thousand.bytes.length).toBeLessThan(cut * ten.bytes.length)
    expect(many.bytes.length).toBeLessThan(beyond * thousand.bytes.length)
  })
})

test('a training step through a loop lowers its loss, the same on both targets', async () => {
  const xs: Node = input('xs', [6, 2, 3])
  const wx: Node = param('wx', [3, 4], randomUniform(-0.5, 0.5))
  const wh: Node = param('wh', [4, 4], randomUniform(-0.5, 0.5))
  const last: Node = scan(
    (h: Node, x: Node) => ({ carry: tanh(add(matmul(x, wx), matmul(h, wh))), output: [] }),
    zeros([2, 4]),
    xs,
  ).carry
  const loss = mean(square(sub(last, 0.5))) as Scalar
  const histories = await Promise.all(
    (['wasm', 'javascript'] as const).map(async (target) => {
      const w = await built({ step: trainStep(loss, sgd()) }, target)
      const program = await load({ manifest: w.manifest, bytes: w.bytes }, { seed: 3 })
      if (isLeft(program)) throw new Error(program.left.message)
      const { step } = program.right.entries
      if (step === undefined) throw new Error('no step')
      ;(step.inputs['xs'] as Float32Array).set(Float32Array.from({ length: 36 }, (_, i) => Math.sin(i)))
      ;(step.inputs['learningRate'] as Float32Array)[0] = 0.5
      return Array.from({ length: 20 }, () => {
        step.run()
        return (step.outputs['loss'] as Float32Array)[0]
      })
    }),
  )
  expect(histories[0]).toEqual(histories[1])
  expect(histories[0]?.at(-1)).toBeLessThan(0.5 * (histories[0]?.[0] as number))
})

test('loops nest, and a key folded with the step draws anew each time', async () => {
  const rows: Node = input('rows', [3, 4])
  const sums: Node = scan(
    (total: Node, row: Node) => {
      const { carry } = scan((c: Node, v: Node) => ({ carry: add(c, v), output: [] }), zeros([]), row)
      return { carry: add(total, carry), output: carry }
    },
    zeros([]),
    rows,
  ).outputs
  const draws: Node = scan(
    (i: Node, _none: readonly Node[]) => ({
      carry: add(i, 1),
      output: reshape(uniform(foldIn(key(1), i as never), [1]), []),
    }),
    cast(zeros([]), 'i32'),
    [],
    { length: 5 },
  ).outputs
  const env = draw([rows])
  const want = interpret([sums, draws], env)
  for (const target of ['wasm', 'javascript'] as const) {
    const got = await run(await built({ main: { sums, draws } }, target), 'main', env)
    for (const [i, v] of Array.from(want[0]?.data ?? []).entries()) expect(got[0]?.[i]).toBeCloseTo(v, 5)
    expect(Array.from(got[1] as Float32Array)).toEqual(Array.from(want[1]?.data ?? []))
    expect(new Set(Array.from(got[1] as Float32Array)).size).toBe(5)
  }
})

test('each step has a key of its own, that of its place', async () => {
  const x: Node = input('x', [5, 3])
  const seed = key(7)
  const noisy = (options: object): Node =>
    scan((c: Node, v: Node, k) => ({ carry: c, output: add(v, uniform(k, [3])) }), zeros([]), x, {
      key: seed,
      ...options,
    }).outputs
  const draws = Array.from({ length: 5 }, (_, t) => uniform(foldIn(seed, t), [3]))
  const env = draw([x])
  const [plain, backwards, segments, ...each] = interpret(
    [noisy({}), noisy({ reverse: true }), noisy({ save: { every: 2 } }), ...draws],
    env,
  )
  const want = each.flatMap((t, k) =>
    Array.from(t.data, (v, i) => Math.fround(v + (env.get(x)?.data[3 * k + i] as number))),
  )
  for (const found of [plain, backwards, segments]) expect(Array.from(found?.data ?? [])).toEqual(want)
  for (const target of ['wasm', 'javascript'] as const) {
    const got = await run(await built({ main: { noisy: noisy({ save: 'nothing' }) } }, target), 'main', env)
    expect(Array.from(got[0] as Float32Array)).toEqual(want)
  }
})

test('a loop of no steps gives its start', async () => {
  const h: Node = input('h', [2])
  const { carry } = scan((c: Node) => ({ carry: tanh(c), output: c }), h, [], { length: 0 })
  const env = draw([h])
  const [got] = await run(await built({ main: { carry } }, 'wasm'), 'main', env)
  expect(Array.from(got as Float32Array)).toEqual(Array.from(env.get(h)?.data ?? []))
})
