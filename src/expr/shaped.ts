/**
 * Types that are told. In: an expression of which the type checker knows too little. Out: the same expression, of the told type.
 * Invariant: nothing is made; what is told and is not so is refused where it is said.
 */
import type { DType } from '../core/dtype.ts'
import { equalShapes, type Shape, showType } from '../core/shape.ts'
import { expecting } from './arguments.ts'
import type { Expr, Node } from './expr.ts'
import { shapeError } from './node.ts'
import { typed } from './typed.ts'

/**
 * x, which has this shape and dtype (f32 unless told): for what is made by programs, whose shapes no type knows. E_TYPE_TOLD
 * where it has another.
 * @example
 * const rows: number = JSON.parse('128')
 * const x = shaped(input('x', [rows, 784]), [128, 784])
 * console.log(matmul(x, input('w', [784, 10])).shape) // [ 128, 10 ]
 */
export const shaped: <const S extends Shape, const D extends DType = 'f32'>(
  x: Expr,
  shape: S,
  dtype?: D,
) => Expr<S, D> = typed((x: Node, shape: Shape, dtype: DType = 'f32') => {
  expecting('shaped', [x])
  if (equalShapes(x.shape, shape) && x.dtype === dtype) return x
  throw shapeError({ code: 'E_TYPE_TOLD', sentence: `shaped: ${showType(x)} is not ${showType({ dtype, shape })}` }, [
    x,
  ])
})
