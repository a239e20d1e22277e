// In: a kernel and one array a buffer. Out: the arrays after the kernel, computed one element at a time.
// Invariant: it follows the order that kernel.ts documents, word for word, and shares no code with any emitter: every
// target must give these bits.

import type { DType } from '../../src/core/dtype.ts'
import { type Numeric, numericMachine } from '../../src/core/numeric.ts'
import { unravel } from '../../src/core/shape.ts'
import type { Combine } from '../../src/ops/signature.ts'
import type {
  Access,
  ContractionKernel,
  Instr,
  Kernel,
  LoopKernel,
  Operand,
  SortKernel,
  Stage,
} from '../../compiler/kernel/kernel.ts'
import { LANES } from '../../compiler/kernel/kernel.ts'
import { type Lower, lowerScalar } from '../../compiler/kernel/scalar.ts'

export type Memory = Float32Array | Float64Array | Int32Array

/** A bool lies in memory as an i32 of 0 or 1. */
export const arrayOf = (dtype: DType, elements: number): Memory =>
  dtype === 'f32' ? new Float32Array(elements) : dtype === 'f64' ? new Float64Array(elements) : new Int32Array(elements)

const m = numericMachine()

/** Every index of `dims` in row-major order; one empty index where there are none. */
const indicesOf = (dims: readonly number[]): readonly (readonly number[])[] =>
  dims.reduce<readonly (readonly number[])[]>(
    (found, extent) => found.flatMap((index) => Array.from({ length: extent }, (_, i) => [...index, i])),
    [[]],
  )

const addressOf = (access: Access, index: readonly number[]): number =>
  index.reduce((at, i, d) => at + i * (access.strides[d] as number), access.offset)

interface Point {
  readonly index: readonly number[]
  readonly rows: readonly (Numeric | undefined)[]
  readonly accumulator: Numeric | undefined
}

const evaluateBody = (body: readonly Instr[], point: Point, buffers: readonly Memory[], lower: Lower): Numeric[] => {
  const values: Numeric[] = []
  for (const instr of body) {
    const value = ((): Numeric | undefined => {
      switch (instr.tag) {
        case 'load':
          return m.lit(buffers[instr.buffer]?.[addressOf(instr.access, point.index)] as number, instr.dtype)
        case 'gather': {
          const row = Math.min(Math.max(values[instr.index]?.value as number, 0), instr.extent - 1)
          return m.lit(
            buffers[instr.buffer]?.[addressOf(instr.access, point.index) + row * instr.stride] as number,
            instr.dtype,
          )
        }
        case 'literal':
          return m.lit(instr.value, instr.dtype)
        case 'index':
          return m.lit(point.index[instr.axis] as number, 'i32')
        case 'row':
          return point.rows[instr.row]
        case 'accumulator':
          return point.accumulator
        case 'apply':
          return lower(
            m,
            instr.op,
            instr.args.map((v) => values[v] as Numeric),
            instr.params,
          )
      }
    })()
    if (value === undefined) throw new Error(`v${values.length} has no value`)
    values.push(value)
  }
  return values
}

const identities: Readonly<Record<'sum' | 'prod' | 'max' | 'min', (dtype: DType) => number>> = {
  sum: () => 0,
  prod: () => 1,
  max: (dtype) => (dtype === 'i32' ? -2147483648 : Number.NEGATIVE_INFINITY),
  min: (dtype) => (dtype === 'i32' ? 2147483647 : Number.POSITIVE_INFINITY),
}

const combiners = { sum: m.add, prod: m.mul, max: m.max, min: m.min }

/** The elements of a reduction with their index in the innermost dim, in row-major order. */
type Elements = readonly { readonly lane: number; readonly value: Numeric }[]

const positionOf = (elements: Elements, sign: 1 | -1): Numeric => {
  const nan = elements.findIndex((e) => Number.isNaN(e.value.value))
  if (nan >= 0) return m.lit(nan, 'i32')
  const best = Math.max(...elements.map((e) => sign * e.value.value))
  const at = elements.findIndex((e) => sign * e.value.value === best)
  return m.lit(Math.max(0, at), 'i32')
}

const reduce = (combine: Combine, dtype: DType, order: LoopKernel['order'], elements: Elements): Numeric => {
  if (combine === 'argmax' || combine === 'argmin') return positionOf(elements, combine === 'argmax' ? 1 : -1)
  const identity = m.lit(identities[combine](dtype), dtype)
  const join = combiners[combine]
  if (order === 'sequential') return elements.reduce((sum, e) => join(sum, e.value), identity)
  const partial = new Array<Numeric>(LANES).fill(identity)
  for (const { lane, value } of elements) partial[lane % LANES] = join(partial[lane % LANES] as Numeric, value)
  for (let h = LANES / 2; h >= 1; h /= 2)
    for (let j = 0; j < h; j++) partial[j] = join(partial[j] as Numeric, partial[j + h] as Numeric)
  return partial[0] as Numeric
}

