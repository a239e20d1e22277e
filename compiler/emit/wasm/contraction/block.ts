/**
 * The register block: a few rows of A times a few vectors of B over one piece of k, with what becomes of the sums.
 * In: its form and pointers. Out: the code in a function that is being made, or a function of its own.
 * Invariant: each element has one accumulator, from +0, k ascending; the running sum of earlier pieces comes first.
 */
import { bytesOf, type Float } from '../../../../src/core/dtype.ts'
import {
  type EmitContext,
  type FunctionBuilder,
  functionBuilder,
  type Node,
  type Value,
  type Variable,
} from '../function.ts'
import { laneMachine } from '../machine.ts'
import { storeLanes } from '../memory.ts'
import { emitEpilogue, type Epilogue } from './epilogue.ts'
import type { Part } from './edges.ts'
import { countedSteps } from './loops.ts'
import { displaced, plus } from './pointers.ts'
import { rowsTogether, vectorsTogether } from './tile.ts'
import { multiplyAdd } from '../multiply-add.ts'
import { add, loadSplat, loadVector, transpose } from './vectors.ts'

/** One digit of k: how many steps, and how far apart their elements are in A and in B. */
export interface Level {
  readonly extent: number
  readonly a: number
  readonly b: number
  /** How many steps there are is given while running, as the count of this number. */
  readonly counted?: number
  /** Steps of which only some rows have some. */
  readonly parts?: readonly Part[]
}

/** What edges make of a digit of k. */
export type Special = Pick<Level, 'counted' | 'parts'>

export interface BlockForm {
  readonly dtype: Float
  readonly rows: number
  readonly columns: number
  /** The digits of k, the highest first. */
  readonly depth: readonly Level[]
  /** Where the rows of A lie, in elements from the first one. */
  readonly offsets: readonly number[]
  /** Stride along the columns of B. */
  readonly across: number
  /** k lies side by side in B: blocks are turned in registers. */
  readonly transposed: boolean
  /** Row stride of the running sums, from which the sum goes on if `continues`, and to which it goes if not `last`. */
  readonly sums: number
  readonly continues: boolean
  readonly last: boolean
}

export interface BlockPointers {
  readonly a: Value
  readonly b: Value
  /** The running sums; null where there is one piece. */
  readonly sums: Value | null
  readonly slots: readonly Value[]
  readonly indices: readonly Value[]
  /** How many steps the counted digits of k have. */
  readonly counts: readonly Value[]
}

/** Rows of the block, each with its vectors. */
type Grid<T> = readonly (readonly T[])[]

const vectorsOf = (form: BlockForm): number => Math.ceil((form.columns * bytesOf(form.dtype)) / 16)
const lanesOf = (form: BlockForm): 2 | 4 => (form.dtype === 'f64' ? 2 : 4)

const grid = <T>(form: BlockForm, make: (row: number, vector: number) => T): Grid<T> =>
  Array.from({ length: form.rows }, (_, r) => Array.from({ length: vectorsOf(form) }, (_, v) => make(r, v)))

export const emitBlock = (fn: FunctionBuilder, form: BlockForm, epilogue: Epilogue, pointers: BlockPointers): void => {
  const zero = fn.hoisted('zero', 'v128', () => fn.module.v128.const(new Array<number>(16).fill(0)))
  const accumulators = grid(form, () => fn.variable('v128', zero))
  if (form.transposed) emitTurnedSteps(fn, form, accumulators, pointers)
  else emitSteps(fn, form, accumulators, pointers)
  emitEnd(
    fn,
    form,
    epilogue,
    accumulators.map((row) => row.map((sum) => fn.get(sum))),
    pointers,
  )
}

/** A box of digits and the strides of A and B along them, with neighbours made one where one stride does for both. */
export const levelsOf = (
  box: readonly number[],
  a: readonly number[],
  b: readonly number[],
  special: ReadonlyMap<number, Special>,
): readonly Level[] => {
  const levels: Level[] = []
  const isPlain = (level: Level): boolean => level.counted === undefined && level.parts === undefined
  box.forEach((extent, d) => {
    const level = { extent, a: a[d] as number, b: b[d] as number, ...special.get(d) }
    const above = levels.at(-1)
    if (!isPlain(level)) {
      levels.push(level)
      return
    }
    if (extent === 1 && box.length > 1 && (levels.length > 0 || d < box.length - 1)) return
    if (above !== undefined && isPlain(above) && above.a === level.a * extent && above.b === level.b * extent)
      levels[levels.length - 1] = { ...level, extent: above.extent * extent }
    else levels.push(level)
  })
  return levels
}

/** Neighbouring rows of a block. */
interface Some {
  readonly first: number
  readonly rows: number
}

