// In: deep functions and loops with checkpoints. Out: whether they have the same derivatives, in less memory, at more time.

import {
  add,
  checkpoint,
  input,
  matmul,
  mul,
  type Node,
  param,
  scan,
  sin,
  softmax,
  square,
  sum,
  tanh,
  zeros,
} from 'nabla'
import { grad, hvp, interpret, jvp, type Scalar, type Tensor, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { topological } from '../../compiler/program/walk.ts'
import { compileAndRun, compiled } from '../pipeline/compiled.ts'
import { env, upTo } from '../expr/run.ts'
import { evaluate, expectNear } from './values.ts'

type Wrap = (f: (x: Node) => Node) => (x: Node) => Node
const bare: Wrap = (f) => f
const kept: Wrap = (f) => checkpoint(f)

interface Model {
  readonly loss: Scalar
  readonly weights: readonly Node[]
  readonly x: Node
}

/** `blocks` blocks of `depth` layers each; what a block computes inside is as large as x times its depth. */
const network = (wrap: Wrap, dtype: 'f32' | 'f64', rows = 3, blocks = 3, depth = 4, width = 5): Model => {
  const x = input('x', [rows, width], dtype) as Node
  const weights = upTo(blocks * depth).map((i) => input(`w${i}`, [width, width], dtype))
  const layer = (h: Node, i: number): Node => tanh(matmul(h, weights[i] as Node))
  const block =
    (k: number) =>
    (h: Node): Node =>
      upTo(depth).reduce((v, j) => layer(v, k * depth + j), h)
  const y = upTo(blocks).reduce((h, k) => wrap(block(k))(h), x)
  return { loss: sum(square(y)) as Scalar, weights, x }
}

const loop = (wrap: Wrap, steps: number, dtype: 'f32' | 'f64', [rows, width] = [3, 5]): Model => {
  const xs = input('xs', [steps, rows, width], dtype)
  const weights = upTo(4).map((i) => input(`w${i}`, [width, width], dtype))
  const cell = (v: Node): Node => weights.reduce((h, w) => tanh(matmul(softmax(h), w)), v)
  const step = (h: Node, v: Node) => ({ carry: wrap(cell)(add(h, v)), output: sum(h) })
  const start = zeros([rows, width], dtype)
  const { carry, outputs } = scan(step, start, xs)
  return { loss: add(sum(square(carry)), sum(outputs)) as Scalar, weights, x: xs }
}

const models: readonly (readonly [string, (wrap: Wrap, dtype: 'f32' | 'f64') => Model])[] = [
  ['a deep network', (wrap, dtype) => network(wrap, dtype)],
  ['a loop', (wrap, dtype) => loop(wrap, 6, dtype)],
]

describe.each(models)('%s in checkpoints', (_, make) => {
  const [a, c] = [make(bare, 'f64'), make(kept, 'f64')]
  const wrt = [a.x, ...a.weights]
  const e = env(...wrt)

  test('has the same value and gradients, though weights are no arguments', () => {
    expectNear(evaluate([c.loss], e), evaluate([a.loss], e))
    expectNear(evaluate(grad(c.loss, wrt), e), evaluate(grad(a.loss, wrt), e))
  })

  test('has the same tangents, Hessian-vector products and second gradients', () => {
    const dx = input('dx', a.x.shape, 'f64')
    const all = new Map([...e, ...env(dx)])
    expectNear(evaluate([jvp(c.loss, a.x, dx)], all), evaluate([jvp(a.loss, a.x, dx)], all))
    expectNear(evaluate([hvp(c.loss, a.x, dx)], all), evaluate([hvp(a.loss, a.x, dx)], all), 1e-10)
    const twice = ({ loss }: Model): Node => grad(sum(square(grad(loss, a.x))) as Scalar, a.weights[0] as Node)
    expectNear(evaluate([twice(c)], e), evaluate([twice(a)], e), 1e-10)
  })

  test.each(['wasm', 'javascript'] as const)('is the same on %s', async (target) => {
    const m = make(kept, 'f32')
    const variables = [m.x, ...m.weights]
    const results = Object.fromEntries(grad(m.loss, variables).map((g, i) => [`g${i}`, g]))
    const values = env(...variables)
    const want = interpret(Object.values(results), values).map((t) => t.data)
    expectNear(
      await compileAndRun({ loss: m.loss, ...results }, values, target),
      [(interpret([m.loss], values)[0] as Tensor).data, ...want],
      1e-5,
    )
  })
})

const peakOf = async ({ loss, x }: Model): Promise<number> => {
  const { plan } = await compiled({ loss, g: grad(loss, x) }, 'wasm')
  return (plan.entries[0] as { readonly peak: number }).peak
}

test('a chain of checkpoints needs the memory of its blocks and of the inside of one', async () => {
  const size = 4 * 64 * 16
  const make = (wrap: Wrap) => network(wrap, 'f32', 64, 5, 5, 16)
  const [without, within] = [await peakOf(make(bare)), await peakOf(make(kept))]
  expect(without).toBeGreaterThan(24 * size)
  expect(within).toBeLessThan(13 * size)
})

test('a loop of checkpoints saves its carries alone', async () => {
  const [steps, size] = [50, 4 * 8 * 16]
  const make = (wrap: Wrap) => loop(wrap, steps, 'f32', [8, 16])
  const [without, within] = [await peakOf(make(bare)), await peakOf(make(kept))]
  expect(without).toBeGreaterThan(6 * steps * size)
  expect(within).toBeLessThan(3 * steps * size)
})

test('a loop of checkpoints does not stack what it computes again for the gradients of its weights', async () => {
  const [steps, size] = [50, 4 * 8 * 16]
  const peak = async (wrap: Wrap): Promise<number> => {
    const { loss, weights } = loop(wrap, steps, 'f32', [8, 16])
    const gradients = Object.fromEntries(grad(loss, weights).map((g, i) => [`g${i}`, g]))
    const { plan } = await compiled({ loss, ...gradients }, 'wasm')
    return (plan.entries[0] as { readonly peak: number }).peak
  }
  expect(await peak(bare)).toBeGreaterThan(8 * steps * size)
  expect(await peak(kept)).toBeLessThan(3 * steps * size)
})

test('it computes again what it does not keep: no product of the way back is one of the way forward', () => {
  const count = (wrap: Wrap): number => {
    const { loss, x } = network(wrap, 'f32')
    return topological([loss, grad(loss, x)]).filter((n) => n.op === 'tanh').length
  }
  expect([count(bare), count(kept)]).toEqual([12, 24])
})

describe('a cell of several values', () => {
  const [steps, width] = [6, 5]
  const xs = input('xs', [steps, 3, width], 'f64')
  const [u, v] = [input('u', [width, width], 'f64'), input('v', [width, width], 'f64')]
  type Carry = { readonly h: Node; readonly c: Node }
  const cell = (h: Node, c: Node, x: Node): Carry => {
    const next = add(mul(c, tanh(matmul(h, u))), tanh(matmul(x, v)))
    return { h: mul(tanh(next), sin(matmul(h, v))), c: next }
  }
  const model = (f: typeof cell): Scalar => {
    const start = { h: zeros([3, width], 'f64'), c: zeros([3, width], 'f64') }
    const step = ({ h, c }: Carry, x: Node) => {
      const next = f(h, c, x)
      return { carry: next, output: sum(next.h) }
    }
    const { carry, outputs } = scan(step, start, xs)
    return add(sum(square(carry.c)), sum(outputs)) as Scalar
  }
  const again = checkpoint(cell)
  const e = env(xs, u, v)

  test('has its derivatives, over a batch too', () => {
    expectNear(evaluate(grad(model(again), [xs, u, v]), e), evaluate(grad(model(cell), [xs, u, v]), e))
    const rows = input('rows', [4, 3, width], 'f64')
    const each = (f: typeof cell) =>
      vmap((row: Node) => {
        const { h, c } = f(row, sin(row), row)
        return grad(sum(mul(h, c)) as Scalar, [row, u])
      })(rows)
    const all = env(rows, u, v)
    expectNear(evaluate(each(again), all), evaluate(each(cell), all))
  })

  test('is computed again once for all its values', () => {
    const [h, c] = [input('h', [3, width], 'f64'), input('c', [3, width], 'f64')]
    const loss = (f: typeof cell): Scalar => {
      const next = f(h, c, c)
      return sum(mul(sin(next.h), sin(next.c))) as Scalar
    }
    const count = (f: typeof cell): number =>
      topological([loss(f), grad(loss(f), h)]).filter((n) => n.op === 'tanh').length
    expect([count(cell), count(again)]).toEqual([3, 6])
    // one of its values alone receives something
    const alone = (f: typeof cell) => grad(sum(f(h, c, c).h) as Scalar, [h, c])
    const values = env(h, c, u, v)
    expectNear(evaluate(alone(again), values), evaluate(alone(cell), values))
    const other = (f: typeof cell) => grad(sum(f(h, c, c).c) as Scalar, [h, c])
    expectNear(evaluate(other(again), values), evaluate(other(cell), values))
  })
})

test('maps over a batch', () => {
  const [xs, w] = [input('xs', [4, 5], 'f64'), input('w', [5, 5], 'f64')]
  const one =
    (wrap: Wrap) =>
    (v: Node): Node =>
      sum(wrap((h) => sin(matmul(h, w)))(v))
  const each = (wrap: Wrap) => vmap((v: Node) => grad(one(wrap)(v) as Scalar, w))(xs)
  const total = (wrap: Wrap) => grad(sum(vmap(one(wrap))(xs)) as Scalar, [xs, w])
  const e = env(xs, w)
  expectNear(evaluate([each(kept), ...total(kept)], e), evaluate([each(bare), ...total(bare)], e))
})

test('maps a loop over a batch, its gradients too', () => {
  const [rows, w] = [input('rows', [4, 6, 5], 'f64'), input('w', [5, 5], 'f64')]
  const last =
    (wrap: Wrap) =>
    (row: Node): Node => {
      const cell = wrap((h) => tanh(matmul(sin(h), w)))
      const step = (h: Node, v: Node) => ({ carry: cell(add(h, v)), output: sum(h) })
      return sum(scan(step, zeros([5], 'f64'), row).carry)
    }
  const each = (wrap: Wrap) => vmap((row: Node) => grad(last(wrap)(row) as Scalar, w))(rows)
  const total = (wrap: Wrap) => grad(sum(vmap(last(wrap))(rows)) as Scalar, [rows, w])
  const e = env(rows, w)
  expectNear(evaluate([each(kept), ...total(kept)], e), evaluate([each(bare), ...total(bare)], e))
})

test('a checkpoint in a checkpoint', () => {
  const [x, w] = [input('x', [3, 5], 'f64'), input('w', [5, 5], 'f64')]
  const inner = (wrap: Wrap) => wrap((h) => tanh(matmul(h, w)))
  const outer = (wrap: Wrap) => wrap((h) => sin(inner(wrap)(inner(wrap)(h))))
  const gradients = (wrap: Wrap) => grad(sum(square(outer(wrap)(outer(wrap)(x)))) as Scalar, [x, w])
  expectNear(evaluate(gradients(kept), env(x, w)), evaluate(gradients(bare), env(x, w)))
})

test('a parameter it reads is trained', () => {
  const w = param('w', [5], zeros)
  const x = input('x', [5])
  const g = grad(sum(checkpoint((v: Node) => mul(sin(v), w))(x)) as Scalar, w)
  expectNear(evaluate([g], env(x, w)), evaluate([sin(x)], env(x, w)), 1e-6)
})
