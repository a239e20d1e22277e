/**
 * Which scatterAdds are one kernel: those that add to several tables at the same rows, as a parameter and what its optimizer
 * accumulates. In: scatterAdds in a lowered graph. Out: whether two may go together, and where they lie.
 * Invariant: an update sees of the others' tables what was there before the kernel. It reads them only at the row that it names
 * itself, and then each row is named once: at the last of the places that name it.
 */
import { equalShapes, sizeOf, stridesOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type Inlining, isFree } from './inline.ts'
import { strip, stripView } from './shape.ts'
import { isContiguous, resolve } from './view.ts'

/** The memory whose elements a tensor is, all of them in order; null where it has none. */
export const ownerOf = (x: Node): Node | null => {
  const place = resolve(x)
  if (place === null || isFree(x)) return null
  const { base, view } = place
  const isWhole = view.offset === 0 && sizeOf(base.shape) === sizeOf(x.shape)
  return isWhole && equalShapes(stripView(view).strides, stridesOf(strip(x.shape))) ? base : null
}

/** The op of which a tensor is all elements in order. */
const listOf = (x: Node, op: Node['op']): Node | null => {
  const place = resolve(x)
  const isWhole = place !== null && isContiguous(place.view) && sizeOf(place.base.shape) === sizeOf(x.shape)
  return isWhole && place.base.op === op ? place.base : null
}

/**
 * The rows that indices name where each is named once: of where(lastEqual(i) = iota, i, −1) it is i, at the places that
 * count. Null where a row may be named twice.
 */
const namedOnce = (indices: Node): Node | null => {
  if (indices.op !== 'where') return null
  const [test, named, otherwise] = indices.ins as readonly [Node, Node, Node]
  const none = resolve(otherwise)?.base
  if (none?.op !== 'full' || paramsOf(none, 'full').value !== -1 || test.op !== 'equal') return null
  const [last, place] = test.ins.map((x) => [listOf(x, 'lastEqual'), listOf(x, 'iota')])
  const found = last?.[0] ?? place?.[0]
  if (!(found && (last?.[1] ?? place?.[1])) || found.shape.length !== 1) return null
  const [of, given] = [resolve(found.ins[0] as Node), resolve(named)]
  const isSame = of !== null && of.base === given?.base && isContiguous(of.view) && isContiguous(given.view)
  return isSame && of.view.offset === given.view.offset ? named : null
}

/** Whether a gather takes the very rows that a scatterAdd names, whole and of a table of the same shape. */
const takesNamedRows = (gather: Node, scatter: Node): boolean => {
  const [from, at] = gather.ins as readonly [Node, Node]
  const [into, indices] = scatter.ins as readonly [Node, Node]
  const { axis, batch } = paramsOf(gather, 'gather')
  const isRow = axis === 0 && batch === 0 && equalShapes(from.shape, into.shape) && equalShapes(at.shape, indices.shape)
  return isRow && ownerOf(from) !== null && at === namedOnce(indices)
}

/** Whether the updates of one scatterAdd leave the table of another alone, or read it at the rows that they name. */
const readsOwnRows = (scatter: Node, table: Node, inlining: Inlining): boolean => {
  const seen = new Set<Node>()
  const stack = [scatter.ins[2] as Node]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n) || isFree(n)) continue
    seen.add(n)
    const def = opDef(n.op)
    if (!inlining.inlined(n) && !(def.kind === 'movement' && def.move.tag === 'view')) {
      if (n === table) return false
    } else if (n.op === 'gather' && resolve(n.ins[0] as Node)?.base === table) {
      if (!takesNamedRows(n, scatter)) return false
    } else stack.push(...n.ins)
  }
  return true
}

export const updateTogether = (a: Node, b: Node, inlining: Inlining): boolean => {
  if (a.op !== 'scatterAdd' || b.op !== 'scatterAdd' || a.ins[1] !== b.ins[1]) return false
  const isOfRows = [a, b].every((n) => {
    const { axis, batch } = paramsOf(n, 'scatterAdd')
    return axis === 0 && batch === 0
  })
  const [p, q] = [ownerOf(a.ins[0] as Node), ownerOf(b.ins[0] as Node)]
  if (!isOfRows || !equalShapes(a.shape, b.shape) || p === null || q === null || p === q) return false
  return readsOwnRows(a, q, inlining) && readsOwnRows(b, p, inlining)
}
