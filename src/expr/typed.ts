/**
 * The typed face of the constructors. In: operands as users write them, expressions or numbers. Out: the types that the
 * result has, the sentence of an error where the operands do not fit, and the nodes themselves.
 * Invariant: the graph is built by functions over plain nodes; `typed` is the one place where they get the types that users
 * see, because only `infer` knows shapes while running. What a type refuses, `infer` refuses with the same words.
 */
import { expecting, isValueOf, checkList, shown } from './arguments.ts'
import { isLeft } from 'fp-ts/lib/Either.js'
import { isSome } from 'fp-ts/lib/Option.js'
import type { DType } from '../core/dtype.ts'
import { normalizeAxis, range, type Shape, showShape, sizeOf } from '../core/shape.ts'
import type {
  Accepts,
  AxesArgument,
  Broadcast,
  CheckDType,
  Checked,
  Fits,
  SameDType,
  ShapeOf,
} from '../core/shape-types.ts'
import { inferElementwise } from '../ops/common.ts'
import type { OpName } from '../ops/signature.ts'
import type { Expr, Node } from './expr.ts'
import { isExpr, literal, make, shapeError } from './node.ts'

/** Gives a function over nodes the type that users see. */
export const typed = <F>(f: (...args: never) => unknown): F => f as unknown as F

/** What an elementwise op takes: an expression, or a literal, which gets the dtype of the other operand. */
export type Operand = Expr | number | boolean

/** Truth takes truths for literals, arithmetic takes numbers. */
export type OperandOf<T extends Accepts> = Expr | (T extends 'bool' ? boolean : number)

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

/** The shape that two operands broadcast to. */
type BroadcastShape<Op extends string, A, B> = ShapeOf<Broadcast<Op, OperandShape<A>, OperandShape<B>>>

/** `Out` where it is given, else the dtype of the operands. */
type ResultDType<A, B, Out extends DType> = [Out] extends [never] ? CommonDType<A, B> : Out

/*
 * Result types are written as Expr<…> where they are returned, not behind a name, because an editor would show the name.
 * Where both forms of a function can have as many arguments, data-last stands first, because of several overloads that all
 * fail TypeScript reports the last one.
 */

/** An op of one operand. */
export interface Unary<Op extends string, T extends Accepts, Out extends DType = never> {
  <X extends Expr>(x: X & CheckUnary<Op, T, X>): Expr<X['shape'], [Out] extends [never] ? X['dtype'] : Out>
}

/** An op of two operands, which broadcast; `op(y)` waits for the first one. */
export interface Binary<Op extends string, T extends Accepts, Out extends DType = never> {
  <A extends OperandOf<T>, B extends OperandOf<T>>(
    x: A,
    y: Checked<B, CheckBinary<Op, T, A, B>>,
  ): Expr<BroadcastShape<Op, A, B>, ResultDType<A, B, Out>>
  <B extends OperandOf<T>>(
    y: B,
  ): <A extends OperandOf<T>>(x: A & CheckBinary<Op, T, A, B>) => Expr<BroadcastShape<Op, A, B>, ResultDType<A, B, Out>>
}

// ---- running

const literalOf = (op: string, value: number | boolean, dtype: DType, beside: readonly Node[]): Node => {
  if (!isValueOf(value, dtype))
    throw shapeError({ code: 'E_LITERAL', sentence: `${op}: ${shown(value)} is not of dtype ${dtype}` }, beside)
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

/** A constructor of one op of two operands. */
export const binary = <F>(op: OpName): F => typed<F>(dual(2, (...operands) => make(op, lift(op, operands))))

/** Operands that fit together, or the error of an op of this name that takes such dtypes and broadcasts. */
const fitting = <const Ins extends readonly Node[]>(op: string, accepts: Accepts, ins: Ins): Ins => {
  expecting(op, ins)
  const type = inferElementwise(op, accepts)(ins)
  if (isLeft(type)) throw shapeError(type.left, ins)
  return ins
}

/** The operand, or the error that its dtype is not accepted. */
export const accepting = (op: string, accepts: Accepts, x: Node): Node => fitting(op, accepts, [x])[0]

/** Refuses two operands of different dtypes. */
export const sameDType = (op: string, a: Node, b: Node): void => {
  expecting(op, [a, b])
  if (a.dtype === b.dtype) return
  const sentence = `${op}: dtypes ${a.dtype} and ${b.dtype} differ`
  throw shapeError({ code: 'E_DTYPE_MISMATCH', sentence, hint: 'nothing is converted silently: cast one of them' }, [
    a,
    b,
  ])
}

/** A constructor of several ops of one operand, under whose name a wrong dtype is refused. */
export const composed = <F>(op: string, accepts: Accepts, f: (x: Node) => Node): F =>
  typed<F>((x: Node) => f(accepting(op, accepts, x)))

/** A constructor of several ops of two operands, under whose name what does not fit is refused. */
export const composedPair = <F>(op: string, accepts: Accepts, f: (x: Node, y: Node) => Node): F =>
  typed<F>(dual(2, (...operands) => f(...fitting(op, accepts, lift(op, operands) as readonly [Node, Node]))))

/** The shape, or the error that it is none; the error shows what the user wrote. */
export const extentsOf = (op: string, shape: Shape, shown: Shape = shape): Shape => {
  if (!Array.isArray(shape) || shape.some((d) => !Number.isInteger(d) || d < 0))
    throw shapeError(
      {
        code: 'E_EXTENT',
        sentence: `${op}: ${Array.isArray(shown) ? showShape(shown) : String(shown)} is not a shape: extents are natural numbers`,
      },
      [],
    )
  if (sizeOf(shape) > 2 ** 31)
    throw shapeError({ code: 'E_EXTENT', sentence: `${op}: ${showShape(shape)} has more than 2^31 elements` }, [])
  return shape
}

/** An axis counted from the front, or the error that the axis does not exist. */
export const axisOf = (op: string, x: Node, axis: number): number => {
  expecting(op, [x])
  const found = normalizeAxis(axis, x.shape.length)
  if (isSome(found)) return found.value
  throw shapeError({ code: 'E_AXIS', sentence: `${op}: axis ${axis} does not exist in shape ${showShape(x.shape)}` }, [
    x,
  ])
}

/** Axes counted from the front, ascending; all of them where none are given. */
export const axesOf = (op: string, x: Node, axes: AxesArgument): readonly number[] => {
  if (axes === null || axes === undefined) return range(x.shape.length)
  if (typeof axes !== 'number') checkList(op, 'what names the axes', axes)
  const found = (typeof axes === 'number' ? [axes] : axes).map((a) => axisOf(op, x, a))
  const twice = found.find((a, i) => found.indexOf(a) !== i)
  if (twice !== undefined)
    throw shapeError({ code: 'E_AXIS_REPEATED', sentence: `${op}: axis ${twice} is given twice` }, [x])
  return found.toSorted((a, b) => a - b)
}
