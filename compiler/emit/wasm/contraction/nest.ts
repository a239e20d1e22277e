/**
 * The loops over rows and columns of one piece of k. In: a schedule and where the pointers are. Out: their code.
 * Invariant: outermost are blocks of rows (all, or those that are packed together), then groups of column panels (packed
 * together), stripes of rows (A stays in the cache, or the epilogue's memory is passed in order), panels, and register
 * blocks. A loop of one round is none.
 */
import { bytesOf } from '../../../../src/core/dtype.ts'
import { stridesOf } from '../../../../src/core/shape.ts'
import type { ContractionKernel } from '../../../kernel/kernel.ts'
import type { FunctionBuilder, Node, Value } from '../function.ts'
import { type BlockForm, blockFunction, callBlock, emitBlock, levelsOf, type Special } from './block.ts'
import { partsOf, periodEdges, pieceStart, rowEdges, type Steps, stepsThere } from './edges.ts'
import type { Epilogue } from './epilogue.ts'
import { columnSumsFunction, panelsTogether } from './sums.ts'
import { chunkedLoop, countedLoop, whereZero } from './loops.ts'
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
  /** Where the sums of columns go. */
  readonly columnSums: Value | null
  readonly slots: readonly Value[]
  readonly batch: readonly Index[]
  /** The first step of the piece. */
  readonly k: Index
  /** Of a part of the rows (or columns): their axis among the kernel's, and the first of them; null where all are there. */
  readonly base: { readonly axis: number; readonly start: Value } | null
}

/** Panels of `size` rows or columns one behind the other, the first at index `start` of its period. */
interface Stretch extends Run {
  readonly start: Index
  /** A panel of rows that is as all of these are, by its first row. */
  readonly origin: number
}

/** Some of the rows: the same stretches in so many periods from the `first` on. */
interface Rows {
  readonly first: Index
  readonly periods: number
  readonly stretches: readonly Stretch[]
}

