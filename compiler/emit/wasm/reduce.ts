/**
 * Accumulators. In: a reduction, a machine. Out: how it starts, takes a vector and ends.
 * Invariant: the order of kernel.ts, to the bit. Of a `lanes` reduction accumulator k holds the partial results
 * k·lanes, k·lanes + 1, …; its end is the tree over LANES partials, and every lane of the result is the same.
 */
import { type DType, isFloat } from '../../../src/core/dtype.ts'
import type { Combine } from '../../../src/ops/signature.ts'
import type { Variable } from './function.ts'
import type { LaneMachine, Lanes } from './machine.ts'

/**
 * What an accumulator keeps from one vector to the next:
 * - `value`, the running result;
 * - argmax and argmin: `position`, where it stands;
 * - max and min of floats: `ordered`, all ones until a NaN passes, and `signs`, of which the sign bit tells a result of −0
 *   from one of +0. The exact instruction takes 16 cycles from one vector to the next on x64, these three take 4.
 */
export interface Accumulator {
  readonly combine: Combine
  readonly dtype: DType
  readonly value: Variable
  readonly position: Variable | null
  readonly extremes: { readonly ordered: Variable; readonly signs: Variable } | null
}

/** A vector to be taken in; its lanes below `count` hold elements. */
export interface Taken {
  readonly value: Lanes
  /** What argmax and argmin are to remember of it. */
  readonly position: () => Lanes
  readonly count: number
}

const isPositional = (combine: Combine): boolean => combine === 'argmax' || combine === 'argmin'
const isExtreme = (combine: Combine): boolean => combine === 'max' || combine === 'min'

const identityOf = (combine: Combine, dtype: DType): number => {
  if (combine === 'sum') return 0
  if (combine === 'prod') return 1
  const least = combine === 'max' || combine === 'argmax'
  if (dtype === 'i32') return least ? -(2 ** 31) : 2 ** 31 - 1
  return least ? -Infinity : Infinity
}

export const startAccumulator = (m: LaneMachine, combine: Combine, dtype: DType): Accumulator => {
  const start = (value: Lanes): Variable => m.fn.variable('v128', value.value)
  return {
    combine,
    dtype,
    value: start(m.lit(identityOf(combine, dtype), dtype)),
    position: isPositional(combine) ? start(m.lit(0, 'i32')) : null,
    extremes:
      isExtreme(combine) && isFloat(dtype)
        ? { ordered: start(m.lit(1, 'bool')), signs: start(m.lit(combine === 'max' ? 1 : 0, 'bool')) }
        : null,
  }
}

const read = (m: LaneMachine, variable: Variable, dtype: DType): Lanes => ({ dtype, value: m.fn.get(variable) })

/** Sums and products, and the extremes of i32. */
const combineTwo = (m: LaneMachine, combine: Combine, a: Lanes, b: Lanes): Lanes => {
  if (combine === 'sum') return m.add(a, b)
  if (combine === 'prod') return m.mul(a, b)
  return combine === 'max' ? m.max(a, b) : m.min(a, b)
}

/** b comes before a as the extreme: it is greater (or less), or NaN where a is not. */
const beats = (m: LaneMachine, combine: Combine, b: Lanes, a: Lanes): Lanes => {
  if (b.dtype === 'i32') return combine === 'argmax' ? m.lt(a, b) : m.lt(b, a)
  return m.andNot(m.eq(a, a), combine === 'argmax' ? m.le(b, a) : m.le(a, b))
}

/** Takes in one vector: acc = acc ∘ value in the lanes below `count`. */
export const accumulate = (m: LaneMachine, into: Accumulator, taken: Taken): void => {
  const { combine, dtype, position, extremes } = into
  const { value } = taken
  const old = read(m, into.value, dtype)
  const whole = taken.count === m.lanes
  const inside = (next: Lanes, before: Lanes): Lanes => (whole ? next : m.select(m.below(taken.count), next, before))
  const updates: (readonly [Variable, Lanes])[] = []
  if (position !== null) {
    const better = beats(m, combine, value, old)
    const take = whole ? better : m.and(better, m.below(taken.count))
    updates.push([position, m.select(take, taken.position(), read(m, position, 'i32'))])
    updates.push([into.value, m.select(take, value, old)])
  } else if (extremes !== null) {
    // An operand that is NaN leaves the first one as it is, so `value` itself never becomes NaN.
    updates.push([into.value, inside(combine === 'max' ? m.pmax(old, value) : m.pmin(old, value), old)])
    const ordered = read(m, extremes.ordered, 'bool')
    updates.push([extremes.ordered, inside(m.and(ordered, m.eq(value, value)), ordered)])
    const signs = read(m, extremes.signs, dtype)
    updates.push([extremes.signs, inside(combine === 'max' ? m.and(signs, value) : m.or(signs, value), signs)])
  } else {
    updates.push([into.value, inside(combineTwo(m, combine, old, value), old)])
  }
  for (const [variable, next] of updates) m.fn.set(variable, next.value)
}

