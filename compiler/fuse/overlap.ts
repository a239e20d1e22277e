/**
 * Overlapping windows of a product, put back: what a convolution gives its image. In: an overlapAdd of a product, and the part of it
 * that is wanted. Out: products with windows of the one operand, so that the windows' values never lie in memory.
 * Invariant: the same sums up to their order. Element p is the sum over k, and over what the product sums, of
 * g at (p − k·dilation) / stride times w at k: a product of windows of g, with zeros around it, and w turned round. Where
 * windows move by a stride, elements p ≡ r see the k ≡ r alone: each phase is such a product with stride 1.
 */
import { range, type Shape } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, paramsOf } from '../../src/expr/node.ts'
import { freeAxes } from '../../src/ops/contraction.ts'
import { countAxis, ownAxis, spanOf } from '../../src/ops/windows.ts'

/** One axis that windows run along: where its windows are counted in g, where they lie in w, and which part is wanted. */
interface Along {
  readonly inG: number
  readonly inW: number
  readonly stride: number
  readonly dilation: number
  readonly start: number
  readonly limit: number
}

/** A product whose operand `side` is g; `along` ascends in the axes of g. */
interface Overlapping {
  readonly g: Node
  readonly w: Node
  readonly side: 0 | 1
  readonly batch: readonly [readonly number[], readonly number[]]
  readonly contract: readonly [readonly number[], readonly number[]]
  readonly along: readonly Along[]
}

const replaced = (list: readonly number[], values: ReadonlyMap<number, number>): readonly number[] =>
  list.map((v, i) => values.get(i) ?? v)

/** `size` ranges of an axis, all of the others. */
const sliced = (x: Node, axis: number, start: number, limit: number, step: number): Node =>
  b.slice([x], {
    start: replaced(
      x.shape.map(() => 0),
      new Map([[axis, start]]),
    ),
    limit: replaced(x.shape, new Map([[axis, limit]])),
    step: replaced(
      x.shape.map(() => 1),
      new Map([[axis, step]]),
    ),
  })

/** g with zeros around and between, cut where less than nothing would be around it. */
const padded = (
  g: Node,
  around: readonly (readonly [axis: number, low: number, high: number, interior: number])[],
): Node => {
  const wide = (pick: 1 | 2 | 3): readonly number[] =>
    replaced(
      g.shape.map(() => 0),
      new Map(around.map((a) => [a[0], Math.max(0, a[pick])])),
    )
  const pad = { low: wide(1), high: wide(2), interior: wide(3), value: 0 }
  const none = [...pad.low, ...pad.high, ...pad.interior].every((n) => n === 0)
  return around.reduce(
    (x, [axis, low, high]) =>
      low >= 0 && high >= 0 ? x : sliced(x, axis, Math.max(0, -low), (x.shape[axis] as number) + Math.min(0, high), 1),
    none ? g : b.pad([g], pad),
  )
}

const inOrder = <T>(side: 0 | 1, ofG: T, ofW: T): readonly [T, T] => (side === 0 ? [ofG, ofW] : [ofW, ofG])

/** One product: windows of g with w turned round. */
const oneProduct = ({ g, w, side, batch, contract, along }: Overlapping): Node => {
  const size = along.map((a) => w.shape[a.inW] as number)
  const around = along.map((a, i) => {
    const count = g.shape[a.inG] as number
    const before = ((size[i] as number) - 1) * a.dilation
    return [a.inG, before - a.start, a.limit - 1 - (count - 1) * a.stride, a.stride - 1] as const
  })
  const windows = b.windows([padded(g, around)], {
    axes: along.map((a) => a.inG),
    size,
    stride: along.map(() => 1),
    dilation: along.map((a) => a.dilation),
  })
  const turned = along.filter((_, i) => size[i] !== 1).map((a) => a.inW)
  const filter = turned.length === 0 ? w : b.reverse([w], { axes: turned })
  // each window stands behind the axis that it runs along
  const shifted = (axes: readonly number[]): readonly number[] =>
    axes.map((a) => a + along.filter((o) => o.inG < a).length)
  const [gs, ws] = inOrder<0 | 1>(side, 0, 1)
  return b.dotGeneral(inOrder(side, windows, filter), {
    batch: inOrder(side, shifted(batch[gs]), batch[ws]),
    contract: inOrder(
      side,
      [...along.map((a, i) => a.inG + i + 1), ...shifted(contract[gs])],
      [...along.map((a) => a.inW), ...contract[ws]],
    ),
  })
}

