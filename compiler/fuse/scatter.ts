/**
 * A scatterAdd, or blocks added or set, as a kernel: updates go one after the other to the memory of the tensor that they change;
 * where that has none of its own (a literal, a view), it is laid down first. In: the op, or several that go together, and what of
 * their updates is computed on the way. Out: a kernel of one stage or two.
 * Invariant: the order is that of kernel.ts, so the sums of repeated indices have the same bits everywhere.
 */
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import type { LoopKernel, Stage, Value } from '../kernel/kernel.ts'
import type { FusedKernel } from '../program/fused.ts'
import { accessOf, freeValue, makeBody, makeBuffers, storeOf } from './body.ts'
import { collapseKernel } from './collapse.ts'
import { operandUse, useOf } from './group.ts'
import { sourceRows, targetRows } from './indexing.ts'
import { type Inlining, isFree } from './inline.ts'
import { strip } from './shape.ts'
import { ownerOf } from './updates.ts'
import { rowMajor } from './view.ts'

const combineOf = (node: Node): 'sum' | 'set' =>
  node.op === 'withBlocks' ? paramsOf(node, 'withBlocks').combine : 'sum'

/** Of several nodes, each adds to a table of its own at the same rows. */
export const scatterKernel = (nodes: readonly Node[], inlining: Inlining, name: string): FusedKernel => {
  const [node] = nodes as readonly [Node]
  const [into, , updates] = node.ins as readonly [Node, Node, Node]
  const buffers = makeBuffers()
  const owners = nodes.map((n) => ownerOf(n.ins[0] as Node))
  const outs = nodes.map((n, i) => {
    const owner = owners[i] ?? null
    return owner === null ? buffers.write(n) : buffers.update(n, owner)
  })
  const out = outs[0] as number

  const lay = (): Stage => {
    const laid = makeBody()
    const { base, view } = useOf(into, into.shape)
    const before = isFree(into)
      ? freeValue(laid, base, accessOf(view))
      : laid.load(buffers.read(base), base.dtype, accessOf(view))
    const dims = strip(node.shape)
    const stores = [storeOf(out, accessOf(rowMajor(dims)), before)]
    return { dims, body: laid.instrs(), reductions: [], rows: [], stores, updates: [] }
  }

  const body = makeBody()
  const memo = new Map<Node, Value>()
  const operand = (user: Node, k: number): Value => {
    const x = user.ins[k] as Node
    if (inlining.inlined(x) && !isFree(x)) return valueOf(x)
    const use = operandUse(user, k)
    const access = accessOf(use.view)
    return isFree(x) ? freeValue(body, use.base, access) : body.load(buffers.read(use.base), use.base.dtype, access)
  }
  const valueOf = (n: Node): Value => {
    const known = memo.get(n)
    if (known !== undefined) return known
    const value = (() => {
      if (n.op !== 'gather')
        return body.apply(
          n,
          n.ins.map((_, k) => operand(n, k)),
        )
      const rows = sourceRows(n)
      const other = owners.indexOf(rows.base)
      // a table of this kernel is read at the row that is named, as it was before
      if (other >= 0) return body.gather(outs[other] as number, n.dtype, rows, accessOf(rows.view), operand(node, 1))
      return body.gather(buffers.read(rows.base), n.dtype, rows, accessOf(rows.view), operand(n, 1))
    })()
    memo.set(n, value)
    return value
  }
  const index = operand(node, 1)
  const added = nodes.map((n, i) => {
    const { view: to, stride, extent } = targetRows(n)
    const place = { buffer: outs[i] as number, access: accessOf(to), index, stride, extent }
    return { ...place, value: operand(n, 2), combine: combineOf(n) }
  })
  const second: Stage = {
    dims: strip(updates.shape),
    body: body.instrs(),
    reductions: [],
    rows: [],
    stores: [],
    updates: added,
  }
  const kernel: LoopKernel = {
    tag: 'loop',
    name,
    outer: [],
    stages: owners[0] === null ? [lay(), second] : [second],
    order: 'lanes',
    rows: [],
    buffers: buffers.list(),
  }
  return { tag: 'kernel', kernel: collapseKernel(kernel), slots: buffers.slots(), anchors: nodes }
}
