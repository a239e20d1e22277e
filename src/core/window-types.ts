/**
 * Convolutions and poolings as types. In: tuples of extents and literal options. Out: a shape, or the sentence of the error
 * that the run would give.
 * Invariant: as in shape-types.ts: what is only `number` is not refused here, and the words are those of the run.
 */
import type { Add, DivCeil, DivExact, Mul, Sub } from './natural-types.ts'
import type { Shape } from './shape.ts'
import type { Ranked, Show } from './shape-types.ts'

/** One number for every axis that a window runs along, or one an axis. */
export type PerAxis = number | readonly number[]

/** [[top, bottom], [left, right]]; `same` keeps the extent at stride 1, `valid` is none. */
export type Pads = 'same' | 'valid' | readonly (readonly [before: number, behind: number])[]

/** How a window moves: 1 everywhere and no padding unless told. */
export interface WindowOptions {
  readonly stride?: PerAxis
  readonly pads?: Pads
  readonly dilation?: PerAxis
}

type Given<O, K extends string, I extends number> = O extends { readonly [_ in K]: infer V }
  ? V extends readonly unknown[]
    ? V[I]
    : V
  : never
type NumberGiven<O, K extends string, I extends number, Default extends number> = [Given<O, K, I>] extends [never]
  ? Default
  : Given<O, K, I> extends infer N extends number
    ? N
    : Default

type Span<K extends number, Dilation extends number> = Add<Mul<Sub<K, 1>, Dilation>, 1>

/** ⌊(padded − span) / stride⌋ + 1; never where the window does not fit. */
type Fitting<D extends number, Sp extends number, S extends number> = [Sub<D, Sp>] extends [never]
  ? never
  : DivCeil<Add<Sub<D, Sp>, 1>, S>

type Padded<D extends number, P> = [P] extends [never]
  ? D
  : [P] extends [readonly [infer L extends number, infer H extends number]]
    ? Add<Add<D, L>, H>
    : D

/** How many windows along axis I of those that the window runs along; never where it does not fit. */
export type WindowCount<D extends number, K extends number, O, I extends number, S extends number> = [
  Given<O, 'pads', I>,
  'same',
] extends ['same', Given<O, 'pads', I>]
  ? DivCeil<D, S>
  : Fitting<Padded<D, Given<O, 'pads', I>>, Span<K, NumberGiven<O, 'dilation', I, 1>>, S>

type StrideOf<O, I extends number, Default extends number> = NumberGiven<O, 'stride', I, Default>

type GroupsOf<O> = O extends { readonly groups: infer G extends number } ? G : 1
type IsFirst<O> = O extends { readonly layout: `NC${string}` } ? true : false

/** The parts of an image's and a filter's shape, whatever the layout. */
interface Parts {
  readonly n: number
  readonly c: number
  readonly space: Shape
}
type Images<X extends Shape, First extends boolean> = First extends true
  ? X extends readonly [infer N extends number, infer C extends number, ...infer S extends Shape]
    ? { readonly n: N; readonly c: C; readonly space: S }
    : never
  : X extends readonly [infer N extends number, ...infer S extends Shape, infer C extends number]
    ? { readonly n: N; readonly c: C; readonly space: S }
    : never
/** n: how many filters; c: the channels that one sees. */
type Filters<W extends Shape, First extends boolean> = First extends true
  ? Images<W, true>
  : W extends readonly [...infer S extends Shape, infer C extends number, infer N extends number]
    ? { readonly n: N; readonly c: C; readonly space: S }
    : never

type Assembled<N extends number, C extends number, S extends Shape, First extends boolean> = First extends true
  ? readonly [N, C, ...S]
  : readonly [N, ...S, C]

type Counts<D extends Shape, K extends Shape, O, Strides extends number> = {
  readonly [I in keyof D]: I extends `${infer A extends number}`
    ? WindowCount<D[I] & number, K[I & keyof K] & number, O, A, StrideOf<O, A, Strides>>
    : never
}

type Misfit<
  Op extends string,
  K extends Shape,
  X extends Shape,