const runStage = (
  s: Stage,
  k: LoopKernel,
  outer: readonly number[],
  rows: (Numeric | undefined)[],
  buffers: readonly Memory[],
  lower: Lower,
): void => {
  const collected = s.reductions.map((): { lane: number; value: Numeric }[] => [])
  for (const inner of indicesOf(s.dims)) {
    const point = { index: [...outer, ...inner], rows, accumulator: undefined }
    const values = evaluateBody(s.body, point, buffers, lower)
    s.reductions.forEach((r, q) => collected[q]?.push({ lane: inner.at(-1) ?? 0, value: values[r.value] as Numeric }))
    for (const { row, value } of s.rows) rows[row] = values[value] as Numeric
    for (const { buffer, access, value } of s.stores)
      (buffers[buffer] as Memory)[addressOf(access, point.index)] = (values[value] as Numeric).value
    for (const u of s.updates) {
      const [row, added] = [values[u.index]?.value as number, values[u.value] as Numeric]
      const memory = buffers[u.buffer] as Memory
      const at = addressOf(u.access, point.index) + row * u.stride
      if (row >= 0 && row < u.extent) memory[at] = m.add(m.lit(memory[at] as number, added.dtype), added).value
    }
  }
  s.reductions.forEach((r, q) => {
    rows[r.row] = reduce(r.combine, s.body[r.value]?.dtype as DType, k.order, collected[q] ?? [])
  })
}

const runLoop = (k: LoopKernel, buffers: readonly Memory[], lower: Lower): void => {
  for (const outer of indicesOf(k.outer)) {
    const rows = new Array<Numeric | undefined>(k.rows.length).fill(undefined)
    for (const s of k.stages) runStage(s, k, outer, rows, buffers, lower)
  }
}

const runContraction = (k: ContractionKernel, buffers: readonly Memory[], lower: Lower): void => {
  const at = (o: Operand, batch: readonly number[], row: number, col: number): Numeric => {
    const base = batch.reduce((sum, i, d) => sum + i * (o.batch[d] as number), o.offset)
    return m.lit((buffers[o.buffer] as Memory)[base + row + col] as number, k.dtype)
  }
  const walk = (index: number, digits: readonly number[], strides: readonly number[]): number =>
    unravel(index, digits).reduce((sum, i, d) => sum + i * (strides[d] as number), 0)
  /** Whether all edges of an operand let the product be. */
  const isThere = (o: Operand, across: readonly number[], index: number, q: number): boolean =>
    (o.edges ?? []).every((e) => {
      const [window, element] = [unravel(index, across)[e.across], unravel(q, k.inner)[e.inner]] as [number, number]
      const place = window * e.step + element * e.dilation - e.low
      return place >= 0 && place < e.extent
    })
  /** The sum over k, piece by piece, of what each k contributes; null is nothing. */
  const summed = (term: (q: number) => Numeric | null): Numeric => {
    let total = m.lit(0, k.dtype)
    let from = 0
    k.pieces.forEach((length, p) => {
      let sum = m.lit(0, k.dtype)
      for (let q = from; q < from + length; q++) {
        const added = term(q)
        if (added !== null) sum = m.add(sum, added)
      }
      total = p === 0 ? sum : m.add(total, sum)
      from += length
    })
    return total
  }
  const elementOfB = (batch: readonly number[], q: number, j: number): Numeric =>
    at(k.b, batch, walk(q, k.inner, k.b.row), walk(j, k.columns, k.b.col))
  const product = (batch: readonly number[], i: number, j: number): Numeric =>
    summed((q) =>
      isThere(k.a, k.rows, i, q) && isThere(k.b, k.columns, j, q)
        ? m.mul(at(k.a, batch, walk(i, k.rows, k.a.row), walk(q, k.inner, k.a.col)), elementOfB(batch, q, j))
        : null,
    )
  const sums = k.columnSums
  if (sums !== undefined)
    for (let j = 0; j < k.n; j++)
      (buffers[sums.buffer] as Memory)[addressOf(sums.access, [0, j])] = summed((q) => elementOfB([], q, j)).value
  for (const batch of indicesOf(k.batch))
    for (const [i, j] of indicesOf([k.m, k.n])) {
      const index = [...batch, i as number, j as number]
      const accumulator = product(batch, i as number, j as number)
      const values = evaluateBody(k.body, { index, rows: [], accumulator }, buffers, lower)
      for (const { buffer, access, value } of k.stores)
        (buffers[buffer] as Memory)[addressOf(access, index)] = (values[value] as Numeric).value
    }
}

const runSort = (k: SortKernel, buffers: readonly Memory[]): void => {
  const [keys, places] = [buffers[k.keys] as Memory, buffers[k.places] as Memory]
  for (let row = 0; row < k.rows; row++) {
    const own = keys.slice(row * k.length, (row + 1) * k.length)
    const order = Array.from(own, (_, i) => i)
    order.sort((i, j) => (own[i] as number) - (own[j] as number) || i - j)
    places.set(order, row * k.length)
  }
}

/** Runs a kernel in place over one array a buffer. */
export const runKernel = (k: Kernel, buffers: readonly Memory[], lower: Lower = lowerScalar): void => {
  if (k.tag === 'loop') runLoop(k, buffers, lower)
  else if (k.tag === 'contraction') runContraction(k, buffers, lower)
  else runSort(k, buffers)
}

/** The bits of an array, so that −0 differs from 0; every NaN counts as one. */
export const bitsOf = (a: Memory): readonly string[] =>
  Array.from(a, (x) => (Number.isNaN(x) ? 'NaN' : Object.is(x, -0) ? '-0' : String(x)))
