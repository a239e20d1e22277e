/**
 * Powers and roots: pow, rsqrt, hypot. In: f32 or f64. Out: the same type.
 * Invariant: pow keeps the whole table of special cases of IEEE 754 (9.2.1); hypot neither overflows nor underflows early.
 */
import type { Float } from '../../core/dtype.ts'
import { floatType, type Machine } from '../../core/machine.ts'
import { expm1Reduced, scale } from './exponential.ts'
import { type Parts, partsOfAny } from './logarithm.ts'
import { clamp, horner, literals } from './polynomial.ts'
import { split, type Twofold } from './twofold.ts'

/** 3·(artanh s / s − 1 − s²/3)/s⁴ in powers of s², for s up to (√2 − 1)/(√2 + 1). */
const artanhTail: Readonly<Record<Float, readonly number[]>> = {
  f32: [0.6000022888183594, 0.4282061755657196, 0.3513020873069763],
  f64: [
    0.6000000000000343, 0.42857142855126695, 0.33333333784154023, 0.27272676159588893, 0.23080154743516698,
    0.1988477449252233, 0.19798823081851755,
  ],
}

/** Constants as a half-width head, by which products stay exact, and the rest: 2/(3·ln 2) and ln 2. */
interface Halved {
  readonly value: number
  readonly head: number
  readonly tail: number
}
const logScale: Readonly<Record<Float, Halved>> = {
  f32: { value: 0.9617967009544373, head: 0.9619140625, tail: -0.00011736857413779944 },
  f64: { value: 0.9617966939259756, head: 0.9617967009544373, tail: -7.028461650952758e-9 },
}
const ln2: Readonly<Record<Float, Halved>> = {
  f32: { value: 0.6931471824645996, head: 0.693115234375, tail: 3.194618329871446e-5 },
  f64: { value: 0.6931471805599453, head: 0.6931471824645996, tail: -1.904654299957768e-9 },
}

/**
 * log₂ of 2ᵉ·(1 + f) as head + tail, the head of half width: the scheme of fdlibm's e_pow.c (Sun, 1993), in which
 * s = f/(2 + f) and log₂(1 + f) = 2/(3·ln 2)·s·(3 + s² + …), every leading product exact.
 */
const log2Twofold = <R>(m: Machine<R>, { e, f }: Parts<R>): Twofold<R> => {
  const c = literals(m, f)
  const type = floatType(m, f)
  const sum = m.add(c(2), f)
  const inverse = m.div(c(1), sum)
  const s = m.mul(f, inverse)
  const sHead = split(m, s).head
  const sumHead = split(m, sum).head
  const sumTail = m.sub(f, m.sub(sumHead, c(2)))
  const sTail = m.mul(inverse, m.sub(m.sub(f, m.mul(sHead, sumHead)), m.mul(sHead, sumTail)))
  const square = m.mul(s, s)
  const squareHead = m.mul(sHead, sHead)
  const rest = m.add(m.mul(m.mul(square, square), horner(m, square, artanhTail[type])), m.mul(sTail, m.add(sHead, s)))
  const factor = split(m, m.add(c(3), m.add(squareHead, rest))).head
  const factorTail = m.sub(rest, m.sub(m.sub(factor, c(3)), squareHead))
  const high = m.mul(sHead, factor)
  const low = m.add(m.mul(sTail, factor), m.mul(factorTail, s))
  const product = split(m, m.add(high, low)).head
  const productTail = m.sub(low, m.sub(product, high))
  const { value, head, tail } = logScale[type]
  const logHigh = m.mul(product, c(head))
  const logLow = m.add(m.mul(product, c(tail)), m.mul(productTail, c(value)))
  const result = split(m, m.add(m.add(logHigh, logLow), e)).head
  return { head: result, tail: m.sub(logLow, m.sub(m.sub(result, e), logHigh)) }
}

