/**
 * lastEqual as a kernel: a table with a place for each row, into which every index writes its position, so that the last
 * one stays; then each index reads there. In: the op. Out: a kernel of two stages and a scratch table.
 * Invariant: every place that is read was written by the same kernel before, so the table is neither cleared nor kept, and
 * the work is that of the indices alone.
 */
import type { Node } from '../../src/expr/expr.ts'
import { graph, paramsOf } from '../../src/expr/node.ts'
import type { LoopKernel, Stage, Value } from '../kernel/kernel.ts'
import type { FusedKernel } from '../program/fused.ts'
import { accessOf, type Body, makeBody, makeBuffers, storeOf } from './body.ts'
import { collapseKernel } from './collapse.ts'
import { useOf } from './group.ts'
import { strip } from './shape.ts'
import { rowMajor } from './view.ts'

export const positionsKernel = (node: Node, name: string): FusedKernel => {
  const { extent } = paramsOf(node, 'lastEqual')
  const indices = node.ins[0] as Node
  const { base, view } = useOf(indices, indices.shape)
  const dims = strip(node.shape)
  const [outer, inner] = [dims.slice(0, -1), dims.slice(-1)]
  const buffers = makeBuffers()
  const read = buffers.read(base)
  const out = buffers.write(node)
  const table = buffers.scratch(node, extent)
  const kept = graph.clip([indices], { lo: 0, hi: extent - 1 })
  const places = { stride: 1, extent }
  const start = { offset: 0, strides: dims.map(() => 0) }
  const rowIn = (body: Body): Value => body.apply(kept, [body.load(read, 'i32', accessOf(view))])
  const stage = (make: (body: Body) => Pick<Stage, 'stores' | 'updates'>): Stage => {
    const body = makeBody()
    const made = make(body)
    return { dims: inner, body: body.instrs(), reductions: [], rows: [], ...made }
  }
  const written = stage((body) => {
    const value = body.emit({ tag: 'index', dtype: 'i32', axis: dims.length - 1 })
    const update = { buffer: table, access: start, index: rowIn(body), ...places, value, combine: 'set' as const }
    return { stores: [], updates: [update] }
  })
  const found = stage((body) => {
    const value = body.gather(table, 'i32', places, start, rowIn(body))
    return { stores: [storeOf(out, accessOf(rowMajor(dims)), value)], updates: [] }
  })
  const kernel: LoopKernel = {
    tag: 'loop',
    name,
    outer,
    stages: [written, found],
    order: 'lanes',
    rows: [],
    buffers: buffers.list(),
  }
  return { tag: 'kernel', kernel: collapseKernel(kernel), slots: buffers.slots(), anchors: [node] }
}
