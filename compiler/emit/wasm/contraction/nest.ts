/**
 * The loops over rows and columns of one piece of k. In: a schedule and where the pointers are. Out: their code.
 * Invariant: outermost are blocks of rows (A stays in the cache), then groups of column panels (packed together), stripes
 * of rows (the epilogue's memory is passed in order), panels, and register blocks. A loop of one round is none.
 */
import { bytesOf } from '../../../../src/core/dtype.ts'
import { stridesOf } from '../../../../src/core/shape.ts'
import type { ContractionKernel } from '../../../kernel/kernel.ts'
import type { FunctionBuilder, Value } from '../function.ts'
import { type BlockForm, blockFunction, callBlock, emitBlock, levelsOf } from './block.ts'
import type { Epilogue } from './epilogue.ts'
import { chunkedLoop, countedLoop } from './loops.ts'
import type { Side } from './orientation.ts'
import { packPanels } from './pack.ts'
import { type Index, indexPlus, indexValue, moved, plus } from './pointers.ts'
import type { PieceRun, Schedule } from './schedule.ts'
import type { Run } from './tile.ts'
import { type Axis, lastStride, offsetsOf, walked, walkOf, withinPeriod } from './walk.ts'

/** What is the same in all of the nest. */
export interface Nest {
  readonly fn: FunctionBuilder
  readonly kernel: ContractionKernel
  readonly plan: Schedule
  readonly epilogue: Epilogue
}

/** Where the loops are: pointers to row 0 and column 0, unless said otherwise. */
export interface Pointers {
  readonly a: Value
  readonly b: Value
  readonly sums: Value | null
  readonly slots: readonly Value[]
  readonly batch: readonly Index[]
}

/** Panels of `size` rows or columns one behind the other, the first at index `start` of its period. */
interface Stretch extends Run {
  readonly start: Index
}

/** Some of the rows: the same stretches in so many periods from the `first` on. */
interface Rows {
  readonly first: Index
  readonly periods: number
  readonly stretches: readonly Stretch[]
}

const placed = (runs: readonly Run[]): readonly (Run & { readonly start: number })[] => {
  let start = 0
  return runs.map((run) => {
    const from = start
    start += run.size * run.count
    return { ...run, start: from }
  })
}

const extentOf = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + run.size * run.count, 0)

/** The rows in parts of at most `limit` rows, as far as stretches of whole panels allow. */
const inParts = (nest: Nest, rows: Rows, limit: number, body: (part: Rows) => void): void => {
  const { fn, plan } = nest
  const { first, periods, stretches } = rows
  const period = extentOf(stretches)
  // a period of several digits is no longer than a few blocks, and is not cut
  if (period * periods <= limit || (periods === 1 && plan.rows.low.length > 1)) return body(rows)
  if (periods > 1)
    return chunkedLoop(fn, periods, Math.max(1, Math.floor(limit / period)), (from, length) =>
      inParts(nest, { first: indexPlus(fn, first, from), periods: length, stretches }, limit, body),
    )
  for (const { size, count, start } of stretches)
    chunkedLoop(fn, count, Math.max(1, Math.floor(limit / size)), (index, length) =>
      body({ first, periods, stretches: [{ size, count: length, start: scaledFrom(fn, start, index, size) }] }),
    )
}

/** start + index·size */
const scaledFrom = (fn: FunctionBuilder, start: Index, index: Index, size: number): Index => {
  if (typeof index === 'number') return indexPlus(fn, start, index * size)
  return typeof start === 'number'
    ? indexValue(fn, moved(fn, fn.i32(start), [[index, size]]))
    : moved(fn, start, [[index, size]])
}

/** Row panels: the row of each within its period, and counted through from the very first. */
const overPanels = (
  fn: FunctionBuilder,
  { first, periods, stretches }: Rows,
  { extent }: Axis,
  body: (period: Index, within: Index, row: Index, size: number) => void,
): void =>
  countedLoop(fn, 0, 1, periods, (next) => {
    const period = indexPlus(fn, first, next)
    const base = scaledFrom(fn, 0, period, extent)
    for (const { size, start, count } of stretches) {
      const at = (within: Index): void => body(period, within, indexPlus(fn, base, within), size)
      if (typeof start === 'number') countedLoop(fn, start, size, count, at)
      else countedLoop(fn, 0, size, count, (index) => at(indexPlus(fn, start, index)))
    }
  })

