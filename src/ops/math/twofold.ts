/**
 * Error-free transformations: a sum or product as head + tail without any loss. In: f32 or f64. Out: pairs of values.
 * Invariant: head is the rounded result, head + tail the exact one (barring overflow, and underflow of a product's tail).
 */
import { floatType, type Machine } from '../../core/machine.ts'
import { literals } from './polynomial.ts'

export interface Twofold<R> {
  readonly head: R
  readonly tail: R
}

/** a + b, for operands of any order (Knuth). */
export const twoSum = <R>(m: Machine<R>, a: R, b: R): Twofold<R> => {
  const head = m.add(a, b)
  const back = m.sub(head, a)
  return { head, tail: m.add(m.sub(a, m.sub(head, back)), m.sub(b, back)) }
}

/** x as two parts of half the bits each: 12 + 11 and a sign (f32), 26 + 26 and a sign (f64) (Veltkamp). */
export const split = <R>(m: Machine<R>, x: R): Twofold<R> => {
  const wide = m.mul(x, literals(m, x)(floatType(m, x) === 'f32' ? 4097 : 134217729))
  const head = m.sub(wide, m.sub(wide, x))
  return { head, tail: m.sub(x, head) }
}

/** a·b, from their split parts (Dekker). */
export const twoProduct = <R>(m: Machine<R>, a: R, b: R, aParts = split(m, a), bParts = split(m, b)): Twofold<R> => {
  const head = m.mul(a, b)
  const high = m.sub(m.mul(aParts.head, bParts.head), head)
  const cross = m.add(m.add(high, m.mul(aParts.head, bParts.tail)), m.mul(aParts.tail, bParts.head))
  return { head, tail: m.add(cross, m.mul(aParts.tail, bParts.tail)) }
}