const placed = (runs: readonly Run[]): readonly (Stretch & { readonly start: number })[] => {
  let start = 0
  return runs.map((run) => {
    const from = start
    start += run.size * run.count
    return { ...run, start: from, origin: from }
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
  for (const { size, count, start, origin } of stretches)
    chunkedLoop(fn, count, Math.max(1, Math.floor(limit / size)), (index, length) =>
      body({ first, periods, stretches: [{ size, count: length, start: scaledFrom(fn, start, index, size), origin }] }),
    )
}

/** start + index·size */
const scaledFrom = (fn: FunctionBuilder, start: Index, index: Index, size: number): Index => {
  if (typeof index === 'number') return indexPlus(fn, start, index * size)
  return typeof start === 'number'
    ? indexValue(fn, moved(fn, fn.i32(start), [[index, size]]))
    : moved(fn, start, [[index, size]])
}

/** A panel of rows: its period, its first row within that and counted through from the very first, how many rows. */
interface RowPanel {
  readonly period: Index
  readonly within: Index
  readonly row: Index
  readonly height: number
  readonly origin: number
}

/** Row panels, each with what `enter` has made of its period. */
const overPanels = <T>(
  fn: FunctionBuilder,
  { first, periods, stretches }: Rows,
  { extent }: Axis,
  enter: (period: Index) => T,
  body: (panel: RowPanel, entered: T) => void,
): void =>
  countedLoop(fn, 0, 1, periods, (next) => {
    const period = indexPlus(fn, first, next)
    const base = scaledFrom(fn, 0, period, extent)
    const entered = enter(period)
    for (const { size, start, count, origin } of stretches) {
      const at = (within: Index): void =>
        body({ period, within, row: indexPlus(fn, base, within), height: size, origin }, entered)
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
  // all columns in one group are packed once for all rows
  if (plan.modeB === 'packed' && plan.isOneGroup)
    overColumns((group) => {
      const columnsOfB = packGroup(nest, piece, group)
      sumColumns(nest, piece, at, [], group, columnsOfB)
      overRows((part) => stripes(part, group, packRows(nest, piece, at, part), columnsOfB))
    })
  else
    overRows((part) => {
      const rowsOfA = packRows(nest, piece, at, part)
      overColumns((group) => {
        const columnsOfB = packGroup(nest, piece, group)
        sumColumns(nest, piece, at, [part.first, part.stretches[0]?.start ?? 0], group, columnsOfB)
        stripes(part, group, rowsOfA, columnsOfB)
      })
    })
}

/** Column panels that are packed together: those of a stretch, and where the first column of their period lies. */
interface Group extends Stretch {
  readonly period: Index
  readonly source: Value
  readonly base: Index
}

const overGroups = ({ fn, kernel, plan }: Nest, at: Pointers, body: (group: Group) => void): void => {
  const { high, extent, periods, runs } = plan.columns
  countedLoop(fn, 0, 1, periods, (next) => {
    const source = walked(fn, at.b, high, next, bytesOf(kernel.dtype))
    const base = scaledFrom(fn, 0, next, extent)
    for (const columns of placed(runs))
      chunkedLoop(fn, columns.count, plan.groupPanels, (first, count) => {
        const start = scaledFrom(fn, columns.start, first, columns.size)
        body({ size: columns.size, start, count, origin: columns.origin, period: next, source, base })
      })
  })
}

/** Where the rows from a given one on are read: by its period, its place in it, and the row itself. */
type PlaceOfRow = (period: Index, within: Index, row: Index) => Value

const stepsOf = ({ step }: Side, box: readonly number[]): readonly number[] =>
  step.slice(step.length - box.length).map((digit) => digit.stride)

/** Packs the rows, if they are to be packed. Out: where they are read. */
const packRows = (nest: Nest, piece: PieceRun, at: Pointers, rows: Rows): PlaceOfRow => {
  const { fn, kernel, plan } = nest
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
    const there = stepsOfPeriod(nest, piece, at.k, plan.a, period)
    for (const { size, count, start: from } of rows.stretches) {
      const counted = there.map(({ inner }) => inner)
      const panel = { dtype: kernel.dtype, depth, counted, offsets: offsetsOf(plan.rows, from, size) }
      const row = indexPlus(fn, base, from)
      const source = ahead(nest, inPlace(period, from, row), there, stepsOf(plan.a, piece.box))
      const destination = ahead(nest, packed(row), there, packedSteps(piece.box, size))
      packPanels(
        fn,
        panel,
        count,
        size * lastStride(plan.rows.low),
        source,
        destination,
        there.map((s) => s.count),
      )
    }
  })
  return (_period, _within, row) => packed(row)
}

/** Packs a group of column panels, if they are to be packed. Out: where the panel `offset` columns on is read. */
const packGroup = (
  { fn, kernel, plan }: Nest,
  piece: PieceRun,
  { size, start, count, source: from }: Group,
): ((offset: Index) => Value) => {
  const bytes = bytesOf(kernel.dtype)
  const across = lastStride(plan.columns.low)
  const source = withinPeriod(fn, plan.columns, from, start, bytes)
  if (plan.modeB !== 'packed') return (offset) => moved(fn, source, [[offset, across * bytes]])
  const scratch = fn.param(kernel.buffers.length)
  const depth = walkOf(piece.box, stepsOf(plan.b, piece.box))
  const panel = { dtype: kernel.dtype, depth, counted: [], offsets: offsetsOf(plan.columns, start, size) }
  packPanels(fn, panel, count, size * across, source, scratch, [])
  return (offset) => moved(fn, scratch, [[offset, piece.size * bytes]])
}

/** Sums the columns of a group, if anybody wants that: in the first part of the rows, where all of these indices are 0. */
const sumColumns = (
  { fn, kernel, plan }: Nest,
  piece: PieceRun,
  { columnSums, base }: Pointers,
  part: readonly Index[],
  group: Group,
  columnsOfB: (offset: Index) => Value,
): void => {
  if (columnSums === null) return
  const { size, start, count } = group
  const bytes = bytesOf(kernel.dtype)
  const isPacked = plan.modeB === 'packed'
  const panel = {
    dtype: kernel.dtype,
    depth: isPacked ? [{ extent: piece.size, stride: size }] : walkOf(piece.box, stepsOf(plan.b, piece.box)),
    size,
    apart: isPacked ? size * piece.size : size,
    continues: piece.continues,
  }
  const to = moved(fn, columnSums, [[indexPlus(fn, group.base, start), bytes]])
  const isFirst = base?.axis === kernel.batch.length ? [...part, base.start] : part
  whereZero(fn, isFirst, () =>
    chunkedLoop(fn, count, panelsTogether(panel), (first, panels) => {
      const offset = scaledFrom(fn, 0, first, size)
      const name = columnSumsFunction(fn.context, panel, panels)
      const args = [columnsOfB(offset), moved(fn, to, [[offset, bytes]])]
      fn.effect(args, (nodes) => fn.module.call(name, nodes as Node[], fn.context.binaryen.none))
    }),
  )
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
  const ofGroup = stepsOfPeriod(nest, piece, at.k, plan.b, group.period)
  countedLoop(fn, 0, group.size, group.count, (offset) => {
    const column = indexPlus(fn, first, offset)
    const beside: Pointers = {
      ...at,
      b: columnsOfB(offset),
      sums: at.sums === null ? null : moved(fn, at.sums, [[column, bytes]]),
      slots: epilogue.slots.map((s, i) => moved(fn, at.slots[i] as Value, [[column, s.column * bytesOf(s.dtype)]])),
    }
    const enter = (period: Index): readonly Steps[] => [...ofGroup, ...stepsOfPeriod(nest, piece, at.k, plan.a, period)]
    overPanels(fn, rows, plan.rows, enter, ({ period, within, row, height, origin }, counted) => {
      const a = plan.packA ? packedSteps(piece.box, height) : stepsOf(plan.a, piece.box)
      const b = plan.modeB === 'packed' ? packedSteps(piece.box, group.size) : stepsOf(plan.b, piece.box)
      const special = new Map<number, Special>(counted.map(({ inner }, i) => [inner, { counted: i }]))
      for (const e of rowEdges(plan.a)) {
        const first = pieceStart(fn, kernel, e.inner, at.k)
        const whole = piece.box[e.inner] === kernel.inner[e.inner]
        const parts = partsOf(e, origin, height, whole ? 0 : (first as number), piece.box[e.inner] as number)
        if (parts !== null) special.set(e.inner, { parts })
      }
      const form: BlockForm = {
        dtype,
        rows: height,
        columns: group.size,
        depth: levelsOf(piece.box, a, b, special),
        offsets: plan.packA ? Array.from({ length: height }, (_, r) => r) : offsetsOf(plan.rows, within, height),
        across: plan.modeB === 'packed' ? 1 : lastStride(plan.columns.low),
        transposed: plan.modeB === 'transposed',
        sums: piece.continues || !piece.last ? plan.n : 0,
        continues: piece.continues,
        last: piece.last,
      }
      const block = {
        ...beside,
        a: ahead(nest, rowsOfA(period, within, row), counted, a),
        b: ahead(nest, beside.b, counted, b),
      }
      emitOneBlock(nest, form, block, row, column, counted)
    })
  })
}

/** A pointer moved to the first steps that are there. */
const ahead = ({ fn, kernel }: Nest, pointer: Value, there: readonly Steps[], steps: readonly number[]): Value =>
  moved(
    fn,
    pointer,
    there.map(({ inner, first }) => [first, (steps[inner] as number) * bytesOf(kernel.dtype)]),
  )

/** The steps of k that windows of a period have, for each of its side's edges. */
const stepsOfPeriod = (
  { fn, kernel }: Nest,
  { box }: PieceRun,
  k: Index,
  side: Side,
  period: Index,
): readonly Steps[] =>
  periodEdges(side).map((e) =>
    stepsThere(
      fn,
      e,
      side.across.slice(0, -1),
      period,
      box[e.inner] === kernel.inner[e.inner] ? 0 : pieceStart(fn, kernel, e.inner, k),
      box[e.inner] as number,
    ),
  )

/** `at`: a and b at the block, the others at its column. */
const emitOneBlock = (
  nest: Nest,
  form: BlockForm,
  at: Pointers,
  row: Index,
  column: Index,
  counted: readonly Steps[],
): void => {
  const { fn, kernel, plan, epilogue } = nest
  const partial = form.continues || !form.last
  const slots = epilogue.slots.map((slot, i) =>
    moved(fn, at.slots[i] as Value, [[row, slot.row * bytesOf(slot.dtype)]]),
  )
  const indices = epilogue.axes.map((axis) => {
    const index = axis === epilogue.rowAxis ? row : axis === epilogue.columnAxis ? column : (at.batch[axis] as Index)
    return indexValue(fn, at.base?.axis === axis ? indexPlus(fn, index, at.base.start) : index)
  })
  const pointers = {
    a: at.a,
    b: at.b,
    sums: partial && at.sums !== null ? moved(fn, at.sums, [[row, plan.n * bytesOf(kernel.dtype)]]) : null,
    slots: form.last ? slots : [],
    indices: form.last ? indices : [],
    counts: counted.map(({ count }) => count),
  }
  const alone = [plan.rows, plan.columns].every(
    ({ periods, runs }) => periods === 1 && runs.length === 1 && runs[0]?.count === 1,
  )
  if (alone) emitBlock(fn, form, epilogue, pointers)
  else callBlock(fn, blockFunction(fn.context, form, epilogue), pointers)
}
