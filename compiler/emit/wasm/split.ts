/**
 * How kernels are run in parts. In: a kernel and how many threads there may be. Out: its split, or null where a barrier costs
 * more than it brings; and the scratch of what is then emitted.
 * Invariant: a guess about time decides how many parts there are and never what they compute.
 */
import { costOf } from '../../kernel/cost.ts'
import { instructionsOf } from '../../kernel/effort.ts'
import {
  type ContractionKernel,
  type Instr,
  KEY_BITS,
  type Kernel,
  type LoopKernel,
  type SortKernel,
  type Stage,
} from '../../kernel/kernel.ts'
import { axesOf, isIndependent, lengthOf, type Split, shortened, stepOf } from '../../kernel/split.ts'
import { columnScratch } from './columns.ts'
import { contractionScratch, type Schedule, type Simd, schedule } from './contraction/schedule.ts'

/** A part should take longer than threads need to agree on it, in nanoseconds. */
const LEAST = 4000

/** Elements of whole vectors and cache lines, of any dtype. */
const VECTORS = 32

/** So many parts a thread even out what the machine does besides. */
const SHARES = 4

/**
 * Nanoseconds, from what these kernels reach here: an instruction an element, a product and its sum, a byte of memory, an element of
 * either operand packed, an element that comes into the cache, a row at a computed place, a turn of the loop around the innermost,
 * of a sort's pass a key and a value of its digit.
 */
const TIME = {
  instruction: 0.06,
  product: 0.05,
  byte: 0.08,
  packedA: 0.8,
  packedB: 0.25,
  read: 0.2,
  row: 50,
  turn: 8,
  key: 2,
  digit: 0.6,
}

/** Instructions for a row, above which a processor does not see the next row coming and waits for it. */
const ROW_INSTRUCTIONS = 1024

const product = (extents: readonly number[]): number => extents.reduce((n, d) => n * d, 1)

/** Whether a value differs between the points along an axis. */
const varies = (body: readonly Instr[], value: number, axis: number): boolean => {
  const i = body[value]
  if (i?.tag === 'load') return (i.access.strides[axis] ?? 0) !== 0
  if (i?.tag === 'gather') return (i.access.strides[axis] ?? 0) !== 0 || varies(body, i.index, axis)
  if (i?.tag === 'apply') return i.args.some((a) => varies(body, a, axis))
  return i?.tag === 'index' && i.axis === axis
}

/** Until the rows at computed places are there, as far as nothing hides it: once in each part that names them. */
const timeOfRows = ({ body, updates }: Stage, dims: readonly number[], instructions: number): number => {
  const named = [...body.flatMap((i) => (i.tag === 'gather' ? [i] : [])), ...updates]
  const places = new Map(named.map((p) => [`${p.buffer}:${p.index}`, p.index]))
  return [...places.values()].reduce((ns, index) => {
    const rows = product(dims.filter((_, axis) => varies(body, index, axis)))
    return instructions > rows * ROW_INSTRUCTIONS ? ns + rows * TIME.row : ns
  }, 0)
}

const timeOfLoop = (k: LoopKernel): number => {
  const computed = k.stages.reduce((ns, s) => {
    const dims = [...k.outer, ...s.dims]
    const each = instructionsOf(s.body) + s.stores.length + s.reductions.length + 2 * s.updates.length
    const instructions = product(dims) * each
    return ns + instructions * TIME.instruction + timeOfRows(s, dims, instructions)
  }, 0)
  const turns = k.stages.reduce((n, s) => n + product([...k.outer, ...s.dims].slice(0, -1)), 0)
  return Math.max(computed, costOf(k).bytes * TIME.byte) + turns * TIME.turn
}

const timeOfContraction = (k: ContractionKernel, { modeB, packA, swapped }: Schedule): number => {
  const batches = product(k.batch)
  const [rows, columns] = swapped ? [k.n, k.m] : [k.m, k.n]
  const packed = (modeB === 'packed' ? columns * TIME.packedB : 0) + (packA ? rows * TIME.packedA : 0)
  const wide = k.dtype === 'f64' ? 2 : 1
  const after = k.m * k.n * (instructionsOf(k.body) + k.stores.length) * TIME.instruction
  const moved = packed * k.k + (k.m + k.n) * k.k * TIME.read
  return batches * wide * (k.m * k.n * k.k * TIME.product + moved + after)
}

/** A guess at how long a kernel takes, and of a product how it is run. */
interface Guess {
  readonly ns: number
  readonly plan: Schedule | null
}

/** Each pass takes and places every key, and goes over all values that a digit has. */
const timeOfSort = ({ rows, length, digit }: SortKernel): number =>
  rows * (KEY_BITS / digit) * (length * TIME.key + 2 ** digit * TIME.digit)

const guess = (k: Kernel, simd: Simd): Guess => {
  if (k.tag === 'sort') return { ns: timeOfSort(k), plan: null }
  if (k.tag === 'loop') return { ns: timeOfLoop(k), plan: null }
  const plan = schedule(k, simd)
  return { ns: timeOfContraction(k, plan), plan }
}

/** Parts begin where a vector or a register block does: in steps along the axis. */
const unitOf = (k: Kernel, axis: number, { plan }: Guess): number => {
  if (k.tag === 'loop') {
    const isVectors = k.order === 'sequential' || axis >= k.outer.length
    return isVectors && axis === axesOf(k).length - 1 ? VECTORS : 1
  }
  if (k.tag === 'sort') return 1
  if (plan === null || axis < k.batch.length || stepOf(k, axis) > 1) return 1
  const run = (plan.swapped === (axis === k.batch.length) ? plan.columns : plan.rows).runs[0]
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

const isAlike = ({ plan: a }: Guess, { plan: b }: Guess): boolean =>
  a === b || (a?.modeB === b?.modeB && a?.packA === b?.packA && a?.swapped === b?.swapped)

/** Somebody begins late or is held up: so much of a part is lost. */
const LATE = 0.2

/** What all parts together may take beside the whole: so much is lost where one thread runs them all. */
const MOST_REPEATED = 1.1

/** Numbers of parts to try: those that even out what the machine does besides, and fewer. */
const countsOf = (threads: number, most: number): readonly number[] => {
  const counts: number[] = []
  for (let parts = SHARES * threads; parts > 2; parts = Math.floor(parts / 2)) counts.push(Math.min(parts, most))
  return [...counts, 2]
}

export const splitFor =
  (simd: Simd, threads: number) =>
  (k: Kernel): Split | null => {
    if (threads < 2) return null
    const extents = axesOf(k)
    if (extents.includes(0)) return null
    const whole = guess(k, simd)
    const most = Math.floor(whole.ns / LEAST)
    if (most < 2) return null
    let best: { readonly split: Split; readonly span: number } | null = null
    // of equals the outermost axis, whose parts lie in one piece
    for (const [axis, extent] of extents.entries()) {
      if (extent < 2 || !isIndependent(k, axis)) continue
      const unit = unitOf(k, axis, whole)
      const cuts = countsOf(threads, most).map((parts) => cut(extent, unit, parts, axis))
      for (const [i, split] of cuts.entries()) {
        if (split === null || cuts.findIndex((other) => other?.length === split.length) < i) continue
        const part = guess(shortened(k, axis, split.length), simd)
        const ns = part.ns * (isAlike(whole, part) ? 1 : UNLIKE)
        const span = ns * (Math.ceil(split.parts / threads) + LATE)
        const isDear = (ns * extent) / split.length > MOST_REPEATED * whole.ns
        if (!isDear && (best === null || span < best.span)) best = { split, span }
      }
    }
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
