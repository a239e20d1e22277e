/**
 * Indices of several digits. In: extents with strides, the highest digit first. Out: where the element of an index lies, now
 * or while running; and an axis cut into periods, within which register blocks lie.
 * Invariant: a block never reaches over its period; where a period has one digit, its elements are one stride apart.
 */
import type { FunctionBuilder, Node, Value } from '../function.ts'
import { type Index, moved } from './pointers.ts'
import type { Run } from './tile.ts'

export interface Digit {
  readonly extent: number
  /** In elements; 0 along an extent of 1. */
  readonly stride: number
}

export type Walk = readonly Digit[]

export const walkOf = (extents: readonly number[], strides: readonly number[]): Walk =>
  extents.map((extent, d) => ({ extent, stride: extent === 1 ? 0 : (strides[d] ?? 0) }))

export const sizeOfWalk = (walk: Walk): number => walk.reduce((n, d) => n * d.extent, 1)

/** The stride along the last digit. */
export const lastStride = (walk: Walk): number => walk.at(-1)?.stride ?? 0

/** Where the element of a known index lies. */
const elementAt = (walk: Walk, index: number): number => {
  let [rest, at] = [index, 0]
  for (const { extent, stride } of walk.toReversed()) {
    at += (rest % extent) * stride
    rest = Math.floor(rest / extent)
  }
  return at
}

/** The pointer moved to the element of an index, which is divided into its digits where it is not known. */
export const walked = (fn: FunctionBuilder, pointer: Value, walk: Walk, index: Index, bytes: number): Value => {
  if (typeof index === 'number') return moved(fn, pointer, [[1, elementAt(walk, index) * bytes]])
  const { i32 } = fn.module
  const divided = (op: 'div_u' | 'rem_u', x: Value, by: number): Value =>
    fn.value('i32', [x], ([n]) => i32[op](n as Node, i32.const(by)))
  let [rest, at] = [index, pointer]
  walk.toReversed().forEach(({ extent, stride }, d) => {
    const highest = d === walk.length - 1
    at = moved(fn, at, [[highest ? rest : divided('rem_u', rest, extent), stride * bytes]])
    if (!highest) rest = divided('div_u', rest, extent)
  })
  return at
}

/** The rows or the columns of a product: periods that `high` counts, in each of them the same runs of blocks over `low`. */
export interface Axis {
  readonly high: Walk
  readonly low: Walk
  readonly periods: number
  /** Elements of a period. */
  readonly extent: number
  readonly runs: readonly Run[]
}

/** A digit as two, the lower one the smallest that makes `least` with the `extent` below it; null where none divides it. */
const halved = ({ extent, stride }: Digit, below: number, least: number): readonly [Digit, Digit] | null => {
  for (let low = Math.ceil(least / below); low <= least; low++)
    if (extent % low === 0)
      return [
        { extent: extent / low, stride: low * stride },
        { extent: low, stride },
      ]
  return null
}

/** Where periods begin: the last digit, with some of the digit above where it makes less than `least` elements. */
const periodOf = (walk: Walk, least: number): readonly [high: Walk, low: Walk] => {
  const last = walk.length - 1
  const [above, digit] = [walk[last - 1], walk[last]]
  if (above === undefined || digit === undefined || digit.extent >= least)
    return [walk.slice(0, last), walk.slice(last)]
  const parts = halved(above, digit.extent, least)
  return parts === null
    ? [walk.slice(0, last), [digit]]
    : [
        [...walk.slice(0, last - 1), parts[0]],
        [parts[1], digit],
      ]
}

/** Rows or columns cut into periods of at least so many elements, where that is possible, and those into runs. */
export const axisOf = (walk: Walk, least: number, runsOf: (extent: number) => readonly Run[]): Axis => {
  const [high, low] = periodOf(walk, least)
  const extent = sizeOfWalk(low)
  const runs = runsOf(extent)
  // over two digits no two blocks need look alike
  const single = runs.flatMap(({ size, count }) => Array.from({ length: count }, () => ({ size, count: 1 })))
  return { high, low, periods: sizeOfWalk(high), extent, runs: low.length === 1 ? runs : single }
}

/** The elements of a block within a period, as seen from its first one. Where there are several digits `start` is known. */
export const offsetsOf = ({ low }: Axis, start: Index, size: number): readonly number[] => {
  const from = typeof start === 'number' ? start : 0
  const first = elementAt(low, from)
  return Array.from({ length: size }, (_, i) =>
    low.length === 1 ? i * lastStride(low) : elementAt(low, from + i) - first,
  )
}

/** The pointer moved from the start of a period to one of its elements. */
export const withinPeriod = (fn: FunctionBuilder, { low }: Axis, pointer: Value, index: Index, bytes: number): Value =>
  low.length === 1 ? moved(fn, pointer, [[index, lastStride(low) * bytes]]) : walked(fn, pointer, low, index, bytes)
