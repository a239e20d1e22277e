/**
 * Logarithms of sums of exponentials: softplus, logSigmoid, logAddExp. In: f32 or f64. Out: the same type.
 * Invariant: nothing overflows, because only exp(−|x|) is taken; infinities and NaN propagate.
 */
import type { Machine } from '../../core/machine.ts'
import { exp } from './exponential.ts'
import { log1pUnit } from './logarithm.ts'
import { literals } from './polynomial.ts'

/** log(1 + exp(−|x|)), in [0, log 2]. */
const logOnePlusExp = <R>(m: Machine<R>, x: R): R => log1pUnit(m, exp(m, m.neg(m.abs(x))))

/** log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|). */
export const softplus = <R>(m: Machine<R>, x: R): R => m.add(m.pmax(x, literals(m, x)(0)), logOnePlusExp(m, x))

/** log σ(x) = min(x, 0) − log(1 + e^−|x|). */
export const logSigmoid = <R>(m: Machine<R>, x: R): R => m.sub(m.pmin(x, literals(m, x)(0)), logOnePlusExp(m, x))

/** log(eᵃ + eᵇ) = max(a, b) + log(1 + e^−|a − b|); equal operands have difference 0, infinities too. */
export const logAddExp = <R>(m: Machine<R>, a: R, b: R): R => {
  const difference = m.select(m.eq(a, b), literals(m, a)(0), m.sub(a, b))
  return m.add(m.max(a, b), logOnePlusExp(m, difference))
}
