// In: numbers of every dtype, with what is special among them. Out: whether orders, sorted elements, their derivatives and
// their kernels are those of a plain stable sort.

import { argsort, constant, type DType, input, mul, type Node, pipe, sort, square, sum, topK } from 'nabla'
import { grad, interpret, jvp, type Scalar, tensor, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { sizeOf, stridesOf } from '../../src/core/shape.ts'
import { compileAndRun } from '../pipeline/compiled.ts'
import { numbers, upTo, valueOf } from './run.ts'

interface Wanted {
  readonly axis: number
  readonly descending: boolean
  readonly nan?: 'first' | 'last'
}

/** Positions along the axis, by the definition: a comparison that knows no bits, and a sort that is stable. */
const wantedOrder = (
  shape: readonly number[],
  data: readonly number[],
  { axis, descending, nan = 'last' }: Wanted,
): readonly number[] => {
  const at = axis < 0 ? axis + shape.length : axis
  const [stride, extent] = [stridesOf(shape)[at] as number, shape[at] as number]
  const out = data.map(() => 0)
  for (const first of upTo(data.length).filter((i) => Math.floor(i / stride) % extent === 0)) {
    const line = upTo(extent).map((k) => data[first + k * stride])
    const side = (v: number): number => (Number.isNaN(v) ? (nan === 'last' ? 1 : -1) : 0)
    const compare = (a: number, b: number): number =>
      side(a) - side(b) || (a < b ? -1 : a > b ? 1 : 0) * (descending ? -1 : 1)
    const order = upTo(extent).toSorted((i, j) => compare(line[i] as number, line[j] as number) || i - j)
    for (const [k, place] of order.entries()) out[first + k * stride] = place
  }
  return out
}

const specials = [1, -0, 0, Number.NaN, -Infinity, 1e-40, -1e-40, Infinity, 0, -0, Number.NaN, 2, 1, -3, -3]
const whole = [5, -(2 ** 31), 2 ** 31 - 1, 0, -1, 5, 256, -256, 0, 3, 70_000, -70_000, 1, 1, 1]
const close = upTo(15).map((i) => 1 + (((i * 7) % 15) - 7) * 2 ** -52)

const dataOf: Readonly<Record<string, readonly [DType, readonly number[]]>> = {
  f32: ['f32', specials],
  f64: ['f64', specials],
  'neighbours in f64': ['f64', close],
  i32: ['i32', whole],
}

describe.each(Object.keys(dataOf))('%s', (name) => {
  const [dtype, data] = dataOf[name] as readonly [DType, readonly number[]]
  const rounded = Array.from(tensor(dtype, [15], data).data)

  test.each([
    [[15], 0, false],
    [[15], -1, true],
    [[3, 5], 1, false],
    [[3, 5], 0, true],
    [[5, 3], 0, false],
    [[1, 15, 1], 1, true],
    [[15, 1], 1, false],
  ] as const)('of %j along axis %i, descending: %s', (shape, axis, descending) => {
    const x = input('x', shape, dtype)
    const order = wantedOrder(shape, rounded, { axis, descending })
    expect(valueOf(argsort(x, axis, { descending }), { x: data })).toEqual(order)
    const at = axis < 0 ? axis + shape.length : axis
    const stride = stridesOf(shape)[at] as number
    const extent = shape[at] as number
    const want = order.map((place, i) => rounded[i + (place - (Math.floor(i / stride) % extent)) * stride])
    expect(valueOf(sort(x, axis, { descending }), { x: data })).toEqual(want)
  })

  test.each(['wasm', 'javascript'] as const)('on %s', async (target) => {
    const x = input('x', [3, 5], dtype)
    const top = topK(x, 2, 0)
    const results = {
      rows: sort(x),
      places: argsort(x, 0, { descending: true }),
      values: top.values,
      indices: top.indices,
    }
    const env = new Map([[x, tensor(dtype, [3, 5], data)]])
    const got = await compileAndRun(results, env, target)
    expect(got).toEqual(interpret(Object.values(results), env).map((t) => t.data))
  })
})

describe('derivatives of sort', () => {
  test.each([
    [[7], 0, false],
    [[3, 4], 0, true],
    [[2, 3, 4], 1, false],
  ] as const)('of %j along axis %i, descending: %s, go where elements came from', (shape, axis, descending) => {
    const size = sizeOf(shape)
    const [x, w, dx] = ['x', 'w', 'dx'].map((name) => input(name, shape as readonly number[], 'f64')) as [
      Node,
      Node,
      Node,
    ]
    const given = { x: numbers(size, 1), w: numbers(size, 2), dx: numbers(size, 3) }
    const order = wantedOrder(shape, given.x, { axis, descending })
    const stride = stridesOf(shape)[axis] as number
    const from = order.map((place, i) => i + (place - (Math.floor(i / stride) % (shape[axis] as number))) * stride)
    const loss = sum(mul(sort(x, axis, { descending }), w)) as Scalar
    const want = upTo(size).map((k) => given.w[from.indexOf(k)] as number)
    expect(valueOf(grad(loss, x), given)).toEqual(want)
    expect(valueOf(jvp(loss, [x], [dx]), given)[0]).toBeCloseTo(
      want.reduce((n, g, i) => n + g * (given.dx[i] as number), 0),
      12,
    )
    const second = grad(sum(mul(grad(sum(mul(square(sort(x, axis)), w)) as Scalar, x), dx)) as Scalar, x)
    const up = wantedOrder(shape, given.x, { axis, descending: false })
    const source = up.map((place, i) => i + (place - (Math.floor(i / stride) % (shape[axis] as number))) * stride)
    for (const [k, g] of valueOf(second, given).entries())
      expect(g).toBeCloseTo(2 * (given.w[source.indexOf(k)] as number) * (given.dx[k] as number), 12)
  })

  test.each(['wasm', 'javascript'] as const)('on %s, of equal elements too', async (target) => {
    const x = input('x', [2, 6])
    const results = { g: grad(sum(mul(sort(x), constant([1, 2, 3, 4, 5, 6]))), x) }
    const env = new Map([[x, tensor('f32', [2, 6], [2, 1, 2, 1, 2, 1, 0, 5, 4, 3, 2, 1])]])
    const [g] = await compileAndRun(results, env, target)
    expect(Array.from(g ?? [])).toEqual([4, 1, 5, 2, 6, 3, 1, 6, 5, 4, 3, 2])
  })
})

describe('topK', () => {
  const x = input('x', [2, 4])
  const data = [3, 7, 7, -1, 0, Number.NaN, 2, Number.NaN]

  test('gives the greatest first, of equal ones the first, NaN as the greatest', () => {
    const { values, indices } = topK(x, 3)
    expect(valueOf(values, { x: data })).toEqual([7, 7, 3, Number.NaN, Number.NaN, 2])
    expect(valueOf(indices, { x: data })).toEqual([1, 2, 0, 1, 3, 2])
    expect(valueOf(pipe(x, topK(1, 0)).indices, { x: data })).toEqual([0, 1, 0, 1])
    expect(topK(x, 0).values.shape).toEqual([2, 0])
  })

  test('has the derivative of what it takes', () => {
    const given = { x: [3, 7, 6, -1, 0, 1, 2, -5] }
    const loss = sum(mul(topK(x, 2).values, constant([1, 10])))
    expect(valueOf(grad(loss, x), given)).toEqual([0, 1, 10, 0, 0, 10, 1, 0])
    expect(valueOf(jvp(loss, [x], [constant([upTo(4), upTo(4)])]), given)).toEqual([1 + 20 + 2 + 10])
  })

  test.each([-1, 1.5, 5])('of %d elements is refused', (k) => {
    expect(() => topK(x, k)).toThrow(`topK: ${k} is no number of elements of axis 1 of [2,4], operand x [2,4]`)
  })
})

test('over a batch', () => {
  const x = input('x', [3, 4])
  const given = { x: [3, 1, 2, 1, 0, -0, 5, 5, 9, 8, 7, 6] }
  const [places, rows] = [argsort(x), sort(x)]
  expect(valueOf(vmap((row: Node) => argsort(row))(x), given)).toEqual(valueOf(places, given))
  expect(valueOf(vmap((row: Node) => sort(row))(x), given)).toEqual(valueOf(rows, given))
})

test('rows longer than a digit counts, on both targets', async () => {
  const x = input('x', [2, 3000])
  const env = new Map([[x, tensor('f32', [2, 3000], numbers(6000, 5))]])
  const results = { places: argsort(x) }
  const want = wantedOrder([2, 3000], Array.from(env.get(x)?.data ?? []), { axis: 1, descending: false })
  for (const target of ['wasm', 'javascript'] as const)
    expect(Array.from((await compileAndRun(results, env, target))[0] ?? [])).toEqual(want)
})
