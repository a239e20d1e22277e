/**
 * How a contraction is tiled. In: a ContractionKernel and the kind of SIMD. Out: a Schedule: which side the vectors run
 * along, the register blocks, what is packed and how much scratch that takes.
 * Invariant: a schedule never changes a bit of the result; the order of each sum is the Kernel's.
 */
import { bytesOf } from '../../../../src/core/dtype.ts'
import type { Access, ContractionKernel, Operand } from '../../../kernel/kernel.ts'
import { chooseTile, type Run, split, type Tile } from './tile.ts'

export type Simd = 'plain' | 'relaxed'

/** What is chosen by measure, unless given. For benchmarks, and for tests that take the rarer roads. */
export interface Tuning {
  readonly tile?: Tile
  readonly packA?: boolean
  readonly packB?: boolean
  /** Rows of A that stay in the cache while all columns pass; a multiple of the tile's rows is best. */
  readonly blockRows?: number
  /** Column panels that are packed together. */
  readonly groupPanels?: number
  /** Rows that a group of columns passes before the next rows. */
  readonly stripeRows?: number
}

/** An operand as the oriented product sees it; strides in elements, 0 along an extent of 1. */
export interface Side {
  readonly operand: Operand
  /** Stride along the rows (of A) or the columns (of B). */
  readonly across: number
  /** Stride along k. */
  readonly step: number
}

/**
 * How the vectors of B are had: `direct`, B's columns lie side by side; `packed`, copied panel by panel into scratch;
 * `transposed`, k lies side by side and each block of 4x4 is turned in registers.
 */
export type Mode = 'direct' | 'packed' | 'transposed'

/** Consecutive pieces of k that are treated alike. */
export interface PieceRun extends Run {
  /** The sum goes on from the running one. */
  readonly continues: boolean
  /** The sum is finished: the epilogue follows. */
  readonly last: boolean
}

export interface Schedule {
  /** The vectors run along i: C = (Bᵀ·Aᵀ)ᵀ, with A and B in each other's place. */
  readonly swapped: boolean
  readonly m: number
  readonly n: number
  readonly a: Side
  readonly b: Side
  readonly lanes: 2 | 4
  readonly rows: readonly Run[]
  /** In elements; only the last may end inside a vector. */
  readonly columns: readonly Run[]
  readonly pieces: readonly PieceRun[]
  readonly packA: boolean
  readonly modeB: Mode
  readonly blockRows: number
  readonly groupPanels: number
  readonly stripeRows: number
  /** Byte offset of the packed A within the scratch (B's panel comes first), and the size of both. */
  readonly scratchA: number
  readonly scratchBytes: number
}

/** The strides of an access along the oriented rows and columns. */
export const orient = (kernel: ContractionKernel, swapped: boolean, access: Access) => {
  const at = kernel.batch.length
  const i = kernel.m === 1 ? 0 : (access.strides[at] ?? 0)
  const j = kernel.n === 1 ? 0 : (access.strides[at + 1] ?? 0)
  return swapped ? { row: j, column: i } : { row: i, column: j }
}

interface Oriented {
  readonly swapped: boolean
  readonly m: number
  readonly n: number
  readonly a: Side
  readonly b: Side
}

const orientations = (kernel: ContractionKernel): readonly [Oriented, Oriented] => {
  const { m, n, k } = kernel
  const along = (extent: number, stride: number): number => (extent === 1 ? 0 : stride)
  const a: Side = { operand: kernel.a, across: along(m, kernel.a.row), step: along(k, kernel.a.col) }
  const b: Side = { operand: kernel.b, across: along(n, kernel.b.col), step: along(k, kernel.b.row) }
  return [
    { swapped: false, m, n, a, b },
    { swapped: true, m: n, n: m, a: b, b: a },
  ]
}

const accessesOf = (kernel: ContractionKernel): readonly Access[] => [
  ...kernel.body.flatMap((x) => (x.tag === 'load' ? [x.access] : [])),
  ...kernel.stores.map((s) => s.access),
]

/** An access to a vector whose lanes do not lie side by side takes as many instructions as it has lanes, and more. */
const epilogueCost = (kernel: ContractionKernel, o: Oriented, lanes: number): number =>
  accessesOf(kernel).reduce((sum, access) => {
    const { column } = orient(kernel, o.swapped, access)
    return sum + (column === 0 || column === 1 ? 1 : 2 * lanes)
  }, 0)

/** Whether the epilogue moves so much memory (an optimizer's update) that it had better pass it in order. */
const isHeavy = (kernel: ContractionKernel): boolean =>
  accessesOf(kernel).filter((access) => orient(kernel, false, access).row !== 0).length >= 4

