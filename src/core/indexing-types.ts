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

/** Rows taken along an axis: the shape of the indices stands in its place. */
export type Taken<Op extends string, S extends Shape, I extends Shape, A extends number> = false extends
  | Ranked<S>
  | Ranked<I>
  ? Shape
  : number extends A
    ? Shape
    : CheckAxis<Op, S, A> extends infer Bad extends string
      ? Bad
      : ReplaceAt<S, A, I>

/** The first axis with another extent. */
export type WithRows<S extends Shape, N extends number> = S extends readonly [number, ...infer Rest extends Shape]
  ? readonly [N, ...Rest]
  : Shape