export const emitPiece = (nest: Nest, piece: PieceRun, at: Pointers): void => {
  const { plan } = nest
  const rows: Rows = { first: 0, periods: plan.rows.periods, stretches: placed(plan.rows.runs) }
  const overRows = (body: (part: Rows) => void): void => inParts(nest, rows, plan.blockRows, body)
  const overColumns = (body: (group: Group) => void): void => overGroups(nest, at, body)
  const stripes = (part: Rows, group: Group, rowsOfA: PlaceOfRow, columnsOfB: (offset: Index) => Value): void =>
    inParts(nest, part, plan.stripeRows, (stripe) => emitStripe(nest, piece, at, stripe, group, rowsOfA, columnsOfB))
  // all columns in one group are packed once; several would go through the nearer cache for each block of rows
  if (plan.modeB === 'packed' && !plan.packA && isOneGroup(plan))
    overColumns((group) => {
      const columnsOfB = packGroup(nest, piece, group)
      overRows((part) => stripes(part, group, packRows(nest, piece, at, part), columnsOfB))
    })
  else
    overRows((part) => {
      const rowsOfA = packRows(nest, piece, at, part)
      overColumns((group) => stripes(part, group, rowsOfA, packGroup(nest, piece, group)))
    })
}

const isOneGroup = ({ columns, groupPanels }: Schedule): boolean =>
  columns.periods === 1 && columns.runs.length === 1 && (columns.runs[0]?.count ?? 0) <= groupPanels

/** Column panels that are packed together: those of a stretch, and where the first column of their period lies. */
interface Group extends Stretch {
  readonly period: Value
  readonly base: Index
}

const overGroups = ({ fn, kernel, plan }: Nest, at: Pointers, body: (group: Group) => void): void => {
  const { high, extent, periods, runs } = plan.columns
  countedLoop(fn, 0, 1, periods, (next) => {
    const period = walked(fn, at.b, high, next, bytesOf(kernel.dtype))
    const base = scaledFrom(fn, 0, next, extent)
    for (const columns of placed(runs))
      chunkedLoop(fn, columns.count, plan.groupPanels, (first, count) => {
        const start = scaledFrom(fn, columns.start, first, columns.size)
        body({ size: columns.size, start, count, period, base })
      })
  })
}

/** Where the rows from a given one on are read: by its period, its place in it, and the row itself. */
type PlaceOfRow = (period: Index, within: Index, row: Index) => Value

const stepsOf = ({ step }: Side, box: readonly number[]): readonly number[] =>
  step.slice(step.length - box.length).map((digit) => digit.stride)

/** Packs the rows, if they are to be packed. Out: where they are read. */
const packRows = ({ fn, kernel, plan }: Nest, piece: PieceRun, at: Pointers, rows: Rows): PlaceOfRow => {
  const bytes = bytesOf(kernel.dtype)
  const inPlace: PlaceOfRow = (period, within) =>
    withinPeriod(fn, plan.rows, walked(fn, at.a, plan.rows.high, period, bytes), within, bytes)
  if (!plan.packA) return inPlace
  const scratch = plus(fn, fn.param(kernel.buffers.length), plan.scratchA)
  const first = indexPlus(fn, scaledFrom(fn, 0, rows.first, plan.rows.extent), rows.stretches[0]?.start ?? 0)
  const start = moved(fn, scratch, [[first, -piece.size * bytes]])
  const packed = (row: Index): Value => moved(fn, start, [[row, piece.size * bytes]])
  const depth = walkOf(piece.box, stepsOf(plan.a, piece.box))
  countedLoop(fn, 0, 1, rows.periods, (next) => {
    const period = indexPlus(fn, rows.first, next)
    const base = scaledFrom(fn, 0, period, plan.rows.extent)
    for (const { size, count, start: from } of rows.stretches) {
      const panel = { dtype: kernel.dtype, depth, offsets: offsetsOf(plan.rows, from, size) }
      const row = indexPlus(fn, base, from)
      packPanels(fn, panel, count, size * lastStride(plan.rows.low), inPlace(period, from, row), packed(row))
    }
  })
  return (_period, _within, row) => packed(row)
}

