// In: tensors of any rank. Out: whether running sums and products, and maps, are what their definitions say, on every target.

import {
  cumLogSumExp,
  cummax,
  cummin,
  cumprod,
  cumsum,
  type Expr,
  input,
  map,
  mul,
  type Node,
  pipe,
  sin,
  square,
  sum,
} from 'nabla'
import { grad, interpret, jvp, type Scalar, type Tensor, vmap } from 'nabla/compiler'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { sizeOf } from '../../src/core/shape.ts'
import { compileAndRun } from '../pipeline/compiled.ts'
import { env, numbers, upTo, valueOf } from './run.ts'

const expectNear = (got: ArrayLike<number>, want: ArrayLike<number>, tolerance = 1e-12): void => {
  expect(got.length).toBe(want.length)
  for (let i = 0; i < want.length; i++)
    expect(Math.abs((got[i] as number) - (want[i] as number))).toBeLessThan(
      tolerance * (1 + Math.abs(want[i] as number)),
    )
}

const ops = {
  cumsum: { op: cumsum, f: (a: number, b: number) => a + b },
  // the same but for the op's name in its types, which a union of both could not be called with
  cumprod: { op: cumprod as typeof cumsum, f: (a: number, b: number) => a * b },
  cummax: { op: cummax as typeof cumsum, f: (a: number, b: number) => Math.max(a, b) },
  cummin: { op: cummin as typeof cumsum, f: (a: number, b: number) => Math.min(a, b) },
}
const linear = ['cumsum', 'cumprod'] as const
const extreme = ['cummax', 'cummin'] as const

describe.each([...linear, ...extreme])('%s', (name) => {
  const { op, f } = ops[name]

  test.each([
    [[5], 0, false],
    [[5], 0, true],
    [[2, 3, 4], 0, false],
    [[2, 3, 4], 1, true],
    [[2, 3, 4], -1, false],
    [[2, 0], 1, false],
    [[0, 2], 1, false],
  ] as const)('of %j along axis %i, reverse: %s', (shape, axis, reverse) => {
    const x = input('x', shape, 'f64')
    const data = numbers(sizeOf(shape), 3)
    const along = axis < 0 ? axis + shape.length : axis
    const stride = sizeOf(shape.slice(along + 1))
    const extent = shape[along] as number
    const want = data.map((_, i) => {
      const at = Math.floor(i / stride) % extent
      const first = i - at * stride
      const line = upTo(extent).filter((k) => (reverse ? k >= at : k <= at))
      return line.map((k) => data[first + k * stride] as number).reduce(f)
    })
    expectNear(valueOf(op(x, axis, { reverse }), { x: data }), want)
  })

  test.each(['wasm', 'javascript'] as const)('is the same on %s, with its gradient', async (target) => {
    const x = input('x', [7, 5])
    const y = op(x, 1, { reverse: true })
    const results = { y, columns: op(x, 0), g: grad(sum(square(y)) as Scalar, x) }
    const e = env(x)
    const want = interpret(Object.values(results), e)
    const got = await compileAndRun(results, e, target)
    for (const [i, v] of want.entries()) expectNear(got[i] as ArrayLike<number>, v.data, 1e-5)
  })

  test('over all elements, in a pipe, over a batch, of integers', () => {
    const x = input('x', [2, 3], 'i32')
    const data = [1, 2, 3, 4, 5, 6]
    const all = data.map((_, i) => data.slice(0, i + 1).reduce(f))
    expect(valueOf(op(x), { x: data })).toEqual(all)
    expect(valueOf(pipe(x, op(-1)), { x: data })).toEqual(valueOf(op(x, 1), { x: data }))
    const rows = vmap((row: Node) => op(row, 0))
    expect(valueOf(rows(x), { x: data })).toEqual(valueOf(op(x, 1), { x: data }))
    expectTypeOf(op(x, 1)).toEqualTypeOf<Expr<readonly [2, 3], 'i32'>>()
    expectTypeOf(op(x)).toEqualTypeOf<Expr<readonly [number], 'i32'>>()
  })

  test('refuses axes that do not exist, and truths', () => {
    expect(() => op(input('x', [2, 3]), 2)).toThrow(`${name}: axis 2 does not exist in shape [2,3]`)
    expect(() => op(input('m', [2], 'bool') as Node, 0)).toThrow(
      `${name}: the operand must be f32, f64 or i32, not bool`,
    )
  })
})

describe.each(linear)('%s', (name) => {
  const { op, f } = ops[name]

  test('has the derivative of its definition, at zeros too', () => {
    const [x, w, dx] = [input('x', [4], 'f64'), input('w', [4], 'f64'), input('dx', [4], 'f64')]
    const loss = sum(mul(op(x, 0), w))
    for (const at of [
      [1.5, -2, 3, 0.5],
      [2, 0, 3, 4],
      [2, 0, 0, 4],
    ]) {
      const weights = [0.3, -0.7, 1.1, 0.9]
      const value = (v: readonly number[]): number =>
        v.reduce((n, _, i) => n + (weights[i] as number) * v.slice(0, i + 1).reduce(f), 0)
      // linear in each element alone, so the central difference is exact
      const want = at.map((v, i) => (value(at.with(i, v + 1)) - value(at.with(i, v - 1))) / 2)
      const given = { x: at, w: weights, dx: [1, 2, -1, 0.5] }
      expectNear(valueOf(grad(loss, x), given), want)
      expectNear(valueOf(jvp(loss, [x], [dx]), given), [want.reduce((n, g, i) => n + g * (given.dx[i] as number), 0)])
      const second = grad(sum(square(grad(loss, x))), x)
      expect(valueOf(second, given).every(Number.isFinite)).toBe(true)
    }
  })
})