/** 2^(head + tail) for |tail| ≤ 1. */
const exp2Twofold = <R>(m: Machine<R>, { head, tail }: Twofold<R>): R => {
  const c = literals(m, head)
  const constant = ln2[floatType(m, head)]
  const k = m.nearest(head)
  const fraction = m.sub(head, k)
  const sum = m.add(fraction, tail)
  const r = split(m, sum).head
  const rest = m.sub(tail, m.sub(r, fraction))
  const high = m.mul(r, c(constant.head))
  const low = m.add(m.mul(rest, c(constant.value)), m.mul(r, c(constant.tail)))
  const exponent = m.add(high, low)
  const lost = m.sub(low, m.sub(exponent, high))
  return scale(m, m.add(c(1), m.add(expm1Reduced(m, exponent), lost)), k)
}

/** Beyond these limits a power is 0, 1 or ∞ anyway, and every exponent is even. */
const largestExponent = { f32: 2 ** 40, f64: 2 ** 70 } as const
const powerRange: Readonly<Record<Float, readonly [number, number]>> = { f32: [-153, 130], f64: [-1078, 1026] }

/** |x|^y for |x| in (0, ∞). */
const powPositive = <R>(m: Machine<R>, a: R, y: R): R => {
  const type = floatType(m, a)
  const log = log2Twofold(m, partsOfAny(m, a))
  const limited = clamp(m, y, [-largestExponent[type], largestExponent[type]])
  const exponent = split(m, limited)
  const head = m.mul(exponent.head, log.head)
  const tail = m.add(m.mul(exponent.tail, log.head), m.mul(limited, log.tail))
  return exp2Twofold(m, { head: clamp(m, head, powerRange[type]), tail: clamp(m, tail, [-1, 1]) })
}

export const pow = <R>(m: Machine<R>, x: R, y: R): R => {
  const c = literals(m, x)
  const zero = c(0)
  const one = c(1)
  const a = m.abs(x)
  const whole = m.eq(m.nearest(y), y)
  const half = m.mul(y, c(0.5))
  const odd = m.and(whole, m.not(m.eq(m.nearest(half), half)))
  const ordinary = m.select(m.and(m.lt(x, zero), m.not(whole)), c(Number.NaN), powPositive(m, a, y))
  // 0, ∞ and NaN: |x| for a positive exponent, its reciprocal for a negative one, NaN for NaN
  const extreme = m.select(m.lt(zero, y), a, m.select(m.lt(y, zero), m.div(one, a), y))
  const isOrdinary = m.and(m.lt(zero, a), m.lt(a, c(Number.POSITIVE_INFINITY)))
  const magnitude = m.select(isOrdinary, ordinary, extreme)
  const signed = m.select(odd, m.copysign(magnitude, x), magnitude)
  return m.select(m.or(m.eq(y, zero), m.eq(x, one)), one, signed)
}

export const rsqrt = <R>(m: Machine<R>, x: R): R => m.div(literals(m, x)(1), m.sqrt(x))

/** √(x² + y²), both scaled by the exponent of the larger; ∞ if either is ∞, even beside NaN (IEEE 754). */
export const hypot = <R>(m: Machine<R>, x: R, y: R): R => {
  const c = literals(m, x)
  const [least, most] = floatType(m, x) === 'f32' ? [-126, 126] : [-1022, 1022]
  const a = m.abs(x)
  const b = m.abs(y)
  const infinity = c(Number.POSITIVE_INFINITY)
  const larger = m.pmax(a, b)
  const e = clamp(m, m.exponent(m.pmax(larger, c(2 ** least))), [least, most])
  const down = m.pow2(m.neg(e))
  const p = m.mul(a, down)
  const q = m.mul(b, down)
  const value = m.mul(m.sqrt(m.add(m.mul(p, p), m.mul(q, q))), m.pow2(e))
  return m.select(m.or(m.eq(a, infinity), m.eq(b, infinity)), infinity, value)
}