/** The axis of the product's result that axis `inG` of g became. */
const resultAxis = ({ g, w, side, batch, contract, along }: Overlapping, inG: number): number => {
  const [gs, ws] = inOrder<0 | 1>(side, 0, 1)
  const own = freeAxes(g.shape.length, batch[gs], contract[gs]).indexOf(inG)
  const beside = freeAxes(w.shape.length, batch[ws], contract[ws]).length - along.length
  return batch[0].length + own + (side === 0 ? 0 : beside)
}

/** The phases of the first axis with a stride, one beside the other. */
const inPhases = (p: Overlapping, index: number): Node => {
  const a = p.along[index] as Along
  const extent = Math.ceil(a.limit / a.stride)
  const phases = range(a.stride).map((r) => {
    const w = sliced(p.w, a.inW, r, p.w.shape[a.inW] as number, a.stride)
    const along = p.along.map((o, i) => (i === index ? { ...a, stride: 1, start: 0, limit: extent } : o))
    return productOf({ ...p, w, along })
  })
  const axis = resultAxis(p, a.inG)
  const { shape } = phases[0] as Node
  const beside = phases.map((x) => b.reshape([x], { shape: shape.toSpliced(axis + 1, 0, 1) }))
  const all = b.reshape([b.concat(beside, { axis: axis + 1 })], { shape: shape.with(axis, extent * a.stride) })
  return sliced(all, axis, a.start, a.limit, 1)
}

const productOf = (p: Overlapping): Node => {
  const strided = p.along.findIndex((a) => a.stride > 1 && a.dilation === 1 && a.stride <= (p.w.shape[a.inW] as number))
  return strided < 0 ? oneProduct(p) : inPhases(p, strided)
}

/** Which part of an axis of the result is wanted. */
export interface Part {
  readonly start: Shape
  readonly limit: Shape
}

/** The product behind an operand, and which of its axes each axis of the operand is. */
const productBehind = (x: Node): { readonly product: Node; readonly perm: readonly number[] } | null => {
  if (x.op === 'dotGeneral') return { product: x, perm: range(x.shape.length) }
  const inner = x.op === 'transpose' ? (x.ins[0] as Node) : null
  return inner?.op === 'dotGeneral' ? { product: inner, perm: paramsOf(x, 'transpose').perm } : null
}

/**
 * The wanted part (all of it, if null) of an overlapAdd of `x`, as products of windows; null where x is no product of something
 * counted by windows and something that lies in them, or nothing overlaps.
 */
export const productOfWindows = (node: Node, x: Node, part: Part | null): Node | null => {
  const p = paramsOf(node, 'overlapAdd')
  const found = productBehind(x)
  if (
    found === null ||
    p.axes.every((_, i) => (p.stride[i] as number) >= spanOf(p.size[i] as number, p.dilation[i] as number))
  )
    return null
  const { product, perm } = found
  const { batch, contract } = paramsOf(product, 'dotGeneral')
  const nb = batch[0].length
  const free = ([0, 1] as const).map((s) =>
    freeAxes((product.ins[s] as Node).shape.length, batch[s], contract[s]),
  ) as unknown as readonly [readonly number[], readonly number[]]
  /** The operand of which an axis of the result is, and which of its axes. */
  const sourceOf = (axis: number): readonly [side: 0 | 1, axis: number] | null => {
    const at = (perm[axis] as number) - nb
    if (at < 0) return null
    return at < free[0].length ? [0, free[0][at] as number] : [1, free[1][at - free[0].length] as number]
  }
  const sources = p.axes.map((_, i) => ({ count: sourceOf(countAxis(p, i)), own: sourceOf(ownAxis(p, i)) }))
  const side = sources[0]?.count?.[0]
  if (side === undefined || sources.some((s) => s.count?.[0] !== side || s.own === null || s.own[0] === side))
    return null
  const along = sources.map(({ count, own }, i): Along => {
    const axis = p.axes[i] as number
    return {
      inG: count?.[1] as number,
      inW: own?.[1] as number,
      stride: p.stride[i] as number,
      dilation: p.dilation[i] as number,
      start: part?.start[axis] ?? 0,
      limit: part?.limit[axis] ?? (p.extents[i] as number),
    }
  })
  const [g, w] =
    side === 0 ? (product.ins as readonly [Node, Node]) : (product.ins.toReversed() as unknown as readonly [Node, Node])
  const out = productOf({ g, w, side, batch, contract, along: along.toSorted((m, n) => m.inG - n.inG) })
  // the product's axes but those within windows are those of the result, in the order of the old product
  const own = p.axes.map((_, i) => ownAxis(p, i))
  const kept = range(x.shape.length).filter((a) => !own.includes(a))
  const left = kept.map((a) => perm[a] as number)
  const order = left.map((a) => left.filter((o) => o < a).length)
  return order.every((a, i) => a === i) ? out : b.transpose([out], { perm: order })
}