> = `${Op}: a window of ${Show<K>} does not fit into ${Show<X>}`

type RankFault<
  Op extends string,
  X extends Shape,
  W extends Shape,
  Rank extends number,
> = `${Op}: image and filter have ${Rank} axes, not ${Show<X>} and ${Show<W>}`

/** The result of a convolution of an image with filters. */
export type Convolved<Op extends string, X extends Shape, W extends Shape, O, Rank extends number> = false extends
  | Ranked<X>
  | Ranked<W>
  ? Shape
  : [X['length'], W['length']] extends [Rank, Rank]
    ? ConvolvedParts<Op, X, W, Images<X, IsFirst<O>>, Filters<W, IsFirst<O>>, O>
    : RankFault<Op, X, W, Rank>

type ConvolvedParts<
  Op extends string,
  X extends Shape,
  W extends Shape,
  A extends Parts,
  B extends Parts,
  O,
> = number extends A['c'] | B['c'] | GroupsOf<O>
  ? Sized<Op, X, A, B, O>
  : Mul<B['c'], GroupsOf<O>> extends A['c']
    ? Sized<Op, X, A, B, O>
    : `${Op}: ${GroupsOf<O>} x ${B['c']} channels of the filters are not the ${A['c']} of the image (${Show<X>} and ${Show<W>})`

type Sized<Op extends string, X extends Shape, A extends Parts, B extends Parts, O> = [
  DivExact<B['n'], GroupsOf<O>>,
] extends [never]
  ? `${Op}: ${GroupsOf<O>} groups do not divide ${B['n']} filters`
  : Counts<A['space'], B['space'], O, 1> extends infer Out extends Shape
    ? HasNever<Out> extends true
      ? Misfit<Op, B['space'], X>
      : Assembled<A['n'], B['n'], Out, IsFirst<O>>
    : Shape

type HasNever<S> = S extends readonly [infer D, ...infer Rest] ? ([D] extends [never] ? true : HasNever<Rest>) : false

type AtLeastOne<N extends number> = N extends 0 ? never : N

type TransposedCount<D extends number, K extends number, O, I extends number, S extends number> = [
  Given<O, 'pads', I>,
  'same',
] extends ['same', Given<O, 'pads', I>]
  ? Mul<D, S>
  : AtLeastOne<
      Sub<
        Add<Add<Mul<Sub<D, 1>, S>, Span<K, NumberGiven<O, 'dilation', I, 1>>>, NumberGiven<O, 'outputPadding', I, 0>>,
        Padded<0, Given<O, 'pads', I>>
      >
    >

type TransposedCounts<D extends Shape, K extends Shape, O> = {
  readonly [I in keyof D]: I extends `${infer A extends number}`
    ? TransposedCount<D[I] & number, K[I & keyof K] & number, O, A, StrideOf<O, A, 1>>
    : never
}

/** The result of a transposed convolution. */
export type ConvTransposed<Op extends string, X extends Shape, W extends Shape, O> = false extends Ranked<X> | Ranked<W>
  ? Shape
  : [X['length'], W['length']] extends [4, 4]
    ? TransposedParts<Op, X, W, Images<X, IsFirst<O>>, Filters<W, IsFirst<O>>, O>
    : RankFault<Op, X, W, 4>

type TransposedParts<Op extends string, X extends Shape, W extends Shape, A extends Parts, B extends Parts, O> = [
  A['c'] & B['n'],
] extends [never]
  ? `${Op}: ${B['n']} filters are not the ${A['c']} channels of the image (${Show<X>} and ${Show<W>})`
  : [DivExact<B['n'], GroupsOf<O>>] extends [never]
    ? `${Op}: ${GroupsOf<O>} groups do not divide ${B['n']} filters`
    : TransposedCounts<A['space'], B['space'], O> extends infer Out extends Shape
      ? HasNever<Out> extends true
        ? `${Op}: pads leave nothing of ${Show<X>}`
        : Assembled<A['n'], Mul<B['c'], GroupsOf<O>>, Out, IsFirst<O>>
      : Shape

