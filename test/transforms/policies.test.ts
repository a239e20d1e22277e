// In: one loop and one network under every policy of what is kept for the way back. Out: whether values and derivatives
// are the same, and what the plan says of memory and of work.

import {
  add,
  checkpoint,
  input,
  matmul,
  type Node,
  type SavePolicy,
  scan,
  sin,
  softmax,
  square,
  sum,
  tanh,
  zeros,
} from 'nabla'
import { grad, hvp, interpret, type Scalar, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { compileAndRun, compiled } from '../pipeline/compiled.ts'
import { env } from '../expr/run.ts'
import { evaluate, expectNear } from './values.ts'

const policies: readonly SavePolicy[] = ['products', 'nothing', 'sqrt', { every: 1 }, { every: 3 }, { every: 100 }]

interface Model {
  readonly loss: Scalar
  readonly wrt: readonly Node[]
}

/** A cell of two products with much between them, over T steps. */
const loop = (
  save: SavePolicy,
  {
    dtype = 'f64',
    steps = 7,
    rows = 3,
    width = 5,
    reverse = false,
  }: Partial<Record<'steps' | 'rows' | 'width', number>> & {
    readonly dtype?: 'f32' | 'f64'
    readonly reverse?: boolean
  } = {},
): Model => {
  const xs = input('xs', [steps, rows, width], dtype)
  const [u, v] = [0, 1].map((i) => input(`w${i}`, [width, width] as readonly number[], dtype)) as [Node, Node]
  const start = zeros([rows, width], dtype)
  const step = ({ h }: { readonly h: Node }, x: Node) => {
    const inner = softmax(sin(tanh(matmul(softmax(sin(add(h, x))), u))))
    return { carry: { h: sin(tanh(matmul(inner, v))) }, output: sum(square(h), 1) }
  }
  const { carry, outputs } = scan(step, { h: start }, xs, { save, reverse })
  return { loss: add(sum(square(carry.h)), sum(sin(outputs))) as Scalar, wrt: [xs, u, v] }
}

describe.each(policies.flatMap((save) => [false, true].map((reverse) => ({ save, reverse }))))(
  'a loop that saves $save (backwards: $reverse)',
  ({ save, reverse }) => {
    const [plain, kept] = [loop('all', { reverse }), loop(save, { reverse })]
    const e = env(...plain.wrt)

    test('has the same value, gradients and Hessian-vector products', () => {
      expectNear(evaluate([kept.loss], e), evaluate([plain.loss], e))
      expectNear(evaluate(grad(kept.loss, kept.wrt), e), evaluate(grad(plain.loss, plain.wrt), e))
      const [x] = plain.wrt as [Node]
      const dx = input('dx', x.shape, 'f64')
      const all = new Map([...e, ...env(dx)])
      expectNear(evaluate([hvp(kept.loss, x, dx)], all), evaluate([hvp(plain.loss, x, dx)], all), 1e-10)
    })

    test.each(['wasm', 'javascript'] as const)('is the same on %s', async (target) => {
      const m = loop(save, { dtype: 'f32', reverse })
      const results = Object.fromEntries(grad(m.loss, m.wrt).map((g, i) => [`g${i}`, g]))
      const values = env(...m.wrt)
      const want = interpret([m.loss, ...Object.values(results)], values).map((t) => t.data)
      expectNear(await compileAndRun({ loss: m.loss, ...results }, values, target), want, 1e-5)
    })
  },
)

test.each(policies)('maps over a batch, per example gradients too: %s', (save) => {
  const [rows, w] = [input('rows', [4, 7, 5], 'f64'), input('w', [5, 5], 'f64')]
  const one =
    (policy: SavePolicy) =>
    (row: Node): Node => {
      const step = (h: Node, v: Node) => ({ carry: tanh(matmul(sin(add(h, v)), w)), output: sum(h) })
      const { carry, outputs } = scan(step, zeros([5], 'f64'), row, { save: policy })
      return add(sum(carry), sum(square(outputs)))
    }
  const each = (policy: SavePolicy) => vmap((row: Node) => grad(one(policy)(row) as Scalar, w))(rows)
  const e = env(rows, w)
  expectNear(evaluate([each(save)], e), evaluate([each('all')], e))
})

test('a loop of no steps, and one without sequences', () => {
  const h0 = input('h0', [3], 'f64')
  for (const length of [0, 1, 5]) {
    const f = (save: SavePolicy) => scan((h: Node) => ({ carry: sin(h), output: h }), h0, [], { length, save }).carry
    const g = (save: SavePolicy) => grad(sum(f(save)) as Scalar, h0)
    for (const save of policies)
      expectNear(evaluate([f(save), g(save)], env(h0)), evaluate([f('all'), g('all')], env(h0)))
  }
})

interface Price {
  readonly peak: number
  readonly flops: number
}

/** The gradients of the weights: that of the sequence is as large as a stack of carries. */
const priceOf = async ({ loss, wrt }: Model): Promise<Price> => {
  const gradients = Object.fromEntries(grad(loss, wrt.slice(1)).map((g, i) => [`g${i}`, g]))
  const { plan } = await compiled({ loss, ...gradients }, 'wasm')
  return plan.entries[0] as Price
}

describe('the plan says what a policy costs', async () => {
  const size = { dtype: 'f32', steps: 400, rows: 8, width: 16 } as const
  // the carries of all steps are `stack` bytes
  const stack = 4 * size.steps * size.rows * size.width
  const product = 2 * size.rows * size.width * size.width * size.steps
  const [all, products, nothing, sqrt] = (await Promise.all(
    (['all', 'products', 'nothing', 'sqrt'] as const).map((save) => priceOf(loop(save, size))),
  )) as [Price, Price, Price, Price]

  test('in memory', () => {
    expect(all.peak).toBeGreaterThan(products.peak + stack)
    expect(products.peak).toBeGreaterThan(nothing.peak + stack)
    expect(nothing.peak).toBeGreaterThan(sqrt.peak)
    expect(sqrt.peak).toBeLessThan(stack)
  })

  test('in work', () => {
    // two products forward and four back, whatever is kept; two more where they are computed again
    expect(all.flops).toBeGreaterThan(6 * product)
    expect(products.flops).toBeGreaterThan(all.flops)
    expect(products.flops).toBeLessThan(all.flops + product)
    expect(nothing.flops).toBeGreaterThan(products.flops + 1.9 * product)
    expect(sqrt.flops).toBeGreaterThan(all.flops + 1.9 * product)
  })
})

test('a checkpoint that keeps its products computes none of them again', async () => {
  const [x, u, v] = [input('x', [32, 16]), input('u', [16, 16]), input('v', [16, 16])] as readonly Node[]
  const f = (h: Node): Node => sin(tanh(matmul(softmax(sin(tanh(matmul(h, u as Node)))), v as Node)))
  const model = (g: (h: Node) => Node): Model => ({
    loss: sum(square(g(sin(x as Node)))) as Scalar,
    wrt: [x, u, v] as readonly Node[],
  })
  const [bare, products, nothing] = (await Promise.all(
    [f, checkpoint(f, { save: 'products' }), checkpoint(f)].map((g) => priceOf(model(g))),
  )) as [Price, Price, Price]
  const product = 2 * 32 * 16 * 16
  expect(products.flops).toBeLessThan(bare.flops + product)
  expect(nothing.flops).toBeGreaterThan(products.flops + product)
  const e = env(...model(f).wrt)
  const gradients = (g: (h: Node) => Node) => evaluate(grad(model(g).loss, model(g).wrt), e)
  expectNear(gradients(checkpoint(f, { save: 'products' })), gradients(f), 1e-5)
})
