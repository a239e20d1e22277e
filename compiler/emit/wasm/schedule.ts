/**
 * How a loop kernel is to be run with vectors. In: the kernel. Out: its lanes, the axis along which vectors run in each
 * stage, at which loop each instruction belongs, and how many vectors are computed at once.
 * Invariant: nothing here changes the order of a reduction; axes are numbered outer dims first, then the stage's.
 */
import { bytesOf } from '../../../src/core/dtype.ts'
import { type Instr, LANES, type LoopKernel, type Stage } from '../../kernel/kernel.ts'
import { accessesOf } from '../../kernel/operands.ts'
import { emitBody, type Gather } from './body.ts'
import { type EmitContext, functionBuilder } from './function.ts'
import { laneMachine } from './machine.ts'

/** A load or a store as a place that moves with the loops. */
export interface Place {
  readonly buffer: number
  readonly strides: readonly number[]
}

export interface StageSchedule {
  readonly stage: Stage
  /** Extents of the outer dims and of the stage's. */
  readonly extents: readonly number[]
  /** Number of loops that an instruction must stand in. */
  readonly level: readonly number[]
  /** Whether an instruction differs between the elements of a vector. */
  readonly varying: readonly boolean[]
  /** The axis along which vectors run; −1 where one element is computed at a time, the same in every lane. */
  readonly axis: number
  /** Instructions a vector. */
  readonly cost: number
  readonly places: readonly Place[]
}

export interface Schedule {
  readonly lanes: 2 | 4
  /** Whether vectors run along an outer axis, so that a vector holds several outer points. */
  readonly across: boolean
  readonly axis: number
  readonly stages: readonly StageSchedule[]
}

/** f64 takes half of a v128, and everything that meets it then has two lanes as well. */
const lanesOf = (k: LoopKernel): 2 | 4 => {
  const dtypes = [...k.buffers, ...k.stages.flatMap((s) => s.body)].map((x) => x.dtype).concat(k.rows)
  return dtypes.some((t) => bytesOf(t) === 8) ? 2 : 4
}

const moving = (strides: readonly number[], extents: readonly number[], axis: number): boolean =>
  (strides[axis] ?? 0) !== 0 && (extents[axis] ?? 1) > 1

const lastAxis = (from: number, to: number, holds: (axis: number) => boolean): number => {
  for (let axis = to - 1; axis >= from; axis--) if (holds(axis)) return axis
  return -1
}

/** Vectors run along the innermost dim of each stage where the order says so, or where it says nothing and there is one. */
const runsAcross = (k: LoopKernel): boolean => {
  if (k.stages.some((s) => s.reductions.length > 0)) return k.order === 'sequential'
  if (k.stages.some((s) => s.updates.length > 0)) return false
  return k.stages.every((s) => s.dims.every((extent) => extent === 1))
}

const outerAxis = (k: LoopKernel): number =>
  lastAxis(0, k.outer.length, (axis) => {
    const distinct = k.stages.every((s) => s.stores.every((store) => (store.access.strides[axis] ?? 0) !== 0))
    return (k.outer[axis] ?? 1) > 1 && distinct
  })

/** Updates keep their order: vectors run along the innermost dim, where its elements are all of different places. */
const updateAxis = (k: LoopKernel, s: Stage): number => {
  const extents = [...k.outer, ...s.dims]
  const axis = lastAxis(k.outer.length, extents.length, (a) => (extents[a] ?? 1) > 1)
  const varying = varyingOf(s, extents, axis, false)
  return s.updates.every((u) => varying[u.index] !== true && moving(u.access.strides, extents, axis)) ? axis : -1
}

const stageAxis = (k: LoopKernel, s: Stage): number => {
  const last = k.outer.length + s.dims.length - 1
  if (s.dims.length === 0) return -1
  if (s.reductions.length > 0) return last
  if (s.updates.length > 0) return updateAxis(k, s)
  return lastAxis(k.outer.length, last + 1, (axis) => (s.dims[axis - k.outer.length] ?? 1) > 1)
}

const placesOf = (s: Stage): readonly Place[] =>
  accessesOf(s).map(({ buffer, access }) => ({ buffer, strides: access.strides }))

const levelsOf = (k: LoopKernel, s: Stage, extents: readonly number[]): readonly number[] => {
  const written = new Set(k.stages.flatMap((stage) => [...stage.stores, ...stage.updates].map((store) => store.buffer)))
  const levels: number[] = []
  const levelOf = (i: Instr): number => {
    if (i.tag === 'load' || i.tag === 'gather') {
      const from = i.tag === 'gather' ? (levels[i.index] ?? 0) : 0
      const own = extents.reduce(
        (top, _, axis) => (moving(i.access.strides, extents, axis) ? Math.max(top, axis + 1) : top),
        from,
      )
      // What the kernel itself writes is not read ahead of its stage.
      return written.has(i.buffer) ? Math.max(own, k.outer.length) : own
    }
    if (i.tag === 'index') return (extents[i.axis] ?? 1) > 1 ? i.axis + 1 : 0
    if (i.tag === 'row') return k.outer.length
    if (i.tag === 'apply') return i.args.reduce((top, a) => Math.max(top, levels[a] ?? 0), 0)
    return 0
  }
  for (const i of s.body) levels.push(levelOf(i))
  return levels
}

