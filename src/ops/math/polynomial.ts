/**
 * Small words that the scalar functions are written in. In: a Machine, its values, plain coefficients. Out: values.
 * Invariant: the order of operations is fixed (Horner), and so are the roundings but on a machine that fuses multiply and add,
 * so every other target rounds alike.
 *
 * The coefficients in this folder are minimax fits by Remez exchange, computed with 50 digits; they were rounded to the
 * target type one after another, from the lowest power on, with the rest fitted anew each time.
 */
import type { Machine } from '../../core/machine.ts'

/** a·b + c, with one rounding where the machine has such an instruction and with two where it has none. */
export const multiplyAdd = <R>(m: Machine<R>, a: R, b: R, c: R): R =>
  m.multiplyAdd === undefined ? m.add(m.mul(a, b), c) : m.multiplyAdd(a, b, c)

/** c₀ + c₁·x + … + cₙ·xⁿ, coefficients from the lowest power on. */
export const horner = <R>(m: Machine<R>, x: R, coefficients: readonly number[]): R => {
  const dtype = m.typeOf(x)
  const last = coefficients.length - 1
  let sum = m.lit(coefficients[last] as number, dtype)
  for (let i = last - 1; i >= 0; i--) sum = multiplyAdd(m, sum, x, m.lit(coefficients[i] as number, dtype))
  return sum
}

/** x limited to [least, greatest]; NaN stays NaN, because x stands first in both comparisons. */
export const clamp = <R>(m: Machine<R>, x: R, [least, greatest]: readonly [number, number]): R => {
  const dtype = m.typeOf(x)
  return m.pmin(m.pmax(x, m.lit(least, dtype)), m.lit(greatest, dtype))
}

/** The literals of x's own type. */
export const literals =
  <R>(m: Machine<R>, x: R) =>
  (value: number): R =>
    m.lit(value, m.typeOf(x))
