/**
 * Logarithms of sums of exponentials: softplus, logSigmoid, logAddExp, logSubExp. In: f32 or f64. Out: the same type.
 * Invariant: nothing overflows, because only exp(−|x|) is taken; infinities and NaN propagate.
 */
import type { Machine } from '../../core/machine.ts'
import { exp, expm1 } from './exponential.ts'
import { log, log1p, log1pUnit } from './logarithm.ts'
import { literals } from './polynomial.ts'
import { twoSum } from './twofold.ts'

/** log(1 + exp(−|x|)), in [0, log 2]. */
const logOnePlusExp = <R>(m: Machine<R>, x: R): R => log1pUnit(m, exp(m, m.neg(m.abs(x))))

/** log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|). */
export const softplus = <R>(m: Machine<R>, x: R): R => m.add(m.pmax(x, literals(m, x)(0)), logOnePlusExp(m, x))

/** log σ(x) = min(x, 0) − log(1 + e^−|x|); with −0 for 0 it is −softplus(−x) bit for bit. */
export const logSigmoid = <R>(m: Machine<R>, x: R): R => m.sub(m.pmin(x, literals(m, x)(-0)), logOnePlusExp(m, x))

/**
 * log(eᵃ + eᵇ) = max(a, b) + log(1 + e^−d), d = |a − b|. What the rounding of d loses is made good by e^−tail = 1 − tail;
 * the difference of equal infinities is 0.
 */
export const logAddExp = <R>(m: Machine<R>, a: R, b: R): R => {
  const c = literals(m, a)
  const larger = m.max(a, b)
  const { head, tail } = twoSum(m, larger, m.neg(m.min(a, b)))
  const power = exp(m, m.neg(m.select(m.eq(a, b), c(0), head)))
  const correction = m.select(m.lt(head, c(Number.POSITIVE_INFINITY)), m.mul(power, tail), c(0))
  return m.add(larger, log1pUnit(m, m.sub(power, correction)))
}

/**
 * log(eᵃ − eᵇ) = a + log(1 − e^−d), d = a − b: −∞ where a = b, NaN where a < b. Up to ln 2 as log(−expm1(−d)), above as
 * log1p(−e^−d) (Mächler, Accurately computing log(1 − exp(−|a|)), 2012); what the rounding of d loses is made good.
 */
export const logSubExp = <R>(m: Machine<R>, a: R, b: R): R => {
  const c = literals(m, a)
  const { head, tail } = twoSum(m, a, m.neg(b))
  const isFinite = m.lt(m.abs(head), c(Number.POSITIVE_INFINITY))
  const lost = m.select(isFinite, tail, c(0))
  const minus = m.neg(m.select(m.eq(a, b), c(0), head))
  const power = exp(m, minus)
  const rest = m.neg(expm1(m, minus))
  const near = log(m, m.add(rest, m.mul(power, lost)))
  const far = log1p(m, m.neg(m.sub(power, m.mul(power, lost))))
  return m.add(a, m.select(m.lt(c(Math.LN2), head), far, near))
}