describe.each(extreme)('%s', (name) => {
  const { op } = ops[name]
  const sign = name === 'cummax' ? 1 : -1

  test('gives the cotangent to the extreme so far, and shares it evenly where two are equal', () => {
    const [x, w, dx] = [input('x', [5], 'f64'), input('w', [5], 'f64'), input('dx', [5], 'f64')]
    const loss = sum(mul(op(x, 0), w))
    const given = { x: [1, 3, 2, 3, 5].map((v) => sign * v), w: [1, 10, 100, 1000, 10000], dx: [1, 2, -1, 0.5, 3] }
    const want = [1, 10 + 100 + 500, 0, 500, 10000]
    expectNear(valueOf(grad(loss, x), given), want)
    expectNear(valueOf(jvp(loss, [x], [dx]), given), [want.reduce((n, g, i) => n + g * (given.dx[i] as number), 0)])
    const second = grad(sum(mul(grad(sum(square(op(x, 0))), x), dx)), x)
    const apart = { ...given, x: [1, 3, 2, 4, 5].map((v) => sign * v) }
    expectNear(valueOf(second, apart), [2, 8, 0, 1, 6])
  })

  test('keeps NaN, and passes over infinities of the other end', () => {
    const x = input('x', [4])
    const other = -sign * Infinity
    expect(valueOf(op(x, 0), { x: [other, 2, Number.NaN, 1] })).toEqual([other, 2, Number.NaN, Number.NaN])
  })
})

describe('cumLogSumExp', () => {
  const x = input('x', [4], 'f64')
  const at = [0.5, -2, 3, 1]
  const value = (v: readonly number[]): readonly number[] =>
    v.map((_, i) => Math.log(v.slice(0, i + 1).reduce((n, e) => n + Math.exp(e), 0)))

  test('is the logarithm of the running sum of exp, however large', () => {
    expectNear(valueOf(cumLogSumExp(x, 0), { x: at }), value(at))
    expectNear(
      valueOf(cumLogSumExp(x), { x: [1000, 1000, -1000, 0] }),
      [0, 1, 1, 1].map((k) => 1000 + k * Math.LN2),
    )
  })

  test('has the derivatives of its definition', () => {
    const loss = sum(square(cumLogSumExp(x, 0)))
    const total = (v: readonly number[]): number => value(v).reduce((n, y) => n + y * y, 0)
    const slope = (f: (v: readonly number[]) => number, i: number): number =>
      (f(at.with(i, (at[i] as number) + 1e-5)) - f(at.with(i, (at[i] as number) - 1e-5))) / 2e-5
    const g = grad(loss, x)
    expectNear(
      valueOf(g, { x: at }),
      at.map((_, i) => slope(total, i)),
      1e-8,
    )
    const first = (v: readonly number[]): number => valueOf(g, { x: v })[1] as number
    const second = grad(sum(mul(g, input('w', [4], 'f64'))), x)
    expectNear(
      valueOf(second, { x: at, w: [0, 1, 0, 0] }),
      at.map((_, i) => slope(first, i)),
      1e-7,
    )
  })

  test.each(['wasm', 'javascript'] as const)('is the same on %s, with its gradient', async (target) => {
    const m = input('m', [7, 5])
    const y = cumLogSumExp(m, 1, { reverse: true })
    const results = { y, g: grad(sum(square(y)) as Scalar, m) }
    const e = env(m)
    const got = await compileAndRun(results, e, target)
    for (const [i, v] of interpret(Object.values(results), e).entries())
      expectNear(got[i] as ArrayLike<number>, v.data, 1e-5)
  })

  test('takes floats alone', () => {
    expect(() => cumLogSumExp(input('n', [2], 'i32') as Node, 0)).toThrow(
      'cumLogSumExp: the operand must be f32 or f64, not i32',
    )
  })
})

test('a running sum keeps what is not finite to where it is', () => {
  const x = input('x', [4])
  expect(valueOf(cumsum(x, 0), { x: [1, 2, Infinity, 1] })).toEqual([1, 3, Infinity, Infinity])
  expect(valueOf(cumsum(x, 0), { x: [1, Number.NaN, 2, 1] }).map(Number.isNaN)).toEqual([false, true, true, true])
})

describe('map', () => {
  const [rows, w] = [input('rows', [6, 3], 'f64'), input('w', [3], 'f64')]
  const one = (row: Node): Node => sum(mul(sin(row), w))

  test('is vmap, with its gradients', () => {
    const e = env(rows, w)
    const both = [map((row) => one(row), rows), vmap(one)(rows)]
    const [a, b] = interpret(both, e) as [Tensor, Tensor]
    expectNear(a.data, b.data)
    const [ga, gb] = both.map((y) => interpret(grad(sum(square(y)) as Scalar, [rows, w]), e)) as [Tensor[], Tensor[]]
    for (const [i, g] of gb.entries()) expectNear(ga[i]?.data as ArrayLike<number>, g.data)
  })

  test('takes and gives records and lists', () => {
    const both = map(({ a, b }: { a: Node; b: Node }) => ({ total: one(a), pair: mul(a, b) }), {
      a: rows,
      b: input('others', [6], 'f64'),
    })
    expect([both.total.shape, both.pair.shape]).toEqual([[6], [6, 3]])
  })

  test.each(['wasm', 'javascript'] as const)('runs on %s', async (target) => {
    const [r, v] = [input('rows', [6, 3]), input('w', [3])]
    const y = map((row) => sum(mul(sin(row), v)), r)
    const results = { y, g: grad(sum(square(y)) as Scalar, v) }
    const e = env(r, v)
    const got = await compileAndRun(results, e, target)
    for (const [i, t] of interpret(Object.values(results), e).entries())
      expectNear(got[i] as ArrayLike<number>, t.data, 1e-5)
  })
})
