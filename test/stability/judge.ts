/**
 * Whether what was measured is right. In: what was measured at a point. Out: what is wrong, in words.
 * Invariant: a number that is not finite is wrong, unless the truth is infinite too.
 */
import { type Entry, type Order, orders } from './entry.ts'
import { directionOf, type Measured } from './measure.ts'

const largest = (2 - 2 ** -23) * 2 ** 127

/** The distance of neighbouring f32 numbers about x. */
const ulp = (x: number): number => 2 ** (Math.floor(Math.log2(Math.max(Math.abs(x), 2 ** -126))) - 23)

/** The error of a list, in units in the last place of its largest element, or of `of` where that is larger. */
export const errorOf = (found: readonly number[], truth: readonly number[], of: number): number => {
  const unit = ulp(Math.max(of, ...truth.map(Math.abs).filter((v) => v <= largest)))
  const errors = truth.map((t, i) => {
    const f = found[i] ?? Number.NaN
    if (f === Math.fround(t)) return 0
    return Number.isFinite(f) ? Math.abs(f - t) / unit : Number.POSITIVE_INFINITY
  })
  return found.length === truth.length ? Math.max(...errors) : Number.POSITIVE_INFINITY
}

/** Whether a list is within the entry's bound; where there is no truth, whether it is finite. */
export const isWithin = (
  entry: Entry,
  order: Order,
  found: readonly number[],
  truth: readonly number[] | null,
): boolean =>
  truth === null
    ? found.every(Number.isFinite)
    : errorOf(found, truth, entry.within[order].of) <= entry.within[order].ulps

/** Along the direction; the unit is that of the largest term. */
const isWithinForward = ({ entry, truth, forward }: Measured, order: 'first' | 'second'): boolean => {
  const terms = truth[order]?.map((t, i) => (t === 0 ? 0 : t * (directionOf(entry)[i] ?? 0)))
  const found = forward[order]
  if (terms === undefined) return found.every(Number.isFinite)
  const { ulps, of } = entry.within[order]
  const size = Math.max(of, ...terms.map(Math.abs).filter((v) => v <= largest))
  return errorOf(found, [terms.reduce((p, q) => p + q)], size) <= ulps
}

/** The ways to compute an order of an entry that are out of its bounds at a point. */
const wrongWays = (m: Measured, order: Order): readonly string[] => {
  const { entry, truth } = m
  const fits = (found: readonly number[]): boolean => isWithin(entry, order, found, truth[order])
  const ways: readonly (readonly [string, boolean])[] = [
    ['compiled', fits(m.nabla[order])],
    ['the op', m.op === null || fits(m.op[order])],
    ['by an inner node', order === 'value' || fits(m.inner[order])],
    ['forwards', order === 'value' || isWithinForward(m, order)],
  ]
  return ways.flatMap(([way, right]) => (right ? [] : [way]))
}

/** Orders in which f32 arithmetic without rules is out of the bounds. */
export const wrongWithoutRules = ({ entry, truth, plain }: Measured): readonly Order[] =>
  orders.filter((o) => !isWithin(entry, o, plain[o], truth[o]))

const show = (list: readonly number[] | null): string => (list === null ? 'none' : `[${list.join(', ')}]`)

/** What is wrong at a point, but for its gap; and what of the gap is wrong no longer. */
export const faultsOf = (m: Measured): readonly string[] => {
  const place = `at ${m.point.at.map(show).join(', ')}`
  return orders.flatMap((order) => {
    const wrong = wrongWays(m, order)
    if (m.point.gap?.orders.includes(order) === true)
      return wrong.length > 0 ? [] : [`${place}: the gap of its ${order} has closed: take it off the list`]
    return wrong.map((way) => `${place}: the ${order}, ${way}, is ${show(m.nabla[order])}, not ${show(m.truth[order])}`)
  })
}