/** Packs a group of column panels, if they are to be packed. Out: where the panel `offset` columns on is read. */
const packGroup = (
  { fn, kernel, plan }: Nest,
  piece: PieceRun,
  { size, start, count, period }: Group,
): ((offset: Index) => Value) => {
  const bytes = bytesOf(kernel.dtype)
  const across = lastStride(plan.columns.low)
  const source = withinPeriod(fn, plan.columns, period, start, bytes)
  if (plan.modeB !== 'packed') return (offset) => moved(fn, source, [[offset, across * bytes]])
  const scratch = fn.param(kernel.buffers.length)
  const depth = walkOf(piece.box, stepsOf(plan.b, piece.box))
  const panel = { dtype: kernel.dtype, depth, offsets: offsetsOf(plan.columns, start, size) }
  packPanels(fn, panel, count, size * across, source, scratch)
  return (offset) => moved(fn, scratch, [[offset, piece.size * bytes]])
}

/** Row-major strides of a packed panel of so many elements a step. */
const packedSteps = (box: readonly number[], width: number): readonly number[] =>
  stridesOf(box).map((stride) => stride * width)

const emitStripe = (
  nest: Nest,
  piece: PieceRun,
  at: Pointers,
  rows: Rows,
  group: Group,
  rowsOfA: PlaceOfRow,
  columnsOfB: (offset: Index) => Value,
): void => {
  const { fn, kernel, plan, epilogue } = nest
  const { dtype } = kernel
  const bytes = bytesOf(dtype)
  const first = indexPlus(fn, group.base, group.start)
  countedLoop(fn, 0, group.size, group.count, (offset) => {
    const column = indexPlus(fn, first, offset)
    const beside: Pointers = {
      ...at,
      b: columnsOfB(offset),
      sums: at.sums === null ? null : moved(fn, at.sums, [[column, bytes]]),
      slots: epilogue.slots.map((s, i) => moved(fn, at.slots[i] as Value, [[column, s.column * bytesOf(s.dtype)]])),
    }
    overPanels(fn, rows, plan.rows, (period, within, row, height) => {
      const a = plan.packA ? packedSteps(piece.box, height) : stepsOf(plan.a, piece.box)
      const b = plan.modeB === 'packed' ? packedSteps(piece.box, group.size) : stepsOf(plan.b, piece.box)
      const form: BlockForm = {
        dtype,
        rows: height,
        columns: group.size,
        depth: levelsOf(piece.box, a, b),
        offsets: plan.packA ? Array.from({ length: height }, (_, r) => r) : offsetsOf(plan.rows, within, height),
        across: plan.modeB === 'packed' ? 1 : lastStride(plan.columns.low),
        transposed: plan.modeB === 'transposed',
        sums: piece.continues || !piece.last ? plan.n : 0,
        continues: piece.continues,
        last: piece.last,
      }
      emitOneBlock(nest, form, { ...beside, a: rowsOfA(period, within, row) }, row, column)
    })
  })
}

/** `at`: a and b at the block, the others at its column. */
const emitOneBlock = (nest: Nest, form: BlockForm, at: Pointers, row: Index, column: Index): void => {
  const { fn, kernel, plan, epilogue } = nest
  const partial = form.continues || !form.last
  const slots = epilogue.slots.map((slot, i) =>
    moved(fn, at.slots[i] as Value, [[row, slot.row * bytesOf(slot.dtype)]]),
  )
  const indices = epilogue.axes.map((axis) => {
    const index = axis === epilogue.rowAxis ? row : axis === epilogue.columnAxis ? column : (at.batch[axis] as Index)
    return indexValue(fn, index)
  })
  const pointers = {
    a: at.a,
    b: at.b,
    sums: partial && at.sums !== null ? moved(fn, at.sums, [[row, plan.n * bytesOf(kernel.dtype)]]) : null,
    slots: form.last ? slots : [],
    indices: form.last ? indices : [],
  }
  const alone = [plan.rows, plan.columns].every(
    ({ periods, runs }) => periods === 1 && runs.length === 1 && runs[0]?.count === 1,
  )
  if (alone) emitBlock(fn, form, epilogue, pointers)
  else callBlock(fn, blockFunction(fn.context, form, epilogue), pointers)
}
