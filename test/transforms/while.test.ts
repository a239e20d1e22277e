// In: loops that end by a condition, with and without a bound. Out: whether they end where they should, alone, over a batch and on
// every target, and whether their derivatives are those of what they computed.

import {
  abs,
  add,
  cond,
  div,
  greater,
  input,
  less,
  logicalAnd,
  mul,
  type Node,
  scan,
  sin,
  square,
  sub,
  sum,
  tanh,
  whileLoop,
} from 'nabla'
import { grad, hvp, jacobian, jvp, type Scalar, type Tensor, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { topological } from '../../compiler/program/walk.ts'
import { upTo } from '../expr/run.ts'
import { compileAndRun, compiled } from '../pipeline/compiled.ts'
import { evaluate, expectNear, given } from './values.ts'

const leaf = (name: string, shape: readonly number[]): Node => input(name, shape, 'f64')

const a = leaf('a', [])

/** Newton's iteration for √v. */
const root = (v: Node, options: { readonly bound?: number } = {}): Scalar =>
  whileLoop(
    v,
    (x) => greater(abs(sub(mul(x, x), v)), 1e-13),
    (x) => mul(0.5, add(x, div(v, x))),
    options,
  ) as Scalar

/** Doubles by w until the norm is beyond 10; counts. */
const growing = (x: Node, w: Node, options: { readonly bound?: number } = {}) =>
  whileLoop(
    { x, count: mul(sum(x), 0) },
    ({ x: at }) => less(sum(square(at)), 100),
    ({ x: at, count }) => ({ x: add(mul(at, w), tanh(at)), count: add(count, 1) }),
    options,
  )

describe('without a bound', () => {
  test('it ends where the condition does not hold, at once if need be', () => {
    expectNear(evaluate([root(a)], given([a, [2]])), [[Math.SQRT2]], 1e-12)
    expect(evaluate([root(a)], given([a, [1]]))).toEqual([[1]])
  })

  test('it has a forward mode, and that one again', () => {
    const [da, db] = [leaf('da', []), leaf('db', [])]
    const first = jvp(root(a), a, da)
    const env = given([a, [2]], [da, [1]], [db, [1]])
    expectNear(evaluate([first], env), [[0.5 / Math.SQRT2]], 1e-9)
    expectNear(evaluate([jvp(first, a, db)], env), [[-0.25 / 2 ** 1.5]], 1e-6)
  })

  test('over a batch each example takes its own number of steps', () => {
    const rows = leaf('rows', [4, 2])
    const w = leaf('w', [])
    const data = [1, 2, -3, 0.5, 20, 1, 0.1, 0.1]
    const env = given([rows, data], [w, [1.5]])
    const batch = vmap((row: Node) => growing(row, w))(rows)
    const single = leaf('single', [2])
    const one = growing(single, w)
    const each = upTo(4).map((i) =>
      evaluate([one.x, one.count], new Map([...env, ...given([single, data.slice(2 * i, 2 * i + 2)])])),
    )
    expectNear(evaluate([batch.x, batch.count], env), [
      each.flatMap((e) => e[0] as readonly number[]),
      each.flatMap((e) => e[1] as readonly number[]),
    ])
    expect(new Set(each.map((e) => e[1]?.[0])).size).toBeGreaterThan(2)
    // tangents go with their example
    const dw = leaf('dw', [])
    const moved = jvp(sum(batch.x), w, dw)
    const at = (by: number): number =>
      evaluate([sum(batch.x)], new Map([...env, ...given([w, [1.5 + by]])]))[0]?.[0] as number
    expectNear(evaluate([moved], new Map([...env, ...given([dw, [1]])])), [[(at(1e-6) - at(-1e-6)) / 2e-6]], 1e-6)
  })

  test.each(['wasm', 'javascript'] as const)('is what the interpreter computes, on %s', async (target) => {
    const [x, w, dw] = [leaf('x', [3]), leaf('w', []), leaf('dw', [])]
    const { x: last, count } = growing(x, w)
    const results = { last, count, moved: jvp(sum(last), w, dw), root: root(w) }
    for (const start of [1, 30]) {
      const env = given([x, [start, 0.5, -1]], [w, [1.3]], [dw, [1]])
      expectNear(await compileAndRun(results, env, target), evaluate(Object.values(results), env), 1e-12)
    }
    const { plan } = await compiled(results, target)
    expect(plan.entries[0]?.ranges.map((r) => r.tag)).toContain('while')
  })

  test('what nobody wants of it is not computed', async () => {
    const [x, w] = [leaf('x', [3]), leaf('w', [])]
    const { plan } = await compiled({ last: growing(x, w).x }, 'javascript')
    // the condition, and the carry's next value with its copy
    const [range] = plan.entries[0]?.ranges ?? []
    expect(range?.tag).toBe('while')
    expect((range?.to as number) - (range?.from as number)).toBeLessThanOrEqual(3)
  })
})

describe('with a bound', () => {
  test('it ends by its condition, or by the bound', () => {
    expectNear(evaluate([root(a, { bound: 30 })], given([a, [2]])), [[Math.SQRT2]], 1e-12)
    // 2, 1.5, 1.41666…
    expectNear(evaluate([root(a, { bound: 2 })], given([a, [2]])), [[17 / 12]], 1e-12)
    expect(evaluate([root(a, { bound: 0 })], given([a, [2]]))).toEqual([[2]])
  })

  test('has the derivatives of differences, first and second', () => {
    const [x, w, v] = [leaf('x', [3]), leaf('w', []), leaf('v', [3])]
    const loss = sum(growing(x, w, { bound: 12 }).x) as Scalar
    const env = given([x, [1, 0.5, -0.8]], [w, [1.3]], [v, [0.3, -1, 0.7]])
    const at = (n: Node, by: readonly number[], f: Node): number => {
      const old = env.get(n) as Tensor
      return evaluate(
        [f],
        new Map([...env, ...given([n, Array.from(old.data).map((q, i) => q + (by[i] ?? 0))])]),
      )[0]?.[0] as number
    }
    const slope = (n: Node, f: Node): readonly number[] =>
      Array.from((env.get(n) as Tensor).data).map((_, i, all) => {
        const by = (h: number) => all.map((__, k) => (k === i ? h : 0))
        return (at(n, by(1e-5), f) - at(n, by(-1e-5), f)) / 2e-5
      })
    const g = grad(loss, { x, w })
    expectNear(evaluate([g.x, g.w], env), [slope(x, loss), slope(w, loss)], 1e-6)
    const along = sum(mul(g.x, v)) as Scalar
    expectNear(evaluate([hvp(loss, x, v), grad(along, w)], env), [slope(x, along), slope(w, along)], 1e-6)
  })

  test('per-example gradients are those of each example', () => {
    const rows = leaf('rows', [4])
    const per = vmap((v: Node) => grad(root(v, { bound: 40 }), v))(rows)
    const together = grad(sum(vmap((v: Node) => root(v, { bound: 40 }))(rows)), rows)
    const data = [2, 3, 100, 1]
    // where nothing is iterated the derivative is that of the start
    const want = [0.5 / Math.sqrt(2), 0.5 / Math.sqrt(3), 0.05, 1]
    expectNear(evaluate([per, together], given([rows, data])), [want, want], 1e-6)
  })

  test.each(['wasm', 'javascript'] as const)('is what the interpreter computes, on %s', async (target) => {
    const [x, w] = [leaf('x', [3]), leaf('w', [])]
    const loss = sum(growing(x, w, { bound: 9 }).x) as Scalar
    const g = grad(loss, [x, w])
    const results = { loss, gx: g[0] as Node, gw: g[1] as Node }
    for (const start of [1, 30]) {
      const env = given([x, [start, 0.5, -1]], [w, [1.3]])
      expectNear(await compileAndRun(results, env, target), evaluate(Object.values(results), env), 1e-12)
    }
  })
})

describe('in loops and choices', () => {
  const [xs, k] = [leaf('xs', [4, 2]), leaf('k', [])]
  const env = given([xs, [1, 2, -3, 0.5, 4, 1, 0.1, 0.1]], [k, [2]])
  const inner = (start: Node, options = {}): Node =>
    whileLoop(
      start,
      (c) => logicalAnd(less(sum(square(c)), 50), greater(k, 0)),
      (c) => add(mul(c, k), sin(c)),
      options,
    )

  test.each(['wasm', 'javascript'] as const)('a loop in a scan, in a choice and around them, on %s', async (target) => {
    const inScan = scan((c: Node, v: Node) => ({ carry: inner(add(c, v)), output: c }), sum(xs, 0), xs)
    const inChoice = cond(
      greater(k, 1),
      () => sum(inner(sum(xs, 0))),
      () => k,
    )
    const around = whileLoop(
      sum(xs, 0),
      (c) => less(sum(square(c)), 1e4),
      (c) => add(inner(c), 3),
    )
    const dk = leaf('dk', [])
    const total = add(add(sum(inScan.carry), inChoice), sum(around))
    const results = {
      total,
      outputs: inScan.outputs,
      moved: jvp(total, k, dk),
    }
    const at = new Map([...env, ...given([dk, [1]])])
    expectNear(await compileAndRun(results, at, target), evaluate(Object.values(results), at), 1e-12)
  })

  test('a bounded loop in a scan has its gradient', () => {
    const { carry } = scan(
      (c: Node, v: Node) => ({ carry: inner(add(tanh(c), v), { bound: 6 }), output: [] }),
      sum(xs, 0),
      xs,
    )
    const loss = sum(carry) as Scalar
    const at = (by: number): number => evaluate([loss], new Map([...env, ...given([k, [2 + by]])]))[0]?.[0] as number
    expectNear(evaluate([grad(loss, k)], env), [[(at(1e-6) - at(-1e-6)) / 2e-6]], 1e-6)
  })
})

test('what does not depend on the carries is computed once, outside', () => {
  const w = leaf('w', [3])
  const last = whileLoop(
    a,
    (c) => less(c, 10),
    (c) => add(c, sum(square(w))),
  )
  expect(topological([last]).some((n) => n.op === 'square' || n.op === 'sum')).toBe(true)
})

test('a jacobian goes forwards through a loop without a bound, however large the variable is', () => {
  const x = leaf('x', [4])
  const y = whileLoop(
    { v: x },
    ({ v }) => less(sum(square(v)), 10),
    ({ v }) => ({ v: mul(v, 2) }),
  ).v
  const e = given([x, [0.5, 1, -0.5, 0.25]])
  expect(evaluate([jacobian(sum(y), x)], e)).toEqual([[4, 4, 4, 4]])
})
