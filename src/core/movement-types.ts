/**
 * Movements as types: reshape, transpose, slice, concat and their like. In: tuples of extents and literal arguments.
 * Out: a shape, or the sentence of the error that the run would give.
 * Invariant: as in shape-types.ts: what is only `number` is not refused here, and the words are those of the run.
 */
import type { Add, DivCeil, DivExact, Mul, Sub } from './natural-types.ts'
import type { Shape } from './shape.ts'
import type { AxisIndex, AxisNames, CheckAxis, CheckExtents, NoAxis, Ranked, Show } from './shape-types.ts'

/** Whether every extent is known. */
type Known<S extends Shape> = number extends S['length'] ? false : number extends S[number] ? false : true

/** Number of elements. */
export type SizeOf<S extends Shape, N extends number = 1> = S extends readonly [
  infer D extends number,
  ...infer Rest extends Shape,
]
  ? SizeOf<Rest, Mul<N, D>>
  : N

// ---- reshape

/** The product of all extents but −1. */
type GivenSize<T extends Shape, N extends number = 1> = T extends readonly [
  infer D extends number,
  ...infer Rest extends Shape,
]
  ? GivenSize<Rest, D extends -1 ? N : Mul<N, D>>
  : N

type Holes<T extends Shape, Out extends readonly 0[] = []> = T extends readonly [
  infer D extends number,
  ...infer Rest extends Shape,
]
  ? Holes<Rest, number extends D ? Out : D extends -1 ? [...Out, 0] : Out>
  : Out['length']

type Fill<T extends Shape, N extends number> = {
  readonly [I in keyof T]: T[I] extends -1 ? (number extends T[I] ? number : N) : T[I]
}

type FillHole<S extends Shape, T extends Shape> =
  Known<S> extends false
    ? Fill<T, number>
    : GivenSize<T> extends 0
      ? `reshape: -1 of ${Show<T>} could be any extent`
      : [DivExact<SizeOf<S>, GivenSize<T>>] extends [never]
        ? `reshape: the ${SizeOf<S>} elements of ${Show<S>} do not fill ${Show<T>}`
        : Fill<T, DivExact<SizeOf<S>, GivenSize<T>>>

/** The same elements under another shape, in which one extent may be −1. */
export type Reshape<S extends Shape, T extends Shape> =
  Ranked<T> extends false
    ? Shape
    : CheckExtents<'reshape', T, '-1'> extends infer Bad extends string
      ? Bad
      : Ranked<S> extends false
        ? Fill<T, number>
        : number extends T[number]
          ? Fill<T, number>
          : Holes<T> extends 0
            ? Known<S> extends false
              ? T
              : SizeOf<S> extends SizeOf<T>
                ? T
                : `reshape: ${Show<S>} has ${SizeOf<S>} elements, ${Show<T>} has ${SizeOf<T>}`
            : Holes<T> extends 1
              ? FillHole<S, T>
              : `reshape: ${Show<T>} has more than one -1`

// ---- axes

type ReverseOf<S extends Shape, Out extends Shape = readonly []> = S extends readonly [
  infer D extends number,
  ...infer Rest extends Shape,
]
  ? ReverseOf<Rest, readonly [D, ...Out]>
  : Out

type PermuteAll<
  S extends Shape,
  P extends readonly number[],
  All extends readonly number[],
  Seen = never,
  Out extends Shape = readonly [],
> = P extends readonly [infer A extends number, ...infer Rest extends readonly number[]]
  ? [AxisIndex<S, A>] extends [never]
    ? NoPermutation<S, All>
    : AxisIndex<S, A> extends Seen
      ? NoPermutation<S, All>
      : PermuteAll<S, Rest, All, Seen | AxisIndex<S, A>, readonly [...Out, S[AxisIndex<S, A>] & number]>
  : Out['length'] extends S['length']
    ? Out
    : NoPermutation<S, All>

type NoPermutation<
  S extends Shape,
  P extends readonly number[],
> = `transpose: ${Show<P>} is not a permutation of the axes of ${Show<S>}`

