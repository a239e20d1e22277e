/**
 * Images as products with their windows read them best. In: an operand of a product. Out: the same windows of an image without
 * padding, as far as the product can leave out what is not there; and where the other operand is so narrow that vectors had
 * better run along the windows, of a copy in which those lie side by side.
 * Invariant: the same sums but for products with the zeros of the padding, which are left out.
 */
import { range, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, paramsOf } from '../../src/expr/node.ts'
import { countAxis, ownAxis, type Windows } from '../../src/ops/windows.ts'
import { resolve } from './view.ts'

/** Elements before the first and behind the last of an axis. */
type Around = readonly [low: number, high: number]

/** Windows of an image with zeros around it. */
interface Imaged {
  readonly image: Node
  readonly p: Windows
  readonly around: readonly Around[]
}

/** The image behind windows, and how far they reach over it. */
const imagedBy = (x: Node): Imaged | null => {
  if (x.op !== 'windows') return null
  const p = paramsOf(x, 'windows')
  const inner = x.ins[0] as Node
  if (p.around !== undefined) return null
  const none = { image: inner, p, around: p.axes.map((): Around => [0, 0]) }
  if (inner.op !== 'pad') return none
  const { low, high, interior, value } = paramsOf(inner, 'pad')
  const isElsewhere = low.some((n, a) => !p.axes.includes(a) && (n !== 0 || high[a] !== 0))
  const isCut = [...low, ...high].some((n) => n < 0) || interior.some((n) => n !== 0)
  if (value !== 0 || isElsewhere || isCut) return none
  return { image: inner.ins[0] as Node, p, around: p.axes.map((a) => [low[a] as number, high[a] as number]) }
}

/** Windows of the image that reach over it along some axes; along the others it is padded. */
const windowsOf = ({ image, p, around }: Imaged, reach: (axis: number) => boolean): Node => {
  const zeros = (side: 0 | 1): readonly number[] =>
    range(image.shape.length).map((axis) => {
      const i = p.axes.indexOf(axis)
      return i < 0 || reach(axis) ? 0 : (around[i] as Around)[side]
    })
  const pad = { low: zeros(0), high: zeros(1), interior: image.shape.map(() => 0), value: 0 }
  const isPadded = [...pad.low, ...pad.high].some((n) => n > 0)
  const left = p.axes.map((axis, i): Around => (reach(axis) ? (around[i] as Around) : [0, 0]))
  const reaches = left.some(([low, high]) => low > 0 || high > 0)
  return b.windows([isPadded ? b.pad([image], pad) : image], reaches ? { ...p, around: left } : p)
}

/** The windows of an image in which the last axis that they run along is the innermost: a view with the axes of the old ones. */
const laidAlong = (from: Imaged): Node => {
  const { image, p } = from
  const rank = image.shape.length
  const last = p.axes.at(-1) as number
  const turned = b.transpose([image], { perm: [...range(rank).filter((a) => a !== last), last] })
  const axes = p.axes.with(-1, rank - 1)
  const isPadded = (from.around.at(-1) as Around).some((n) => n > 0)
  const laid = { image: isPadded ? turned : b.copy([turned]), p: { ...p, axes }, around: from.around }
  const windows = windowsOf(laid, (axis) => axis !== rank - 1)
  // the last pair of axes goes back to where it was
  const [count, wide] = [countAxis(p, p.axes.length - 1), windows.shape.length]
  const perm = [...range(count), wide - 2, wide - 1, ...range(wide - 2 - count).map((i) => count + i)]
  return b.transpose([windows], { perm })
}

/** Vector instructions that a copied element takes, as measured: as many as its products. */
const COPY = 2
/** What a copy must save to be made. */
const GAIN = 1.2

/**
 * Whether vectors along the windows (a copy of the image) beat vectors along the other operand's `beside` elements: products by
 * vectors, of those there are.
 */
const paysAlong = ({ image, p, around }: Imaged, windows: Node, free: readonly number[], beside: number): boolean => {
  const lanes = image.dtype === 'f64' ? 2 : 4
  const i = p.axes.length - 1
  const count = windows.shape[countAxis(p, i)] as number
  const extent = image.shape[p.axes[i] as number] as number
  const [low, high] = around[i] as Around
  const sums = sizeOf(windows.shape) / count
  const present = extent / (low + extent + high)
  const across = sums * count * present * Math.ceil(beside / lanes)
  const along = beside * sums * Math.ceil(count / lanes) + (COPY * sizeOf(image.shape) * (low + extent + high)) / extent
  return free.includes(countAxis(p, i)) && p.stride[i] === 1 && along * GAIN < across
}

/**
 * An operand that windows make, for a product with `beside` elements of the other one for each of its own; null if it stays.
 * Of windows or of what lies in them, one has to be summed and the other not.
 */
export const windowed = (
  x: Node,
  free: readonly number[],
  contract: readonly number[],
  beside: number,
): Node | null => {
  const from = imagedBy(x)
  const place = from === null ? null : resolve(from.image)
  // a literal is no memory
  if (from === null || place === null || place.base.op === 'full' || place.base.op === 'iota') return null
  const { p, around } = from
  const isPair = (m: number, n: number): boolean => free.includes(m) && contract.includes(n)
  const isSayable = p.axes.every((_, i) => {
    const [count, own] = [countAxis(p, i), ownAxis(p, i)]
    return isPair(count, own) || isPair(own, count)
  })
  if (!isSayable) return null
  const stepOf = (axis: number): number => place.view.strides[axis] as number
  if (p.axes.every((axis) => stepOf(axis) !== 1) && paysAlong(from, x, free, beside)) return laidAlong(from)
  // where windows follow each other element by element, vectors run along them: each is there, or not, as a whole
  const reach = (axis: number): boolean => stepOf(axis) !== 1
  const isPadded = p.axes.some((axis, i) => reach(axis) && (around[i] as Around).some((n) => n > 0))
  return isPadded ? windowsOf(from, reach) : null
}
