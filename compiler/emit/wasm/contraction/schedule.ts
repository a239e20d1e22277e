/**
 * How a contraction is tiled. In: a ContractionKernel and the kind of SIMD. Out: a Schedule: which side the vectors run
 * along, the register blocks, what is packed and how much scratch that takes.
 * Invariant: a schedule never changes a bit of the result; the order of each sum is the Kernel's.
 */
import { bytesOf } from '../../../../src/core/dtype.ts'
import { InternalError } from '../../../../src/core/errors.ts'
import { equalShapes } from '../../../../src/core/shape.ts'
import type { ContractionKernel } from '../../../kernel/kernel.ts'
import { boxOf } from '../../../kernel/pieces.ts'
import { alike, rowEdges } from './edges.ts'
import { isHeavy, type Oriented, orientation } from './orientation.ts'
import { chooseTile, type Run, split, type Tile } from './tile.ts'
import { type Axis, axisOf, lastStride } from './walk.ts'

export type Simd = 'plain' | 'relaxed'

/** What is chosen by measure, unless given. For benchmarks, and for tests that take the rarer roads. */
export interface Tuning {
  readonly tile?: Tile
  readonly packA?: boolean
  readonly packB?: boolean
  /** Rows of A that are packed together, and for which columns are; a multiple of the tile's rows is best. */
  readonly blockRows?: number
  /** Column panels that are packed together. */
  readonly groupPanels?: number
  /** Rows that a group of columns passes before the next rows: they stay in the cache. */
  readonly stripeRows?: number
}

/**
 * How the vectors of B are had: `direct`, B's columns lie side by side; `packed`, copied panel by panel into scratch;
 * `transposed`, k lies side by side and each block of 4x4 is turned in registers.
 */
export type Mode = 'direct' | 'packed' | 'transposed'

/** Consecutive pieces of k that are treated alike. */
export interface PieceRun extends Run {
  /** How many values of each digit of k a piece walks through, the highest first. */
  readonly box: readonly number[]
  /** The sum goes on from the running one. */
  readonly continues: boolean
  /** The sum is finished: the epilogue follows. */
  readonly last: boolean
}

export interface Schedule extends Oriented {
  readonly rows: Axis
  /** In elements; only the last of a period may end inside a vector. */
  readonly columns: Axis
  readonly pieces: readonly PieceRun[]
  readonly packA: boolean
  readonly modeB: Mode
  readonly blockRows: number
  readonly groupPanels: number
  /** All columns are packed together. */
  readonly isOneGroup: boolean
  readonly stripeRows: number
  /** Byte offset of the packed A within the scratch (B's panel comes first), and the size of both. */
  readonly scratchA: number
  readonly scratchBytes: number
}

const pieceRuns = ({ pieces, inner }: ContractionKernel): readonly PieceRun[] => {
  if (pieces.length === 0) return [{ size: 0, count: 1, box: [0], continues: false, last: true }]
  const digits = inner.length
  const runs: PieceRun[] = []
  let from = 0
  pieces.forEach((size, i) => {
    const continues = i > 0
    const last = i === pieces.length - 1
    const lower = boxOf(inner, from, size)
    if (lower === null) throw new InternalError(`a piece of ${size} is no box of the digits ${inner.join(' x ')}`)
    const box = [...new Array<number>(digits - lower.length).fill(1), ...lower]
    const before = runs[runs.length - 1]
    const alike = before?.size === size && before.continues === continues && before.last === last
    if (before !== undefined && alike && equalShapes(before.box, box))
      runs[runs.length - 1] = { ...before, count: before.count + 1 }
    else runs.push({ size, count: 1, box, continues, last })
    from += size
  })
  return runs
}

/** Runs of whole vectors, in elements; what is left of the last vector makes a run of its own. */
const columnRuns = (n: number, vectors: number, lanes: number): readonly Run[] => {
  const runs = split(Math.ceil(n / lanes), vectors).map((run) => ({ size: run.size * lanes, count: run.count }))
  const surplus = Math.ceil(n / lanes) * lanes - n
  const last = runs[runs.length - 1]
  if (surplus === 0 || last === undefined) return runs
  return [...runs.slice(0, -1), { ...last, count: last.count - 1 }, { size: last.size - surplus, count: 1 }].filter(
    (run) => run.count > 0,
  )
}

const panels = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + run.count, 0)
const largest = (runs: readonly Run[]): number => runs.reduce((size, run) => Math.max(size, run.size), 0)
const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16

/** So few rows turn B in registers; more than two vectors of it at once would not fit there. */
const FEW_ROWS = 8

/**
 * Whether an operand read in place, step of k after step, does not stay near: over more pages than the first table of
 * addresses holds, or into so few sets of the nearest cache (64, of lines of 64 bytes) that they overflow with `ways`
 * lines each. Steps of 2ᵉ·odd lines reach every 2ᵉ-th set.
 */
const isFar = (stepBytes: number, depth: number, ways: number): boolean => {
  const step = Math.abs(stepBytes)
  if (step * depth >= 192 * 1024) return true
  const lines = step / 64
  return lines >= 1 && Number.isInteger(lines) && depth > ways * Math.max(1, 64 / (lines & -lines))
}

interface Packing {
  readonly packA: boolean
  readonly modeB: Mode
}