/** The sentence where a bias is not one number a filter. */
export type CheckBias<W extends Shape, B extends Shape, O> = false extends Ranked<W> | Ranked<B>
  ? unknown
  : B extends readonly [Filters<W, IsFirst<O>>['n']]
    ? unknown
    : number extends B[number] | Filters<W, IsFirst<O>>['n']
      ? unknown
      : `conv: the bias ${Show<B>} is not one number for each of ${Filters<W, IsFirst<O>>['n']} filters`

/** The result of a pooling whose stride is the window unless told. */
export type Pooled<Op extends string, X extends Shape, K extends PerAxis, O> =
  Ranked<X> extends false
    ? Shape
    : X['length'] extends 4
      ? PooledParts<Op, X, Images<X, IsFirst<O>>, K extends number ? readonly [K, K] : K & Shape, O>
      : `${Op}: the image has 4 axes, not ${Show<X>}`

type PooledParts<Op extends string, X extends Shape, A extends Parts, K extends Shape, O> =
  PoolCounts<A['space'], K, O> extends infer Out extends Shape
    ? HasNever<Out> extends true
      ? Misfit<Op, K, X>
      : Assembled<A['n'], A['c'], Out, IsFirst<O>>
    : Shape

type PoolCounts<D extends Shape, K extends Shape, O> = {
  readonly [I in keyof D]: I extends `${infer A extends number}`
    ? WindowCount<D[I] & number, K[I & keyof K] & number, O, A, StrideOf<O, A, K[I & keyof K] & number>>
    : never
}

type AxisOf<O> = O extends { readonly axis: infer A extends number } ? A : 1

/** How often a window fits and its extent in the place of each axis that it runs along. */
type Opened<
  S extends Shape,
  K extends Shape,
  O,
  I extends readonly 0[] = [],
  Out extends Shape = readonly [],
> = K extends readonly [infer Size extends number, ...infer More extends Shape]
  ? S extends readonly [infer D extends number, ...infer Rest extends Shape]
    ? Opened<
        Rest,
        More,
        O,
        [...I, 0],
        readonly [...Out, WindowCount<D, Size, O, I['length'], StrideOf<O, I['length'], 1>>, Size]
      >
    : Shape
  : readonly [...Out, ...S]

type Closed<S extends Shape, D extends Shape, Out extends Shape = readonly []> = D extends readonly [
  infer Extent extends number,
  ...infer More extends Shape,
]
  ? S extends readonly [number, number, ...infer Rest extends Shape]
    ? Closed<Rest, More, readonly [...Out, Extent]>
    : Shape
  : readonly [...Out, ...S]

/** The first A axes, and the others. */
type SplitAt<S extends Shape, A extends number, Before extends Shape = readonly []> = Before['length'] extends A
  ? { readonly before: Before; readonly rest: S }
  : S extends readonly [infer D extends number, ...infer Rest extends Shape]
    ? SplitAt<Rest, A, readonly [...Before, D]>
    : never

type Around<S, Middle> = S extends { readonly before: infer B extends Shape }
  ? Middle extends Shape
    ? number extends Middle['length']
      ? Shape
      : readonly [...B, ...Middle]
    : Shape
  : Shape

type RestOf<S> = S extends { readonly rest: infer R extends Shape } ? R : Shape

/** Every position of a window along some axes. */
export type Windowed<S extends Shape, K extends Shape, O> = false extends Ranked<S> | Ranked<K>
  ? Shape
  : number extends AxisOf<O>
    ? Shape
    : Opened<RestOf<SplitAt<S, AxisOf<O>>>, K, O> extends infer Middle
      ? HasNever<Middle> extends true
        ? Misfit<'windows', K, S>
        : Around<SplitAt<S, AxisOf<O>>, Middle>
      : Shape

/** What windows have been made of. */
export type Overlapped<S extends Shape, D extends Shape, O> = false extends Ranked<S> | Ranked<D>
  ? Shape
  : number extends AxisOf<O>
    ? Shape
    : Around<SplitAt<S, AxisOf<O>>, Closed<RestOf<SplitAt<S, AxisOf<O>>>, D>>
