/**
 * A loop kernel as one Wasm function. In: the emit context and the kernel. Out: the name of a function whose parameters are
 * the byte address of each kernel buffer and, last, of the scratch (of `byRows`); of a split kernel also the part's number.
 * Invariant: every element is computed and every reduction added as kernel.ts says, so the bits are those of any other
 * target; a store never writes outside of what the kernel names, whatever the extents.
 */
import { bytesOf } from '../../../src/core/dtype.ts'
import { type Accumulation, LANES, type LoopKernel } from '../../kernel/kernel.ts'
import type { Split } from '../../kernel/split.ts'
import { absent, type BodySource, emitBody, type Gather } from './body.ts'
import { byRows } from './columns.ts'
import { type EmitContext, type FunctionBuilder, functionBuilder, type Value } from './function.ts'
import { type LaneMachine, type Lanes, laneMachine } from './machine.ts'
import { loadLanes, loadRows, rowAddress, rowOffset, storeLanes } from './memory.ts'
import { loopNest, type Nest, type Origin } from './nest.ts'
import { eachPart } from './parts.ts'
import { type Accumulator, accumulate, endLanes, endSequential, startAccumulator } from './reduce.ts'
import { blocksOf, type Schedule, type StageSchedule, scheduleOf } from './schedule.ts'

interface Emission {
  readonly context: EmitContext
  readonly kernel: LoopKernel
  readonly schedule: Schedule
  readonly m: LaneMachine
  readonly nest: Nest
}

/** A row that all lanes of a vector name. */
interface NamedRow {
  /** Kept inside of the rows. */
  readonly index: Lanes
  /** In bytes from row 0. */
  readonly offset: Value
}

/** One of the vectors computed at once, with what is known of it so far. */
interface Copy {
  /** Its first element along the vector axis. */
  readonly position: number
  /** How many of its lanes hold an element. */
  readonly count: number
  /** Per stage, the values of the instructions made. */
  readonly values: Lanes[][]
  readonly rows: Lanes[]
  /** Per stage, the rows named by indices that have been made, by `rowKey`. */
  readonly named: Map<string, NamedRow>[]
}

/** Adds the function of this kernel to the module; where it is split, that of any of its parts. */
export const emitLoop = (context: EmitContext, kernel: LoopKernel, split: Split | null = null): string => {
  const fn = functionBuilder(context, kernel.buffers.length + (split === null ? 1 : 2))
  const emit = (part: LoopKernel, origin: Origin | null): void => {
    for (const k of byRows(part) ?? [part]) emitNest(context, fn, k, origin)
  }
  if (split === null) emit(kernel, null)
  else
    eachPart(fn, kernel, split, fn.param(kernel.buffers.length + 1), (part, start) =>
      emit(part, { axis: split.axis, start }),
    )
  return fn.finish(context.unique(kernel.name))
}

const emitNest = (context: EmitContext, fn: FunctionBuilder, kernel: LoopKernel, origin: Origin | null): void => {
  const schedule = scheduleOf(context, kernel)
  const dtypes = kernel.buffers.map((b) => b.dtype)
  const places = schedule.stages.flatMap((s) => s.places)
  const nest = loopNest(fn, dtypes, origin, places)
  const e: Emission = { context, kernel, schedule, m: laneMachine(fn, schedule.lanes), nest }
  // One element, the same in every lane, until a vector axis is entered.
  const point: Copy = {
    position: 0,
    count: 1,
    values: kernel.stages.map(() => []),
    rows: [],
    named: kernel.stages.map(() => new Map()),
  }
  if (kernel.outer.every((extent) => extent > 0)) emitOuter(e, 0, [point])
}

/** The loops over the outer dims from `axis` on, and the stages within. */
const emitOuter = (e: Emission, axis: number, copies: readonly Copy[]): void => {
  const { kernel, schedule, nest } = e
  const { stages } = schedule
  const deeper = (cs: readonly Copy[]): void => emitOuter(e, axis + 1, cs)
  const extent = kernel.outer[axis]
  if (extent === undefined) {
    for (const s of stages.keys()) emitStage(e, s, copies)
    return
  }
  // What no deeper loop changes is made here, for all stages.
  for (const s of stages.keys()) emitLevel(e, s, axis, copies)
  const places = stages.flatMap((s) => s.places)
  const counted = stages.some((s) => asksFor(s, axis))
  if (axis !== schedule.axis) {
    nest.loop({ axis, trips: extent, step: 1, places, counted }, () => deeper(copies))
    return
  }
  const cost = stages.reduce((sum, s) => sum + s.cost, 0)
  const inner = stages.some((s) => s.stage.dims.some((d) => d > 1))
  alongVectors(e, { axis, extent, cost, partials: false, inner, places, counted }, copies, deeper)
}