/** Axis i of the result is axis P[i] of the operand; the axes reversed without P. */
export type Transpose<S extends Shape, P extends readonly number[] | undefined> =
  Ranked<S> extends false
    ? Shape
    : P extends readonly number[]
      ? number extends P['length'] | P[number]
        ? { readonly [I in keyof S]: number }
        : PermuteAll<S, P, P>
      : ReverseOf<S>

/** An extent put before the axis that walks have reached; the last place is behind all. */
type InsertAt<S extends Shape, A extends number, D extends number, Out extends Shape = readonly []> = `${A}` extends
  | `${Out['length']}`
  | `-${[...S, 0]['length'] & number}`
  ? readonly [...Out, D, ...S]
  : S extends readonly [infer X extends number, ...infer Rest extends Shape]
    ? InsertAt<Rest, A, D, readonly [...Out, X]>
    : never

/** A new axis of extent D. */
export type Insert<Op extends string, S extends Shape, A extends number, D extends number> =
  Ranked<S> extends false
    ? Shape
    : number extends A
      ? Shape
      : [InsertAt<S, A, D>] extends [never]
        ? `${Op}: ${A} is not a place for a new axis of ${Show<S>}`
        : InsertAt<S, A, D>

type DropOnes<S extends Shape, Out extends Shape = readonly []> = S extends readonly [
  infer D extends number,
  ...infer Rest extends Shape,
]
  ? number extends D
    ? Shape
    : DropOnes<Rest, D extends 1 ? Out : readonly [...Out, D]>
  : Out

/** One axis of S taken away or replaced: `With` holds what comes in its place. */
export type ReplaceAt<
  S extends Shape,
  A extends number,
  With extends Shape,
  Out extends Shape = readonly [],
> = S extends readonly [infer D extends number, ...infer Rest extends Shape]
  ? `${A}` extends `${Out['length']}` | `-${S['length']}`
    ? readonly [...Out, ...With, ...Rest]
    : ReplaceAt<Rest, A, With, readonly [...Out, D]>
  : never

/** One axis with another extent. */
export type WithAxis<S extends Shape, A extends number, D extends number> = number extends A
  ? Shape
  : Ranked<S> extends false
    ? Shape
    : ReplaceAt<S, A, readonly [D]>

type ExtentAt<S extends Shape, A extends number> = S[AxisIndex<S, A>] & number

/** An axis of extent 1 taken away; all such axes without A. */
export type Squeeze<S extends Shape, A extends number | undefined> =
  Ranked<S> extends false
    ? Shape
    : A extends number
      ? number extends A
        ? Shape
        : `${A}` extends AxisNames<S>
          ? [ExtentAt<S, A> & 1] extends [never]
            ? `squeeze: axis ${AxisIndex<S, A>} of ${Show<S>} has extent ${ExtentAt<S, A>}, not 1`
            : ReplaceAt<S, A, readonly []>
          : NoAxis<'squeeze', S, A>
      : DropOnes<S>

// ---- ranges

/** An index counted from the front. */
type FromFront<I extends number, D extends number> = `${I}` extends `-${infer M extends number}` ? Sub<D, M> : I

type Extent<Start extends number, Stop extends number, Step extends number> = number extends Start | Stop | Step
  ? number
  : DivCeil<Sub<Stop, Start>, Step>

/** What an axis of extent D gives from Start below Stop; never where that is no range of it. */
type SliceDim<
  D extends number,
  Start extends number,
  Stop extends number | undefined,
  Step extends number,
> = number extends D | Start
  ? Stop extends number
    ? `${Start}${Stop}` extends `-${string}` | `${string}-${string}`
      ? number
      : Extent<Start, Stop, Step>
    : number
  : Stop extends number
    ? number extends Stop
      ? number
      : [FromFront<Start, D>] extends [never]
        ? never
        : [FromFront<Stop, D>] extends [never]
          ? never
          : [Sub<D, FromFront<Stop, D>>] extends [never]
            ? never
            : Extent<FromFront<Start, D>, FromFront<Stop, D>, Step>
    : [FromFront<Start, D>] extends [never]
      ? never
      : Extent<FromFront<Start, D>, D, Step>

