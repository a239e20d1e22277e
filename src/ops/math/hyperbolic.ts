/**
 * Hyperbolic functions and their inverses. In: f32 or f64. Out: the same type.
 * Invariant: odd functions are exactly odd, −0 stays −0, |tanh| ≤ 1, overflow only where the result overflows.
 */
import type { Float } from '../../core/dtype.ts'
import { floatType, type Machine } from '../../core/machine.ts'
import { expm1Reduced, reduceByLn2 } from './exponential.ts'
import { log1p } from './logarithm.ts'
import { clamp, horner, literals } from './polynomial.ts'

/** (sinh x / x − 1)/x² in powers of x², for |x| ≤ 1. */
const sinhTail: Readonly<Record<Float, readonly number[]>> = {
  f32: [0.1666666716337204, 0.00833331048488617, 0.00019842895562760532, 2.7822131869470468e-6],
  f64: [
    0.16666666666666669, 0.008333333333332912, 0.00019841269841593405, 2.7557319106760374e-6, 2.5052130998082338e-8,
    1.6056659174039468e-10, 7.776603579317791e-13,
  ],
}

/** e^|x|/2, which overflows no earlier than sinh and cosh do: 2ᵏ is split as 4·2ᵏ⁻². */
const halfExp = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const limit = floatType(m, x) === 'f32' ? 89.6 : 710.6
  const { k, r } = reduceByLn2(m, clamp(m, m.abs(x), [0, limit]))
  const quarter = m.mul(m.add(c(1), expm1Reduced(m, r)), m.pow2(m.sub(k, c(2))))
  return m.add(quarter, quarter)
}

/** e^x/2 − e^−x/2; below 1, where that cancels, a polynomial. */
export const sinh = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const z = m.mul(x, x)
  const small = m.add(x, m.mul(m.mul(x, z), horner(m, z, sinhTail[floatType(m, x)])))
  const half = halfExp(m, x)
  const large = m.sub(half, m.div(c(0.25), half))
  return m.copysign(m.select(m.lt(m.abs(x), c(1)), small, large), x)
}

export const cosh = <R>(m: Machine<R>, x: R): R => {
  const half = halfExp(m, x)
  return m.add(half, m.div(literals(m, x)(0.25), half))
}

/** t/(t + 2) with t = exp(2|x|) − 1 = 2ᵏ·(eʳ − 1) + (2ᵏ − 1), which for k = 0 is eʳ − 1 itself; 1 from the limit on. */
export const tanh = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const a = m.abs(x)
  const { k, r } = reduceByLn2(m, m.pmin(m.add(a, a), c(floatType(m, x) === 'f32' ? 20 : 40)))
  const power = m.pow2(k)
  const t = m.add(m.mul(expm1Reduced(m, r), power), m.sub(power, c(1)))
  return m.copysign(m.div(t, m.add(t, c(2))), x)
}

/** From here on 1 + x = x and √(x² ± 1) = x, so that both inverses are log x + log 2; below, x² does not overflow. */
const huge = { f32: 2 ** 30, f64: 2 ** 60 } as const

/** log(1 + u), or log(1 + x) + log 2 where x is huge. */
const logOf = <R>(m: Machine<R>, x: R, u: R): R => {
  const c = literals(m, x)
  const large = m.lt(c(huge[floatType(m, x)]), x)
  return m.add(log1p(m, m.select(large, x, u)), m.select(large, c(Math.LN2), c(0)))
}

/** sign(x)·log(1 + |x| + x²/(1 + √(1 + x²))). */
export const asinh = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const a = m.abs(x)
  const z = m.mul(a, a)
  const u = m.add(a, m.div(z, m.add(c(1), m.sqrt(m.add(c(1), z)))))
  return m.copysign(logOf(m, a, u), x)
}

/** log(1 + t + √(t·(t + 2))) with t = x − 1; NaN below 1. */
export const acosh = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const t = m.sub(x, c(1))
  const value = logOf(m, x, m.add(t, m.sqrt(m.mul(t, m.add(t, c(2))))))
  return m.select(m.lt(x, c(1)), c(Number.NaN), value)
}

/** sign(x)·½·log(1 + 2|x|/(1 − |x|)); ±∞ at ±1, NaN beyond. */
export const atanh = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const a = m.abs(x)
  const value = m.mul(log1p(m, m.div(m.add(a, a), m.sub(c(1), a))), c(0.5))
  return m.copysign(value, x)
}
