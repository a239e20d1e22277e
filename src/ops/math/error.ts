/**
 * The error function and its complement. In: f32 or f64. Out: the same type.
 * Invariant: erf is exactly odd, |erf| ≤ 1, −0 stays −0; erfc keeps its relative precision down to the subnormals.
 */
import type { Float } from '../../core/dtype.ts'
import { floatType, type Machine } from '../../core/machine.ts'
import { exp2Reduced, expm1Reduced, ln2Parts, scale } from './exponential.ts'
import { horner, literals } from './polynomial.ts'
import { split } from './twofold.ts'

/** erf x / x − 1 in powers of x², for |x| up to 0.875 (f32) or 1 (f64). */
const erfTail: Readonly<Record<Float, readonly number[]>> = {
  f32: [
    0.12837915122509003, -0.3761250376701355, 0.11281921714544296, -0.026770485565066338, 0.004998927935957909,
    -0.0006020491709932685,
  ],
  f64: [
    0.1283791670955126, -0.376126389031841, 0.11283791670971097, -0.026866170648030662, 0.005223977652686169,
    -0.0008548328535354071, 0.00012055386175195236, -1.4926881000907785e-5, 1.6481051337522885e-6,
    -1.6557051638710855e-7, 1.6012734522109147e-8, -1.646300602171673e-9, 1.434098644625402e-10,
  ],
}

/** −log₂ erfc(a)/a in powers of a, for a in [0.875, 3.93]; the error counts only as 1 − erfc, hence the few terms. */
const logErfc: readonly number[] = [
  1.6281181573867798, 0.9170928597450256, 0.1519334465265274, -0.0330701619386673, 0.004652924835681915,
  -0.00031051176483742893,
]

/**
 * exp(a²)·erfc(a)·(1 + 2a) in powers of t = (a − K)/(a + K), for a from ½ on, after Shepherd and Laframboise (1981): a
 * flat function, which forgives the rounding of t. K lies near the least error, where the first coefficient is almost
 * exact.
 */
const center: Readonly<Record<Float, number>> = { f32: 2.578125, f64: 3.8125 }
const erfcPolynomial: Readonly<Record<Float, readonly number[]>> = {
  f32: [
    1.2629328966140747, -0.12526357173919678, -0.08992338180541992, 0.1540597379207611, -0.10740222036838531,
    0.039181485772132874, -0.002251281403005123, -0.004232422914355993, 0.0008802909287624061, 0.0004799320304300636,
  ],
  f64: [
    1.2363539084541144, -0.14015514677325874, 0.006738807450822589, 0.0786243554631958, -0.10697124619071785,
    0.09290774430759761, -0.06081432180430011, 0.030630562691082826, -0.011296473878327162, 0.0024679105775371876,
    0.00011018530916013089, -0.00030065674902516877, 8.064411072590519e-5, 1.4373897959077657e-5,
    -1.3465724537673633e-5, 7.102097990871761e-7, 1.7436990465842343e-6, -3.242412069446944e-7, -2.2461582137614223e-7,
    6.109551112547101e-8, 2.980003660704128e-8, -6.943635966473881e-9, -3.068572604935779e-9,
  ],
}
/** From here on erfc is less than half the least subnormal. */
const erfcLimit: Readonly<Record<Float, number>> = { f32: 10.0625, f64: 27.25 }

/** erfc(a) for a ≥ ½; a² is taken in two parts, because exp would magnify its rounding. */
const erfcPositive = <R>(m: Machine<R>, a: R): R => {
  const c = literals(m, a)
  const type = floatType(m, a)
  const limited = m.pmin(a, c(erfcLimit[type]))
  const { head, tail } = split(m, limited)
  const square = m.mul(head, head)
  const rest = m.mul(tail, m.add(limited, head))
  const [high, low] = ln2Parts[type]
  const k = m.nearest(m.mul(m.mul(limited, limited), c(Math.LOG2E)))
  const r = m.add(m.sub(m.mul(k, c(high)), square), m.sub(m.mul(k, c(low)), rest))
  const t = m.div(m.sub(limited, c(center[type])), m.add(limited, c(center[type])))
  const p = horner(m, t, erfcPolynomial[type])
  // what the rounding of 1 + 2a loses is made good beside eʳ − 1
  const twice = m.add(limited, limited)
  const under = m.add(c(1), twice)
  const lost = m.div(m.sub(twice, m.sub(under, c(1))), under)
  const value = m.div(m.add(p, m.mul(p, m.sub(expm1Reduced(m, r), lost))), under)
  return scale(m, value, m.neg(k))
}

/** Below ½ as ½ − (x − ½ + x·q(x²)), in which nothing cancels; for negative x as 2 − erfc(−x). */
export const erfc = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const a = m.abs(x)
  const half = c(0.5)
  const tail = m.mul(x, horner(m, m.mul(x, x), erfTail[floatType(m, x)]))
  const near = m.sub(half, m.add(m.sub(x, half), tail))
  const far = erfcPositive(m, a)
  return m.select(m.lt(a, half), near, m.select(m.lt(x, c(0)), m.sub(c(2), far), far))
}

/** 1 − erfc(a) for a from `erfTail`'s end on, where it rounds to 1 beyond 3.93: in f32 through 2^−q(a). */
const erfLarge = <R>(m: Machine<R>, a: R): R => {
  const c = literals(m, a)
  if (floatType(m, a) === 'f64') return m.sub(c(1), erfcPositive(m, a))
  const limited = m.pmin(a, c(4))
  const q = m.neg(m.mul(limited, horner(m, limited, logErfc)))
  const k = m.nearest(q)
  return m.sub(c(1), m.mul(exp2Reduced(m, m.sub(q, k)), m.pow2(k)))
}

export const erf = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const type = floatType(m, x)
  const a = m.abs(x)
  const z = m.mul(a, a)
  const small = m.add(a, m.mul(a, horner(m, z, erfTail[type])))
  const value = m.select(m.lt(a, c(type === 'f32' ? 0.875 : 1)), small, erfLarge(m, a))
  return m.copysign(value, x)
}
