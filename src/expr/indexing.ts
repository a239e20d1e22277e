/**
 * Indexing by computed integers. In: expressions, i32 indices, an axis. Out: expressions.
 * Invariant: gather and scatterRows are each other's derivative. An index out of range is an error (E_INDEX_RANGE)
 * where it is a constant; where it is computed, gather takes the nearest row and scatterRows adds to it, and scatterAdd leaves
 * the update out, on every target alike. Negative indices do not count from the end.
 */
import { expecting } from './arguments.ts'
import type { CheckIndices, Scattered, Taken, WithRows } from '../core/indexing-types.ts'
import { equalShapes, range, type Shape, showShape, sizeOf } from '../core/shape.ts'
import type { CheckAxis, CheckDType, Checked, Fits, SameDType, ShapeOf } from '../core/shape-types.ts'
import type { Expr, Node } from './expr.ts'
import { noteUse } from './index-use.ts'
import { graph, paramsOf, shapeError } from './node.ts'
import { axisOf, extentsOf, type First, typed } from './typed.ts'

/** Views that show every element of what they look at. */
const wholeViews: ReadonlySet<string> = new Set(['reshape', 'transpose', 'broadcastTo', 'reverse'])

/** The constant index that names no row, or null. */
export const strayIndex = (indices: Node, extent: number): number | null => {
  let base = indices
  while (wholeViews.has(base.op)) base = base.ins[0] as Node
  const isStray = (i: number): boolean => i < 0 || i >= extent
  if (sizeOf(indices.shape) === 0) return null
  if (base.op === 'constant') return Array.from(paramsOf(base, 'constant').data).find(isStray) ?? null
  const value = base.op === 'full' ? paramsOf(base, 'full').value : null
  return value !== null && isStray(value) ? value : null
}

/** The axis counted from the front, where the constants among the indices name rows of it. */
export const indexedAxis = (op: string, x: Node, indices: Node, axis: number): number => {
  expecting(op, [x, indices])
  const at = axisOf(op, x, axis)
  const extent = x.shape[at] as number
  const stray = indices.dtype === 'i32' && extent > 0 ? strayIndex(indices, extent) : null
  if (stray === null) return at
  throw shapeError(
    { code: 'E_INDEX_RANGE', sentence: `${op}: index ${stray} is no row of axis ${at} of ${showShape(x.shape)}` },
    [x],
  )
}

const taken = (op: string, x: Node, indices: Node, axis: number, batch = 0): Node => {
  const at = indexedAxis(op, x, indices, axis)
  return noteUse(graph.gather([x, indices], { axis: at, batch }), { op, of: x, axis: at })
}

/**
 * Rows of x along an axis (the first unless told), by i32 indices of any shape, which takes the place of the axis.
 * E_AXIS, E_DTYPE; E_INDEX_RANGE for a constant index out of range (a computed one takes the nearest row); E_EMPTY where
 * the axis has no row. With `batch`, x and the indices have so many first axes in common, before the axis, and each place along
 * them has indices of its own (E_SHAPE_INDICES). The derivative, scatterRows, adds the cotangents of a row that is taken
 * several times.
 * @example
 * const x = input('x', [5, 3])
 * console.log(gather(x, input('ids', [2, 4], 'i32')).shape) // [ 2, 4, 3 ]
 * console.log(gather(x, constant([2, 0], 'i32'), -1).shape) // [ 5, 2 ]
 * console.log(gather(x, input('each', [5, 2], 'i32'), 1, 1).shape) // [ 5, 2 ]
 */
export const gather: <X extends Expr, I extends Expr, const A extends number = 0, const B extends number = 0>(
  x: X,
  indices: Checked<I, First<[CheckIndices<'gather', I['dtype']>, Fits<Taken<'gather', X['shape'], I['shape'], A, B>>]>>,
  axis?: A,
  batch?: B,
) => Expr<ShapeOf<Taken<'gather', X['shape'], I['shape'], A, B>>, X['dtype']> = typed(
  (x: Node, indices: Node, axis = 0, batch = 0) => taken('gather', x, indices, axis, batch),
)