const varyingOf = (s: Stage, extents: readonly number[], axis: number, across: boolean): readonly boolean[] => {
  const varying: boolean[] = []
  const varies = (i: Instr): boolean => {
    if (axis < 0) return false
    if (i.tag === 'load') return moving(i.access.strides, extents, axis)
    if (i.tag === 'gather') return varying[i.index] === true || moving(i.access.strides, extents, axis)
    if (i.tag === 'index') return i.axis === axis
    if (i.tag === 'row') return across
    if (i.tag === 'apply') return i.args.some((a) => varying[a] === true)
    return false
  }
  for (const i of s.body) varying.push(varies(i))
  return varying
}

/** Instructions that one more vector costs, found by making them for nothing. */
const costOf = (context: EmitContext, k: LoopKernel, s: Stage, lanes: 2 | 4, varying: readonly boolean[]): number => {
  const fn = functionBuilder(context, k.buffers.length)
  const m = laneMachine(fn, lanes)
  const source = {
    load: (_buffer: number, _access: unknown, dtype: Instr['dtype']) => m.lit(1, dtype),
    gather: ({ dtype }: Gather) => m.lit(1, dtype),
    index: () => m.lit(1, 'i32'),
    row: (row: number) => m.lit(1, k.rows[row] ?? 'f32'),
    accumulator: (dtype: Instr['dtype']) => m.lit(1, dtype),
  }
  const values = emitBody(m, s.body, source, context.lower, [], (i) => varying[i] !== true)
  const before = fn.count()
  emitBody(m, s.body, source, context.lower, values, (i) => varying[i] === true)
  const memoryOf = (i: Instr): number => {
    if (i.tag === 'load') return 1
    return i.tag === 'gather' ? (varying[i.index] === true ? 2 * lanes : 2) : 0
  }
  const memory = s.body.reduce((n, i, at) => (varying[at] === true ? n + memoryOf(i) : n), 0)
  return fn.count() - before + memory + s.stores.length + s.reductions.length + 6 * s.updates.length
}

export const scheduleOf = (context: EmitContext, k: LoopKernel): Schedule => {
  const lanes = lanesOf(k)
  const across = runsAcross(k)
  const axis = across ? outerAxis(k) : -1
  const stages = k.stages.map((stage): StageSchedule => {
    const extents = [...k.outer, ...stage.dims]
    const own = across ? axis : stageAxis(k, stage)
    const varying = varyingOf(stage, extents, own, across)
    const cost = costOf(context, k, stage, lanes, varying)
    return {
      stage,
      extents,
      level: levelsOf(k, stage, extents),
      varying,
      axis: own,
      cost,
      places: placesOf(stage),
    }
  })
  return { lanes, across, axis, stages }
}

/** So many vectors are computed at once, from element `from` on; `repeat` times, one block after the other. */
export interface Block {
  readonly from: number
  readonly vectors: number
  readonly repeat: number
}

/** Up to this many vectors, and this many instructions, stand in one run that has no loop around it. */
const UNROLLED = { vectors: 8, instructions: 128 }

/** Short bodies gain 10 to 60 % in the near caches from four vectors a step; long ones gain nothing. */
const mapBlock = (cost: number): number => (cost <= 24 ? 4 : 1)

/** Around inner loops: enough accumulators to hide the latency of an addition, and whole cache lines of each row. */
const reduceBlock = (cost: number): number => (cost <= 12 ? 8 : cost <= 60 ? 4 : 2)

/**
 * Splits an axis into blocks. The last block holds what is left, its last vector perhaps in part.
 * - With `partials` accumulators the blocks have as many vectors, so that each vector meets the accumulator of its lanes.
 * - Where loops stand inside of the block (`inner`) a few vectors more are better than a second run of the loops.
 */
export const blocksOf = (extent: number, lanes: number, cost: number, partials: boolean, inner: boolean): Block[] => {
  const vectors = Math.ceil(extent / lanes)
  if (vectors === 0) return []
  const size = partials ? LANES / lanes : inner ? reduceBlock(cost) : mapBlock(cost)
  const few = inner ? vectors <= size + 2 : vectors <= UNROLLED.vectors && vectors * cost <= UNROLLED.instructions
  if (few || vectors <= size) return [{ from: 0, vectors, repeat: 1 }]
  const repeat = Math.floor(Math.floor(extent / lanes) / size)
  const rest = vectors - repeat * size
  const main = { from: 0, vectors: size, repeat }
  return rest === 0 ? [main] : [main, { from: repeat * size * lanes, vectors: rest, repeat: 1 }]
}
