/**
 * Indexing as types. In: shapes, dtypes and a literal axis. Out: a shape, or the sentence of the error that the run would give.
 * Invariant: as in shape-types.ts: what is only `number` is not refused here, and the words are those of the run.
 */
import type { DType } from './dtype.ts'
import type { ReplaceAt } from './movement-types.ts'
import type { Shape } from './shape.ts'
import type { CheckAxis, Ranked } from './shape-types.ts'

/** The sentence where indices cannot be i32. */
export type CheckIndices<Op extends string, D extends DType> = [D & 'i32'] extends [never]
  ? `${Op}: the indices must be i32, not ${D}`
  : unknown

/** What is left of S behind as many axes as By has. */
type Behind<S extends Shape, By extends Shape> = By extends readonly [number, ...infer More extends Shape]
  ? S extends readonly [number, ...infer Rest extends Shape]
    ? Behind<Rest, More>
    : readonly []
  : S

/** S without its first B axes. */
type WithoutBatch<S extends Shape, B extends number, Seen extends readonly 0[] = []> = Seen['length'] extends B
  ? S
  : S extends readonly [number, ...infer Rest extends Shape]
    ? WithoutBatch<Rest, B, [...Seen, 0]>
    : readonly []

/** Rows taken along an axis: the shape of the indices, without the axes that both have in common, stands in its place. */
export type Taken<
  Op extends string,
  S extends Shape,
  I extends Shape,
  A extends number,
  B extends number = 0,
> = false extends Ranked<S> | Ranked<I>
  ? Shape
  : number extends A | B
    ? Shape
    : CheckAxis<Op, S, A> extends infer Bad extends string
      ? Bad
      : ReplaceAt<S, A, WithoutBatch<I, B>>

type ScatteredAt<
  R extends Shape,
  I extends Shape,
  N extends number,
  A extends number,
  Out extends Shape = readonly [],
> = `${A}` extends `${Out['length']}`
  ? readonly [...Out, N, ...Behind<R, I>]
  : R extends readonly [infer D extends number, ...infer Rest extends Shape]
    ? ScatteredAt<Rest, I, N, A, readonly [...Out, D]>
    : Shape

/** What rows have been taken from: an axis of N rows stands where the indices stood. */
export type Scattered<
  R extends Shape,
  I extends Shape,
  N extends number,
  A extends number,
  B extends number,
> = false extends Ranked<R> | Ranked<I>
  ? Shape
  : number extends A | B
    ? Shape
    : `${A}` extends `-${string}`
      ? Shape
      : ScatteredAt<R, WithoutBatch<I, B>, N, A>

/** The first axis with another extent. */
export type WithRows<S extends Shape, N extends number> = S extends readonly [number, ...infer Rest extends Shape]
  ? readonly [N, ...Rest]
  : Shape
