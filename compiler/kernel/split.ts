/**
 * A kernel in parts that threads may take in any order. In: a kernel and an axis. Out: whether its points along the axis are
 * independent, and its parts, each a kernel of its own that lies further along.
 * Invariant: no part reads or writes an element that another one writes, and no reduction is cut, so that the parts together
 * give the kernel's bits, whoever runs which of them when.
 */
import { isInjective, isSameAccess, type Span } from './access.ts'
import type { Access, ContractionKernel, Kernel, LoopKernel } from './kernel.ts'
import { type Footprint, footprintsOf, type Use, usesOf } from './uses.ts'

/**
 * Parts of `length` along an axis, the last one perhaps shorter. Axes are the outer dims of a loop kernel, and where all it does
 * is to compute elements, the dims of its stage; of a contraction [...batch, i, j], of which i and j are counted in steps of
 * their highest digit; of a sort its rows.
 */
export interface Split {
  readonly axis: number
  readonly length: number
  readonly parts: number
}

/** The dims of the stage of a kernel that reduces nothing; none of any other. */
const mappedDims = ({ stages }: LoopKernel): readonly number[] => {
  const [only, ...more] = stages
  return only === undefined || more.length > 0 || only.reductions.length > 0 || only.rows.length > 0 ? [] : only.dims
}

/** The extents that may be cut. */
export const axesOf = (k: Kernel): readonly number[] => {
  if (k.tag === 'sort') return [k.rows]
  return k.tag === 'loop' ? [...k.outer, ...mappedDims(k)] : [...k.batch, k.rows[0] ?? 1, k.columns[0] ?? 1]
}

const product = (extents: readonly number[]): number => extents.reduce((n, d) => n * d, 1)

/** What one step along an axis is to the indices in scope: of a digit, all that it counts over. */
export const stepOf = (k: Kernel, axis: number): number => {
  if (k.tag !== 'contraction' || axis < k.batch.length) return 1
  return product((axis === k.batch.length ? k.rows : k.columns).slice(1))
}

/** The kernel with another extent along an axis: a part of it that begins where it does. */
export const shortened = <K extends Kernel>(k: K, axis: number, length: number): K => {
  const put = (extents: readonly number[], at: number): readonly number[] =>
    extents.map((n, d) => (d === at ? length : n))
  if (k.tag === 'sort') return { ...k, rows: length }
  if (k.tag === 'loop') {
    const inner = axis - k.outer.length
    return inner < 0
      ? { ...k, outer: put(k.outer, axis) }
      : { ...k, stages: k.stages.map((s) => ({ ...s, dims: put(s.dims, inner) })) }
  }
  const contraction = k as ContractionKernel
  const step = stepOf(k, axis)
  const [i, j] = [contraction.batch.length, contraction.batch.length + 1]
  if (axis === i) return { ...k, m: length * step, rows: put(contraction.rows, 0) }
  if (axis === j) return { ...k, n: length * step, columns: put(contraction.columns, 0) }
  return { ...k, batch: put(contraction.batch, axis) }
}

/** How many steps the part has. */
export const lengthOf = (k: Kernel, { axis, length }: Split, part: number): number =>
  Math.min(length, (axesOf(k)[axis] as number) - part * length)

const isOuter = (
  strides: readonly number[],
  dims: readonly number[],
  outer: number,
  other: readonly number[],
): boolean => dims.slice(0, outer).every((extent, d) => extent <= 1 || (strides[d] ?? 0) === (other[d] ?? 0))

/** Whether two points apart along an axis never reach the same element, whatever rows they name. */
const isApart = ({ access, dims }: Use, axis: number): boolean => {
  const strideOf = (d: number): number => access.strides[d] ?? 0
  return (
    strideOf(axis) !== 0 &&
    isInjective(
      access,
      dims.map((extent, d) => (strideOf(d) === 0 ? 1 : extent)),
    )
  )
}

/**
 * Whether the points along an axis have nothing to do with one another: each element is stored by one point, and what is
 * stored is read by the point that stores it or by none. Rows at computed places keep the order in which they are changed: only
 * elements within them may be shared out. Scratch is not asked for: a part is given its own.
 */
