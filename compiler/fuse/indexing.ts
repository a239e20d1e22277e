/**
 * How gather, scatterAdd and withBlocks walk memory. In: one of them. Out: the view of its indices over the shape that it walks, and
 * the rows that the indices count.
 * Invariant: an element's place is affine in the loops but for one term, index · stride.
 */
import { InternalError } from '../../src/core/errors.ts'
import { type Shape, stridesOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import type { Indexing } from '../../src/ops/indexing.ts'
import type { View } from '../../src/ops/signature.ts'
import { blocksView } from '../../src/ops/blocks.ts'
import { stripView } from './shape.ts'
import { type Place, resolve } from './view.ts'

const placeOf = (x: Node): Place => {
  const place = resolve(x)
  if (place === null) throw new InternalError(`an operand of shape [${x.shape.join(',')}] has no view`)
  return place
}

/** Whether the op changes a tensor at computed places. */
export const isScatter = ({ op }: Node): boolean => op === 'scatterAdd' || op === 'withBlocks'

/** Blocks are rows of the tensor of all blocks. */
const indexingOf = (node: Node): Indexing => {
  if (node.op === 'gather') return paramsOf(node, 'gather')
  if (node.op === 'scatterAdd') return paramsOf(node, 'scatterAdd')
  const { batch } = paramsOf(node, 'withBlocks')
  return { axis: batch, batch }
}

/** The shape over which the loops run: that of the rows taken, or added. */
export const indexedShape = (node: Node): Shape => (isScatter(node) ? (node.ins[2] as Node).shape : node.shape)

/** Strides over the rows taken: those of the tensor without its axis, those of the indices, or nothing where they do not move. */
const spread = (
  shape: Shape,
  { axis }: Indexing,
  added: number,
  before: (d: number) => number,
  within: (d: number) => number,
  behind: (d: number) => number,
): readonly number[] =>
  shape.map((_, d) => (d < axis ? before(d) : d < axis + added ? within(d - axis) : behind(d - added + 1)))

/** The indices, seen over the stripped shape that the loops run over. */
export const indicesUse = (node: Node): Place => {
  const p = indexingOf(node)
  const indices = node.ins[1] as Node
  const { base, view } = placeOf(indices)
  const shape = indexedShape(node)
  const stride = (d: number): number => view.strides[d] as number
  const strides = spread(
    shape,
    p,
    indices.shape.length - p.batch,
    (d) => (d < p.batch ? stride(d) : 0),
    (d) => stride(p.batch + d),
    () => 0,
  )
  return { base, view: stripView({ shape, offset: view.offset, strides }) }
}

/** Rows of a tensor: where row 0 lies, over the stripped shape that the loops run over, how far rows lie apart, how many there are. */
export interface Rows {
  readonly view: View
  readonly stride: number
  readonly extent: number
}

const rowsOf = (node: Node, of: View): Rows => {
  const p = indexingOf(node)
  const shape = indexedShape(node)
  const stride = (d: number): number => of.strides[d] as number
  const strides = spread(shape, p, (node.ins[1] as Node).shape.length - p.batch, stride, () => 0, stride)
  return {
    view: stripView({ shape, offset: of.offset, strides }),
    stride: stride(p.axis),
    extent: of.shape[p.axis] as number,
  }
}

/** What gather reads. */
export const sourceRows = (node: Node): Rows & { readonly base: Node } => {
  const { base, view } = placeOf(node.ins[0] as Node)
  return { base, ...rowsOf(node, view) }
}

/** What scatterAdd and withBlocks write: their result, row-major. */
export const targetRows = (node: Node): Rows => {
  const whole = { shape: node.shape, offset: 0, strides: stridesOf(node.shape) }
  const view = node.op === 'withBlocks' ? blocksView(whole, paramsOf(node, 'withBlocks')) : whole
  if (view === null) throw new InternalError('row-major memory has blocks')
  return rowsOf(node, view)
}
