/**
 * Comparisons, truth, choice and conversion. In: expressions, or literals beside one. Out: bool, the chosen dtype, or the one
 * asked for. Invariant: no derivative flows through a comparison; `where` passes it to the chosen branch alone. Errors are
 * those of elementwise ops (E_SHAPE_BROADCAST, E_DTYPE_MISMATCH, E_DTYPE).
 */
import type { DType } from '../core/dtype.ts'
import type { Broadcast3, Fits, SameDType, ShapeOf } from '../core/shape-types.ts'
import type { Expr, Node } from './expr.ts'
import { graph, isExpr, make, shapeError } from './node.ts'
import {
  type Binary,
  binary,
  type CommonDType,
  dataLast,
  type First,
  lift,
  type Operand,
  type OperandShape,
  typed,
  type Unary,
  unary,
} from './typed.ts'

/** x > y; false where either is NaN. */
export const greater: Binary<'greater', 'number', 'bool'> = binary('greater')

/** x ≥ y; false where either is NaN. */
export const greaterEqual: Binary<'greaterEqual', 'number', 'bool'> = binary('greaterEqual')

/** x < y; false where either is NaN. */
export const less: Binary<'less', 'number', 'bool'> = binary('less')

/** x ≤ y; false where either is NaN. */
export const lessEqual: Binary<'lessEqual', 'number', 'bool'> = binary('lessEqual')

/** x = y; false where either is NaN. */
export const equal: Binary<'equal', 'number', 'bool'> = binary('equal')

/** x ≠ y; true where either is NaN. */
export const notEqual: Binary<'notEqual', 'number', 'bool'> = binary('notEqual')

/** Both. */
export const logicalAnd: Binary<'logicalAnd', 'bool'> = binary('logicalAnd')

/** Either or both. */
export const logicalOr: Binary<'logicalOr', 'bool'> = binary('logicalOr')

/** One and not the other. */
export const logicalXor: Binary<'logicalXor', 'bool'> = binary('logicalXor')

/** The opposite. */
export const logicalNot: Unary<'logicalNot', 'bool'> = unary('logicalNot')

/** Whether x is NaN. */
export const isNan: Unary<'isNan', 'float', 'bool'> = unary('isNan')

/** Whether x is neither infinite nor NaN. */
export const isFinite: Unary<'isFinite', 'float', 'bool'> = unary('isFinite')

type CheckCondition<C extends Expr> = [C['dtype'] & 'bool'] extends [never]
  ? `where: the condition must be bool, not ${C['dtype']}`
  : unknown

type CheckBranches<C extends Expr, A, B> = First<
  [
    A extends Expr ? (B extends Expr ? SameBranch<SameDType<'where', A['dtype'], B['dtype']>> : unknown) : unknown,
    Fits<Broadcast3<'where', C['shape'], OperandShape<A>, OperandShape<B>>>,
  ]
>
type SameBranch<R> = R extends `${infer Start} differ` ? `${Start} of the branches differ` : R

type Chosen<C extends Expr, A, B> = ShapeOf<Broadcast3<'where', C['shape'], OperandShape<A>, OperandShape<B>>>

export interface Where {
  <C extends Expr, A extends Operand, B extends Operand>(
    condition: C & CheckCondition<C>,
    x: A,
    y: B & CheckBranches<C, A, B>,
  ): Expr<Chosen<C, A, B>, CommonDType<A, B>>
  <A extends Operand, B extends Operand>(
    x: A,
    y: B,
  ): <C extends Expr>(
    condition: C & First<[CheckCondition<C>, CheckBranches<C, A, B>]>,
  ) => Expr<Chosen<C, A, B>, CommonDType<A, B>>
}

/**
 * x where the condition is true, else y; all three broadcast. Literals are allowed for x and y.
 * @example
 * const x = input('x', [3])
 * print(where(greater(x, 0), x, 0)) // x · 1[x > 0]
 */
export const where: Where = typed((...args: readonly [Operand, Operand, Operand?]) => {
  const [first, second, third] = args
  const choose = (condition: Node, x: Operand, y: Operand): Node => make('where', [condition, ...lift('where', [x, y])])
  if (third === undefined) return (condition: Node) => choose(condition, first, second)
  if (!isExpr(first))
    throw shapeError({ code: 'E_DTYPE', sentence: `where: the condition must be an expression, not ${first}` }, [])
  return choose(first, second, third)
})

export interface Cast {
  <S extends Expr, const D extends DType>(x: S, dtype: D): Expr<S['shape'], D>
  <const D extends DType>(dtype: D): <S extends Expr>(x: S) => Expr<S['shape'], D>
}

/**
 * Conversion of values: float to i32 truncates and saturates (NaN gives 0), bool becomes 0 or 1, to bool is "not 0". A
 * derivative flows between floats alone.
 * @example console.log(cast(input('labels', [128], 'i32'), 'f32').dtype) // f32
 */
export const cast: Cast = typed(dataLast((x, dtype: DType) => (x.dtype === dtype ? x : graph.cast([x], { dtype }))))

type BitcastTo<X extends Expr> = X['dtype'] extends 'f32' ? 'i32' : X['dtype'] extends 'i32' ? 'f32' : 'f32' | 'i32'

export interface Bitcast {
  <X extends Expr, const D extends BitcastTo<X>>(x: X, dtype: D): Expr<X['shape'], D>
  <const D extends 'f32' | 'i32'>(dtype: D): <X extends Expr>(x: X) => Expr<X['shape'], D>
}

/**
 * The bits of an f32 as i32, or of an i32 as f32. No derivative flows.
 * @example console.log(bitcast(input('x', [3]), 'i32').dtype) // i32
 */
export const bitcast: Bitcast = typed(dataLast((x, dtype: 'f32' | 'i32') => graph.bitcast([x], { dtype })))
