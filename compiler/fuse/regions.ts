/**
 * A regions group (pad, concat) as a kernel that fills and then copies each part to its place. In: the op. Out: a kernel of
 * one stage a part. Invariant: parts do not overlap, and cover the result where nothing is filled.
 */
import { InternalError } from '../../src/core/errors.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import type { LoopKernel, Stage } from '../kernel/kernel.ts'
import { accessOf, freeValue, makeBody, makeBuffers, storeOf } from './body.ts'
import { collapseKernel } from './collapse.ts'
import type { FusedKernel } from '../program/fused.ts'
import { useOf } from './group.ts'
import { isFree } from './inline.ts'
import { strip, stripView } from './shape.ts'
import { regionsOf } from './view.ts'

export const regionsKernel = (node: Node, name: string): FusedKernel => {
  const regions = regionsOf(node)
  if (regions === null) throw new InternalError(`${node.op} has no regions`)
  const { fill, parts } = regions
  const buffers = makeBuffers()
  const out = buffers.write(node)
  const filled: Stage[] = []
  if (fill !== null) {
    const body = makeBody()
    const value = body.literal(fill, node.dtype)
    filled.push({
      dims: [sizeOf(node.shape)],
      body: body.instrs(),
      reductions: [],
      rows: [],
      stores: [storeOf(out, { offset: 0, strides: [1] }, value)],
      updates: [],
    })
  }
  const copies = node.ins.map((x, i): Stage => {
    const body = makeBody()
    const { base, view } = useOf(x, x.shape)
    const value = isFree(x)
      ? freeValue(body, base, accessOf(view))
      : body.load(buffers.read(base), base.dtype, accessOf(view))
    const to = stripView(parts[i] as (typeof parts)[number])
    return {
      dims: strip(x.shape),
      body: body.instrs(),
      reductions: [],
      rows: [],
      stores: [storeOf(out, accessOf(to), value)],
      updates: [],
    }
  })
  const kernel: LoopKernel = {
    tag: 'loop',
    name,
    outer: [],
    stages: [...filled, ...copies],
    order: 'lanes',
    rows: [],
    buffers: buffers.list(),
  }
  return { tag: 'kernel', kernel: collapseKernel(kernel), slots: buffers.slots(), anchors: [node] }
}