/**
 * What gather gives back: rows, added up where i32 indices name the same one, along an axis (the first unless told) of `count`
 * rows; a row that no index names is 0, and the compiler takes it as nothing at all: an update by it moves the named rows
 * alone. The rows have the shape that `gather(x, indices, axis, batch)` takes. A computed index out of range adds to the
 * nearest row. E_SHAPE_UPDATES, E_SHAPE_INDICES, E_DTYPE, E_AXIS, E_EXTENT, E_EMPTY; E_INDEX_RANGE for a constant index out of
 * range.
 * @example
 * const counted = scatterRows(ones([3]), constant([1, 3, 1], 'i32'), 5)
 * console.log(counted.shape) // [ 5 ]
 */
export const scatterRows: <
  R extends Expr,
  I extends Expr,
  const N extends number,
  const A extends number = 0,
  const B extends number = 0,
>(
  rows: R & CheckDType<'scatterRows', 'float', R['dtype']>,
  indices: Checked<I, CheckIndices<'scatterRows', I['dtype']>>,
  count: N,
  axis?: A,
  batch?: B,
) => Expr<Scattered<R['shape'], I['shape'], N, A, B>, R['dtype']> = typed(
  (rows: Node, indices: Node, count: number, axis = 0, batch = 0) => {
    checkIndices('scatterRows', indices)
    expecting('scatterRows', [rows])
    extentsOf('scatterRows', [count])
    const at = axis < 0 ? axis + rows.shape.length - indices.shape.length + batch + 1 : axis
    const whole = graph.scatterRows([indices, rows], { axis: at, batch, extent: count })
    // the constants among the indices have to name rows of it
    indexedAxis('scatterRows', whole, indices, at)
    return whole
  },
)

/**
 * The rows of a table, v×d, that i32 ids of any shape name: shape [...ids, d]. Errors as in `gather`.
 * @example
 * const table = param('table', [1000, 16], 0)
 * console.log(embedding(table, input('ids', [32, 7], 'i32')).shape) // [ 32, 7, 16 ]
 * console.log(pipe(input('id', [], 'i32'), embedding(table), tanh).shape) // [ 16 ]
 */
export const embedding: {
  <X extends Expr>(
    table: X,
  ): <I extends Expr>(
    ids: I & CheckRows<X, I>,
  ) => Expr<ShapeOf<Taken<'embedding', X['shape'], I['shape'], 0>>, X['dtype']>
  <X extends Expr, I extends Expr>(
    table: X,
    ids: Checked<I, CheckRows<X, I>>,
  ): Expr<ShapeOf<Taken<'embedding', X['shape'], I['shape'], 0>>, X['dtype']>
} = typed((table: Node, ids?: Node) => {
  const rows = (which: Node): Node => {
    checkIndices('embedding', which)
    return taken('embedding', table, which, 0)
  }
  return ids === undefined ? rows : rows(ids)
})

type CheckRows<X extends Expr, I extends Expr> = First<
  [CheckIndices<'embedding', I['dtype']>, Fits<Taken<'embedding', X['shape'], I['shape'], 0>>]
>

export const checkIndices = (op: string, indices: Node): void => {
  expecting(op, [indices])
  if (indices.dtype !== 'i32')
    throw shapeError({ code: 'E_DTYPE', sentence: `${op}: the indices must be i32, not ${indices.dtype}` }, [indices])
}

/**
 * One element of x along an axis for each index: the indices have the shape of x but for that axis, and the result has
 * theirs. E_SHAPE_INDICES where another extent differs; else as in `gather`.
 * @example
 * const best = expandDims(argmax(input('x', [5, 3]), 1), 1)
 * console.log(takeAlongAxis(input('x', [5, 3]), best, 1).shape) // [ 5, 1 ]
 */