const asksFor = (s: StageSchedule, axis: number): boolean =>
  s.stage.body.some((i) => i.tag === 'index' && i.axis === axis) ||
  s.stage.reductions.some((r) => r.combine.startsWith('arg') && axis === s.extents.length - 1)

interface VectorAxis {
  readonly axis: number
  readonly extent: number
  readonly cost: number
  readonly partials: boolean
  readonly inner: boolean
  readonly places: StageSchedule['places']
  readonly counted: boolean
}

/** Runs an axis in blocks of vectors; each block's vectors begin with what the single copy before them knows. */
const alongVectors = (
  e: Emission,
  { axis, extent, cost, partials, inner, places, counted }: VectorAxis,
  [before]: readonly Copy[],
  body: (copies: readonly Copy[]) => void,
): void => {
  const { lanes } = e.schedule
  for (const { from, vectors, repeat } of blocksOf(extent, lanes, cost, partials, inner)) {
    const copies = Array.from({ length: vectors }, (_, v): Copy => {
      const position = from + v * lanes
      const values = before?.values.map((known) => [...known]) ?? []
      const named = before?.named.map((known) => new Map(known)) ?? []
      return { position, count: Math.min(lanes, extent - position), values, rows: [...(before?.rows ?? [])], named }
    })
    e.nest.loop({ axis, trips: repeat, step: vectors * lanes, places, counted }, () => body(copies))
  }
}

/** Makes those instructions of a stage that belong to a loop level and are the same in all copies. */
const emitShared = (e: Emission, s: number, level: number, copies: readonly Copy[]): void => {
  const { level: levels, varying } = e.schedule.stages[s] as StageSchedule
  const isShared = (i: number): boolean => levels[i] === level && varying[i] !== true
  const [first, ...others] = copies
  if (first === undefined) return
  emitCopy(e, s, first, isShared)
  const made = first.values[s] as Lanes[]
  for (const copy of others) {
    for (const i of levels.keys()) if (isShared(i)) (copy.values[s] as Lanes[])[i] = made[i] as Lanes
    for (const [key, row] of first.named[s] ?? []) copy.named[s]?.set(key, row)
  }
}

const emitOwn = (e: Emission, s: number, level: number, copy: Copy): void => {
  const { level: levels, varying } = e.schedule.stages[s] as StageSchedule
  emitCopy(e, s, copy, (i) => levels[i] === level && varying[i] === true)
}

const emitLevel = (e: Emission, s: number, level: number, copies: readonly Copy[]): void => {
  emitShared(e, s, level, copies)
  for (const copy of copies) emitOwn(e, s, level, copy)
}

const emitCopy = (e: Emission, s: number, copy: Copy, pick: (i: number) => boolean): void => {
  const { context, m, nest } = e
  const { stage, axis, level } = e.schedule.stages[s] as StageSchedule
  if (!level.some((_, i) => pick(i))) return
  const source: BodySource<Lanes> = {
    load: (buffer, access, dtype) => {
      const stride = strideAlong(e, s, access.strides)
      return loadLanes(m, dtype, nest.address(buffer, access), stride, stride === 0 ? m.lanes : copy.count)
    },
    gather: (instr, index) => gatherLanes(e, s, copy, instr, index),
    index: (along) => (along === axis ? spreadIndex(e, along) : indexLanes(e, along, 0)),
    row: (row) => copy.rows[row] as Lanes,
    accumulator: absent('accumulator'),
  }
  atCopy(e, s, copy, () => {
    const named = placesNamedBy(e, s, pick)
    for (const p of named) copy.named[s]?.delete(rowKey(e, p))
    emitBody(m, stage.body, source, context.lower, copy.values[s] as Lanes[], pick)
    // here and not where they are used: deeper loops walk along the rows
    for (const p of named) namedRow(e, s, copy, p)
  })
}

type Computed = Pick<Accumulation, 'buffer' | 'index' | 'stride' | 'extent'>

const rowBytesOf = ({ kernel }: Emission, { buffer, stride }: Computed): number =>
  stride * bytesOf(kernel.buffers[buffer]?.dtype ?? 'f32')

const rowKey = (e: Emission, p: Computed): string => `${p.index} ${p.extent} ${rowBytesOf(e, p)}`