/** An accumulator read, or several merged; what it does not keep is null. */
interface Partial {
  readonly value: Lanes
  readonly position: Lanes | null
  readonly ordered: Lanes | null
  readonly signs: Lanes | null
}

const partialOf = (
  m: LaneMachine,
  { dtype, value, position, extremes }: Accumulator,
  offset: Lanes | null,
): Partial => {
  const kept = position === null ? null : read(m, position, 'i32')
  return {
    value: read(m, value, dtype),
    position: kept === null || offset === null ? kept : m.add(kept, offset),
    ordered: extremes === null ? null : read(m, extremes.ordered, 'bool'),
    signs: extremes === null ? null : read(m, extremes.signs, dtype),
  }
}

const merge = (m: LaneMachine, combine: Combine, a: Partial, b: Partial): Partial => {
  if (a.position !== null && b.position !== null) {
    // Of equals, or of two NaN, the lower position.
    const tie = m.andNot(m.lt(b.position, a.position), beats(m, combine, a.value, b.value))
    const take = m.or(beats(m, combine, b.value, a.value), tie)
    const position = m.select(take, b.position, a.position)
    return { ...a, value: m.select(take, b.value, a.value), position }
  }
  if (a.ordered !== null && b.ordered !== null && a.signs !== null && b.signs !== null) {
    const max = combine === 'max'
    return {
      value: max ? m.pmax(a.value, b.value) : m.pmin(a.value, b.value),
      position: null,
      ordered: m.and(a.ordered, b.ordered),
      signs: max ? m.and(a.signs, b.signs) : m.or(a.signs, b.signs),
    }
  }
  return { ...a, value: combineTwo(m, combine, a.value, b.value) }
}

/**
 * The row value. A greatest value of 0 means that no element was greater, so one without a sign bit was +0: then `signs`,
 * all bits that the elements have in common, lacks it. Likewise for the least, with the bits that any element has.
 */
const resultOf = (m: LaneMachine, { value, position, ordered, signs }: Partial): Lanes => {
  if (position !== null) return position
  if (ordered === null || signs === null) return value
  const { dtype } = value
  const exact = m.select(m.eq(value, m.lit(0, dtype)), m.copysign(value, signs), value)
  return m.select(ordered, exact, m.lit(Number.NaN, dtype))
}

/** The result of a `sequential` reduction: each lane is one of its own. */
export const endSequential = (m: LaneMachine, from: Accumulator): Lanes => resultOf(m, partialOf(m, from, null))

/**
 * The result of a `lanes` reduction from its accumulators, `of` in all. Those beyond the last vector hold nothing but the
 * identity and are not among them (x ∘ identity is x: a sum is never −0, since it starts from +0). A position of
 * accumulator k is kept without the part that is the same in all its vectors: k·lanes and the lane.
 */
export const endLanes = (m: LaneMachine, all: readonly Accumulator[], of: number): Lanes => {
  const { combine } = all[0] as Accumulator
  let partials = all.map((a, k) => partialOf(m, a, m.iota(k * m.lanes)))
  for (let half = of / 2; half >= 1; half /= 2) {
    partials = partials.slice(0, half).map((a, k) => {
      const b = partials[k + half]
      return b === undefined ? a : merge(m, combine, a, b)
    })
  }
  let partial = partials[0] as Partial
  for (let distance = m.lanes / 2; distance >= 1; distance /= 2) {
    const swap = (a: Lanes | null): Lanes | null => (a === null ? null : m.swap(a, distance))
    const { value, position, ordered, signs } = partial
    partial = merge(m, combine, partial, {
      value: m.swap(value, distance),
      position: swap(position),
      ordered: swap(ordered),
      signs: swap(signs),
    })
  }
  return resultOf(m, partial)
}
