// In: products whose indices have several digits, in every way of packing and blocking. Out: whether Wasm gives the bits that
// the order of the Kernel says.

import { describe, it } from 'vitest'
import type { ContractionKernel, Operand } from '../../compiler/kernel/kernel.ts'
import { splitK } from '../../compiler/kernel/pieces.ts'
import type { Tuning } from '../../compiler/emit/wasm/contraction/schedule.ts'
import { checkAll } from './contraction-run.ts'
import { kernelOf } from './contraction-cases.ts'

interface Digits {
  readonly rows: readonly number[]
  readonly columns: readonly number[]
  readonly inner: readonly number[]
}

type Strides = Pick<Operand, 'row' | 'col'>

const product = (extents: readonly number[]): number => extents.reduce((n, d) => n * d, 1)

/** One past the last element, and where element 0 lies where some strides are negative. */
const reach = (extents: readonly number[], strides: readonly number[]) => {
  const ends = strides.map((s, d) => s * ((extents[d] as number) - 1))
  return {
    high: ends.reduce((n, e) => n + Math.max(0, e), 0),
    low: -ends.reduce((n, e) => n + Math.min(0, e), 0),
  }
}

/** The product of two operands that lie as their strides say, each in a buffer that is no longer than needed. */
const placed = ({ rows, columns, inner }: Digits, a: Strides, b: Strides, limit: number): ContractionKernel => {
  const [m, n, k] = [rows, columns, inner].map(product) as [number, number, number]
  const plain = kernelOf({ m, n, k, pieces: splitK(inner, limit) })
  const reachA = reach([...rows, ...inner], [...a.row, ...a.col])
  const reachB = reach([...inner, ...columns], [...b.row, ...b.col])
  const sized = [reachA, reachB].map(({ high, low }) => high + low + 1)
  return {
    ...plain,
    rows,
    columns,
    inner,
    a: { ...plain.a, ...a, offset: reachA.low },
    b: { ...plain.b, ...b, offset: reachB.low },
    buffers: plain.buffers.map((x, i) => (i < 2 ? { ...x, elements: sized[i] as number } : x)),
  }
}

/** Windows of 3x2 in pictures [n, h, w, c], as rows by k. */
const windows = (n: number, oh: number, ow: number, c: number, step: number) => {
  const [h, w] = [step * (oh - 1) + 3, step * (ow - 1) + 2]
  return {
    digits: { rows: [n, oh, ow], inner: [3, 2 * c] },
    a: { row: [h * w * c, step * w * c, step * c], col: [w * c, 1] },
  }
}

const kernels = (limit: number): Readonly<Record<string, ContractionKernel>> => {
  const one = windows(2, 5, 11, 3, 1)
  const narrow = windows(3, 4, 3, 2, 2)
  const single = windows(2, 4, 13, 1, 1)
  const filters = (f: number, c: number) => ({ row: [2 * c * f, f], col: [1] })
  return {
    'windows by filters': placed({ ...one.digits, columns: [7] }, one.a, filters(7, 3), limit),
    'narrow lines, a stride': placed({ ...narrow.digits, columns: [10] }, narrow.a, filters(10, 2), limit),
    'filters by windows': placed(
      { rows: [6], columns: single.digits.rows, inner: single.digits.inner },
      { row: [1], col: [12, 6] },
      { row: single.a.col, col: single.a.row },
      limit,
    ),
    'windows turned, summed over places': placed(
      { rows: one.digits.inner, columns: [9], inner: one.digits.rows },
      { row: one.a.col, col: one.a.row },
      { row: [5 * 11 * 9, 11 * 9, 9], col: [1] },
      limit,
    ),
    'filters turned round': placed({ ...one.digits, columns: [5] }, one.a, { row: [-5 * 6, 1], col: [6] }, limit),
    'both in digits': placed(
      { rows: [3, 5], columns: [2, 9], inner: [4, 3] },
      { row: [100, 7], col: [20, 1] },
      { row: [2, 40], col: [200, 9] },
      limit,
    ),
  }
}

const tunings: readonly Tuning[] = [
  {},
  { packA: true, packB: true, blockRows: 4 },
  { packA: true, blockRows: 8, stripeRows: 3 },
  { packB: true, groupPanels: 1, stripeRows: 5 },
  { tile: { rows: 3, vectors: 1 } },
  { tile: { rows: 2, vectors: 2 }, packA: true },
]

describe.each([1024, 8])('pieces of at most %i', (limit) => {
  it.each(Object.entries(kernels(limit)))('%s', async (_, kernel) => {
    await checkAll(tunings.map((tuning) => ({ kernel, tuning, lasts: [0, 1] })))
  })
})
