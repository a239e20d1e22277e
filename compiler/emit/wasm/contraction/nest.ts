/**
 * The loops over rows and columns of one piece of k. In: a schedule and where the pointers are. Out: their code.
 * Invariant: outermost are blocks of rows (A stays in the cache), then groups of column panels (packed together), stripes
 * of rows (the epilogue's memory is passed in order), panels, and register blocks. A loop of one round is none.
 */
import { bytesOf } from '../../../../src/core/dtype.ts'
import type { ContractionKernel } from '../../../kernel/kernel.ts'
import type { FunctionBuilder, Value } from '../function.ts'
import { type BlockForm, blockFunction, callBlock, emitBlock } from './block.ts'
import type { Epilogue } from './epilogue.ts'
import { chunkedLoop, countedLoop } from './loops.ts'
import type { Side } from './orientation.ts'
import { packPanels } from './pack.ts'
import { type Index, indexPlus, indexValue, moved, plus } from './pointers.ts'
import type { PieceRun, Schedule } from './schedule.ts'
import type { Run } from './tile.ts'

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

/** Panels of `size` rows or columns one behind the other, the first at index `start`. */
interface Stretch extends Run {
  readonly start: Index
}

const placed = (runs: readonly Run[]): readonly (Run & { readonly start: number })[] => {
  let start = 0
  return runs.map((run) => {
    const from = start
    start += run.size * run.count
    return { ...run, start: from }
  })
}

const extent = (rows: readonly Run[]): number => rows.reduce((sum, run) => sum + run.size * run.count, 0)

/** The rows in parts of at most `limit` rows. */
const inParts = (
  fn: FunctionBuilder,
  rows: readonly Stretch[],
  limit: number,
  body: (part: readonly Stretch[]) => void,
): void => {
  if (extent(rows) <= limit) return body(rows)
  for (const { size, count, start } of rows)
    chunkedLoop(fn, count, Math.max(1, Math.floor(limit / size)), (first, length) =>
      body([{ size, count: length, start: scaledFrom(fn, start, first, size) }]),
    )
}

/** start + index·size */
const scaledFrom = (fn: FunctionBuilder, start: Index, index: Index, size: number): Index => {
  if (typeof index === 'number') return indexPlus(fn, start, index * size)
  return typeof start === 'number'
    ? indexValue(fn, moved(fn, fn.i32(start), [[index, size]]))
    : moved(fn, start, [[index, size]])
}

const overPanels = (
  fn: FunctionBuilder,
  runs: readonly Stretch[],
  body: (index: Index, size: number) => void,
): void => {
  for (const { size, start, count } of runs)
    if (typeof start === 'number') countedLoop(fn, start, size, count, (index) => body(index, size))
    else countedLoop(fn, 0, size, count, (index) => body(indexPlus(fn, start, index), size))
}

const stridesOf = ({ across, step }: Side) => ({ across, step })

export const emitPiece = (nest: Nest, piece: PieceRun, at: Pointers): void => {
  const { fn, plan } = nest
  inParts(fn, placed(plan.rows), plan.blockRows, (rows) => {
    const rowsOfA = packRows(nest, piece.size, at, rows)
    for (const columns of placed(plan.columns))
      chunkedLoop(fn, columns.count, plan.groupPanels, (first, count) => {
        const start = scaledFrom(fn, columns.start, first, columns.size)
        const group = { size: columns.size, start, count }
        const columnsOfB = packGroup(nest, piece.size, at, group)
        inParts(fn, rows, plan.stripeRows, (stripe) => emitStripe(nest, piece, at, stripe, group, rowsOfA, columnsOfB))
      })
  })
}

/** Packs the rows, if they are to be packed. Out: where the rows from a given one on are read. */
const packRows = (
  { fn, kernel, plan }: Nest,
  depth: number,
  at: Pointers,
  rows: readonly Stretch[],
): ((row: Index) => Value) => {
  const bytes = bytesOf(kernel.dtype)
  const inPlace = (row: Index): Value => moved(fn, at.a, [[row, plan.a.across * bytes]])
  if (!plan.packA) return inPlace
  const scratch = plus(fn, fn.param(kernel.buffers.length), plan.scratchA)
  const start = moved(fn, scratch, [[rows[0]?.start ?? 0, -depth * bytes]])
  const packed = (row: Index): Value => moved(fn, start, [[row, depth * bytes]])
  for (const { size, start: row, count } of rows)
    packPanels(fn, { dtype: kernel.dtype, depth, width: size, ...stridesOf(plan.a) }, count, inPlace(row), packed(row))
  return packed
}

/** Packs a group of column panels, if they are to be packed. Out: where the panel `offset` columns on is read. */
const packGroup = (
  { fn, kernel, plan }: Nest,
  depth: number,
  at: Pointers,
  { size, start, count }: Stretch,
): ((offset: Index) => Value) => {
  const bytes = bytesOf(kernel.dtype)
  const source = moved(fn, at.b, [[start, plan.b.across * bytes]])
  if (plan.modeB !== 'packed') return (offset) => moved(fn, source, [[offset, plan.b.across * bytes]])
  const scratch = fn.param(kernel.buffers.length)
  packPanels(fn, { dtype: kernel.dtype, depth, width: size, ...stridesOf(plan.b) }, count, source, scratch)
  return (offset) => moved(fn, scratch, [[offset, depth * bytes]])
}

const emitStripe = (
  nest: Nest,
  piece: PieceRun,
  at: Pointers,
  rows: readonly Stretch[],
  group: Stretch,
  rowsOfA: (row: Index) => Value,
  columnsOfB: (offset: Index) => Value,
): void => {
  const { fn, kernel, plan, epilogue } = nest
  const { dtype } = kernel
  const bytes = bytesOf(dtype)
  countedLoop(fn, 0, group.size, group.count, (offset) => {
    const column = indexPlus(fn, group.start, offset)
    const beside: Pointers = {
      ...at,
      b: columnsOfB(offset),
      sums: at.sums === null ? null : moved(fn, at.sums, [[column, bytes]]),
      slots: epilogue.slots.map((s, i) => moved(fn, at.slots[i] as Value, [[column, s.column * bytesOf(s.dtype)]])),
    }
    overPanels(fn, rows, (row, height) => {
      const form: BlockForm = {
        dtype,
        rows: height,
        columns: group.size,
        depth: piece.size,
        a: plan.packA ? { across: 1, step: height } : stridesOf(plan.a),
        b: plan.modeB === 'packed' ? { across: 1, step: group.size } : stridesOf(plan.b),
        transposed: plan.modeB === 'transposed',
        sums: piece.continues || !piece.last ? plan.n : 0,
        continues: piece.continues,
        last: piece.last,
      }
      emitOneBlock(nest, form, { ...beside, a: rowsOfA(row) }, row, column)
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
  const alone = [plan.rows, plan.columns].every((runs) => runs.length === 1 && runs[0]?.count === 1)
  if (alone) emitBlock(fn, form, epilogue, pointers)
  else callBlock(fn, blockFunction(fn.context, form, epilogue), pointers)
}