/** The row that all lanes name, made where its index is first asked for. */
const namedRow = (e: Emission, s: number, copy: Copy, p: Computed): NamedRow => {
  const { m } = e
  const known = copy.named[s]?.get(rowKey(e, p))
  if (known !== undefined) return known
  const value = copy.values[s]?.[p.index] as Lanes
  const index = m.min(m.max(value, m.lit(0, 'i32')), m.lit(p.extent - 1, 'i32'))
  const row = { index, offset: rowOffset(m, index, rowBytesOf(e, p)) }
  copy.named[s]?.set(rowKey(e, p), row)
  return row
}

/** The places of a stage whose rows are named by those of these indices that are the same in all lanes. */
const placesNamedBy = (e: Emission, s: number, pick: (i: number) => boolean): readonly Computed[] => {
  const { stage, varying } = e.schedule.stages[s] as StageSchedule
  const gathers = stage.body.flatMap((i) => (i.tag === 'gather' ? [i] : []))
  return [...gathers, ...stage.updates].filter((p) => pick(p.index) && varying[p.index] !== true)
}

/** Rows by their index: one address where the lanes share the index, else an address a lane. */
const gatherLanes = (e: Emission, s: number, copy: Copy, instr: Gather, index: Lanes): Lanes => {
  const { m, nest } = e
  const { varying } = e.schedule.stages[s] as StageSchedule
  const from = nest.address(instr.buffer, instr.access)
  const along = strideAlong(e, s, instr.access.strides)
  const rowBytes = rowBytesOf(e, instr)
  if (varying[instr.index] !== true) {
    const address = rowAddress(m, from, namedRow(e, s, copy, instr).offset, rowBytes)
    return loadLanes(m, instr.dtype, address, along, along === 0 ? m.lanes : copy.count)
  }
  const clamped = m.min(m.max(index, m.lit(0, 'i32')), m.lit(instr.extent - 1, 'i32'))
  return loadRows(m, instr.dtype, from, clamped, rowBytes, along, copy.count)
}

/** Elements between two lanes; 0 where all lanes are the same element. */
const strideAlong = (e: Emission, s: number, strides: readonly number[]): number => {
  const { axis, extents } = e.schedule.stages[s] as StageSchedule
  return axis < 0 || extents[axis] === 1 ? 0 : (strides[axis] ?? 0)
}

const atCopy = (e: Emission, s: number, copy: Copy, body: () => void): void => {
  const { axis } = e.schedule.stages[s] as StageSchedule
  if (axis < 0) body()
  else e.nest.at(axis, copy.position, body)
}

/** The index along an axis plus `by`, the same in every lane. */
const indexLanes = ({ m, nest }: Emission, axis: number, by: number): Lanes => {
  const { counter, position } = nest.index(axis)
  const fixed = position + by
  if (counter === null) return m.lit(fixed, 'i32')
  return fixed === 0 ? m.splat(counter) : m.add(m.splat(counter), m.lit(fixed, 'i32'))
}

/** The index along the axis of the vectors, that of each lane's element. */
const spreadIndex = ({ m, nest }: Emission, axis: number): Lanes => {
  const { counter, position } = nest.index(axis)
  return counter === null ? m.iota(position) : m.add(m.splat(counter), m.iota(position))
}

type Accumulators = readonly (readonly Accumulator[])[]

/** Whether the lanes of a vector are partial results of one reduction, and not reductions of their own. */
const isSpread = (e: Emission, s: number): boolean => !e.schedule.across && (e.schedule.stages[s]?.axis ?? -1) >= 0

const startReductions = (e: Emission, s: number, copies: readonly Copy[]): Accumulators => {
  const { m } = e
  const { stage, axis, extents } = e.schedule.stages[s] as StageSchedule
  const spread = isSpread(e, s)
  const vectors = Math.ceil((extents[axis] ?? 0) / m.lanes)
  const count = spread ? Math.min(Math.max(vectors, 1), LANES / m.lanes) : copies.length
  return stage.reductions.map((r) => {
    const dtype = stage.body[r.value]?.dtype ?? 'f32'
    return Array.from({ length: count }, () => startAccumulator(m, r.combine, dtype))
  })
}

