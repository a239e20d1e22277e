/**
 * Blocks as types. In: shapes. Out: a shape, or the sentence of the error that the run would give.
 * Invariant: as in shape-types.ts: what is only `number` is not refused here, and the words are those of the run.
 */
import type { Shape } from './shape.ts'
import type { Ranked, Show } from './shape-types.ts'

/** The extents of a block, of which there is one for each axis. */
export type BlockOf<Op extends string, S extends Shape, W extends Shape> = false extends Ranked<S> | Ranked<W>
  ? W
  : W['length'] extends S['length']
    ? W
    : `${Op}: sizes given for ${W['length']} axes, but ${Show<S>} has ${S['length']}`

/** A shape without its first n axes; never where it has not so many. */
type Behind<S extends Shape, N extends number, Gone extends readonly 0[] = []> = Gone['length'] extends N
  ? S
  : S extends readonly [number, ...infer Rest extends Shape]
    ? Behind<Rest, N, [...Gone, 0]>
    : never

/** What indices of shape [..., k] take along the first k axes. */
export type TakenAt<Op extends string, S extends Shape, I extends Shape> = false extends Ranked<S> | Ranked<I>
  ? Shape
  : I extends readonly [...infer Many extends Shape, infer K extends number]
    ? number extends K
      ? Shape
      : K extends 0
        ? NoPlaces<Op, S, I>
        : [Behind<S, K>] extends [never]
          ? NoPlaces<Op, S, I>
          : readonly [...Many, ...Behind<S, K>]
    : NoPlaces<Op, S, I>

type NoPlaces<
  Op extends string,
  S extends Shape,
  I extends Shape,
> = `${Op}: indices ${Show<I>} do not name places along the first axes of ${Show<S>}`
