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
import { countedSteps } from './loops.ts'
import { displaced, plus } from './pointers.ts'
import { rowsTogether } from './tile.ts'
import { add, loadSplat, loadVector, multiplyAdd, transpose } from './vectors.ts'

/** Strides in elements: along the rows of A or the columns of B, and along k. */
export interface Strides {
  readonly across: number
  readonly step: number
}

export interface BlockForm {
  readonly dtype: Float
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly a: Strides
  readonly b: Strides
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
}

/** What the unrolled steps of k may keep alive at once. */
const REGISTERS = 15

export const emitBlock = (fn: FunctionBuilder, form: BlockForm, epilogue: Epilogue, pointers: BlockPointers): void => {
  const { dtype, rows, columns, depth } = form
  const bytes = bytesOf(dtype)
  const lanes = bytes === 8 ? 2 : 4
  const vectors = Math.ceil(columns / lanes)
  const zero = fn.hoisted(`zero`, 'v128', () => fn.module.v128.const(new Array<number>(16).fill(0)))
  const grid = <T>(make: (row: number, vector: number) => T): readonly (readonly T[])[] =>
    Array.from({ length: rows }, (_, r) => Array.from({ length: vectors }, (_, v) => make(r, v)))

  const accumulators = grid(() => fn.variable('v128', zero))
  const together = rowsTogether({ rows, vectors })
  const accumulate = (a: Value, b: readonly Value[], from: number, barrier: () => void): void => {
    for (let r = 0; r < rows; r++) {
      if (r > 0 && r % together === 0) barrier()
      const splat = loadSplat(fn, dtype, a, from + r * form.a.across * bytes)
      b.forEach((vector, v) => {
        const sum = accumulators[r]?.[v] as Variable
        fn.set(sum, multiplyAdd(fn, dtype, splat, vector, fn.get(sum)))
      })
    }
  }
  /** One step of k, `k` steps behind the pointers. */
  const straight = (a: Value, b: Value, k: number, barrier: () => void): void => {
    const from = k * form.b.step * bytes
    const row = Array.from({ length: vectors }, (_, v) => loadVector(fn, b, from + v * 16))
    accumulate(a, row, k * form.a.step * bytes, barrier)
  }
  /** `count` steps of k, at most as many as lanes. */
  const turned = (a: Value, b: Value, count: number): void => {
    const blocks = Array.from({ length: vectors }, (_, v) => {
      const column = (lane: number): number => (v * lanes + lane < columns ? v * lanes + lane : v * lanes)
      const read = Array.from({ length: lanes }, (_, lane) => loadVector(fn, b, column(lane) * form.b.across * bytes))
      return transpose(fn, dtype, read)
    })
    for (let k = 0; k < count; k++)
      accumulate(
        a,
        blocks.map((block) => block[k] as Value),
        k * form.a.step * bytes,
        () => {},
      )
  }
  const steps = (count: number, size: number, body: (a: Value, b: Value, barrier: () => void) => void): void =>
    countedSteps(
      fn,
      count,
      [
        { start: pointers.a, step: size * form.a.step * bytes },
        { start: pointers.b, step: size * form.b.step * bytes },
      ],
      ([a, b], barrier) => body(a as Value, b as Value, barrier),
    )

  if (form.transposed) {
    const whole = Math.floor(depth / lanes)
    steps(whole, lanes, (a, b) => turned(a, b, lanes))
    const behind = (pointer: Value, step: number): Value => plus(fn, pointer, whole * lanes * step * bytes)
    if (depth % lanes > 0) turned(behind(pointers.a, form.a.step), behind(pointers.b, form.b.step), depth % lanes)
  } else if (depth * (rows + vectors) + rows * vectors <= REGISTERS) {
    for (let k = 0; k < depth; k++) straight(pointers.a, pointers.b, k, () => {})
  } else {
    steps(depth, 1, (a, b, barrier) => straight(a, b, 0, barrier))
  }

  const running = (row: number, vector: number) =>
    displaced(fn, pointers.sums as Value, (row * form.sums + vector * lanes) * bytes)
  const total = (row: number, vector: number): Value => {
    const sum = fn.get(accumulators[row]?.[vector] as Variable)
    if (!form.continues) return sum
    const at = running(row, vector)
    return add(fn, dtype, loadVector(fn, at.pointer, at.offset), sum)
  }
  if (form.last) {
    emitEpilogue(fn, epilogue, {
      dtype,
      columns,
      accumulators: grid(total),
      pointers: pointers.slots,
      indices: pointers.indices,
    })
    return
  }
  const machine = laneMachine(fn, lanes)
  grid((row, vector) =>
    storeLanes(
      machine,
      { dtype, value: total(row, vector) },
      running(row, vector),
      1,
      Math.min(lanes, columns - vector * lanes),
    ),
  )
}

/** A function over the pointers in the order a, b, sums (where there are any), slots, indices (the last two at the end). */
export const blockFunction = (context: EmitContext, form: BlockForm, epilogue: Epilogue): string => {
  const partial = form.continues || !form.last
  const ends = form.last ? epilogue : null
  const key = `block ${JSON.stringify(form)} ${ends?.key ?? ''}`
  return context.memo(key, () => {
    const slots = ends?.slots.length ?? 0
    const axes = ends?.axes.length ?? 0
    const fn = functionBuilder(context, 2 + (partial ? 1 : 0) + slots + axes)
    const from = (first: number, count: number): Value[] => Array.from({ length: count }, (_, i) => fn.param(first + i))
    const behind = partial ? 3 : 2
    emitBlock(fn, form, epilogue, {
      a: fn.param(0),
      b: fn.param(1),
      sums: partial ? fn.param(2) : null,
      slots: from(behind, slots),
      indices: from(behind + slots, axes),
    })
    return fn.finish(context.unique(`block_${form.rows}x${form.columns}x${form.depth}`))
  })
}

export const callBlock = (fn: FunctionBuilder, name: string, pointers: BlockPointers): void => {
  const args = [
    pointers.a,
    pointers.b,
    ...(pointers.sums === null ? [] : [pointers.sums]),
    ...pointers.slots,
    ...pointers.indices,
  ]
  fn.effect(args, (nodes) => fn.module.call(name, nodes as Node[], fn.context.binaryen.none))
}