/** All of a stage at one outer point (or at those of the copies), its row values included. */
const emitStage = (e: Emission, s: number, copies: readonly Copy[]): void => {
  const { m, kernel } = e
  const { stage } = e.schedule.stages[s] as StageSchedule
  const accumulators = startReductions(e, s, copies)
  if (stage.dims.every((extent) => extent > 0)) emitInner(e, s, kernel.outer.length, copies, accumulators)
  stage.reductions.forEach((r, i) => {
    const own = accumulators[i] as readonly Accumulator[]
    const ends = isSpread(e, s) ? [endLanes(m, own, LANES / m.lanes)] : own.map((a) => endSequential(m, a))
    for (const [c, copy] of copies.entries()) copy.rows[r.row] = ends[c] as Lanes
  })
}

/** Up to so many steps of the innermost loop, and so many instructions, are written out one after the other. */
const WRITTEN_OUT = { steps: 8, instructions: 128 }

const emitInner = (e: Emission, s: number, axis: number, copies: readonly Copy[], accumulators: Accumulators): void => {
  const own = e.schedule.stages[s] as StageSchedule
  const { extents, places, cost } = own
  const extent = extents[axis]
  if (extent === undefined) {
    emitPoint(e, s, copies, accumulators)
    return
  }
  emitLevel(e, s, axis, copies)
  const deeper = (cs: readonly Copy[]): void => emitInner(e, s, axis + 1, cs, accumulators)
  const counted = asksFor(own, axis)
  const innermost = axis === extents.length - 1
  if (axis === own.axis) {
    const partials = own.stage.reductions.length > 0
    alongVectors(e, { axis, extent, cost, partials, inner: false, places, counted }, copies, deeper)
  } else if (innermost && extent <= WRITTEN_OUT.steps && extent * copies.length * cost <= WRITTEN_OUT.instructions) {
    for (let i = 0; i < extent; i++) e.nest.at(axis, i, () => deeper(copies))
  } else {
    e.nest.loop({ axis, trips: extent, step: 1, places, counted }, () => deeper(copies))
  }
}

/** The innermost point: the rest of the body, then rows, reductions and stores, vector by vector. */
const emitPoint = (e: Emission, s: number, copies: readonly Copy[], accumulators: Accumulators): void => {
  const { extents } = e.schedule.stages[s] as StageSchedule
  emitShared(e, s, extents.length, copies)
  copies.forEach((copy, c) => {
    emitOwn(e, s, extents.length, copy)
    atCopy(e, s, copy, () => finishCopy(e, s, copy, c, accumulators))
  })
}

const finishCopy = (e: Emission, s: number, copy: Copy, c: number, accumulators: Accumulators): void => {
  const { m, nest } = e
  const { stage, axis, extents } = e.schedule.stages[s] as StageSchedule
  const values = copy.values[s] as Lanes[]
  const spread = isSpread(e, s)
  const accumulator = spread ? (copy.position / m.lanes) % (LANES / m.lanes) : c
  for (const { row, value } of stage.rows) copy.rows[row] = values[value] as Lanes
  stage.reductions.forEach((r, i) => {
    accumulate(m, accumulators[i]?.[accumulator] as Accumulator, {
      value: values[r.value] as Lanes,
      position: () => indexLanes(e, extents.length - 1, -accumulator * (spread ? m.lanes : 0)),
      count: spread ? copy.count : m.lanes,
    })
  })
  for (const store of stage.stores) {
    const address = nest.address(store.buffer, store.access)
    const stride = axis < 0 ? 1 : (store.access.strides[axis] ?? 0)
    storeLanes(m, values[store.value] as Lanes, address, stride, copy.count)
  }
  for (const update of stage.updates) updateRow(e, s, copy, update)
}

/** Adds to a row by its index, or sets it; the index is the same in all lanes. Out of range the row keeps its value: −0 is added. */
const updateRow = (e: Emission, s: number, copy: Copy, u: Accumulation): void => {
  const { m, nest } = e
  const values = copy.values[s] as Lanes[]
  const [index, value] = [values[u.index] as Lanes, values[u.value] as Lanes]
  const row = namedRow(e, s, copy, u)
  const address = rowAddress(m, nest.address(u.buffer, u.access), row.offset, rowBytesOf(e, u))
  const along = strideAlong(e, s, u.access.strides)
  const before = loadLanes(m, value.dtype, address, along, along === 0 ? m.lanes : copy.count)
  const inside = m.eq(index, row.index)
  const nothing = m.lit(value.dtype === 'i32' ? 0 : -0, value.dtype)
  const after = u.combine === 'set' ? m.select(inside, value, before) : m.add(before, m.select(inside, value, nothing))
  storeLanes(m, after, address, along === 0 ? 1 : along, copy.count)
}
