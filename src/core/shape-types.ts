/**
 * Shapes as types: what an editor knows of a shape before anything runs. In: tuples of extents. Out: a shape, or the
 * sentence of the error that the run would give.
 * Invariant: an extent that is only `number`, or a rank that is not known, is never refused here; the op's `infer` decides it
 * when the expression is built. Wherever a type refuses, `infer` (or the constructor) refuses with the same words.
 */
import type { DType } from './dtype.ts'
import type { Shape } from './shape.ts'

/**
 * To be put behind a parameter: demands the sentence itself where a rule refused, so that the editor shows it. NoInfer,
 * because the sentence says nothing of what the arguments are.
 */
export type Fits<R> = [R] extends [string] ? NoInfer<R> : unknown

/** The same for an argument that is a literal: its parameter becomes the sentence itself where a rule refused. */
export type Checked<A, R> = [R] extends [string] ? NoInfer<R> : A

/** The shape of an outcome; any shape where it is a sentence, so that one mistake is reported once. */
export type ShapeOf<R> = R extends Shape ? R : Shape

/** Whether the rank is not known. */
export type Ranked<S extends Shape> = number extends S['length'] ? false : true

/** Whether two extents may be the same. */
type Agree<X extends number, Y extends number> = [X & Y] extends [never] ? false : true

// ---- words

type ShowDim<D extends number> = number extends D ? '?' : `${D}`

type ShowDims<S extends Shape, Text extends string = ''> = S extends readonly [
  infer D extends number,
  ...infer Rest extends Shape,
]
  ? ShowDims<Rest, Text extends '' ? ShowDim<D> : `${Text},${ShowDim<D>}`>
  : Text

/** `[128,784]` */
export type Show<S extends Shape> = `[${ShowDims<S>}]`

type ShowAll<All extends readonly Shape[], Text extends string = ''> = All extends readonly [
  infer S extends Shape,
  ...infer Rest extends readonly Shape[],
]
  ? ShowAll<Rest, Text extends '' ? Show<S> : `${Text} and ${Show<S>}`>
  : Text

/** The sentence where a shape has an extent that is no natural number; `Allowed` are texts of numbers that may stand there. */
export type CheckExtents<Op extends string, T extends Shape, Allowed extends string = never> = [
  Exclude<Extract<`${T[number]}`, `-${string}` | `${string}.${string}`>, Allowed>,
] extends [never]
  ? unknown
  : `${Op}: ${Show<T>} is not a shape: extents are natural numbers`

// ---- dtypes

/** The words for a set of dtypes. */
interface Accepted {
  float: 'f32' | 'f64'
  number: 'f32' | 'f64' | 'i32'
  i32: 'i32'
  bool: 'bool'
  any: DType
}
export type Accepts = keyof Accepted
interface Words {
  float: 'f32 or f64'
  number: 'f32, f64 or i32'
  i32: 'i32'
  bool: 'bool'
  any: 'any dtype'
}

/** The sentence where a dtype is none of those that an op accepts. */
export type CheckDType<Op extends string, A extends Accepts, D extends DType> = A extends 'any'
  ? unknown
  : [D & Accepted[A]] extends [never]
    ? `${Op}: the operand must be ${Words[A]}, not ${D}`
    : unknown

/** The sentence where two operands have different dtypes. */
export type SameDType<Op extends string, D extends DType, E extends DType> = [D & E] extends [never]
  ? `${Op}: dtypes ${D} and ${E} differ`
  : unknown

// ---- broadcasting

/** The common extent, never where there is none. */
export type BroadcastDim<X extends number, Y extends number> = [X] extends [1]
  ? Y
  : [Y] extends [1]
    ? X
    : number extends X
      ? Y
      : number extends Y
        ? X
        : Agree<X, Y> extends true
          ? X
          : never

type BroadcastDims<
  Op extends string,
  A extends Shape,
  B extends Shape,
  All extends readonly Shape[],
  Out extends Shape,
