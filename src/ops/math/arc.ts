/**
 * Inverse trigonometric functions: asin, acos, atan, atan2. In: f32 or f64. Out: radians, the same type.
 * Invariant: NaN outside [−1, 1] for asin and acos; atan2 has the zeros, infinities and signs of C99; −0 stays −0.
 *
 * Multiples of π/4 are added in two parts, so that their own rounding does not show.
 */
import type { Float } from '../../core/dtype.ts'
import { floatType, type Machine } from '../../core/machine.ts'
import { horner, literals } from './polynomial.ts'

/** (atan t / t − 1)/t² in powers of t², for |t| ≤ tan(π/8). */
const atanTail: Readonly<Record<Float, readonly number[]>> = {
  f32: [-0.33333316445350647, 0.19998528063297272, -0.14244386553764343, 0.10599098354578018, -0.060897860676050186],
  f64: [
    -0.33333333333333326, 0.19999999999997098, -0.14285714285317083, 0.11111111083806298, -0.09090907988580062,
    0.07692279272020847, -0.06666175838534011, 0.05876528561813595, -0.05215262639452061, 0.0449090445637341,
    -0.03318297528135384, 0.014901954325417277,
  ],
}

/** (asin s / s − 1)/s² in powers of s², for |s| ≤ ½. */
const asinTail: Readonly<Record<Float, readonly number[]>> = {
  f32: [0.16666753590106964, 0.07495247572660446, 0.045477259904146194, 0.024143539369106293, 0.04222964122891426],
  f64: [
    0.16666666666665395, 0.07500000000340594, 0.04464285682526163, 0.030381959267436455, 0.022371754835092007,
    0.017359754460445288, 0.013884733453325828, 0.012172576596218877, 0.006513139166843408, 0.01956960752105261,
    -0.016290245576440616, 0.031958244182715444,
  ],
}

/** π/4 as the nearest float and the rest; doubling both gives π/2 and π. */
const quarterPi: Readonly<Record<Float, readonly [number, number]>> = {
  f32: [0.7853981852531433, -2.1855694143368964e-8],
  f64: [0.7853981633974483, 3.061616997868383e-17],
}

/** An angle as a number of quarters of π and two small parts; only their sum at the end rounds all together. */
interface Angle<R> {
  readonly quarters: R
  readonly small: R
  readonly smaller: R
}

const sum = <R>(m: Machine<R>, { quarters, small, smaller }: Angle<R>): R => {
  const c = literals(m, small)
  const [head, tail] = quarterPi[floatType(m, small)]
  return m.add(m.mul(quarters, c(head)), m.add(small, m.add(smaller, m.mul(quarters, c(tail)))))
}

/** atan a for a ≥ 0: tan(π/2 − φ) = 1/tan φ and tan(φ − π/4) = (a − 1)/(a + 1) bring the operand below tan(π/8). */
const atanPositive = <R>(m: Machine<R>, a: R): Angle<R> => {
  const c = literals(m, a)
  const middle = m.lt(c(Math.SQRT2 - 1), a)
  const far = m.lt(c(Math.SQRT2 + 1), a)
  const over = m.select(far, c(-1), m.select(middle, m.sub(a, c(1)), a))
  const under = m.select(far, a, m.select(middle, m.add(a, c(1)), c(1)))
  const t = m.div(over, under)
  const z = m.mul(t, t)
  return {
    quarters: m.select(far, c(2), m.select(middle, c(1), c(0))),
    small: t,
    smaller: m.mul(m.mul(t, z), horner(m, z, atanTail[floatType(m, a)])),
  }
}

export const atan = <R>(m: Machine<R>, x: R): R => m.copysign(sum(m, atanPositive(m, m.abs(x))), x)

/** The angle of the point (x, y). Equal magnitudes, 0/0 and ∞/∞ among them, have the quotient 1, or 0 at the origin. */
export const atan2 = <R>(m: Machine<R>, y: R, x: R): R => {
  const c = literals(m, x)
  const height = m.abs(y)
  const width = m.abs(x)
  const same = m.select(m.eq(height, c(0)), c(0), c(1))
  const { quarters, small, smaller } = atanPositive(m, m.select(m.eq(height, width), same, m.div(height, width)))
  // behind the origin it is π minus the angle, sign bit of −0 included
  const behind = m.lt(m.copysign(c(1), x), c(0))
  const angle = sum(m, {
    quarters: m.select(behind, m.sub(c(4), quarters), quarters),
    small: m.select(behind, m.neg(small), small),
    smaller: m.select(behind, m.neg(smaller), smaller),
  })
  return m.copysign(angle, y)
}

/** asin s for s = |x| ≤ ½, else for s = √((1 − |x|)/2), of which twice the arc is acos |x|. */
const arc = <R>(m: Machine<R>, x: R): { readonly angle: R; readonly near: R } => {
  const c = literals(m, x)
  const a = m.abs(x)
  const near = m.lt(a, c(0.5))
  const z = m.select(near, m.mul(a, a), m.mul(m.sub(c(1), a), c(0.5)))
  const s = m.select(near, a, m.sqrt(z))
  return { angle: m.add(s, m.mul(m.mul(s, z), horner(m, z, asinTail[floatType(m, x)]))), near }
}

export const asin = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const [head, rest] = quarterPi[floatType(m, x)]
  const { angle, near } = arc(m, x)
  const far = m.sub(c(2 * head), m.sub(m.add(angle, angle), c(2 * rest)))
  return m.copysign(m.select(near, angle, far), x)
}

/** π/2 − asin x in the middle, 2·asin √((1 − x)/2) on the right, π minus that of −x on the left. */
export const acos = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const [head, rest] = quarterPi[floatType(m, x)]
  const { angle, near } = arc(m, x)
  const middle = m.sub(c(2 * head), m.sub(m.copysign(angle, x), c(2 * rest)))
  const twice = m.add(angle, angle)
  const left = m.sub(c(4 * head), m.sub(twice, c(4 * rest)))
  return m.select(near, middle, m.select(m.lt(x, c(0)), left, twice))
}
