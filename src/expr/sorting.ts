/**
 * Sorting. In: numbers and an axis, the last unless told. Out: positions in order, and what stands there.
 * Invariant: the order is found once, as positions in which no gradient flows; the sorted elements are taken by them, so
 * that their derivative brings each cotangent back to where its element came from. Equal elements stay in the order they have.
 */
import { oneOf } from './arguments.ts'
import type { Taken } from '../core/indexing-types.ts'
import { range, showShape } from '../core/shape.ts'
import type { CheckAxis, CheckDType, Checked, Fits, ShapeOf } from '../core/shape-types.ts'
import type { Ordering } from '../ops/sorting.ts'
import type { Expr, Node } from './expr.ts'
import { graph, shapeError } from './node.ts'
import { accepting, axisOf, dataLast, type First, typed } from './typed.ts'

export interface SortOptions {
  /** The greatest first. Default false. */
  readonly descending?: boolean
  /** Where NaN stands. Default last. */
  readonly nan?: 'first' | 'last'
}

/** Elements of each row of the last axis, by positions in it. */
const takenLast = (rows: Node, places: Node): Node => {
  const last = rows.shape.length - 1
  return graph.gather([rows, places], { axis: last, batch: last })
}

interface Rows {
  /** With the axis as the last. */
  readonly rows: Node
  /** Puts the axis back. */
  readonly back: (y: Node) => Node
}

const rowsOf = (x: Node, axis: number): Rows => {
  const rank = x.shape.length
  if (axis === rank - 1) return { rows: x, back: (y) => y }
  const perm = [...range(rank).filter((i) => i !== axis), axis]
  return {
    rows: graph.transpose([x], { perm }),
    back: (y) => graph.transpose([y], { perm: range(rank).map((i) => perm.indexOf(i)) }),
  }
}

const numeric = (op: string, x: Node, axis: number): Rows => rowsOf(x, axisOf(op, accepting(op, 'number', x), axis))

const orderingOf = (op: string, { descending = false, nan = 'last' }: SortOptions): Ordering => ({
  descending,
  nan: oneOf(op, 'nan', nan, ['first', 'last']),
})

/** `op(x, axis, options)`; without `x`, `op(axis, options)` waits for it. */
interface Sort<Op extends string> {
  <const A extends number>(
    axis: A,
    options?: SortOptions,
  ): <X extends Expr>(
    x: X & First<[CheckDType<Op, 'number', X['dtype']>, CheckAxis<Op, X['shape'], A>]>,
  ) => Expr<X['shape'], Op extends 'argsort' ? 'i32' : X['dtype']>
  <X extends Expr, const A extends number = -1>(
    x: X & First<[CheckDType<Op, 'number', X['dtype']>, CheckAxis<Op, X['shape'], A>]>,
    axis?: A,
    options?: SortOptions,
  ): Expr<X['shape'], Op extends 'argsort' ? 'i32' : X['dtype']>
}

/**
 * The positions, i32, that put x in order along an axis (the last unless told): ascending, or with `{ descending: true }`
 * the greatest first. Equal elements stay in the order they have, +0 and −0 are equal, and NaN comes last, as in NumPy, in
 * either direction, unless told. f32, f64 or i32. E_AXIS, E_DTYPE.
 * @example
 * console.log(argsort(input('x', [5, 3]), 0).shape) // [ 5, 3 ]
 */
export const argsort: Sort<'argsort'> = typed(
  dataLast((x, axis: number = -1, options: SortOptions = {}) => {
    const { rows, back } = numeric('argsort', x, axis)
    return back(graph.argsort([rows], orderingOf('argsort', options)))
  }),
)

/**
 * x in order along an axis, in the order that argsort gives. The derivative moves each cotangent to where its element came
 * from. E_AXIS, E_DTYPE.
 * @example
 * console.log(sort(input('x', [5, 3])).shape) // [ 5, 3 ]
 * console.log(pipe(input('x', [5, 3]), sort(0, { descending: true })).shape) // [ 5, 3 ]
 */
export const sort: Sort<'sort'> = typed(
  dataLast((x, axis: number = -1, options: SortOptions = {}) => {
    const { rows, back } = numeric('sort', x, axis)
    return back(takenLast(rows, graph.argsort([rows], orderingOf('sort', options))))
  }),
)

/** The greatest elements and their positions. */
export interface Top<Values extends Expr, Indices extends Expr> {
  readonly values: Values
  readonly indices: Indices
}

/** The result's shape: k in the place of the axis. */
type TopShape<X extends Expr, K extends number, A extends number> = Taken<'topK', X['shape'], readonly [K], A>

/**
 * The k greatest elements along an axis (the last unless told), the greatest first, and their positions, i32. Of equal
 * elements the first comes first; NaN counts as the greatest, as in `max` and `argmax`. f32, f64 or i32. E_TOP_K where the
 * axis has not k elements; E_AXIS, E_DTYPE.
 * @example
 * const best = topK(input('scores', [32, 1000]), 5)
 * console.log(best.values.shape, best.indices.dtype) // [ 32, 5 ] i32
 */
export const topK: {
  <const K extends number, const A extends number = -1>(
    k: K,
    axis?: A,
  ): <X extends Expr>(
    x: X & First<[CheckDType<'topK', 'number', X['dtype']>, Fits<TopShape<X, K, A>>]>,
  ) => Top<Expr<ShapeOf<TopShape<X, K, A>>, X['dtype']>, Expr<ShapeOf<TopShape<X, K, A>>, 'i32'>>
  <X extends Expr, const K extends number, const A extends number = -1>(
    x: X & CheckDType<'topK', 'number', X['dtype']>,
    k: Checked<K, TopShape<X, K, A>>,
    axis?: A,
  ): Top<Expr<ShapeOf<TopShape<X, K, A>>, X['dtype']>, Expr<ShapeOf<TopShape<X, K, A>>, 'i32'>>
} = typed(
  dataLast((x, k: number, axis: number = -1) => {
    const { rows, back } = numeric('topK', x, axis)
    const extent = rows.shape.at(-1) as number
    if (!Number.isInteger(k) || k < 0 || k > extent)
      throw shapeError(
        {
          code: 'E_TOP_K',
          sentence: `topK: ${k} is no number of elements of axis ${axisOf('topK', x, axis)} of ${showShape(x.shape)}`,
        },
        [x],
      )
    const order = graph.argsort([rows], { descending: true, nan: 'first' })
    const indices = graph.slice([order], {
      start: rows.shape.map(() => 0),
      limit: [...rows.shape.slice(0, -1), k],
      step: rows.shape.map(() => 1),
    })
    return { values: back(takenLast(rows, indices)), indices: back(indices) }
  }),
)