> = A extends readonly [...infer A0 extends Shape, infer X extends number]
  ? B extends readonly [...infer B0 extends Shape, infer Y extends number]
    ? [BroadcastDim<X, Y>] extends [never]
      ? `${Op}: extents ${X} and ${Y} of axis -${[...Out, 0]['length'] & number} do not broadcast (${ShowAll<All>})`
      : BroadcastDims<Op, A0, B0, All, readonly [BroadcastDim<X, Y>, ...Out]>
    : readonly [...A, ...Out]
  : readonly [...B, ...Out]

/** Two shapes broadcast as in NumPy; `All` are the shapes that the sentence shows. */
export type Broadcast<
  Op extends string,
  A extends Shape,
  B extends Shape,
  All extends readonly Shape[] = [A, B],
> = B extends readonly []
  ? A
  : A extends readonly []
    ? B
    : false extends Ranked<A> | Ranked<B>
      ? Shape
      : BroadcastDims<Op, A, B, All, readonly []>

/** Three shapes broadcast together. */
export type Broadcast3<Op extends string, A extends Shape, B extends Shape, C extends Shape> =
  Broadcast<Op, A, B, [A, B, C]> extends infer AB ? (AB extends Shape ? Broadcast<Op, AB, C, [A, B, C]> : AB) : never

/** A shape that has to broadcast to exactly another one. */
export type BroadcastTo<A extends Shape, T extends Shape> = false extends Ranked<A> | Ranked<T>
  ? T
  : CheckExtents<'broadcastTo', T> extends infer Bad extends string
    ? Bad
    : Broadcast<'broadcastTo', A, T> extends infer R
      ? R extends T
        ? T
        : R extends Shape
          ? T extends R
            ? T
            : `broadcastTo: ${Show<A>} does not broadcast to ${Show<T>}`
          : `broadcastTo: ${Show<A>} does not broadcast to ${Show<T>}`
      : never

// ---- axes

/** An axis given by the user, and how the walks below compare it: `1` and `-1` as text. */
export type AxisNames<S extends Shape, Names extends string = never, I extends readonly 0[] = []> = S extends readonly [
  number,
  ...infer Rest extends Shape,
]
  ? AxisNames<Rest, Names | `${I['length'] & number}` | `-${S['length'] & number}`, [...I, 0]>
  : Names

/** The axis counted from the front; never where it does not exist. */
export type AxisIndex<S extends Shape, A extends number, I extends readonly 0[] = []> = S extends readonly [
  number,
  ...infer Rest extends Shape,
]
  ? `${A}` extends `${I['length'] & number}` | `-${S['length'] & number}`
    ? I['length'] & number
    : AxisIndex<Rest, A, [...I, 0]>
  : never

export type NoAxis<
  Op extends string,
  S extends Shape,
  A extends number,
> = `${Op}: axis ${A} does not exist in shape ${Show<S>}`

/** The sentence where an axis does not exist. */
export type CheckAxis<Op extends string, S extends Shape, A extends number> = number extends A
  ? unknown
  : Ranked<S> extends false
    ? unknown
    : `${A}` extends AxisNames<S>
      ? unknown
      : NoAxis<Op, S, A>

/** The sentence where one of several axes does not exist or is given twice. */
export type CheckAxes<Op extends string, S extends Shape, L extends readonly number[], Seen = never> = false extends
  | Ranked<S>
  | Ranked<L>
  ? unknown
  : L extends readonly [infer A extends number, ...infer Rest extends readonly number[]]
    ? number extends A
      ? unknown
      : [AxisIndex<S, A>] extends [never]
        ? NoAxis<Op, S, A>
        : AxisIndex<S, A> extends Seen
          ? `${Op}: axis ${AxisIndex<S, A>} is given twice`
          : CheckAxes<Op, S, Rest, Seen | AxisIndex<S, A>>
    : unknown

