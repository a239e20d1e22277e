/**
 * Where an operand's elements lie. In: an operand. Out: the node behind its views, and the View of that node's row-major
 * memory. Invariant: movement ops never cost a copy here; where strides cannot say a view, `resolve` answers null and
 * lowering (lower.ts) has put a copy before it.
 */
import { equalShapes, type Shape, stridesOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { Regions, View } from '../../src/ops/signature.ts'

export interface Place {
  readonly base: Node
  readonly view: View
}

export const rowMajor = (shape: Shape): View => ({ shape, offset: 0, strides: stridesOf(shape) })

/** The regions that a node is assembled from; null for any other op. */
export const regionsOf = (node: Node): Regions | null => {
  const def = opDef(node.op)
  return def.kind === 'movement' && def.move.tag === 'regions' ? def.move.regions(node.ins, node.params) : null
}

/** Whether a view walks neighbouring elements in order, wherever it starts. */
export const isContiguous = ({ shape, strides }: View): boolean => {
  const wide = shape.flatMap((d, i) => (d === 1 ? [] : [i]))
  const want = stridesOf(shape)
  return equalShapes(
    wide.map((i) => strides[i] as number),
    wide.map((i) => want[i] as number),
  )
}

/** Follows view ops down to the node that owns memory. */
export const resolve = (node: Node): Place | null => {
  const chain: Node[] = []
  let base = node
  for (;;) {
    const def = opDef(base.op)
    if (def.kind !== 'movement' || def.move.tag !== 'view') break
    chain.push(base)
    base = base.ins[0] as Node
  }
  let view = rowMajor(base.shape)
  for (const n of chain.reverse()) {
    const def = opDef(n.op)
    if (def.kind !== 'movement' || def.move.tag !== 'view') return null
    const next = def.move.view(view, n.params)
    if (next === null) return null
    view = next
  }
  return { base, view }
}

/** The view of an operand as its user of shape `to` walks it: aligned from the right, stride 0 where it is repeated. */
export const broadcastView = (v: View, to: Shape): View => {
  const lead = to.length - v.shape.length
  return {
    shape: to,
    offset: v.offset,
    strides: to.map((d, i) => (i < lead || (v.shape[i - lead] === 1 && d !== 1) ? 0 : (v.strides[i - lead] as number))),
  }
}

/** The innermost of a group of axes walked together that have one stride, and whether that is all of them. */
export const lastRun = (
  shape: Shape,
  strides: readonly number[],
  axes: readonly number[],
): { readonly extent: number; readonly stride: number; readonly isWhole: boolean } => {
  const wide = axes.filter((axis) => shape[axis] !== 1).toReversed()
  const stride = strides[wide[0] as number] ?? 0
  let extent = 1
  for (const axis of wide) {
    if (extent > 1 && strides[axis] !== stride * extent) return { extent, stride, isWhole: false }
    extent *= shape[axis] as number
  }
  return { extent, stride, isWhole: true }
}

/** One stride for a group of axes walked together in row-major order; null where no single stride does it. */
export const collapse = (shape: Shape, strides: readonly number[], axes: readonly number[]): number | null => {
  const { stride, isWhole } = lastRun(shape, strides, axes)
  return isWhole ? stride : null
}
