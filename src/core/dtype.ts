/**
 * Element types. In: nothing. Out: the four dtypes, their sizes and classes.
 * Invariant: `f32` and `f64` are the only types that carry a cotangent.
 */
export type Float = 'f32' | 'f64'
export type DType = Float | 'i32' | 'bool'

export const dtypes: readonly DType[] = ['f32', 'f64', 'i32', 'bool']

/** Bytes of one element in memory. A bool is stored as an i32 of 0 or 1, so that it has the lane width of f32 and i32. */
export const bytesOf = (dtype: DType): 4 | 8 => (dtype === 'f64' ? 8 : 4)

export const isFloat = (dtype: DType): dtype is Float => dtype === 'f32' || dtype === 'f64'
