/**
 * Reductions of columns row by row. In: a loop kernel whose vectors run along its last outer dim. Out: the same work as kernels
 * that read rows one after the other, a block of columns wide, and keep what the columns have come to in scratch; null where
 * walking down a few columns at a time is as good.
 * Invariant: each column adds its elements in the order that the kernel says, so no bit changes. The outer dims keep their
 * places, so that what runs a part of the kernel runs a part of these.
 */
import { bytesOf, type DType } from '../../../src/core/dtype.ts'
import { instructionsOf } from '../../kernel/effort.ts'
import type { Access, Instr, KernelBuffer, LoopKernel, Stage, Store, Value } from '../../kernel/kernel.ts'
import { accessesOf, mapAccesses, withArgs } from '../../kernel/operands.ts'

/** Columns of a block: what they have come to stays in the nearest cache, and a row of the block is a run of whole pages. */
const WIDTH = 2048

/**
 * Rows that a block adds at once, so that what its columns have come to is loaded and stored once for all of them; fewer where
 * that would be more than so many instructions, among which a load and a store do not show.
 */
const TOGETHER = { rows: 8, instructions: 32 }

/** Less than this many bytes lie in the nearest cache, whose lines may be read in any order. */
const FAR = 16 * 1024

/** Bytes of a row that are walked down at once where columns are not run row by row: where these are all, nothing is gained. */
const STRIPE = 128

const product = (extents: readonly number[]): number => extents.reduce((n, d) => n * d, 1)

/** The value that a column begins with, and the op that joins another one to it. */
const joins = { sum: { op: 'add', identity: 0 }, prod: { op: 'mul', identity: 1 } } as const

/** The row values that a later stage asks for, as the numbers of their places in scratch. */
const keptRows = ({ stages }: LoopKernel): ReadonlyMap<number, number> => {
  const asked = stages.flatMap((s) => s.body.flatMap((i) => (i.tag === 'row' ? [i.row] : [])))
  const reduced = stages.flatMap((s) => s.reductions.map((r) => r.row))
  return new Map([...new Set([...reduced, ...asked])].map((row, place) => [row, place]))
}

/** The one dtype of what is kept; null where it is not one, or not a number. */
const dtypeOf = (k: LoopKernel): DType | null => {
  const [dtype, ...others] = new Set([...keptRows(k).keys()].map((row) => k.rows[row] as DType))
  return others.length > 0 || dtype === undefined || dtype === 'bool' ? null : dtype
}

/** Whether the kernel can be run row by row, and its rows are far enough from one another that this pays. */
const isFar = (k: LoopKernel): boolean => {
  const column = k.outer.length - 1
  const columns = k.outer[column] ?? 0
  const whole = (s: Stage): boolean =>
    s.updates.length === 0 &&
    s.reductions.every((r) => r.combine === 'sum' || r.combine === 'prod') &&
    s.body.every((i) => i.tag !== 'index' || i.axis < column)
  const reads = k.stages.flatMap((s) =>
    s.reductions.length === 0
      ? []
      : accessesOf(s).map(({ buffer, access }) => {
          const along = access.strides[column] === 1 && access.strides.slice(column + 1).some((stride) => stride !== 0)
          const bytes = columns * bytesOf(k.buffers[buffer]?.dtype ?? 'f32')
          return along && bytes > STRIPE ? product(s.dims) * bytes : 0
        }),
  )
  return k.order === 'sequential' && columns > 1 && k.stages.every(whole) && Math.max(0, ...reads) >= FAR
}

/** How wide blocks are, and how many of them are full. */
const blocksOf = (columns: number): { readonly width: number; readonly full: number; readonly rest: number } => {
  const width = Math.min(columns, 16 * Math.ceil(columns / Math.ceil(columns / WIDTH) / 16))
  const full = Math.floor(columns / width)
  return { width, full, rest: columns - full * width }
}

const placeElements = (width: number): number => 16 * Math.ceil(width / 16)

/** n, n − 1, …, 1 */
const downFrom = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => n - i)

/** Bytes of scratch that `byRows` wants. */
export const columnScratch = (k: LoopKernel): number => {
  const dtype = dtypeOf(k)
  if (dtype === null || !isFar(k)) return 0
  return keptRows(k).size * placeElements(blocksOf(k.outer.at(-1) as number).width) * bytesOf(dtype)
}

/** The kernel as kernels over rows, whose last buffer is scratch; null where it stays as it is. */
export const byRows = (k: LoopKernel): readonly LoopKernel[] | null => {
  const dtype = dtypeOf(k)
  if (dtype === null || !isFar(k)) return null
  const { width, full, rest } = blocksOf(k.outer.at(-1) as number)
  const blocks = [
    { from: 0, width, count: full },
    ...(rest === 0 ? [] : [{ from: full * width, width: rest, count: 1 }]),
  ]
  return blocks.map((block) => overBlocks(k, dtype, placeElements(width), block))
}

