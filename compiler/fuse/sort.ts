/**
 * An order as a kernel. In: the op, whose keys lie row-major in memory of their own. Out: a SortKernel.
 * Invariant: the scratch serves one row after the other, so that it does not grow with their number.
 */
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { KEY_BITS, type SortKernel } from '../kernel/kernel.ts'
import type { FusedKernel } from '../program/fused.ts'
import { makeBuffers } from './body.ts'
import { useOf } from './group.ts'

/** Counting 256 values four times costs more than eight passes over a row that is not longer than this. */
const SHORT = 128

export const sortKernel = (node: Node, name: string): FusedKernel => {
  const [keys] = node.ins as readonly [Node]
  const length = node.shape.at(-1) as number
  const digit = length <= SHORT ? 4 : 8
  const buffers = makeBuffers()
  const scratch = (use: string, elements: number): number => buffers.scratch(node, elements, use)
  const kernel: Omit<SortKernel, 'buffers'> = {
    tag: 'sort',
    name,
    rows: sizeOf(node.shape) / length,
    length,
    digit,
    keys: buffers.read(useOf(keys, keys.shape).base),
    places: buffers.write(node),
    between: {
      keys: [scratch('keys', length), scratch('other keys', length)],
      places: scratch('places', length),
      counts: scratch('counts', (KEY_BITS / digit) << digit),
    },
  }
  return { tag: 'kernel', kernel: { ...kernel, buffers: buffers.list() }, slots: buffers.slots(), anchors: [node] }
}
