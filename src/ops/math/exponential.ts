/**
 * Exponentials: exp, exp2, expm1, sigmoid. In: f32 or f64. Out: the same type.
 * Invariant: gradual underflow to subnormals, overflow to ∞, NaN stays NaN; no instruction is used outside its range.
 *
 * x = k·ln 2 + r with |r| ≤ ln 2 / 2, and ln 2 in two parts of which the first has so few bits that k times it is exact
 * (Cody and Waite 1980); eʳ = 1 + (r + r²·q(r)), where q is a polynomial of relative error 2⁻²⁸ (f32) and 2⁻⁶³ (f64).
 */
import type { Float } from '../../core/dtype.ts'
import { floatType, type Machine } from '../../core/machine.ts'
import { clamp, horner, literals, multiplyAdd } from './polynomial.ts'

/** ln 2 in two parts; the first has 15 bits (f32) or 42 bits (f64). */
export const ln2Parts: Readonly<Record<Float, readonly [number, number]>> = {
  f32: [0.693145751953125, 1.428606765330187e-6],
  f64: [0.6931471805598903, 5.497923018708371e-14],
}

const expTail: Readonly<Record<Float, readonly number[]>> = {
  f32: [0.4999999403953552, 0.16666516661643982, 0.04166810214519501, 0.00836916547268629, 0.0013837991282343864],
  f64: [
    0.5, 0.16666666666666688, 0.041666666666666824, 0.008333333333313892, 0.001388888888877784, 0.00019841269903377138,
    2.480158755950354e-5, 2.7557228673627264e-6, 2.755706779103967e-7, 2.5113937845808e-8, 2.0977617853844715e-9,
  ],
}

const exp2Polynomial: Readonly<Record<Float, readonly number[]>> = {
  f32: [
    1, 0.6931472420692444, 0.24022655189037323, 0.05550272390246391, 0.009617063216865063, 0.0013418215094134212,
    0.0001582019031047821,
  ],
  f64: [
    1, 0.6931471805599453, 0.2402265069591007, 0.05550410866482338, 0.009618129107630238, 0.0013333558146032924,
    0.00015403530388867351, 1.5252734167967186e-5, 1.3215491341344782e-6, 1.017793149617302e-7, 7.05295305996816e-9,
    4.4734849884240033e-10, 2.8706758259931206e-11,
  ],
}

type Range = readonly [number, number]
/**
 * Beyond these the result is 0 or ∞; within them 2ᵏ needs two factors that are normal or 0. The result is 0 long before the lower
 * bound, where a factor becomes 0: a product that only rounds to 0 costs a processor a hundred times as much as one by 0, and
 * what lies far below 0 is the ordinary case, such as what a softmax leaves out.
 */
const expRange: Readonly<Record<Float, Range>> = { f32: [-176, 89], f64: [-1418, 710] }
const exp2Range: Readonly<Record<Float, Range>> = { f32: [-254, 129], f64: [-2046, 1025] }

/** k and r of x = k·ln 2 + r. */
export const reduceByLn2 = <R>(m: Machine<R>, x: R): { readonly k: R; readonly r: R } => {
  const c = literals(m, x)
  const [high, low] = ln2Parts[floatType(m, x)]
  const k = m.nearest(m.mul(x, c(Math.LOG2E)))
  return { k, r: multiplyAdd(m, k, c(-low), multiplyAdd(m, k, c(-high), x)) }
}

/** eʳ − 1 for |r| ≤ ln 2 / 2. */
export const expm1Reduced = <R>(m: Machine<R>, r: R): R =>
  multiplyAdd(m, m.mul(r, r), horner(m, r, expTail[floatType(m, r)]), r)

/** 2ʳ for |r| ≤ ½. */
export const exp2Reduced = <R>(m: Machine<R>, r: R): R => horner(m, r, exp2Polynomial[floatType(m, r)])

/** y · 2ᵏ with one rounding, for y in about [½, 2] and k in twice the normal range: the first product is exact. */
export const scale = <R>(m: Machine<R>, y: R, k: R): R => {
  const half = m.nearest(m.mul(k, literals(m, k)(0.5)))
  return m.mul(m.mul(y, m.pow2(half)), m.pow2(m.sub(k, half)))
}

export const exp = <R>(m: Machine<R>, x: R): R => {
  const { k, r } = reduceByLn2(m, clamp(m, x, expRange[floatType(m, x)]))
  return scale(m, m.add(literals(m, x)(1), expm1Reduced(m, r)), k)
}

export const exp2 = <R>(m: Machine<R>, x: R): R => {
  const limited = clamp(m, x, exp2Range[floatType(m, x)])
  const k = m.nearest(limited)
  return scale(m, exp2Reduced(m, m.sub(limited, k)), k)
}

/**
 * exp(x) − 1 = 2·(2ᵏ⁻¹·(eʳ − 1) + (2ᵏ⁻¹ − ½)): the halves keep k = 128 (1024) in range. k = 0 returns eʳ − 1 itself,
 * which for subnormal x is x; the sign is x's own, so that −0 stays −0.
 */
export const expm1 = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const f32 = floatType(m, x) === 'f32'
  const { k, r } = reduceByLn2(m, clamp(m, x, f32 ? [-18, 89] : [-40, 710]))
  const small = expm1Reduced(m, r)
  const power = m.pow2(m.sub(k, c(1)))
  const half = m.add(m.mul(small, power), m.sub(power, c(0.5)))
  return m.copysign(m.select(m.eq(k, c(0)), small, m.add(half, half)), x)
}

/**
 * 1/(1 + e⁻ˣ) as s/(s + s·e⁻ˣ) with s = 2⁻³² (2⁻⁶⁴): e⁻ˣ never overflows, so that σ(x) fades to subnormals for negative
 * x as eˣ does, and one scaling by a normal power is enough.
 */
export const sigmoid = <R>(m: Machine<R>, x: R): R => {
  const c = literals(m, x)
  const f32 = floatType(m, x) === 'f32'
  const shift = f32 ? -32 : -64
  const { k, r } = reduceByLn2(m, clamp(m, m.neg(x), [-60, f32 ? 104 : 746]))
  const scaled = m.mul(m.add(c(1), expm1Reduced(m, r)), m.pow2(m.add(k, c(shift))))
  return m.div(c(2 ** shift), m.add(c(2 ** shift), scaled))
}