/** In vector instructions: the products, turning or gathering B, the epilogue. */
const cost = (kernel: ContractionKernel, o: Oriented, lanes: number): number => {
  const vectors = Math.ceil(o.n / lanes)
  const beside = o.b.across === 1 || o.n === 1 ? 0 : o.b.step === 1 ? 2 : 2 * lanes
  return o.m * vectors * (kernel.k + epilogueCost(kernel, o, lanes)) + vectors * kernel.k * beside
}

const pieceRuns = (pieces: readonly number[]): readonly PieceRun[] => {
  if (pieces.length === 0) return [{ size: 0, count: 1, continues: false, last: true }]
  const runs: PieceRun[] = []
  pieces.forEach((size, i) => {
    const continues = i > 0
    const last = i === pieces.length - 1
    const before = runs[runs.length - 1]
    if (before !== undefined && before.size === size && before.continues === continues && before.last === last)
      runs[runs.length - 1] = { ...before, count: before.count + 1 }
    else runs.push({ size, count: 1, continues, last })
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

/** Steps of k over more pages than the first table of addresses holds, or all into the same lines of the cache. */
const isFar = (stepBytes: number, depth: number): boolean =>
  Math.abs(stepBytes) * depth >= 192 * 1024 || (stepBytes !== 0 && stepBytes % 4096 === 0 && depth >= 16)

/** A block of A that stays in the second cache while the columns of B pass. */
const BLOCK = 512 * 1024

/** Packed columns of B that stay in the second cache while the rows of A pass. */
const GROUP = 256 * 1024

export const schedule = (kernel: ContractionKernel, simd: Simd, tuning: Tuning = {}): Schedule => {
  const bytes = bytesOf(kernel.dtype)
  const lanes = bytes === 8 ? 2 : 4
  const [straight, turned] = orientations(kernel)
  const o = cost(kernel, turned, lanes) < cost(kernel, straight, lanes) ? turned : straight
  const depth = kernel.pieces.reduce((size, piece) => Math.max(size, piece), 0)

  const beside = o.b.across === 1 || o.n === 1
  const turnable = !beside && (o.b.step === 1 || kernel.k === 1)
  const widest = turnable && o.m <= FEW_ROWS ? 2 : Number.POSITIVE_INFINITY
  const tile = tuning.tile ?? chooseTile(simd, o.m, Math.ceil(o.n / lanes), depth, widest)
  const rows = split(o.m, tile.rows)
  const columns = columnRuns(o.n, tile.vectors, lanes)

  const reusesB = panels(rows)
  const reusesA = panels(columns)
  const far = (side: Side): boolean => isFar(side.step * bytes, depth)
  const wantsB = beside ? reusesB >= 8 && far(o.b) : reusesB > 2 || (reusesB === 2 && depth * o.n > 1024)
  const wantsA = reusesA >= 8 && far(o.a)
  const packB = depth > 0 && ((tuning.packB ?? wantsB) || !(beside || turnable))
  const packA = depth > 0 && (tuning.packA ?? wantsA)
  const modeB: Mode = packB ? 'packed' : beside ? 'direct' : 'transposed'

  const blockRows = Math.max(tuning.blockRows ?? Math.floor(BLOCK / (Math.max(depth, 1) * bytes)), tile.rows)
  const panelBytes = Math.max(depth, 1) * Math.ceil(largest(columns) / lanes) * lanes * bytes
  const most = columns.reduce((count, run) => Math.max(count, run.count), 1)
  const groupPanels = packB ? Math.min(most, tuning.groupPanels ?? Math.max(1, Math.floor(GROUP / panelBytes))) : most
  const stripeRows = Math.max(tuning.stripeRows ?? (isHeavy(kernel) ? tile.rows : blockRows), tile.rows)
  const scratchA = packB ? aligned(groupPanels * panelBytes) + 16 : 0
  const scratchBytes = scratchA + (packA ? aligned(depth * Math.min(blockRows, o.m) * bytes) + 16 : 0)
  const pieces = pieceRuns(kernel.pieces)
  return {
    ...o,
    lanes,
    rows,
    columns,
    pieces,
    packA,
    modeB,
    blockRows,
    groupPanels,
    stripeRows,
    scratchA,
    scratchBytes,
  }
}

/** Bytes of packing scratch that the kernel's function is to be given. */
export const contractionScratch = (kernel: ContractionKernel, simd: Simd, tuning: Tuning = {}): number =>
  schedule(kernel, simd, tuning).scratchBytes
