/**
 * Machine: the scalar instructions that every target implements once, and in which every op states its meaning.
 * In: nothing. Out: the interface, in "tagless final" form over a representation R (a number, a text, a Wasm local).
 * Invariant: nothing here knows of lanes, linear memory or locals. Every instruction is IEEE exact (correctly rounded in
 * the operand's own type), so two targets that implement it rightly give the same bits for every op.
 *
 * An R knows its own dtype: `add` of two f32 is an f32 add, of two i32 a wrapping i32 add. `bool` values are masks.
 */
import type { DType, Float } from './dtype.ts'

export interface Machine<R> {
  /** A literal of the given type; the value is rounded to it. */
  readonly lit: (value: number, dtype: DType) => R
  readonly typeOf: (a: R) => DType

  // f32, f64, i32 (i32 wraps)
  readonly add: (a: R, b: R) => R
  readonly sub: (a: R, b: R) => R
  readonly mul: (a: R, b: R) => R
  /**
   * a·b + c with one rounding, for floats, where a polynomial is none the worse for it. A machine that promises equal bits
   * to all others leaves this out.
   */
  readonly multiplyAdd?: (a: R, b: R, c: R) => R
  readonly neg: (a: R) => R
  readonly abs: (a: R) => R
  /** Floats: NaN if either is NaN, and −0 < +0. */
  readonly min: (a: R, b: R) => R
  readonly max: (a: R, b: R) => R

  // floats
  readonly div: (a: R, b: R) => R
  readonly sqrt: (a: R) => R
  readonly floor: (a: R) => R
  readonly ceil: (a: R) => R
  readonly trunc: (a: R) => R
  /** Round half to even. */
  readonly nearest: (a: R) => R
  /** `b < a ? b : a` and `a < b ? b : a`: one instruction each; they return a when either is NaN. */
  readonly pmin: (a: R, b: R) => R
  readonly pmax: (a: R, b: R) => R
  /** The magnitude of a with the sign bit of b. */
  readonly copysign: (a: R, b: R) => R
  /**
   * 2ⁿ for an integer-valued float n in the normal exponent range (f32: −126..127, f64: −1022..1023), 0 for the one below;
   * else unspecified.
   */
  readonly pow2: (n: R) => R
  /** ⌊log₂|x|⌋ as a float, for normal x; unspecified for 0, subnormals, infinities and NaN. */
  readonly exponent: (x: R) => R
  /** |x| / 2^exponent(x), in [1, 2), for normal x. */
  readonly significand: (x: R) => R

  // comparisons: f32, f64, i32 -> bool; false where an operand is NaN (except the negation that `not` makes)
  readonly lt: (a: R, b: R) => R
  readonly le: (a: R, b: R) => R
  readonly eq: (a: R, b: R) => R
  readonly select: (condition: R, a: R, b: R) => R
  /**
   * `select` of several values, of which `rare` gives those where the condition holds. The rare path may be skipped where
   * no lane needs it; the result is the same. It depends on nothing but what the condition and `common` depend on.
   * A machine that cannot branch, or gains nothing by it, leaves this out.
   */
  readonly rarely?: (condition: R, rare: () => readonly R[], common: readonly R[]) => readonly R[]

  // bool and i32 alike (bitwise on i32)
  readonly and: (a: R, b: R) => R
  readonly or: (a: R, b: R) => R
  readonly xor: (a: R, b: R) => R
  readonly not: (a: R) => R

  // i32; the count is a constant in 0..31
  readonly shl: (a: R, count: number) => R
  readonly shr: (a: R, count: number) => R
  readonly ushr: (a: R, count: number) => R

  /**
   * Value conversion: i32 -> float exact or rounded to nearest even; float -> i32 truncates and saturates, NaN gives 0;
   * f32 <-> f64; bool -> 0 or 1; anything -> bool is `≠ 0` (NaN is true).
   */
  readonly convert: (a: R, dtype: DType) => R
  /** Reinterprets the bits of f32 as i32 and back. */
  readonly bitcast: (a: R, dtype: 'f32' | 'i32') => R
  /** Half of the bits of an f64 as i32; sign and exponent are in the high word. */
  readonly word: (a: R, which: 'high' | 'low') => R
}

/** Floats only, for helpers that work in the operand's own precision. */
export const floatType = <R>(m: Machine<R>, a: R): Float => {
  const t = m.typeOf(a)
  if (t !== 'f32' && t !== 'f64') throw new TypeError(`a float was expected, not ${t}`)
  return t
}
