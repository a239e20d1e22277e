/**
 * The typed face of the constructors. In: operands as users write them, expressions or numbers. Out: the types that the
 * result has, the sentence of an error where the operands do not fit, and the nodes themselves.
 * Invariant: the graph is built by functions over plain nodes; `typed` is the one place where they get the types that users
 * see, because only `infer` knows shapes while running. What a type refuses, `infer` refuses with the same words.
 */
import { isSome } from 'fp-ts/lib/Option.js'
import { type DType, isFloat } from '../core/dtype.ts'
import { normalizeAxis, range, type Shape, showShape } from '../core/shape.ts'
import type { Accepts, AxesArgument, Broadcast, CheckDType, Fits, SameDType, ShapeOf } from '../core/shape-types.ts'
import type { OpName } from '../ops/signature.ts'
import type { Expr, Node } from './expr.ts'
import { isExpr, literal, make, shapeError } from './node.ts'

/** Gives a function over nodes the type that users see. */
export const typed = <F>(f: (...args: never) => unknown): F => f as unknown as F

/** What an elementwise op takes: an expression, or a literal, which gets the dtype of the other operand. */
export type Operand = Expr | number | boolean

export type OperandShape<A> = A extends { readonly shape: infer S extends Shape } ? S : readonly []

/** never for a literal */
export type OperandDType<A> = A extends { readonly dtype: infer D extends DType } ? D : never

type Common<A, B> = [A] extends [never] ? B : [B] extends [never] ? A : A & B

/** The dtype that the expressions among the operands share; f32, or bool, where all are literals. */
export type CommonDType<A, B> = [OperandDType<A> | OperandDType<B>] extends [never]
  ? A extends boolean
    ? 'bool'
    : 'f32'
  : [Common<OperandDType<A>, OperandDType<B>>] extends [never]
    ? DType
    : Common<OperandDType<A>, OperandDType<B>>

/** The first sentence of several checks; unknown where all pass. */
export type First<Checks extends readonly unknown[]> = Checks extends readonly [infer C, ...infer Rest]
  ? unknown extends C
    ? First<Rest>
    : C
  : unknown

type CheckOperand<Op extends string, T extends Accepts, A> = A extends Expr ? CheckDType<Op, T, A['dtype']> : unknown

type CheckPair<Op extends string, A, B> = A extends Expr
  ? B extends Expr
    ? SameDType<Op, A['dtype'], B['dtype']>
    : unknown
  : unknown

export type CheckUnary<Op extends string, T extends Accepts, X extends Expr> = CheckDType<Op, T, X['dtype']>

export type CheckBinary<Op extends string, T extends Accepts, A, B> = First<
  [
    CheckOperand<Op, T, A>,
    CheckOperand<Op, T, B>,
    CheckPair<Op, A, B>,
    Fits<Broadcast<Op, OperandShape<A>, OperandShape<B>>>,
  ]
>

/** `Out` is the result's dtype where it is not that of the operands. */
export type BinaryResult<Op extends string, A, B, Out extends DType> = Expr<
  ShapeOf<Broadcast<Op, OperandShape<A>, OperandShape<B>>>,
  [Out] extends [never] ? CommonDType<A, B> : Out
>

/** An op of one operand. */
export interface Unary<Op extends string, T extends Accepts, Out extends DType = never> {
  <X extends Expr>(x: X & CheckUnary<Op, T, X>): Expr<X['shape'], [Out] extends [never] ? X['dtype'] : Out>
}

/** An op of two operands, which broadcast; `op(y)` waits for the first one. */
export interface Binary<Op extends string, T extends Accepts, Out extends DType = never> {
  <A extends Operand, B extends Operand>(x: A, y: B & CheckBinary<Op, T, A, B>): BinaryResult<Op, A, B, Out>
  <B extends Operand>(y: B): <A extends Operand>(x: A & CheckBinary<Op, T, A, B>) => BinaryResult<Op, A, B, Out>
}