/** The first of a list, or what stands for it. */
type FirstOf<L extends readonly number[], Default extends number | undefined> = L extends readonly [
  infer A extends number,
  ...unknown[],
]
  ? A
  : Default
type RestOf<L extends readonly number[]> = L extends readonly [number, ...infer Rest extends readonly number[]]
  ? Rest
  : []

type SliceDims<
  S extends Shape,
  Start extends readonly number[],
  Stop extends readonly number[],
  Step extends readonly number[],
  Out extends Shape = readonly [],
  All extends Shape = S,
> = [Start['length'], Stop['length'], Step['length']] extends [0, 0, 0]
  ? readonly [...Out, ...S]
  : S extends readonly [infer D extends number, ...infer Rest extends Shape]
    ? `${FirstOf<Step, 1>}` extends '0' | `-${string}`
      ? `slice: step ${FirstOf<Step, 1>} of axis ${Out['length']} is not a positive integer`
      : SliceDim<D, FirstOf<Start, 0>, FirstOf<Stop, undefined>, FirstOf<Step, 1>> extends infer E
        ? [E] extends [never]
          ? `slice: ${FirstOf<Start, 0>} to ${FirstOf<Stop, D>} is not a range of axis ${Out['length']} of ${Show<All>}`
          : SliceDims<Rest, RestOf<Start>, RestOf<Stop>, RestOf<Step>, readonly [...Out, E & number], All>
        : never
    : `slice: more ranges than the ${All['length']} axes of ${Show<All>}`

type ListOf<L> = L extends number ? readonly [L] : L extends readonly number[] ? L : readonly []

/** From start, below stop, every step-th element of the leading axes; negative numbers count from the end. */
export type Slice<S extends Shape, Start, Stop, Step> =
  Ranked<S> extends false
    ? Shape
    : false extends Ranked<ListOf<Start>> | Ranked<ListOf<Stop>> | Ranked<ListOf<Step>>
      ? { readonly [I in keyof S]: number }
      : SliceDims<S, ListOf<Start>, ListOf<Stop>, ListOf<Step>>

// ---- joining

type FirstDifference<
  S extends Shape,
  T extends Shape,
  Axis extends number,
  I extends readonly 0[] = [],
> = S extends readonly [infer X extends number, ...infer S0 extends Shape]
  ? T extends readonly [infer Y extends number, ...infer T0 extends Shape]
    ? I['length'] extends Axis
      ? FirstDifference<S0, T0, Axis, [...I, 0]>
      : [X & Y] extends [never]
        ? I['length']
        : FirstDifference<S0, T0, Axis, [...I, 0]>
    : never
  : never

type ConcatRest<
  First extends Shape,
  Rest extends readonly Shape[],
  Axis extends number,
  Total extends number,
> = Rest extends readonly [infer T extends Shape, ...infer More extends readonly Shape[]]
  ? Ranked<T> extends false
    ? Shape
    : First['length'] extends T['length']
      ? [FirstDifference<First, T, Axis>] extends [never]
        ? ConcatRest<First, More, Axis, Add<Total, T[Axis] & number>>
        : `concat: ${Show<First>} and ${Show<T>} differ at axis ${FirstDifference<First, T, Axis>}, not only at axis ${Axis}`
      : `concat: the ranks of ${Show<First>} and ${Show<T>} differ`
  : ReplaceAt<First, Axis, readonly [Total]>

/** Tensors one behind the other along an axis. */
export type Concat<All extends readonly Shape[], A extends number> = All extends readonly [
  infer First extends Shape,
  ...infer Rest extends readonly Shape[],
]
  ? Ranked<First> extends false
    ? Shape
    : number extends A
      ? Shape
      : `${A}` extends AxisNames<First>
        ? ConcatRest<First, Rest, AxisIndex<First, A>, ExtentAt<First, A>>
        : NoAxis<'concat', First, A>
  : All extends readonly []
    ? 'concat: no operand given'
    : Shape

