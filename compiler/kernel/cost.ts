/**
 * What a kernel costs. In: a kernel. Out: its floating-point operations and the bytes of memory it moves.
 * Invariant: counted from the loops and accesses alone, the same on every target.
 */
import { bytesOf, isFloat } from '../../src/core/dtype.ts'
import { range } from '../../src/core/shape.ts'
import { sizeOfSpans } from './access.ts'
import { presentIn } from './edges.ts'
import type { ContractionKernel, Edge, Instr, Kernel } from './kernel.ts'
import { footprintsOf, isRead, type Use, usesOf } from './uses.ts'

export interface Cost {
  /**
   * One for each application of an op that yields a float (exp is one, a copy none), each element that a reduction combines, and two
   * for each product of a contraction.
   */
  readonly flops: number
  /** Bytes of distinct elements read and written; an element updated in place counts twice, scratch not at all.
   * A load or an update at a computed place moves an element a point, and no more than there are to be reached. */
  readonly bytes: number
}

const pointsOf = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1)

/** What computes a float; to copy one is to move it. */
const floatOps = (body: readonly Instr[]): number =>
  body.filter((i) => i.tag === 'apply' && i.op !== 'copy' && isFloat(i.dtype)).length

/** The share of the products that are there: along each axis with edges, that of a window's elements that are on the axis. */
const sharePresent = ({ a, b, rows, columns, inner }: ContractionKernel): number => {
  const along = (edges: readonly Edge[], extents: readonly number[]): number =>
    edges.reduce((share, e) => {
      const [windows, elements] = [extents[e.across] as number, inner[e.inner] as number]
      const present = range(windows).reduce((n, w) => n + presentIn(e, w, elements).count, 0)
      return windows * elements === 0 ? share : share * (present / (windows * elements))
    }, 1)
  return along(a.edges ?? [], rows) * along(b.edges ?? [], columns)
}

const flopsOf = (k: Kernel): number => {
  if (k.tag === 'sort') return 0
  if (k.tag === 'contraction')
    return (
      pointsOf([...k.batch, k.m, k.n]) * (2 * k.k * sharePresent(k) + floatOps(k.body)) +
      (k.columnSums === undefined ? 0 : k.k * k.n)
    )
  return k.stages.reduce((sum, s) => {
    const combined = s.reductions.filter((r) => isFloat(s.body[r.value]?.dtype ?? 'i32')).length
    const added = s.updates.filter((u) => u.combine === 'sum' && isFloat(s.body[u.value]?.dtype ?? 'i32')).length
    return sum + pointsOf([...k.outer, ...s.dims]) * (floatOps(s.body) + combined + added)
  }, 0)
}

/** FLOPs and memory traffic of one run of a kernel. */
export const costOf = (k: Kernel): Cost => {
  const uses = usesOf(k)
  /** Loops of a use; a computed place has a dim more than these. */
  const loopsOf = (u: Use): number =>
    k.tag === 'loop' ? k.outer.length + (k.stages[u.stage]?.dims.length ?? 0) : u.dims.length
  const bytes = footprintsOf(k).reduce((sum, { reads, writes }, b) => {
    const buffer = k.buffers[b]
    if (buffer === undefined || buffer.mode === 'scratch') return sum
    const own = uses.filter((u) => u.buffer === b)
    const moved = (those: readonly Use[], reached: number): number =>
      those.some((u) => u.dims.length > loopsOf(u))
        ? Math.min(
            reached,
            those.reduce((n, u) => n + pointsOf(u.dims.slice(0, loopsOf(u))), 0),
          )
        : reached
    const read = moved(
      own.filter((u) => isRead(u, buffer)),
      sizeOfSpans(reads),
    )
    const written = moved(
      own.filter((u) => u.kind !== 'load'),
      sizeOfSpans(writes),
    )
    return sum + bytesOf(buffer.dtype) * (read + written)
  }, 0)
  return { flops: flopsOf(k), bytes }
}
