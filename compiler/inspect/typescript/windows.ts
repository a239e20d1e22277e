/**
 * Windows and blocks as calls. In: a node over windows, or over a block at a computed place. Out: the calls that may make it,
 * the best first: convolutions, poolings, dynamic slices. Invariant: which of them does make it is not decided here.
 */
import type { Node } from '../../../src/expr/expr.ts'
import { paramsOf } from '../../../src/expr/node.ts'
import type { Windows } from '../../../src/ops/windows.ts'
import { type Call, call, type Candidates, type Value } from './text.ts'

/** How a window moves, where that is not step by step. */
const paceOf = ({ stride, dilation }: Windows, usual: readonly number[]): { readonly [k: string]: Value } => ({
  ...(stride.join() === usual.join() ? {} : { stride }),
  ...(dilation.every((d) => d === 1) ? {} : { dilation }),
})

const movingArgs = (p: Windows, axis: number): readonly Value[] => {
  const told = {
    ...paceOf(
      p,
      p.size.map(() => 1),
    ),
    ...(axis === 1 ? {} : { axis }),
  }
  return Object.keys(told).length === 0 ? [] : [told]
}

interface Moved {
  readonly image: Node
  readonly params: Windows
  /** The ways to say what stands around the image. */
  readonly pads: readonly { readonly [k: string]: Value }[]
}

/** The image, perhaps padded, behind its windows. */
const movedOf = (n: Node | undefined): Moved | null => {
  if (n?.op !== 'windows') return null
  const params = paramsOf(n, 'windows')
  const inside = n.ins[0] as Node
  if (inside.op !== 'pad') return { image: inside, params, pads: [{}] }
  const { low, high } = paramsOf(inside, 'pad')
  const around = params.axes.map((a) => [low[a] as number, high[a] as number])
  return { image: inside.ins[0] as Node, params, pads: [{ pads: 'same' }, { pads: around }] }
}

/** A product with windows of an image is a convolution of it. */
export const convolutions: Candidates = (n) => {
  const [windows, filters] = n.ins
  const moved = movedOf(windows)
  if (moved === null || filters === undefined) return []
  const name = moved.params.axes.length === 1 ? 'conv1d' : 'conv2d'
  const ones = moved.params.size.map(() => 1)
  return moved.pads.map((pads) =>
    withOptions(call(name, moved.image, filters), { ...paceOf(moved.params, ones), ...pads }),
  )
}

/** A reduction of windows is a pooling; its window is a number where it is a square. */
export const poolings =
  (name: string): Candidates =>
  (n) => {
    const moved = movedOf(n.ins[0])
    if (moved === null) return []
    const { size } = moved.params
    const window: Value = size.every((k) => k === size[0]) ? (size[0] as number) : size
    return moved.pads.map((pads) =>
      withOptions(call(name, moved.image, window), { ...paceOf(moved.params, size), ...pads }),
    )
  }

const withOptions = (c: Call, options: { readonly [k: string]: Value }): Call =>
  Object.keys(options).length === 0 ? c : { ...c, args: [...c.args, options] }

export const ofWindows: Candidates = (n) => {
  const p = paramsOf(n, 'windows')
  return [call('windows', ...n.ins, p.size, ...movingArgs(p, p.axes[0] as number))]
}

export const ofOverlaps: Candidates = (n) => {
  const p = paramsOf(n, 'overlapAdd')
  return [call('overlapAdd', ...n.ins, p.extents, ...movingArgs(p, p.axes[0] as number))]
}

// ---- blocks

/** Where a block begins that is less than the whole along one axis. */
const startsOf = (x: Node, place: Node, sizes: readonly number[]): readonly Value[] => {
  const start = place.op === 'clip' ? (place.ins[0] as Node) : place
  return x.shape.map((d, axis) => (d === sizes[axis] ? 0 : start))
}

export const dynamicSlices: Candidates = (n) => {
  const [x, place] = n.ins as readonly [Node, Node]
  const { sizes } = paramsOf(n, 'block')
  return [call('dynamicSlice', x, startsOf(x, place, sizes), sizes)]
}

export const dynamicUpdates: Candidates = (n) => {
  const [x, place, update] = n.ins as readonly [Node, Node, Node]
  return [call('dynamicUpdateSlice', x, update, startsOf(x, place, paramsOf(n, 'withBlocks').sizes))]
}