interface Blocks {
  readonly from: number
  readonly width: number
  readonly count: number
}

/**
 * Dims in scope: the outer ones, the last of which stays where a part of the kernel begins; the block; those of the stage; the
 * column within the block.
 */
const overBlocks = (k: LoopKernel, dtype: DType, apart: number, { from, width, count }: Blocks): LoopKernel => {
  const outer = k.outer.length
  const rank = Math.max(...k.stages.map((s) => s.dims.length))
  const places = keptRows(k)
  const scratch = k.buffers.length
  const kept: KernelBuffer = { dtype, elements: places.size * apart, mode: 'scratch', label: 'columns' }
  /** Where a kept row lies. */
  const place = (row: number): Access => ({
    offset: (places.get(row) as number) * apart,
    strides: [...new Array<number>(outer + 1 + rank).fill(0), 1],
  })
  const padded = (dims: readonly number[]): readonly number[] => [
    ...new Array<number>(rank - dims.length).fill(1),
    ...dims,
    width,
  ]
  const moved = ({ offset, strides }: Access): Access => {
    const column = strides[outer - 1] ?? 0
    const within = strides.slice(outer)
    const zeros = new Array<number>(rank - within.length).fill(0)
    const own = [...strides.slice(0, outer), column * width, ...zeros, ...within, column]
    return { offset: offset + from * column, strides: own }
  }
  const nothing = { reductions: [], rows: [], stores: [], updates: [] } as const

  /** A stage for so many of its rows at once, from one on, along its last dim. */
  const rowsOf = (s: Stage, at: number, times: number, together: number): Stage => {
    const body: Instr[] = []
    const stores: Store[] = []
    const come = s.reductions.map(
      ({ row }) => body.push({ tag: 'load', dtype, buffer: scratch, access: place(row) }) - 1,
    )
    for (let r = 0; r < together; r++) {
      const step = (access: Access): Access => {
        const strides = [...access.strides]
        const last = strides.length - 2
        const by = s.dims.length === 0 ? 0 : (strides[last] ?? 0)
        if (s.dims.length > 0) strides[last] = by * together
        return { offset: access.offset + (at + r) * by, strides }
      }
      const own = mapAccesses(mapAccesses(s, moved), step)
      const made: Value[] = []
      const valueOf = (v: Value): Value => made[v] as Value
      for (const i of own.body) {
        const kept = i.tag === 'row' ? place(i.row) : null
        made.push(
          body.push(kept === null ? withArgs(i, valueOf) : { tag: 'load', dtype, buffer: scratch, access: kept }) - 1,
        )
      }
      s.reductions.forEach(({ combine, value }, n) => {
        const { op } = joins[combine as keyof typeof joins]
        come[n] = body.push({ tag: 'apply', dtype, op, params: null, args: [come[n] as Value, valueOf(value)] }) - 1
      })
      stores.push(...own.stores.map((x) => ({ ...x, value: valueOf(x.value) })))
      for (const { row, value } of s.rows)
        if (places.has(row)) stores.push({ buffer: scratch, access: place(row), value: valueOf(value) })
    }
    s.reductions.forEach(({ row }, n) => {
      stores.push({ buffer: scratch, access: place(row), value: come[n] as Value })
    })
    const dims = s.dims.length === 0 ? [] : [...s.dims.slice(0, -1), times]
    return { ...nothing, dims: padded(dims), body, stores }
  }

  const stagesOf = (s: Stage): readonly Stage[] => {
    const extent = s.dims.at(-1) ?? 1
    const isOne = s.dims.slice(0, -1).every((d) => d === 1)
    const most = Math.max(
      1,
      Math.min(TOGETHER.rows, extent, Math.floor(TOGETHER.instructions / instructionsOf(s.body))),
    )
    // the rows of several dims come in order: as many at once as the last of them is a multiple of
    const together = isOne ? most : (downFrom(most).find((n) => extent % n === 0) ?? 1)
    const main = Math.floor(extent / together)
    const rest = extent - main * together
    const starts = s.reductions.map(({ row, combine }): Stage => {
      const { identity: value } = joins[combine as keyof typeof joins]
      const stores = [{ buffer: scratch, access: place(row), value: 0 }]
      return { ...nothing, dims: padded([]), body: [{ tag: 'literal', dtype, value }], stores }
    })
    return [...starts, rowsOf(s, 0, main, together), ...(rest === 0 ? [] : [rowsOf(s, main * together, 1, rest)])]
  }

  return {
    ...k,
    outer: [...k.outer.slice(0, -1), 1, count],
    stages: k.stages.flatMap(stagesOf),
    order: 'lanes',
    buffers: [...k.buffers, kept],
  }
}
