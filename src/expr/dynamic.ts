/**
 * Slices whose start is computed, and rows that are set. In: expressions, i32 scalars or indices. Out: expressions.
 * Invariant: made of blocks at one place each, so that a slice is one computed address and an update touches what it changes
 * alone. A start that is a constant has to lie inside; a computed one is moved so that the slice does.
 */
import { checkList } from './arguments.ts'
import type { CheckIndices } from '../core/indexing-types.ts'
import type { TakenAt, BlockOf } from '../core/block-types.ts'
import { range, type Shape, showShape, sizeOf } from '../core/shape.ts'
import type { CheckAxis, Checked, Fits, SameDType, ShapeOf } from '../core/shape-types.ts'
import { blocksOf } from '../ops/blocks.ts'
import type { Expr, Node } from './expr.ts'
import { type IndexUse, noteUse } from './index-use.ts'
import { checkIndices, indexedAxis, strayIndex } from './indexing.ts'
import { along } from './joining.ts'
import { graph, literal, paramsOf, shapeError } from './node.ts'
import { type First, sameDType, typed } from './typed.ts'

/** Where a slice begins along an axis: a number, or an i32 scalar. */
export type Start = number | Expr<readonly [], 'i32'>

const refused = (code: string, ins: readonly Node[], sentence: string) => shapeError({ code, sentence }, ins)

/** A start for each axis, and an extent that the axis has. */
const checkBlock = (op: string, x: Node, starts: readonly (number | Node)[], sizes: readonly number[]): void => {
  checkList(op, 'the list of starts', starts)
  checkList(op, 'the list of extents', sizes)
  const rank = x.shape.length
  if (sizes.length !== rank)
    throw refused('E_RANK', [x], `${op}: sizes given for ${sizes.length} axes, but ${showShape(x.shape)} has ${rank}`)
  if (starts.length !== rank)
    throw refused('E_RANK', [x], `${op}: starts given for ${starts.length} axes, but ${showShape(x.shape)} has ${rank}`)
  for (const [axis, size] of sizes.entries()) {
    const extent = x.shape[axis] as number
    if (!Number.isInteger(size) || size < 0 || size > extent)
      throw refused('E_SLICE', [x], `${op}: ${size} is no part of axis ${axis} of ${showShape(x.shape)}`)
    const start = starts[axis] as number | Node
    if (typeof start !== 'number') {
      checkIndices(op, start)
      if (start.shape.length > 0)
        throw refused('E_RANK', [start], `${op}: the start of axis ${axis} is a scalar, not ${showShape(start.shape)}`)
      const stray = strayIndex(start, extent - size + 1)
      if (stray === null) continue
    } else if (Number.isInteger(start) && start >= 0 && start + size <= extent) continue
    const shown = typeof start === 'number' ? start : strayIndex(start, extent - size + 1)
    throw refused(
      'E_INDEX_RANGE',
      [x],
      `${op}: a slice of ${size} from ${shown} does not lie in axis ${axis} of ${showShape(x.shape)}`,
    )
  }
}

/** An index moved into 0 … last. */
const movedInto = (index: Node, last: number, use: IndexUse): Node =>
  noteUse(graph.clip([index], { lo: 0, hi: last }), use)

/** The place of the block: each start moved into its range, counted in steps. */
const placeOf = (op: string, x: Node, starts: readonly (number | Node)[], sizes: readonly number[]): Node => {
  const { weights } = blocksOf(x.shape, sizes)
  const terms = weights.flatMap((weight, axis) => {
    if (weight === 0) return []
    const start = starts[axis] as number | Node
    const last = (x.shape[axis] as number) - (sizes[axis] as number)
    const inside = typeof start === 'number' ? literal(start, 'i32') : movedInto(start, last, { op, of: x, axis })
    return [weight === 1 ? inside : graph.mul([inside, literal(weight, 'i32')])]
  })
  return terms.reduce((sum: Node | null, t) => (sum === null ? t : graph.add([sum, t])), null) ?? literal(0, 'i32')
}

