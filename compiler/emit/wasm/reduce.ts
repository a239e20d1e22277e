/**
 * Accumulators. In: a reduction, a machine. Out: how it starts, takes a vector and ends.
 * Invariant: the order of kernel.ts, to the bit. Of a `lanes` reduction accumulator k holds the partial results
 * k·lanes, k·lanes + 1, …; its end is the tree over LANES partials, and every lane of the result is the same.
 */
import type { DType } from '../../../src/core/dtype.ts'
import type { Combine } from '../../../src/ops/signature.ts'
import type { Variable } from './function.ts'
import type { LaneMachine, Lanes } from './machine.ts'

/** The running value, and for argmax and argmin the position at which it stands. */
export interface Accumulator {
  readonly dtype: DType
  readonly value: Variable
  readonly position: Variable | null
}

/** A vector to be taken in; its lanes below `count` hold elements. */
export interface Taken {
  readonly value: Lanes
  /** Index of each lane's element along the reduced dim; asked for by argmax and argmin alone. */
  readonly position: () => Lanes
  readonly count: number
}

const isPositional = (combine: Combine): boolean => combine === 'argmax' || combine === 'argmin'

const identityOf = (combine: Combine, dtype: DType): number => {
  if (combine === 'sum') return 0
  if (combine === 'prod') return 1
  const least = combine === 'max' || combine === 'argmax'
  if (dtype === 'i32') return least ? -(2 ** 31) : 2 ** 31 - 1
  return least ? -Infinity : Infinity
}

/** `first`: the position of the first element that can come into lane 0; those of the other lanes follow where `spread`. */
export const startAccumulator = (
  m: LaneMachine,
  combine: Combine,
  dtype: DType,
  first: number,
  spread: boolean,
): Accumulator => ({
  dtype,
  value: m.fn.variable('v128', m.lit(identityOf(combine, dtype), dtype).value),
  position: isPositional(combine) ? m.fn.variable('v128', (spread ? m.iota(first) : m.lit(first, 'i32')).value) : null,
})

const read = (m: LaneMachine, variable: Variable, dtype: DType): Lanes => ({ dtype, value: m.fn.get(variable) })

const combineTwo = (m: LaneMachine, combine: Combine, a: Lanes, b: Lanes): Lanes => {
  if (combine === 'sum') return m.add(a, b)
  if (combine === 'prod') return m.mul(a, b)
  return combine === 'max' ? m.max(a, b) : m.min(a, b)
}

/** b comes before a as the extreme: it is greater (or less), or NaN where a is not. */
const beats = (m: LaneMachine, combine: Combine, b: Lanes, a: Lanes): Lanes => {
  const atMost = combine === 'argmax' ? m.le(b, a) : m.le(a, b)
  return b.dtype === 'i32' ? m.not(atMost) : m.and(m.eq(a, a), m.not(atMost))
}

/** Takes in one vector: acc = acc ∘ value in the lanes below `count`. */
export const accumulate = (m: LaneMachine, combine: Combine, into: Accumulator, taken: Taken): void => {
  const old = read(m, into.value, into.dtype)
  const whole = taken.count === m.lanes
  if (into.position === null) {
    const next = combineTwo(m, combine, old, taken.value)
    m.fn.set(into.value, (whole ? next : m.select(m.below(taken.count), next, old)).value)
    return
  }
  const better = beats(m, combine, taken.value, old)
  const take = whole ? better : m.and(better, m.below(taken.count))
  const position = m.select(take, taken.position(), read(m, into.position, 'i32'))
  const value = m.select(take, taken.value, old)
  m.fn.set(into.position, position.value)
  m.fn.set(into.value, value.value)
}

interface Pair {
  readonly value: Lanes
  readonly position: Lanes | null
}

const merge = (m: LaneMachine, combine: Combine, a: Pair, b: Pair): Pair => {
  if (a.position === null || b.position === null) {
    return { value: combineTwo(m, combine, a.value, b.value), position: null }
  }
  // Of equals, or of two NaN, the lower position.
  const tie = m.and(m.not(beats(m, combine, a.value, b.value)), m.lt(b.position, a.position))
  const take = m.or(beats(m, combine, b.value, a.value), tie)
  return { value: m.select(take, b.value, a.value), position: m.select(take, b.position, a.position) }
}

const pairOf = (m: LaneMachine, from: Accumulator): Pair => ({
  value: read(m, from.value, from.dtype),
  position: from.position === null ? null : read(m, from.position, 'i32'),
})

/** What the row value is: the position of argmax and argmin, else the value. */
const resultOf = (pair: Pair): Lanes => pair.position ?? pair.value

/** The result of a `sequential` reduction: each lane is one of its own. */
export const endSequential = (m: LaneMachine, from: Accumulator): Lanes => resultOf(pairOf(m, from))

/**
 * The result of a `lanes` reduction from its accumulators. Those beyond the last vector hold nothing but the identity and
 * are left out (x ∘ identity is x: a sum is never −0, since it starts from +0).
 */
export const endLanes = (m: LaneMachine, combine: Combine, all: readonly Accumulator[], of: number): Lanes => {
  let pairs = all.map((a) => pairOf(m, a))
  for (let half = of / 2; half >= 1; half /= 2) {
    pairs = pairs.slice(0, half).map((a, k) => {
      const b = pairs[k + half]
      return b === undefined ? a : merge(m, combine, a, b)
    })
  }
  let pair = pairs[0] as Pair
  for (let distance = m.lanes / 2; distance >= 1; distance /= 2) {
    const other = {
      value: m.swap(pair.value, distance),
      position: pair.position === null ? null : m.swap(pair.position, distance),
    }
    pair = merge(m, combine, pair, other)
  }
  return resultOf(pair)
}