/** One step of k: the element of A of each of some rows, the first `from` bytes behind `a`, times the vectors of B. */
const accumulate = (
  fn: FunctionBuilder,
  form: BlockForm,
  accumulators: Grid<Variable>,
  a: Value,
  from: number,
  b: readonly Value[],
  barrier: () => void,
  { first, rows }: Some = { first: 0, rows: form.rows },
): void => {
  const together = rowsTogether({ rows, vectors: b.length })
  accumulators.slice(first, first + rows).forEach((sums, row) => {
    if (row > 0 && row % together === 0) barrier()
    const offset = (form.offsets[first + row] as number) - (form.offsets[first] as number)
    const splat = loadSplat(fn, form.dtype, a, from + offset * bytesOf(form.dtype))
    sums.forEach((sum, v) => fn.set(sum, multiplyAdd(fn, form.dtype, splat, b[v] as Value, fn.get(sum))))
  })
}

/** What unrolled steps of k may keep alive at once, where nothing keeps the engine from loading all of it at once. */
const REGISTERS = 15

/** So few steps within an outer loop are unrolled, with a barrier before each: a loop of its own would cost as much. */
const FEW_STEPS = 8

/**
 * Steps of k in one round of the innermost loop, a barrier between them, where that many divide it. A processor foresees the end
 * of a loop of some tens of rounds and not of hundreds; a block of 128 steps takes 5 % less so. Blocks of fused
 * multiply-adds have more rows, and gain nothing.
 */
const TOGETHER = { plain: 4, relaxed: 1 } as const
const ROUNDS = 64

const divisor = (extent: number, most: number): number =>
  most > 1 && (extent % most !== 0 || extent === most) ? divisor(extent, most - 1) : most

const stepsTogether = (extent: number, most: number): number => (extent <= most * ROUNDS ? divisor(extent, most) : 1)

/** All steps of k where B's columns lie side by side: in a loop a digit, or unrolled where they are very few. */
const emitSteps = (
  fn: FunctionBuilder,
  form: BlockForm,
  accumulators: Grid<Variable>,
  pointers: BlockPointers,
): void => {
  const vectors = vectorsOf(form)
  const together = vectorsTogether({ rows: form.rows, vectors })
  const bytes = bytesOf(form.dtype)
  const over = (levels: readonly Level[], a: Value, b: Value, some: Some, outer: (() => void) | null): void => {
    const [level, ...below] = levels
    if (level === undefined) return
    const step = { a: level.a * bytes, b: level.b * bytes }
    if (level.parts !== undefined) {
      const { parts, ...whole } = level
      for (const { from, count, ...rows } of parts) {
        // a pointer is that of an element that is there: one before memory would reach beyond its end
        const ahead = from * step.a + (form.offsets[rows.first] as number) * bytes
        const steps = { ...whole, extent: count }
        over([steps, ...below], plus(fn, a, ahead), plus(fn, b, from * step.b), rows, outer)
      }
      return
    }
    const one = (a: Value, b: Value, k: number, barrier: () => void): void => {
      for (let from = 0; from < vectors; from += together) {
        if (from > 0) barrier()
        const count = Math.min(together, vectors - from)
        const row = Array.from({ length: count }, (_, v) => loadVector(fn, b, k * step.b + (from + v) * 16))
        const sums = accumulators.map((all) => all.slice(from, from + count))
        accumulate(fn, form, sums, a, k * step.a, row, barrier, some)
      }
    }
    const moving = [
      { start: a, step: step.a },
      { start: b, step: step.b },
    ]
    const steps = (body: (a: Value, b: Value, barrier: () => void) => void, together = 1): void =>
      countedSteps(
        fn,
        level.counted === undefined ? level.extent / together : (pointers.counts[level.counted] as Value),
        moving.map((p) => ({ ...p, step: p.step * together })),
        ([a, b], barrier) => body(a as Value, b as Value, barrier),
      )
    const unrolled = (count: number, a: Value, b: Value, barrier: () => void): void => {
      for (let k = 0; k < count; k++) {
        if (k > 0) barrier()
        one(a, b, k, barrier)
      }
    }
    if (level.counted !== undefined || (below.length > 0 && level.extent > 1))
      steps((a, b, barrier) => (below.length > 0 ? over(below, a, b, some, barrier) : one(a, b, 0, barrier)))
    else if (below.length > 0) over(below, a, b, some, outer)
    else if (level.extent * (some.rows + vectors) + form.rows * vectors <= REGISTERS)
      for (let k = 0; k < level.extent; k++) one(a, b, k, () => {})
    else if (outer !== null && level.extent <= FEW_STEPS) unrolled(level.extent, a, b, outer)
    else {
      const together = stepsTogether(level.extent, TOGETHER[fn.context.simd])
      steps((a, b, barrier) => unrolled(together, a, b, barrier), together)
    }
  }
  over(form.depth, pointers.a, pointers.b, { first: 0, rows: form.rows }, null)
}