/**
 * A slice of x of given extents that begins at computed places, a start for each axis: a number, or an i32 scalar. As in
 * JAX, a computed start out of range is moved so that the slice lies in x. E_RANK, E_SLICE, E_DTYPE; E_INDEX_RANGE for a
 * constant start out of range.
 * @example
 * const step = input('step', [], 'i32')
 * console.log(dynamicSlice(input('x', [100, 8]), [step, 0], [1, 8]).shape) // [ 1, 8 ]
 */
export const dynamicSlice: <X extends Expr, const S extends Shape>(
  x: X,
  starts: readonly Start[],
  sizes: Checked<S, BlockOf<'dynamicSlice', X['shape'], S>>,
) => Expr<ShapeOf<BlockOf<'dynamicSlice', X['shape'], S>>, X['dtype']> = typed(
  (x: Node, starts: readonly (number | Node)[], sizes: readonly number[]) => {
    checkBlock('dynamicSlice', x, starts, sizes)
    // what is known already is a view
    const known = starts.reduce<Node>(
      (y, start, axis) =>
        typeof start === 'number' && y.shape[axis] !== sizes[axis]
          ? along(y, axis, start, start + (sizes[axis] as number))
          : y,
      x,
    )
    if (blocksOf(known.shape, sizes).unit < 0) return known
    return graph.block([known, placeOf('dynamicSlice', known, starts, sizes)], { batch: 0, sizes })
  },
)

/**
 * x with a block of it set to `update`, beginning at computed places, one for each axis, as in dynamicSlice. Where nobody
 * reads x again it is changed in place, at the cost of the update alone. E_RANK, E_SLICE, E_DTYPE, E_DTYPE_MISMATCH;
 * E_INDEX_RANGE for a constant start out of range.
 * @example
 * const step = input('step', [], 'i32')
 * console.log(dynamicUpdateSlice(input('x', [100, 8]), input('row', [1, 8]), [step, 0]).shape) // [ 100, 8 ]
 */
export const dynamicUpdateSlice: <X extends Expr, U extends Expr>(
  x: X,
  update: Checked<
    U,
    First<
      [
        SameDType<'dynamicUpdateSlice', X['dtype'], U['dtype']>,
        Fits<BlockOf<'dynamicUpdateSlice', X['shape'], U['shape']>>,
      ]
    >
  >,
  starts: readonly Start[],
) => Expr<X['shape'], X['dtype']> = typed((x: Node, update: Node, starts: readonly (number | Node)[]) => {
  sameDType('dynamicUpdateSlice', x, update)
  const sizes = update.shape
  checkBlock('dynamicUpdateSlice', x, starts, sizes)
  return graph.withBlocks([x, placeOf('dynamicUpdateSlice', x, starts, sizes), update], {
    batch: 0,
    sizes,
    combine: 'set',
  })
})

/** Refuses the first of constant indices that is out of range. */
const checkPlaces = (x: Node, indices: Node, k: number): void => {
  if (indices.op !== 'constant') return
  for (const [i, index] of paramsOf(indices, 'constant').data.entries()) {
    const axis = i % k
    if (index >= 0 && index < (x.shape[axis] as number)) continue
    throw refused('E_INDEX_RANGE', [x], `gatherNd: index ${index} is no row of axis ${axis} of ${showShape(x.shape)}`)
  }
}

/**
 * Elements of x, or what stands there along its last axes, by indices that name a place along its first k axes: of shape
 * [..., k], which gives [..., rest of x]. E_SHAPE_INDICES, E_DTYPE, E_EMPTY; E_INDEX_RANGE for a constant index out of range
 * (a computed one takes the nearest along its axis).
 * @example
 * console.log(gatherNd(input('image', [28, 28, 3]), input('pixels', [10, 2], 'i32')).shape) // [ 10, 3 ]
 */
