/**
 * Shapes as values. In: extents. Out: sizes, strides, broadcasts, axis arithmetic.
 * Invariant: a Shape is a frozen list of extents ≥ 0; nothing outside this file may assume that a Dim is a number known
 * for ever (a bounded symbolic extent is to come), except by calling these functions.
 */
import { type Option, none, some } from 'fp-ts/lib/Option.js'
import type { DType } from './dtype.ts'

export type Dim = number
export type Shape = readonly Dim[]

export interface TensorType {
  readonly dtype: DType
  readonly shape: Shape
}

export const tensorType = (dtype: DType, shape: Shape): TensorType => ({ dtype, shape })

/** Number of elements; 1 for a scalar. */
export const sizeOf = (shape: Shape): number => shape.reduce((n, d) => n * d, 1)

export const equalShapes = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i])

export const equalTypes = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype && equalShapes(a.shape, b.shape)

export const showShape = (shape: Shape): string => `[${shape.join(',')}]`

export const showType = (t: TensorType): string => `${t.dtype}${showShape(t.shape)}`

/** Row-major strides in elements. */
export const stridesOf = (shape: Shape): readonly number[] => {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step
    step *= shape[i] as number
  }
  return strides
}

/** The NumPy broadcast of two shapes, or none where two extents differ and neither is 1. */
export const broadcastShapes = (a: Shape, b: Shape): Option<Shape> => {
  const rank = Math.max(a.length, b.length)
  const out: Dim[] = []
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1
    const y = b[b.length - rank + i] ?? 1
    if (x !== y && x !== 1 && y !== 1) return none
    out.push(x === 1 ? y : x)
  }
  return some(out)
}

/** Whether `from` broadcasts to exactly `to`. */
export const broadcastsTo = (from: Shape, to: Shape): boolean =>
  from.length <= to.length && from.every((d, i) => d === 1 || d === to[to.length - from.length + i])

/** The axes of `to` (ascending) along which a tensor of shape `from` is repeated when broadcast. */
export const broadcastAxes = (from: Shape, to: Shape): readonly number[] => {
  const lead = to.length - from.length
  return to.flatMap((d, i) => (i < lead || (from[i - lead] === 1 && d !== 1) ? [i] : []))
}

/** An axis counted from the end made positive; none where it is out of range. */
export const normalizeAxis = (axis: number, rank: number): Option<number> =>
  Number.isInteger(axis) && axis >= -rank && axis < rank ? some(axis < 0 ? axis + rank : axis) : none

export const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

/** Row-major index of every position of `shape`, in order; one array reused would be faster and less clear. */
export const unravel = (index: number, shape: Shape): readonly number[] => {
  const out = new Array<number>(shape.length)
  let rest = index
  for (let i = shape.length - 1; i >= 0; i--) {
    const d = shape[i] as number
    out[i] = rest % d
    rest = Math.floor(rest / d)
  }
  return out
}
