/**
 * Logarithms: log, log2, log1p. In: f32 or f64. Out: the same type.
 * Invariant: −∞ at 0 (−1 for log1p), NaN below, subnormal operands exact; log 1 = 0 and log2 2ᵏ = k without error.
 *
 * x = 2ᵉ·(1 + f) with √½ ≤ 1 + f < √2; with s = f/(2 + f), log(1 + f) = 2·artanh s = f − (f²/2 − s·(f²/2 + R(s²))),
 * the form of fdlibm's e_log.c (Sun, 1993), in which no term cancels; R is a minimax polynomial of error 2⁻³⁰ (2⁻⁵⁹).
 */
import type { Float } from '../../core/dtype.ts'
import { floatType, type Machine } from '../../core/machine.ts'
import { ln2Parts } from './exponential.ts'
import { horner, literals } from './polynomial.ts'

const remainder: Readonly<Record<Float, readonly number[]>> = {
  f32: [0.6666677594184875, 0.39977553486824036, 0.2987212836742401],
  f64: [
    0.6666666666666735, 0.3999999999940875, 0.2857142874391058, 0.22222198398947568, 0.181835742183817,
    0.15313777766159645, 0.14798863259388892,
  ],
}

/** e and f of x = 2ᵉ·(1 + f). */
export interface Parts<R> {
  readonly e: R
  readonly f: R
}

const bitsOfRootHalf = 0x3f3504f3

/** For positive normal x. */
const parts = <R>(m: Machine<R>, x: R): Parts<R> => {
  const c = literals(m, x)
  if (floatType(m, x) === 'f32') {
    // counted from the bits of √½, the exponent field steps where the significand should
    const word = (value: number) => m.lit(value, 'i32')
    const offset = m.sub(m.bitcast(x, 'i32'), word(bitsOfRootHalf))
    const significand = m.add(m.and(offset, word(0x7fffff)), word(bitsOfRootHalf))
    return { e: m.convert(m.shr(offset, 23), 'f32'), f: m.sub(m.bitcast(significand, 'f32'), c(1)) }
  }
  const exponent = m.exponent(x)
  const significand = m.significand(x)
  const large = m.lt(c(Math.SQRT2), significand)
  return {
    e: m.select(large, m.add(exponent, c(1)), exponent),
    f: m.sub(m.select(large, m.mul(significand, c(0.5)), significand), c(1)),
  }
}

/** f²/2 and s·(f²/2 + R): log(1 + f) = f − (half − correction). */
const tail = <R>(m: Machine<R>, f: R): { readonly half: R; readonly correction: R } => {
  const c = literals(m, f)
  const s = m.div(f, m.add(c(2), f))
  const z = m.mul(s, s)
  const half = m.mul(m.mul(f, f), c(0.5))
  return { half, correction: m.mul(s, m.add(half, m.mul(z, horner(m, z, remainder[floatType(m, f)])))) }
}

/** e·ln 2 + log(1 + f), the small terms first. */
const logOfParts = <R>(m: Machine<R>, { e, f }: Parts<R>): R => {
  const c = literals(m, f)
  const [high, low] = ln2Parts[floatType(m, f)]
  const { half, correction } = tail(m, f)
  const small = m.sub(half, m.add(correction, m.mul(e, c(low))))
  return m.sub(m.mul(e, c(high)), m.sub(small, f))
}

/** The parts of positive x, subnormals included. */
export const partsOfAny = <R>(m: Machine<R>, x: R): Parts<R> => {
  const c = literals(m, x)
  const [least, step] = floatType(m, x) === 'f32' ? [2 ** -126, 24] : [2 ** -1022, 53]
  const tiny = m.lt(x, c(least))
  const { e, f } = parts(m, m.select(tiny, m.mul(x, c(2 ** step)), x))
  return { e: m.sub(e, m.select(tiny, c(step), c(0))), f }
}

/** `value` inside the domain (bound, ∞); −∞ at the bound, ∞ at ∞, NaN below the bound and for NaN. */
const onDomain = <R>(m: Machine<R>, x: R, bound: number, value: R): R => {
  const c = literals(m, x)
  const outside = m.select(m.eq(x, c(bound)), c(Number.NEGATIVE_INFINITY), c(Number.NaN))
  return m.select(m.eq(x, c(Number.POSITIVE_INFINITY)), x, m.select(m.lt(c(bound), x), value, outside))
}

export const log = <R>(m: Machine<R>, x: R): R => onDomain(m, x, 0, logOfParts(m, partsOfAny(m, x)))

export const log2 = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const { e, f } = partsOfAny(m, x)
  const { half, correction } = tail(m, f)
  const fraction = m.sub(m.mul(f, c(Math.LOG2E)), m.mul(m.sub(half, correction), c(Math.LOG2E)))
  return onDomain(m, x, 0, m.add(e, fraction))
}

/**
 * log(1 + x) = log u + the part of x that the rounding of u = 1 + x lost (found exactly by Knuth's two-sum), scaled like
 * u itself. Beyond 2⁶⁰ that part vanishes, so its scale may stop there. The sign is x's own: −0 stays −0.
 */
export const log1p = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const u = m.add(c(1), x)
  const back = m.sub(u, c(1))
  const lost = m.add(m.sub(c(1), m.sub(u, back)), m.sub(x, back))
  const { e, f } = parts(m, u)
  const power = m.pow2(m.pmax(m.neg(e), c(-60)))
  const value = logOfParts(m, { e, f: m.add(f, m.mul(lost, power)) })
  return m.copysign(onDomain(m, x, -1, value), x)
}

/** log(1 + t) for t in [0, 1], without the special cases. */
export const log1pUnit = <R>(m: Machine<R>, t: R): R => {
  const c = literals(m, t)
  const large = m.lt(c(Math.SQRT2 - 1), t)
  const f = m.select(large, m.mul(m.sub(t, c(1)), c(0.5)), t)
  return logOfParts(m, { e: m.select(large, c(1), c(0)), f })
}
