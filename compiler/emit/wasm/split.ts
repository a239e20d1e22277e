/**
 * How kernels are run in parts. In: a kernel and how many threads there may be. Out: its split, or null where a barrier costs
 * more than it brings; and the scratch of what is then emitted.
 * Invariant: a guess about time decides how many parts there are and never what they compute.
 */
import { costOf } from '../../kernel/cost.ts'
import { instructionsOf } from '../../kernel/effort.ts'
import type { ContractionKernel, Kernel, LoopKernel } from '../../kernel/kernel.ts'
import { axesOf, isIndependent, lengthOf, type Split, shortened, stepOf } from '../../kernel/split.ts'
import { columnScratch } from './columns.ts'
import { contractionScratch, type Schedule, type Simd, schedule } from './contraction/schedule.ts'

/** A part should take longer than threads need to agree on it, in nanoseconds. */
const LEAST = 4000

/** Elements of whole vectors and cache lines, of any dtype. */
const VECTORS = 32

/** So many parts a thread even out what the machine does besides. */
const SHARES = 4

/** Nanoseconds, from what these kernels reach here: an instruction an element, a product and its sum, a byte of memory,
 * an element packed, an element that comes into the cache. */
const TIME = { instruction: 0.06, product: 0.05, byte: 0.08, packed: 0.8, read: 0.2 }

const product = (extents: readonly number[]): number => extents.reduce((n, d) => n * d, 1)

const timeOfLoop = (k: LoopKernel): number => {
  const computed = k.stages.reduce((ns, s) => {
    const each = instructionsOf(s.body) + s.stores.length + s.reductions.length
    return ns + product([...k.outer, ...s.dims]) * each * TIME.instruction
  }, 0)
  return Math.max(computed, costOf(k).bytes * TIME.byte)
}

const timeOfContraction = (k: ContractionKernel, { modeB, packA, swapped }: Schedule): number => {
  const batches = product(k.batch)
  const [rows, columns] = swapped ? [k.n, k.m] : [k.m, k.n]
  const packed = (modeB === 'packed' ? columns : 0) + (packA ? rows : 0)
  const wide = k.dtype === 'f64' ? 2 : 1
  const after = k.m * k.n * (instructionsOf(k.body) + k.stores.length) * TIME.instruction
  const moved = packed * k.k * TIME.packed + (k.m + k.n) * k.k * TIME.read
  return batches * wide * (k.m * k.n * k.k * TIME.product + moved + after)
}

const timeOf = (k: LoopKernel | ContractionKernel, simd: Simd): number =>
  k.tag === 'loop' ? timeOfLoop(k) : timeOfContraction(k, schedule(k, simd))

/** Parts begin where a vector or a register block does: in steps along the axis. */
const unitOf = (k: LoopKernel | ContractionKernel, axis: number, simd: Simd): number => {
  if (k.tag === 'loop') {
    const isVectors = k.order === 'sequential' || axis >= k.outer.length
    return isVectors && axis === axesOf(k).length - 1 ? VECTORS : 1
  }
  if (axis < k.batch.length || stepOf(k, axis) > 1) return 1
  const { rows, columns, swapped } = schedule(k, simd)
  const run = (swapped === (axis === k.batch.length) ? columns : rows).runs[0]
  return run?.size ?? 1
}

/** Parts of whole units, as many as asked for or fewer; null where there is only one. */
const cut = (extent: number, unit: number, parts: number, axis: number): Split | null => {
  const units = Math.ceil(extent / unit)
  const length = unit * Math.ceil(units / Math.min(parts, units))
  const made = Math.ceil(extent / length)
  return made < 2 ? null : { axis, length, parts: made }
}

/** A product whose parts are not packed or turned as the whole is has lost what that brings. */
const UNLIKE = 1.5

const isAlike = (whole: Kernel, part: Kernel, simd: Simd): boolean => {
  if (whole.tag !== 'contraction' || part.tag !== 'contraction') return true
  const [a, b] = [schedule(whole, simd), schedule(part, simd)]
  return a.modeB === b.modeB && a.packA === b.packA && a.swapped === b.swapped
}

/** Somebody begins late or is held up: so much of a part is lost. */
const LATE = 0.2

/** When the last part may be expected to end, if `threads` take them as they come. */
const spanOf = (k: LoopKernel | ContractionKernel, split: Split, simd: Simd, threads: number): number => {
  const first = shortened(k, split.axis, lengthOf(k, split, 0))
  const part = timeOf(first, simd) * (isAlike(k, first, simd) ? 1 : UNLIKE)
  return part * (Math.ceil(split.parts / threads) + LATE)
}

export const splitFor =
  (simd: Simd, threads: number) =>
  (k: Kernel): Split | null => {
    if (k.tag === 'sort' || threads < 2) return null
    const extents = axesOf(k)
    if (extents.includes(0)) return null
    const most = Math.floor(timeOf(k, simd) / LEAST)
    if (most < 2) return null
    const counts = [SHARES, 2, 1].map((share) => Math.min(share * threads, most))
    const found = extents.flatMap((extent, axis) => {
      if (extent < 2 || !isIndependent(k, axis)) return []
      const unit = unitOf(k, axis, simd)
      return counts.flatMap((parts) => cut(extent, unit, parts, axis) ?? [])
    })
    const timed = found.map((split) => ({ split, span: spanOf(k, split, simd, threads) }))
    // of equals the outermost axis, whose parts lie in one piece
    const best = timed.reduce<(typeof timed)[number] | null>((a, b) => (a === null || b.span < a.span ? b : a), null)
    return best?.split ?? null
  }

/** Bytes of scratch that one thread needs for a kernel or for any part of it. */
export const scratchFor =
  (simd: Simd) =>
  (k: Kernel, split: Split | null): number => {
    if (k.tag === 'sort') return 0
    const bytes = (part: LoopKernel | ContractionKernel): number =>
      part.tag === 'loop' ? columnScratch(part) : contractionScratch(part, simd)
    if (split === null) return bytes(k)
    const of = (part: number): number => bytes(shortened(k, split.axis, lengthOf(k, split, part)))
    return Math.max(of(0), of(split.parts - 1))
  }