const packing = (
  o: Oriented,
  isSummed: boolean,
  depth: number,
  rowPanels: number,
  columnPanels: number,
  tuning: Tuning,
): Packing => {
  const bytes = 16 / o.lanes
  // Where A too strides along k, both must share the cache; where it does not, a miss of B is soon made good.
  const [stepA, stepB] = [lastStride(o.a.step) * bytes, lastStride(o.b.step) * bytes]
  const strided = Math.abs(stepA) >= 64
  const wantsA = columnPanels >= 8 && isFar(stepA, depth, 8)
  const wantsB = o.direct
    ? rowPanels >= 8 && isFar(stepB, depth, strided ? 8 : 31)
    : rowPanels > 2 || (rowPanels === 2 && depth * o.n > 1024)
  const isWhole = (o.b.operand.edges ?? []).length === 0
  // columns are summed where they lie side by side
  const packB = depth > 0 && isWhole && ((tuning.packB ?? wantsB) || !(o.direct || (o.turnable && !isSummed)))
  return {
    packA: depth > 0 && rowEdges(o.a).length === 0 && (tuning.packA ?? wantsA),
    modeB: packB ? 'packed' : o.direct ? 'direct' : 'transposed',
  }
}

/** Rows, and columns that are packed, of which a digit has fewer are cut into blocks together with those of the digits above. */
const PERIOD = 8

/** A block of A that stays in the second cache while columns of B pass. */
const BLOCK = 256 * 1024

/** Packed columns of B that stay there beside all of A, or beside a block of it where A is larger than that. */
const GROUP = 256 * 1024
const LARGE_GROUP = 1024 * 1024

/** So much of A may stay in the second cache from one group of columns to the next. */
const NEAR = 1024 * 1024

/** So much of A is packed at once, so that B is packed once for it. */
const PACKED = 6 * 1024 * 1024

/** The length of even parts, of at most so many each (one at the least). */
const even = (count: number, most: number): number =>
  Math.ceil(count / Math.max(1, Math.ceil(count / Math.max(1, Math.floor(most)))))

export const schedule = (kernel: ContractionKernel, simd: Simd, tuning: Tuning = {}): Schedule => {
  const o = orientation(kernel)
  const { lanes } = o
  const depth = kernel.pieces.reduce((size, piece) => Math.max(size, piece), 0)
  const widest = o.turnable && o.m <= FEW_ROWS ? 2 : Number.POSITIVE_INFINITY
  const vectors = (extent: number): number => Math.ceil(extent / lanes)
  // What is read in place is so along the last digit; what is packed need not be.
  const wide = axisOf(o.b.across, o.direct ? 1 : PERIOD, () => [])
  const edges = rowEdges(o.a)
  const fewest = (o.a.operand.edges ?? []).length > 0 ? 1 : PERIOD
  const tall = axisOf(o.a.across, fewest, () => [])
  const tile = tuning.tile ?? chooseTile(simd, tall.extent, vectors(wide.extent), depth, widest)
  const rows = axisOf(o.a.across, fewest, (extent) => alike(split(extent, tile.rows), edges, kernel.inner))
  const columns = axisOf(o.b.across, o.direct ? 1 : PERIOD, (extent) => columnRuns(extent, tile.vectors, lanes))
  const { packA, modeB } = packing(
    o,
    kernel.columnSums !== undefined,
    depth,
    rows.periods * panels(rows.runs),
    columns.periods * panels(columns.runs),
    tuning,
  )

  const stepBytes = Math.max(depth, 1) * bytesOf(kernel.dtype)
  const panelBytes = stepBytes * Math.ceil(largest(columns.runs) / lanes) * lanes
  const most = columns.runs.reduce((count, run) => Math.max(count, run.count), 1)
  const group = o.m * stepBytes > NEAR ? LARGE_GROUP : GROUP
  const packedPanels = Math.min(most, tuning.groupPanels ?? even(most, group / panelBytes))
  const isOneGroup = columns.periods === 1 && columns.runs.length === 1 && packedPanels === most
  const least = rows.low.length > 1 ? rows.extent : tile.rows
  /** Rows in even parts of at most so many bytes. */
  const inParts = (bytes: number): number =>
    Math.max(even(Math.ceil(o.m / tile.rows), bytes / (stepBytes * tile.rows)) * tile.rows, least)
  const blockRows = Math.max(tuning.blockRows ?? (packA ? inParts(isOneGroup ? BLOCK : PACKED) : o.m), least)
  const stripeRows = Math.max(tuning.stripeRows ?? (isHeavy(kernel) ? tile.rows : inParts(BLOCK)), tile.rows)
  const scratchA = modeB === 'packed' ? aligned(packedPanels * panelBytes) + 16 : 0
  return {
    ...o,
    rows,
    columns,
    pieces: pieceRuns(kernel),
    packA,
    modeB,
    blockRows,
    groupPanels: modeB === 'packed' ? packedPanels : most,
    isOneGroup,
    stripeRows,
    scratchA,
    scratchBytes: scratchA + (packA ? aligned(stepBytes * Math.min(blockRows, o.m)) + 16 : 0),
  }
}

/** Bytes of packing scratch that the kernel's function is to be given. */
export const contractionScratch = (kernel: ContractionKernel, simd: Simd, tuning: Tuning = {}): number =>
  schedule(kernel, simd, tuning).scratchBytes