export const isIndependent = (k: Kernel, axis: number): boolean => {
  if (k.tag === 'sort') return true
  if (k.tag === 'contraction') {
    // the running sums of a product serve one batch after the other
    if (axis < k.batch.length && k.partial >= 0) return false
    // where windows reach over an image, is a matter of where they are
    const { edges = [] } = axis === k.batch.length ? k.a : axis > k.batch.length ? k.b : {}
    if (edges.some((e) => e.across === 0)) return false
  }
  const uses = usesOf(k).filter((u) => k.buffers[u.buffer]?.mode !== 'scratch')
  const changes = uses.filter((u) => u.kind === 'update' || u.kind === 'set')
  const areApart = changes.every(
    (c) =>
      isApart(c, axis) && uses.every((u) => u.buffer !== c.buffer || isSameAccess(u.access, u.dims, c.access, c.dims)),
  )
  const stores = uses.filter((u) => u.kind === 'store')
  return (
    areApart &&
    stores.every(
      (s) =>
        isInjective(s.access, s.dims) &&
        uses.every((u) => {
          if (u.buffer !== s.buffer || u === s) return true
          if (u.kind === 'load' && isSameAccess(u.access, u.dims, s.access, s.dims)) return true
          return (
            k.tag === 'loop' && u.dims.length >= u.outer && isOuter(u.access.strides, u.dims, u.outer, s.access.strides)
          )
        }),
    )
  )
}

/** What a part touches, by buffer. */
export const footprintsOfPart = (k: Kernel, split: Split, part: number): readonly Footprint[] => {
  if (k.tag !== 'sort') return footprintsOf(partOf(k, split, part))
  const by = part * split.length * k.length
  const further = (spans: readonly Span[]): readonly Span[] =>
    spans.map(({ start, end }) => ({ start: start + by, end: end + by }))
  return footprintsOf(shortened(k, split.axis, lengthOf(k, split, part))).map((f, b) =>
    b === k.keys || b === k.places ? { reads: further(f.reads), writes: further(f.writes) } : f,
  )
}

const moved = (access: Access, axis: number, by: number): Access => ({
  ...access,
  offset: access.offset + (access.strides[axis] ?? 0) * by,
})

/** A part as it lies: what it touches is what the kernel touches there. Its loop indices count from 0. */
export const partOf = (k: LoopKernel | ContractionKernel, split: Split, part: number): Kernel => {
  const { axis, length } = split
  const small = shortened(k, axis, lengthOf(k, split, part))
  const by = part * length * stepOf(k, axis)
  if (small.tag === 'loop') {
    const at = (access: Access): Access => moved(access, axis, by)
    return {
      ...small,
      stages: small.stages.map((s) => ({
        ...s,
        body: s.body.map((i) => (i.tag === 'load' || i.tag === 'gather' ? { ...i, access: at(i.access) } : i)),
        stores: s.stores.map((x) => ({ ...x, access: at(x.access) })),
        updates: s.updates.map((x) => ({ ...x, access: at(x.access) })),
      })),
    }
  }
  const contraction = small as ContractionKernel
  const [i, j] = [contraction.batch.length, contraction.batch.length + 1]
  const first = part * length
  const along = (strides: readonly number[], d: number): number => first * (strides[d] ?? 0)
  const operand = (o: ContractionKernel['a'], rows: boolean): ContractionKernel['a'] => ({
    ...o,
    offset: o.offset + (axis < i ? along(o.batch, axis) : rows === (axis === i) ? along(rows ? o.row : o.col, 0) : 0),
  })
  const { columnSums, ...bare } = contraction
  // the sums of columns are all rows', and the first part makes them
  const isLower = axis === i && part > 0
  return {
    ...bare,
    a: axis === j ? contraction.a : operand(contraction.a, true),
    b: axis === i ? contraction.b : operand(contraction.b, false),
    body: contraction.body.map((x) => (x.tag === 'load' ? { ...x, access: moved(x.access, axis, by) } : x)),
    stores: contraction.stores.map((x) => ({ ...x, access: moved(x.access, axis, by) })),
    ...(columnSums === undefined || isLower
      ? {}
      : { columnSums: { ...columnSums, access: moved(columnSums.access, axis, by) } }),
  }
}
