/**
 * Cotangents of parts. In: two cotangents of one value. Out: both in one, where each belongs to a part of the value and the
 * parts lie side by side; null elsewhere. Invariant: what slices of a value have received is put together, not padded with
 * zeros and added: the parts of a split become one concatenation.
 */
import type { Node } from '../../src/expr/expr.ts'
import { graph, is, paramsOf } from '../../src/expr/node.ts'

/** A value in a frame of zeros. */
interface Framed {
  readonly inner: Node
  readonly low: readonly number[]
  readonly high: readonly number[]
}

const framed = (n: Node): Framed | null => {
  if (!is(n, 'pad')) return null
  const { low, high, interior, value } = paramsOf(n, 'pad')
  const plain = value === 0 && interior.every((d) => d === 0) && [...low, ...high].every((d) => d >= 0)
  return plain ? { inner: n.ins[0] as Node, low, high } : null
}

/** The one axis along which the frames differ, or -1. */
const axisBetween = (a: Framed, b: Framed): number => {
  const apart = a.low.flatMap((d, i) => (d === b.low[i] && a.high[i] === b.high[i] ? [] : [i]))
  return apart.length === 1 ? (apart[0] as number) : -1
}

export const beside = (x: Node, y: Node): Node | null => {
  const [a, b] = [framed(x), framed(y)]
  if (a === null || b === null) return null
  const axis = axisBetween(a, b)
  if (axis < 0) return null
  const [first, second] = (a.low[axis] as number) < (b.low[axis] as number) ? [a, b] : [b, a]
  if ((first.low[axis] as number) + (first.inner.shape[axis] as number) !== second.low[axis]) return null
  const parts = [first, second].flatMap(({ inner }) =>
    is(inner, 'concat') && paramsOf(inner, 'concat').axis === axis ? inner.ins : [inner],
  )
  const whole = graph.concat(parts, { axis })
  const [low, high] = [first.low, second.high]
  if ([...low, ...high].every((d) => d === 0)) return whole
  return graph.pad([whole], { low, high, interior: low.map(() => 0), value: 0 })
}
