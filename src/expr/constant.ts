/**
 * Constants. In: numbers, nested arrays or typed arrays. Out: an expression that holds their values.
 * Invariant: the elements are copied, so that nobody writes to a constant later.
 */
import type { DType } from '../core/dtype.ts'
import type { Shape } from '../core/shape.ts'
import type { Elements } from '../ops/leaf.ts'
import type { Expr, Node } from './expr.ts'
import { literal, make, shapeError } from './node.ts'
import { typed } from './typed.ts'

/** A number, or arrays of arrays of numbers, all rows of one length; likewise of booleans. */
export type Nested = number | boolean | readonly Nested[]

/** The shape of nested arrays, read along the first elements. */
export type NestedShape<A> = [Nested] extends [A]
  ? Shape
  : A extends readonly unknown[]
    ? A extends readonly []
      ? readonly [0]
      : readonly [A['length'], ...NestedShape<A[0]>]
    : readonly []

type NestedDType<A> = [Nested] extends [A]
  ? DType
  : A extends readonly unknown[]
    ? A extends readonly []
      ? 'f32'
      : NestedDType<A[number]>
    : A extends boolean
      ? 'bool'
      : 'f32'

type ElementsDType<A> = A extends Float32Array ? 'f32' : A extends Float64Array ? 'f64' : 'i32'

/** The words of the library's type declarations differ by version in the array's buffer; any buffer will do. */
const isElements = (x: unknown): x is Elements =>
  x instanceof Float32Array || x instanceof Float64Array || x instanceof Int32Array

const shapeOf = (values: Nested): Shape => {
  const shape: number[] = []
  let row: Nested | undefined = values
  while (Array.isArray(row)) {
    shape.push(row.length)
    row = row[0]
  }
  return shape
}

const flatten = (values: Nested, shape: Shape): readonly (number | boolean)[] => {
  let level: readonly Nested[] = [values]
  for (const extent of shape)
    level = level.flatMap((row) => {
      if (Array.isArray(row) && row.length === extent) return row as readonly Nested[]
      const found = Array.isArray(row) ? `a row of ${row.length}` : String(row)
      throw shapeError(
        { code: 'E_SHAPE_CONSTANT', sentence: `constant: ${found} where a row of ${extent} was expected` },
        [],
      )
    })
  return level.map((x) => {
    if (typeof x === 'number' || typeof x === 'boolean') return x
    throw shapeError({ code: 'E_SHAPE_CONSTANT', sentence: 'constant: a row where a number was expected' }, [])
  })
}

/** What a tensor's elements lie in. */
export const elementsFor = { f32: Float32Array, f64: Float64Array, i32: Int32Array, bool: Int32Array } as const

const fromNested = (values: Nested, wanted: DType | undefined): Node => {
  const shape = shapeOf(values)
  const flat = flatten(values, shape)
  const dtype = wanted ?? (typeof flat[0] === 'boolean' ? 'bool' : 'f32')
  for (const x of flat)
    if (
      dtype === 'bool'
        ? x !== true && x !== false && x !== 0 && x !== 1
        : dtype === 'i32'
          ? (Number(x) | 0) !== Number(x)
          : false
    )
      throw shapeError({ code: 'E_LITERAL', sentence: `constant: ${x} is not of dtype ${dtype}` }, [])
  const [only] = flat
  if (shape.length === 0) return literal(Number(only), dtype)
  const data = new elementsFor[dtype](flat.map(Number))
  return make('constant', [], { dtype, shape, data })
}

const fromElements = (data: Elements, shape: Shape, wanted: DType | undefined): Node => {
  const own = data instanceof Float32Array ? 'f32' : data instanceof Float64Array ? 'f64' : 'i32'
  const dtype = wanted ?? own
  if (dtype !== own && !(dtype === 'bool' && own === 'i32'))
    throw shapeError(
      { code: 'E_DTYPE', sentence: `constant: a ${data.constructor.name} holds ${own}, not ${dtype}` },
      [],
    )
  return make('constant', [], { dtype, shape, data: own === dtype ? data.slice() : data.map((x) => (x === 0 ? 0 : 1)) })
}

/** The constant of a value in one of the forms; `shape` is that of a typed array. */
export const constantOf = (values: Nested | Elements, shape?: Shape, dtype?: DType): Node =>
  isElements(values) ? fromElements(values, shape ?? [values.length], dtype) : fromNested(values, dtype)

export interface Constant {
  <const A extends Nested>(values: A): Expr<NestedShape<A>, NestedDType<A>>
  <const A extends Nested, const D extends DType>(values: A, dtype: D): Expr<NestedShape<A>, D>
  <A extends Elements, const S extends Shape>(values: A, shape: S): Expr<S, ElementsDType<A>>
  <A extends Elements, const S extends Shape, const D extends DType>(values: A, shape: S, dtype: D): Expr<S, D>
}

/**
 * A constant of given values: numbers (f32 unless told), booleans (bool), or a typed array with its shape, in row-major
 * order. E_SHAPE_CONSTANT where rows differ in length or a typed array does not fill the shape; E_LITERAL where a value is not
 * of the dtype.
 * @example constant([[1, 2], [3, 4]]); constant(new Int32Array([3, 1]), [2]); constant([0, 1, 1], 'i32')
 */
export const constant: Constant = typed((values: Nested | Elements, second?: Shape | DType, third?: DType) =>
  typeof second === 'string' ? constantOf(values, undefined, second) : constantOf(values, second, third),
)