export const gatherNd: <X extends Expr, I extends Expr>(
  x: X,
  indices: Checked<I, First<[CheckIndices<'gatherNd', I['dtype']>, Fits<TakenAt<'gatherNd', X['shape'], I['shape']>>]>>,
) => Expr<ShapeOf<TakenAt<'gatherNd', X['shape'], I['shape']>>, X['dtype']> = typed((x: Node, indices: Node) => {
  checkIndices('gatherNd', indices)
  const k = indices.shape.at(-1)
  if (k === undefined || k < 1 || k > x.shape.length)
    throw refused(
      'E_SHAPE_INDICES',
      [x, indices],
      `gatherNd: indices ${showShape(indices.shape)} do not name places along the first axes of ${showShape(x.shape)}`,
    )
  checkPlaces(x, indices, k)
  const [counted, rest] = [x.shape.slice(0, k), x.shape.slice(k)]
  const shape = indices.shape.slice(0, -1)
  const places = counted.reduce((sum: Node | null, extent, axis): Node => {
    const own = graph.reshape([along(indices, shape.length, axis, axis + 1)], { shape })
    const inside = extent > 0 ? movedInto(own, extent - 1, { op: 'gatherNd', of: x, axis }) : own
    return sum === null ? inside : graph.add([graph.mul([sum, literal(extent, 'i32')]), inside])
  }, null) as Node
  return graph.gather([graph.reshape([x], { shape: [sizeOf(counted), ...rest] }), places], { axis: 0, batch: 0 })
})

/**
 * x with rows along an axis (the first unless told) set to updates, which have the shape of `gather(x, indices, axis)`. Of
 * repeated indices the last in row-major order stays, and the others get no cotangent. A computed index out of range sets
 * nothing. E_SHAPE_UPDATES, E_DTYPE, E_DTYPE_MISMATCH, E_AXIS, E_INDEX_RANGE.
 * @example
 * const marked = scatterSet(zeros([5]), constant([1, 3], 'i32'), ones([2]))
 * console.log(marked.shape) // [ 5 ]
 */
export const scatterSet: <X extends Expr, I extends Expr, U extends Expr, const A extends number = 0>(
  x: X,
  indices: Checked<I, First<[CheckIndices<'scatterSet', I['dtype']>, CheckAxis<'scatterSet', X['shape'], A>]>>,
  updates: Checked<U, SameDType<'scatterSet', X['dtype'], U['dtype']>>,
  axis?: A,
) => Expr<X['shape'], X['dtype']> = typed((x: Node, indices: Node, updates: Node, axis = 0) => {
  checkIndices('scatterSet', indices)
  sameDType('scatterSet', x, updates)
  const at = indexedAxis('scatterSet', x, indices, axis)
  const many = indices.shape.length
  const wanted: Shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)]
  if (showShape(updates.shape) !== showShape(wanted))
    throw refused(
      'E_SHAPE_UPDATES',
      [x, indices, updates],
      `scatterSet: updates ${showShape(updates.shape)} are not of shape ${showShape(wanted)}, which indices ${showShape(indices.shape)} take from ${showShape(x.shape)} along axis ${at}`,
    )
  if (x.shape[at] === 0) return x
  // a block for each index: its axes before those of the block, of which the one counted has an extent of 1
  const perm = [
    ...range(many).map((i) => at + i),
    ...range(at),
    ...range(wanted.length - at - many).map((i) => at + many + i),
  ]
  const sizes = x.shape.map((d, i) => (i === at ? 1 : d))
  const news = graph.reshape([graph.transpose([updates], { perm })], { shape: [...indices.shape, ...sizes] })
  const set = graph.withBlocks([x, indices, news], { batch: 0, sizes, combine: 'set' })
  return noteUse(set, { op: 'scatterSet', of: x, axis: at })
})