/** All steps of k, which has one digit, where k lies side by side in B: as many at a time as there are lanes, turned in registers. */
const emitTurnedSteps = (
  fn: FunctionBuilder,
  form: BlockForm,
  accumulators: Grid<Variable>,
  pointers: BlockPointers,
): void => {
  const { dtype, columns, across } = form
  const [{ extent: depth, a: stepA, b: stepB }] = form.depth as readonly [Level]
  const bytes = bytesOf(dtype)
  const lanes = lanesOf(form)
  const some = (a: Value, b: Value, count: number): void => {
    const blocks = Array.from({ length: vectorsOf(form) }, (_, v) => {
      // Where there is no such column, the vector's first stands in for it: nothing is read that may not be.
      const column = (lane: number): number => (v * lanes + lane < columns ? v * lanes + lane : v * lanes)
      const read = Array.from({ length: lanes }, (_, lane) => loadVector(fn, b, column(lane) * across * bytes))
      return transpose(fn, dtype, read)
    })
    for (let k = 0; k < count; k++) {
      const row = blocks.map((block) => block[k] as Value)
      accumulate(fn, form, accumulators, a, k * stepA * bytes, row, () => {})
    }
  }
  const whole = Math.floor(depth / lanes)
  const moving = [
    { start: pointers.a, step: lanes * stepA * bytes },
    { start: pointers.b, step: lanes * stepB * bytes },
  ]
  countedSteps(fn, whole, moving, ([a, b]) => some(a as Value, b as Value, lanes))
  const [a, b] = moving.map((p) => plus(fn, p.start, whole * p.step)) as [Value, Value]
  if (depth % lanes > 0) some(a, b, depth % lanes)
}

/** The running sums come first; then the epilogue, or the sums go back. */
const emitEnd = (
  fn: FunctionBuilder,
  form: BlockForm,
  epilogue: Epilogue,
  sums: Grid<Value>,
  pointers: BlockPointers,
): void => {
  const { dtype, columns } = form
  const lanes = lanesOf(form)
  const running = (row: number, vector: number) =>
    displaced(fn, pointers.sums as Value, (row * form.sums + vector * lanes) * bytesOf(dtype))
  const total = (row: number, vector: number): Value => {
    const sum = sums[row]?.[vector] as Value
    if (!form.continues) return sum
    const at = running(row, vector)
    return add(fn, dtype, loadVector(fn, at.pointer, at.offset), sum)
  }
  if (form.last) {
    const { slots, indices } = pointers
    emitEpilogue(fn, epilogue, { dtype, columns, accumulators: grid(form, total), pointers: slots, indices })
    return
  }
  const machine = laneMachine(fn, lanes)
  grid(form, (row, vector) => {
    const count = Math.min(lanes, columns - vector * lanes)
    storeLanes(machine, { dtype, value: total(row, vector) }, running(row, vector), 1, count)
  })
}

/** A function over the pointers in the order a, b, sums (where there are any), slots, indices (both at the end), counts. */
export const blockFunction = (context: EmitContext, form: BlockForm, epilogue: Epilogue): string => {
  const partial = form.continues || !form.last
  const ends = form.last ? epilogue : null
  const key = `block ${JSON.stringify(form)} ${ends?.key ?? ''}`
  return context.memo(key, () => {
    const slots = ends?.slots.length ?? 0
    const axes = ends?.axes.length ?? 0
    const counts = form.depth.filter((level) => level.counted !== undefined).length
    const fn = functionBuilder(context, 2 + (partial ? 1 : 0) + slots + axes + counts)
    const from = (first: number, count: number): Value[] => Array.from({ length: count }, (_, i) => fn.param(first + i))
    const behind = partial ? 3 : 2
    emitBlock(fn, form, epilogue, {
      a: fn.param(0),
      b: fn.param(1),
      sums: partial ? fn.param(2) : null,
      slots: from(behind, slots),
      indices: from(behind + slots, axes),
      counts: from(behind + slots + axes, counts),
    })
    return fn.finish(context.unique(`block_${form.rows}x${form.columns}x${form.depth.map((d) => d.extent).join('_')}`))
  })
}

export const callBlock = (fn: FunctionBuilder, name: string, pointers: BlockPointers): void => {
  const args = [
    pointers.a,
    pointers.b,
    ...(pointers.sums === null ? [] : [pointers.sums]),
    ...pointers.slots,
    ...pointers.indices,
    ...pointers.counts,
  ]
  fn.effect(args, (nodes) => fn.module.call(name, nodes as Node[], fn.context.binaryen.none))
}
