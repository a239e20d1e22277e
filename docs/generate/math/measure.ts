/**
 * The greatest error of a scalar function over a sample. In: a function with its references, a dtype, a density.
 * Out: the error in ulps and where it occurs; ∞ where a special value (NaN, infinity, sign of a zero) is wrong.
 * Invariant: the sample is fixed: even steps over all bit patterns, then even steps over each interval of `focus`.
 */
import type { Float } from '../../../src/core/dtype.ts'
import { type Column, columnMachine, columnOf, roundTo } from '../../../src/core/numeric.ts'
import { type DD, exact } from './doubleDouble.ts'
import type { Binary, Focus, Unary } from './subjects.ts'

export interface Measured {
  readonly ulps: number
  readonly at: readonly number[]
  readonly points: number
}

/** Points over all bit patterns, and points over each interval of focus. */
export interface Density {
  readonly patterns: number
  readonly focus: number
}

const block = 4096
const lengths = { f32: [-126, 23, 2 ** 128], f64: [-1022, 52, Number.POSITIVE_INFINITY] } as const

const view = new DataView(new ArrayBuffer(8))
const exponentOf = (x: number): number => {
  view.setFloat64(0, x)
  return ((view.getUint16(0) >>> 4) & 2047) - 1023
}

/** The distance of neighbouring numbers of the type around x. */
const ulp = (x: number, dtype: Float): number => {
  const [least, digits] = lengths[dtype]
  return 2 ** (Math.min(Math.max(exponentOf(x), least), 1 - least) - digits)
}

/** The error of `y` where the truth is `[head, tail]`, in units of `unit`; `rounded` is the truth in the type. */
const errorOf = (y: number, [head, tail]: DD, unit: number, rounded: number, overflow: number): number => {
  if (Number.isNaN(y) || Number.isNaN(rounded))
    return Number.isNaN(y) && Number.isNaN(rounded) ? 0 : Number.POSITIVE_INFINITY
  if (y === 0 && rounded === 0) return Object.is(y, rounded) ? 0 : Number.POSITIVE_INFINITY
  if (y === rounded && !Number.isFinite(y)) return 0
  // infinity stands for the number where overflow begins
  const value = Number.isFinite(y) ? y : Math.sign(y) * overflow
  return Math.abs(value - head - tail) / unit
}

/** Bit patterns in even steps; the golden ratio of 2⁶⁴ spreads f64 patterns evenly for any count. */
const pattern = (dtype: Float, i: number, count: number): number => {
  if (dtype === 'f32') {
    view.setUint32(0, Math.floor((i * 2 ** 32) / count))
    return view.getFloat32(0)
  }
  view.setBigUint64(0, BigInt.asUintN(64, BigInt(i) * 0x9e3779b97f4a7c15n))
  return view.getFloat64(0)
}

const inside = (dtype: Float, [least, greatest]: Focus, share: number): number =>
  roundTo[dtype](least + (greatest - least) * share)

/** Calls `visit` with blocks of operands; `operand(i)` gives point i. */
const inBlocks = (
  dtype: Float,
  count: number,
  operand: (i: number) => readonly number[],
  visit: (columns: readonly Column[], size: number) => void,
): void => {
  const arity = operand(0).length
  for (let start = 0; start < count; start += block) {
    const columns = Array.from({ length: arity }, () => ({ dtype, values: columnOf(dtype, block) }))
    const size = Math.min(block, count - start)
    for (let i = 0; i < size; i++) {
      const point = operand(start + i)
      for (let k = 0; k < arity; k++) (columns[k] as Column).values[i] = point[k] as number
    }
    visit(columns, size)
  }
}

/** Fractions that fill [0, 1) evenly in one and in two dimensions (Roberts's R₁ and R₂ sequences). */
const golden = 0.6180339887498949
const plastic = [0.7548776662466927, 0.5698402909980532] as const
const share = (i: number, step: number): number => (0.5 + i * step) % 1

const samplesOf = (
  subject: Unary | Binary,
  dtype: Float,
  density: Density,
): readonly (readonly [number, (i: number) => readonly number[]])[] => {
  if (subject.arity === 1)
    return [
      [density.patterns, (i) => [pattern(dtype, i, density.patterns)]],
      ...subject.focus.map((f) => [density.focus, (i: number) => [inside(dtype, f, share(i, golden))]] as const),
    ]
  return [
    [density.patterns, (i) => plastic.map((step) => pattern(dtype, Math.floor(share(i, step) * 2 ** 32), 2 ** 32))],
    ...subject.focus.map(
      (pair) =>
        [density.focus, (i: number) => pair.map((f, k) => inside(dtype, f, share(i, plastic[k] as number)))] as const,
    ),
  ]
}

/** What the operands should give: the quick reference for f32, the precise one for f64. */
const truthOf = (
  subject: Unary | Binary,
  dtype: Float,
): ((columns: readonly Column[]) => (i: number, at: readonly number[]) => DD) => {
  const choose = (quick: number, precise: () => DD): DD =>
    dtype === 'f32' || !Number.isFinite(quick) || quick === 0 ? exact(quick) : precise()
  if (subject.arity === 2)
    return () =>
      (_, [x, y]) =>
        choose(subject.quick(x as number, y as number), () => subject.precise(x as number, y as number))
  const { quick, precise } = subject
  if (quick !== 'own')
    return () =>
      (_, [x]) =>
        choose(quick(x as number), () => precise(x as number))
  return ([xs]) => {
    const wide: Column = { dtype: 'f64', values: Float64Array.from((xs as Column).values) }
    const own = subject.apply(columnMachine(block), wide).values
    return (i, [x]) => choose(own[i] as number, () => precise(x as number))
  }
}

export const measure = (subject: Unary | Binary, dtype: Float, density: Density): Measured => {
  const machine = columnMachine(block)
  const truth = truthOf(subject, dtype)
  const overflow = lengths[dtype][2]
  let ulps = 0
  let worst: readonly number[] = []
  let points = 0
  for (const [count, operand] of samplesOf(subject, dtype, density))
    inBlocks(dtype, count, operand, (columns, size) => {
      const [xs, ys] = columns as readonly [Column, Column]
      const results = (subject.arity === 1 ? subject.apply(machine, xs) : subject.apply(machine, xs, ys)).values
      const expected = truth(columns)
      for (let i = 0; i < size; i++) {
        const at = columns.map((c) => c.values[i] as number)
        const value = expected(i, at)
        const other = subject.arity === 2 ? (subject.unit?.(at[0] as number, at[1] as number) ?? 0) : 0
        const unit = ulp(Math.max(Math.abs(value[0]), other), dtype)
        const error = errorOf(results[i] as number, value, unit, roundTo[dtype](value[0]), overflow)
        if (error > ulps) {
          ulps = error
          worst = at
        }
      }
      points += size
    })
  return { ulps, at: worst, points }
}
