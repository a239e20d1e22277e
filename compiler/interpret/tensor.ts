/**
 * Values as the interpreter has them. In: numbers. Out: tensors. Invariant: an element is rounded to its dtype.
 */
import { InternalError } from '../../src/core/errors.ts'
import type { DType } from '../../src/core/dtype.ts'
import { roundTo } from '../../src/core/numeric.ts'
import { type Shape, sizeOf, type TensorType } from '../../src/core/shape.ts'
import type { Elements } from '../../src/ops/leaf.ts'

/** A value: elements in row-major order; bool as 0 and 1. */
export interface Tensor extends TensorType {
  readonly data: Elements
}

/** Room for elements of a dtype. */
export const elementsOf = (dtype: DType, length: number): Elements =>
  dtype === 'f32' ? new Float32Array(length) : dtype === 'f64' ? new Float64Array(length) : new Int32Array(length)

/** A tensor from numbers, rounded to the dtype. */
export const tensor = (dtype: DType, shape: Shape, values: ArrayLike<number>): Tensor => {
  const data = elementsOf(dtype, values.length)
  for (let i = 0; i < values.length; i++) data[i] = roundTo[dtype](values[i] as number)
  if (data.length !== sizeOf(shape)) throw new InternalError(`${data.length} values for shape [${shape.join(',')}]`)
  return { dtype, shape, data }
}

/** Numbers that are rounded already, as elements. */
export const toElements = (values: ArrayLike<number>, dtype: DType): Elements => {
  const data = elementsOf(dtype, values.length)
  data.set(values)
  return data
}