type DropAxes<
  S extends Shape,
  Names extends string,
  Kept extends readonly number[],
  Out extends Shape = readonly [],
  I extends readonly 0[] = [],
> = S extends readonly [infer D extends number, ...infer Rest extends Shape]
  ? [Extract<Names, `${I['length'] & number}` | `-${S['length'] & number}`>] extends [never]
    ? DropAxes<Rest, Names, Kept, readonly [...Out, D], [...I, 0]>
    : DropAxes<Rest, Names, Kept, readonly [...Out, ...Kept], [...I, 0]>
  : Out

/** A shape of the same rank with extents that are not known. */
type Blur<S extends Shape> = { readonly [I in keyof S]: number }

/** Which axes: one, several, or (null or undefined) all. */
export type AxesArgument = number | readonly number[] | null | undefined

/** A shape reduced along axes. */
export type Reduce<Op extends string, S extends Shape, A extends AxesArgument, Keep extends boolean> = A extends
  | null
  | undefined
  ? Keep extends true
    ? { readonly [I in keyof S]: 1 }
    : readonly []
  : Ranked<S> extends false
    ? Shape
    : A extends number
      ? ReduceList<Op, S, readonly [A], Keep>
      : A extends readonly number[]
        ? ReduceList<Op, S, A, Keep>
        : never

type ReduceList<Op extends string, S extends Shape, L extends readonly number[], Keep extends boolean> = number extends
  | L['length']
  | L[number]
  ? Keep extends true
    ? Blur<S>
    : Shape
  : CheckAxes<Op, S, L> extends infer Bad extends string
    ? Bad
    : DropAxes<S, `${L[number]}`, Keep extends true ? readonly [1] : readonly []>

// ---- matrix products

/** `([128,784] x [512,10])` */
type Times<A extends Shape, B extends Shape> = `(${Show<A>} x ${Show<B>})`

type Inner<A extends Shape, B extends Shape, K extends number, L extends number, R> = number extends K | L
  ? R
  : Agree<K, L> extends true
    ? R
    : `matmul: inner dimensions ${K} and ${L} differ ${Times<A, B>}`

type BatchDims<
  A extends Shape,
  B extends Shape,
  P extends Shape,
  Q extends Shape,
  Out extends Shape,
> = P extends readonly [...infer P0 extends Shape, infer X extends number]
  ? Q extends readonly [...infer Q0 extends Shape, infer Y extends number]
    ? [BroadcastDim<X, Y>] extends [never]
      ? `matmul: batch dimensions ${X} and ${Y} differ ${Times<A, B>}`
      : BatchDims<A, B, P0, Q0, readonly [BroadcastDim<X, Y>, ...Out]>
    : readonly [...P, ...Out]
  : readonly [...Q, ...Out]

/** NumPy's rules: the last axis of a with the last but one of b; vectors count as a row or a column, batches broadcast. */
export type MatMul<A extends Shape, B extends Shape> = false extends Ranked<A> | Ranked<B>
  ? Shape
  : A extends readonly []
    ? `matmul: a scalar has no inner dimension ${Times<A, B>}`
    : B extends readonly []
      ? `matmul: a scalar has no inner dimension ${Times<A, B>}`
      : A extends readonly [infer K extends number]
        ? B extends readonly [infer L extends number]
          ? Inner<A, B, K, L, readonly []>
          : B extends readonly [...infer Q extends Shape, infer L extends number, infer N extends number]
            ? Inner<A, B, K, L, readonly [...Q, N]>
            : never
        : A extends readonly [...infer P extends Shape, infer M extends number, infer K extends number]
          ? B extends readonly [infer L extends number]
            ? Inner<A, B, K, L, readonly [...P, M]>
            : B extends readonly [...infer Q extends Shape, infer L extends number, infer N extends number]
              ? Inner<A, B, K, L, BatchDims<A, B, P, Q, readonly [M, N]>>
              : never
          : never
