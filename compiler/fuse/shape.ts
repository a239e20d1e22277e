/**
 * Shapes without their axes of extent 1, in which fusion thinks. In: shapes and views. Out: stripped ones.
 * Invariant: two tensors of equal stripped shape have their elements at the same row-major places.
 */
import { equalShapes, type Shape, stridesOf } from '../../src/core/shape.ts'
import type { View } from '../../src/ops/signature.ts'

export const strip = (shape: Shape): Shape => shape.filter((d) => d !== 1)

export const stripView = (v: View): View => ({
  shape: strip(v.shape),
  offset: v.offset,
  strides: v.strides.filter((_, i) => v.shape[i] !== 1),
})

/** The positions that `axes` have among the axes that remain after stripping. */
export const stripAxes = (shape: Shape, axes: readonly number[]): readonly number[] => {
  const kept = shape.flatMap((d, i) => (d === 1 ? [] : [i]))
  return axes.flatMap((a) => (kept.includes(a) ? [kept.indexOf(a)] : []))
}

export const without = (shape: Shape, axes: readonly number[]): Shape => shape.filter((_, i) => !axes.includes(i))

/** Row-major strides of the axes that are left, 0 along the given ones: how a row value is seen over the full domain. */
export const rowStrides = (domain: Shape, axes: readonly number[]): readonly number[] => {
  const strides = stridesOf(without(domain, axes))
  let k = 0
  return domain.map((_, i) => (axes.includes(i) ? 0 : (strides[k++] as number)))
}

/** Whether a stripped view walks row-major memory from its start. */
export const isRowMajor = (v: View): boolean => v.offset === 0 && equalShapes(v.strides, stridesOf(v.shape))
