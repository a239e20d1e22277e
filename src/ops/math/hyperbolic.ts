/**
 * Hyperbolic functions. In: f32 or f64. Out: the same type.
 * Invariant: odd functions are exactly odd, −0 stays −0, |tanh| ≤ 1.
 */
import { floatType, type Machine } from '../../core/machine.ts'
import { expm1 } from './exponential.ts'
import { literals } from './polynomial.ts'

/** tanh x = t/(t + 2) with t = exp(2|x|) − 1. */
export const tanh = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const limit = floatType(m, x) === 'f32' ? 10 : 20
  const t = expm1(m, m.pmin(m.mul(m.abs(x), c(2)), c(2 * limit)))
  return m.copysign(m.div(t, m.add(t, c(2))), x)
}
