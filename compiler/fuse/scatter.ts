/**
 * A scatterAdd, or blocks added or set, as a kernel: updates go one after the other to the memory of the tensor that they change;
 * where that has none of its own (a literal, a view), it is laid down first. In: the op, what of its updates is computed on
 * the way. Out: a kernel of one stage or two.
 * Invariant: the order is that of kernel.ts, so the sums of repeated indices have the same bits everywhere.
 */
import { equalShapes, sizeOf, stridesOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import type { LoopKernel, Stage, Value } from '../kernel/kernel.ts'
import type { FusedKernel } from '../program/fused.ts'
import { accessOf, freeValue, makeBody, makeBuffers, storeOf } from './body.ts'
import { collapseKernel } from './collapse.ts'
import { operandUse, useOf } from './group.ts'
import { sourceRows, targetRows } from './indexing.ts'
import { type Inlining, isFree } from './inline.ts'
import { strip, stripView } from './shape.ts'
import { resolve, rowMajor } from './view.ts'

/** The memory whose elements a tensor is, all of them in order; null where it has none. */
const ownerOf = (x: Node): Node | null => {
  const place = resolve(x)
  if (place === null || isFree(x)) return null
  const { base, view } = place
  const isWhole = view.offset === 0 && sizeOf(base.shape) === sizeOf(x.shape)
  return isWhole && equalShapes(stripView(view).strides, stridesOf(strip(x.shape))) ? base : null
}

const combineOf = (node: Node): 'sum' | 'set' =>
  node.op === 'withBlocks' ? paramsOf(node, 'withBlocks').combine : 'sum'

export const scatterKernel = (node: Node, inlining: Inlining, name: string): FusedKernel => {
  const [into, , updates] = node.ins as readonly [Node, Node, Node]
  const buffers = makeBuffers()
  const owner = ownerOf(into)
  const out = owner === null ? buffers.write(node) : buffers.update(node, owner)

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
      return body.gather(buffers.read(rows.base), n.dtype, rows, accessOf(rows.view), operand(n, 1))
    })()
    memo.set(n, value)
    return value
  }
  const { view: to, stride, extent } = targetRows(node)
  const index = operand(node, 1)
  const value = operand(node, 2)
  const second: Stage = {
    dims: strip(updates.shape),
    body: body.instrs(),
    reductions: [],
    rows: [],
    stores: [],
    updates: [{ buffer: out, access: accessOf(to), index, stride, extent, value, combine: combineOf(node) }],
  }
  const kernel: LoopKernel = {
    tag: 'loop',
    name,
    outer: [],
    stages: owner === null ? [lay(), second] : [second],
    order: 'lanes',
    rows: [],
    buffers: buffers.list(),
  }
  return { tag: 'kernel', kernel: collapseKernel(kernel), slots: buffers.slots(), anchors: [node] }
}