type AllSame<First extends Shape, Rest extends readonly Shape[]> = Rest extends readonly [
  infer T extends Shape,
  ...infer More extends readonly Shape[],
]
  ? [First & T] extends [never]
    ? `stack: shapes ${Show<First>} and ${Show<T>} differ`
    : AllSame<First, More>
  : unknown

/** Tensors of one shape along a new axis. */
export type Stack<All extends readonly Shape[], A extends number> = All extends readonly [
  infer First extends Shape,
  ...infer Rest extends readonly Shape[],
]
  ? AllSame<First, Rest> extends infer Bad extends string
    ? Bad
    : Insert<'stack', First, A, All['length']>
  : All extends readonly []
    ? 'stack: no operand given'
    : Shape

// ---- growing

type Pairs = readonly (readonly [number, number])[]

type PadDims<S extends Shape, W extends Pairs, Out extends Shape = readonly []> = S extends readonly [
  infer D extends number,
  ...infer Rest extends Shape,
]
  ? W extends readonly [readonly [infer Low extends number, infer High extends number], ...infer More extends Pairs]
    ? PadDims<Rest, More, readonly [...Out, Add<Add<D, Low>, High>]>
    : never
  : Out

/** Counts before and behind each axis. */
export type Pad<S extends Shape, W extends Pairs> = false extends
  | Ranked<S>
  | (number extends W['length'] ? false : true)
  ? Shape
  : W['length'] extends S['length']
    ? PadDims<S, W>
    : `pad: counts given for ${W['length']} axes, but ${Show<S>} has ${S['length']}`

type TileDims<S extends Shape, R extends readonly number[], Out extends Shape = readonly []> = S extends readonly [
  infer D extends number,
  ...infer Rest extends Shape,
]
  ? R extends readonly [infer N extends number, ...infer More extends readonly number[]]
    ? TileDims<Rest, More, readonly [...Out, Mul<D, N>]>
    : never
  : Out

/** Every axis repeated as a whole. */
export type Tile<S extends Shape, R extends readonly number[]> = false extends Ranked<S> | Ranked<R>
  ? Shape
  : R['length'] extends S['length']
    ? TileDims<S, R>
    : `tile: ${R['length']} counts given, but ${Show<S>} has ${S['length']} axes`

/** Every element of an axis repeated N times. */
export type Repeat<S extends Shape, N extends number, A extends number> =
  Ranked<S> extends false
    ? Shape
    : number extends A
      ? Shape
      : `${A}` extends AxisNames<S>
        ? ReplaceAt<S, A, readonly [Mul<ExtentAt<S, A>, N>]>
        : NoAxis<'repeat', S, A>

type Part<S extends Shape, A extends number, N extends number> = [DivExact<ExtentAt<S, A>, N>] extends [never]
  ? `split: axis ${AxisIndex<S, A>} of ${Show<S>} does not divide into ${N} equal parts`
  : WithAxis<S, A, DivExact<ExtentAt<S, A>, N>>

type SumOf<L extends readonly number[], N extends number = 0> = L extends readonly [
  infer D extends number,
  ...infer Rest extends readonly number[],
]
  ? SumOf<Rest, Add<N, D>>
  : N

type PartSizes<S extends Shape, A extends number, L extends readonly number[]> = [ExtentAt<S, A> & SumOf<L>] extends [
  never,
]
  ? `split: the sizes ${Show<L>} do not add up to the extent ${ExtentAt<S, A>} of axis ${AxisIndex<S, A>} of ${Show<S>}`
  : { readonly [I in keyof L]: WithAxis<S, A, L[I] & number> }

/** The shape of each of N equal parts, or a list of shapes for a list of sizes. */
export type Split<S extends Shape, P extends number | readonly number[], A extends number> =
  Ranked<S> extends false
    ? Shape
    : number extends A
      ? Shape
      : CheckAxis<'split', S, A> extends infer Bad extends string
        ? Bad
        : P extends number
          ? number extends P
            ? WithAxis<S, A, number>
            : Part<S, A, P>
          : P extends readonly number[]
            ? Ranked<P> extends false
              ? WithAxis<S, A, number>
              : PartSizes<S, A, P>
            : never