// ---- running

const literalOf = (op: string, value: number | boolean, dtype: DType, beside: readonly Node[]): Node => {
  const fits =
    typeof value === 'boolean'
      ? dtype === 'bool'
      : dtype === 'i32'
        ? Number.isInteger(value) && Math.abs(value + 0.5) <= 2 ** 31
        : dtype !== 'bool'
  if (!fits) throw shapeError({ code: 'E_LITERAL', sentence: `${op}: ${value} is not of dtype ${dtype}` }, beside)
  return literal(Number(value), dtype)
}

/** Operands as nodes: a literal takes the dtype of the expressions beside it; f32, or bool, where there is none. */
export const lift = (op: string, operands: readonly Operand[]): readonly Node[] => {
  const nodes = operands.filter(isExpr)
  const dtype = nodes[0]?.dtype ?? (typeof operands[0] === 'boolean' ? 'bool' : 'f32')
  return operands.map((x) => (isExpr(x) ? x : literalOf(op, x, dtype, nodes)))
}

/** Data-first with all operands, data-last with one less. */
export const dual =
  (arity: number, f: (...args: readonly Operand[]) => Node) =>
  (...args: readonly Operand[]): unknown =>
    args.length >= arity ? f(...args) : (x: Operand) => f(x, ...args)

/** Data-first where the first argument is an expression, else data-last; for functions with optional arguments. */
export const dataLast =
  <Rest extends readonly unknown[]>(f: (x: Node, ...rest: Rest) => unknown) =>
  (...args: readonly unknown[]): unknown =>
    isExpr(args[0])
      ? f(args[0], ...(args.slice(1) as unknown as Rest))
      : (x: Node) => f(x, ...(args as unknown as Rest))

/** A constructor of one op of one operand. */
export const unary = <F>(op: OpName): F => typed<F>((x: Node) => make(op, [x]))

/** A constructor of one op of two operands, with something done to the result. */
export const binary = <F>(op: OpName, then: (result: Node) => Node = (result) => result): F =>
  typed<F>(dual(2, (...operands) => then(make(op, lift(op, operands)))))

/** A constructor of several ops of one operand, under whose name a wrong dtype is refused. */
export const composed = <F>(op: string, accepts: 'float' | 'number', f: (x: Node) => Node): F =>
  typed<F>((x: Node) => f(accepting(op, accepts, x)))

/** The operand, or the error that its dtype is not accepted. */
export const accepting = (op: string, accepts: 'float' | 'number', x: Node): Node => {
  if (accepts === 'float' ? isFloat(x.dtype) : x.dtype !== 'bool') return x
  const words = accepts === 'float' ? 'f32 or f64' : 'f32, f64 or i32'
  throw shapeError({ code: 'E_DTYPE', sentence: `${op}: the operand must be ${words}, not ${x.dtype}` }, [x])
}

/** An axis counted from the front, or the error that the axis does not exist. */
export const axisOf = (op: string, x: Node, axis: number): number => {
  const found = normalizeAxis(axis, x.shape.length)
  if (isSome(found)) return found.value
  throw shapeError({ code: 'E_AXIS', sentence: `${op}: axis ${axis} does not exist in shape ${showShape(x.shape)}` }, [
    x,
  ])
}

/** Axes counted from the front, ascending; all of them where none are given. */
export const axesOf = (op: string, x: Node, axes: AxesArgument): readonly number[] => {
  if (axes === null || axes === undefined) return range(x.shape.length)
  const found = (typeof axes === 'number' ? [axes] : axes).map((a) => axisOf(op, x, a))
  const twice = found.find((a, i) => found.indexOf(a) !== i)
  if (twice !== undefined)
    throw shapeError({ code: 'E_AXIS_REPEATED', sentence: `${op}: axis ${twice} is given twice` }, [x])
  return found.toSorted((a, b) => a - b)
}