export const takeAlongAxis: <X extends Expr, I extends Expr, const A extends number>(
  x: X,
  indices: Checked<I, First<[CheckIndices<'takeAlongAxis', I['dtype']>, CheckAxis<'takeAlongAxis', X['shape'], A>]>>,
  axis: A,
) => Expr<I['shape'], X['dtype']> = typed((x: Node, indices: Node, axis: number) => {
  checkIndices('takeAlongAxis', indices)
  const at = indexedAxis('takeAlongAxis', x, indices, axis)
  const others = (s: Shape): Shape => s.filter((_, i) => i !== at)
  const rank = x.shape.length
  if (indices.shape.length !== rank || !equalShapes(others(x.shape), others(indices.shape)))
    throw shapeError(
      {
        code: 'E_SHAPE_INDICES',
        sentence: `takeAlongAxis: indices ${showShape(indices.shape)} and ${showShape(x.shape)} differ, not only at axis ${at}`,
      },
      [x, indices],
    )
  const perm = [...range(rank).filter((i) => i !== at), at]
  const moved = (n: Node, by: readonly number[]): Node => (at === rank - 1 ? n : graph.transpose([n], { perm: by }))
  const rows = graph.gather([moved(x, perm), moved(indices, perm)], { axis: rank - 1, batch: rank - 1 })
  noteUse(rows, { op: 'takeAlongAxis', of: x, axis: at })
  return moved(
    rows,
    range(rank).map((i) => perm.indexOf(i)),
  )
})

const added = (op: string, into: Node, indices: Node, updates: Node, axis: number): Node => {
  const at = indexedAxis(op, into, indices, axis)
  return noteUse(graph.scatterAdd([into, indices, updates], { axis: at, batch: 0 }), { op, of: into, axis: at })
}

/**
 * x with updates added to its rows along an axis (the first unless told): the updates have the shape of
 * `gather(x, indices, axis)`. They are added one after the other in row-major order, so repeated indices give the same bits
 * everywhere. A computed index out of range adds nothing. E_SHAPE_UPDATES, E_DTYPE, E_DTYPE_MISMATCH, E_AXIS,
 * E_INDEX_RANGE.
 * @example
 * const counts = scatterAdd(zeros([5]), constant([1, 3, 1], 'i32'), ones([3]))
 * console.log(counts.shape) // [ 5 ]
 */
export const scatterAdd: <X extends Expr, I extends Expr, U extends Expr, const A extends number = 0>(
  x: X,
  indices: Checked<I, First<[CheckIndices<'scatterAdd', I['dtype']>, CheckAxis<'scatterAdd', X['shape'], A>]>>,
  updates: Checked<U, SameDType<'scatterAdd', X['dtype'], U['dtype']>>,
  axis?: A,
) => Expr<X['shape'], X['dtype']> = typed((x: Node, indices: Node, updates: Node, axis = 0) =>
  added('scatterAdd', x, indices, updates, axis),
)

/**
 * Sums of the rows of x that have the same segment, 0 … count − 1; a row of another segment goes nowhere. x has a row for
 * each of the i32 segments: shape [n, …] gives [count, …].
 * @example
 * const sums = segmentSum(input('x', [7, 2]), input('owner', [7], 'i32'), 3)
 * console.log(sums.shape) // [ 3, 2 ]
 */
export const segmentSum: <X extends Expr, I extends Expr, const N extends number>(
  x: X,
  segments: Checked<I, CheckIndices<'segmentSum', I['dtype']>>,
  count: N,
) => Expr<WithRows<X['shape'], N>, X['dtype']> = typed((x: Node, segments: Node, count: number) => {
  checkIndices('segmentSum', segments)
  if (segments.shape.length !== 1 || x.shape[0] !== segments.shape[0])
    throw shapeError(
      {
        code: 'E_SHAPE_INDICES',
        sentence: `segmentSum: segments ${showShape(segments.shape)} do not give one to each row of ${showShape(x.shape)}`,
      },
      [x, segments],
    )
  const shape = extentsOf('segmentSum', [count, ...x.shape.slice(1)])
  return added('segmentSum', graph.full([], { dtype: x.dtype, shape, value: 0 }), segments, x, 0)
})
