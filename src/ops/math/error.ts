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
 * exp(a²)·erfc(a)·(a + K) in powers of t = (a − K)/(a + K), from Shepherd and Laframboise (1981); K near the least error,
 * chosen so that the first two coefficients are almost exact.
 */
const center: Readonly<Record<Float, number>> = { f32: 3.03125, f64: 4.390625 }
const erfcPolynomial: Readonly<Record<Float, readonly number[]>> = {
  f32: [
    1.0749866962432861, -0.887394905090332, 0.597590982913971, -0.318784236907959, 0.12593811750411987,
    -0.030194004997611046, -0.0001947212003869936, 0.0031294890213757753, -0.0006741854595020413,
    -0.0003594431036617607,
  ],
  f64: [
    1.1011382854750817, -0.9994156731487831, 0.8219635673957406, -0.6104775457113032, 0.40711153501654807,
    -0.24160618406111656, 0.12583419659063635, -0.05621515938369042, 0.020661736593424115, -0.005689496944664893,
    0.0008282313217691838, 0.00016111809615079864, -0.0001359352753418525, 2.9517424559315813e-5, 5.253467106418468e-6,
    -4.701110534232952e-6, 5.536100830046152e-7, 4.495684572314766e-7, -1.5180467227465247e-7, -3.593953175629462e-8,
    2.0458167550512816e-8, 3.0279232215657825e-9, -1.0310764269711284e-9,
  ],
}
/** From here on erfc is less than half the least subnormal. */
const erfcLimit: Readonly<Record<Float, number>> = { f32: 10.0625, f64: 27.25 }

/** erfc(a) for a ≥ 0; a² is taken in two parts, because exp would magnify its rounding. */
const erfcPositive = <R>(m: Machine<R>, a: R): R => {
  const c = literals(m, a)
  const type = floatType(m, a)
  const limited = m.pmin(a, c(erfcLimit[type]))
  const { head, tail } = split(m, limited)
  const square = m.mul(head, head)
  const rest = m.mul(tail, m.add(limited, head))
  const [high, low] = ln2Parts[type]
  const k = m.nearest(m.mul(m.mul(limited, limited), c(Math.LOG2E)))
  const r = m.sub(m.add(m.sub(m.mul(k, c(high)), square), m.mul(k, c(low))), rest)
  const inverse = m.div(c(1), m.add(limited, c(center[type])))
  const t = m.mul(m.sub(limited, c(center[type])), inverse)
  const scaled = m.mul(horner(m, t, erfcPolynomial[type]), inverse)
  return scale(m, m.add(scaled, m.mul(scaled, expm1Reduced(m, r))), m.neg(k))
}

export const erfc = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const value = erfcPositive(m, m.abs(x))
  return m.select(m.lt(x, c(0)), m.sub(c(2), value), value)
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
