/**
 * The floor modulo x − y·⌊x/y⌋, with the sign of the divisor (NumPy, Python). In: f32 or f64. Out: the same type.
 * Invariant: rounded at most once, for operands of any size; NaN for an infinite x and for y = 0; a zero has y's sign.
 */
import { floatType, type Machine } from '../../core/machine.ts'
import { literals } from './polynomial.ts'
import { rarely } from './rarely.ts'
import { split, twoProduct, type Twofold } from './twofold.ts'

/** A divisor with its two halves. */
interface Divisor<R> {
  readonly value: R
  readonly parts: Twofold<R>
}

/** r − d·round(r/d), exact for |r/d| below 2²³ (2⁵²); r itself where it is smaller than d, however large d is. */
const remainder = <R>(m: Machine<R>, r: R, d: Divisor<R>): R => {
  const q = m.nearest(m.div(r, d.value))
  const product = twoProduct(m, q, d.value, split(m, q), d.parts)
  return m.select(m.lt(m.abs(r), d.value), r, m.sub(m.sub(r, product.head), product.tail))
}

/** Division by d·2^(w·j), …, d·2^w, d: each step leaves w bits less of the quotient. */
const longDivision = <R>(m: Machine<R>, a: R, b: R): R => {
  const c = literals(m, a)
  // w, and the number of steps for the longest quotient: 277 bits (f32), 2098 bits (f64)
  const [width, steps] = floatType(m, a) === 'f32' ? [22, 13] : [51, 42]
  const grow = (x: R): R => m.mul(x, c(2 ** width))
  const ladder: Divisor<R>[] = [{ value: b, parts: split(m, b) }]
  for (let i = 1; i < steps; i++) {
    const { value, parts } = ladder[i - 1] as Divisor<R>
    ladder.push({ value: grow(value), parts: { head: grow(parts.head), tail: grow(parts.tail) } })
  }
  const [last, next, ...far] = ladder as [Divisor<R>, Divisor<R>, Divisor<R>, ...Divisor<R>[]]
  // a quarter of a, so that no product rounds up to ∞; a is far above the subnormals here
  const rare = (): readonly R[] => [
    m.mul(
      far.reduceRight((r, d) => remainder(m, r, d), m.mul(a, c(0.25))),
      c(4),
    ),
  ]
  const [near] = rarely(m, m.lt(far[0].value, a), rare, [a]) as [R]
  return remainder(m, remainder(m, near, next), last)
}

export const mod = <R>(m: Machine<R>, x: R, y: R): R => {
  const c = literals(m, x)
  const [limit, factor] = floatType(m, x) === 'f32' ? [2 ** 60, 2 ** -30] : [2 ** 900, 2 ** -60]
  const a = m.abs(x)
  const b = m.abs(y)
  // the halves of a very large divisor would overflow
  const large = m.lt(c(limit), b)
  const down = m.select(large, c(factor), c(1))
  const up = m.select(large, c(1 / factor), c(1))
  const scaled = m.mul(longDivision(m, m.mul(a, down), m.mul(b, down)), up)
  const rest = m.select(m.lt(a, b), a, scaled)
  const signed = m.mul(rest, m.mul(m.copysign(c(1), x), m.copysign(c(1), y)))
  return m.copysign(m.select(m.lt(signed, c(0)), m.add(signed, b), signed), y)
}
