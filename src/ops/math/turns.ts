/**
 * Argument reduction of sine and cosine for large operands, after Payne and Hanek (1983). In: f32 or f64, |x| from
 * `largeFrom` on. Out: the count of quarter turns (modulo 4) and the rest in radians, head + tail.
 * Invariant: every product and every sum up to the last few is exact, so the result depends on no rounding before them.
 *
 * 1/(2π) is kept as signed digits of B bits. With g the number of digits by which x exceeds the limit, y = x·2^(−B·g) lies
 * within B bits of it, and x/(2π) modulo 1 needs only the eight digits from g on: earlier ones give whole turns,
 * later ones vanish. y is split in two, so that half times digit is exact.
 */
import type { Float } from '../../core/dtype.ts'
import { floatType, type Machine } from '../../core/machine.ts'
import { literals } from './polynomial.ts'
import { split, type Twofold, twoProduct, twoSum } from './twofold.ts'

/** x = (count + 4·n)·π/2 + rest, count in −2 … 2. */
export interface QuarterTurns<R> {
  readonly count: R
  readonly rest: Twofold<R>
}

/** The exponent of the limit, and the bits B of a digit. */
const layout: Readonly<Record<Float, readonly [exponent: number, bits: number]>> = { f32: [13, 12], f64: [26, 26] }
export const largeFrom: Readonly<Record<Float, number>> = { f32: 2 ** 13, f64: 2 ** 26 }

/** 1/(2π) = Σ dⱼ·2^(−B·j); d₀ = 0. */
const inverseTurn: Readonly<Record<Float, readonly number[]>> = {
  f32: [0, 652, -415, -583, 913, 85, -1409, 157, 1524, 2005, -713, 1795, 1753, -1450, 1615, 270, 1040],
  f64: [
    0, 10680707, 28915984, 22192066, 30798973, 20241857, -9598378, 26461241, 1081236, 23309279, -17885817, -9287964,
    -24079499, -18872759, 12298279, 18424272, -7898425, 11610535, 16491017, -10530068, -19848902, 27029543, -19825159,
    1284381, 26108117, -12979043, -32408017, -2125180, -20447706, -8698, -27246659, -17753930, -24995000, -9619841,
    -12804308, 10188020, 26204584, -27268563, 30711531, 8306271, 6213442, -12978294, 21646250, -20990469, 4711255,
    17323523,
  ],
}
const window = 8

/** 2π as the nearest float and the rest. */
const turn: Readonly<Record<Float, readonly [number, number]>> = {
  f32: [6.2831854820251465, -1.7484555314695172e-7],
  f64: [6.283185307179586, 2.4492935982947064e-16],
}

/** `list[from], …, list[from + length − 1]` for an integer-valued float `from`, by a shift for each of its bits. */
const slideTo = <R>(m: Machine<R>, list: readonly R[], from: R, length: number): readonly R[] => {
  const c = literals(m, from)
  let items = list
  let left = from
  for (let step = 2 ** Math.floor(Math.log2(list.length - length)); step >= 1; step /= 2) {
    const shift = m.le(c(step), left)
    if (step > 1) left = m.sub(left, m.select(shift, c(step), c(0)))
    const shifted = items
    items = shifted.slice(0, length + step - 1).map((item, i) => {
      const other = shifted[i + step]
      return other === undefined ? item : m.select(shift, other, item)
    })
  }
  return items
}

const fraction = <R>(m: Machine<R>, x: R): R => m.sub(x, m.nearest(x))

export const reduceLarge = <R>(m: Machine<R>, x: R): QuarterTurns<R> => {
  const c = literals(m, x)
  const type = floatType(m, x)
  const [exponent, bits] = layout[type]
  // half a unit more than the difference: the quotient is never just below a whole number
  const skipped = m.floor(m.mul(m.add(m.exponent(x), c(0.5 - exponent)), c(1 / bits)))
  const y = split(m, m.mul(x, m.pow2(m.mul(skipped, c(-bits)))))
  const digits = slideTo(m, inverseTurn[type].map(c), skipped, window).map((digit, i) =>
    i === 0 ? digit : m.mul(digit, c(2 ** (-bits * i))),
  )
  // both products of a level have one weight: 12 + 12 (26 + 26) bits, their sum at most 24 (53)
  const level = (i: number): R => m.add(m.mul(y.tail, digits[i] as R), m.mul(y.head, digits[i + 1] as R))
  // level 2 is below 2: what of it lies above the grid decides the quarter, together with levels 0 and 1
  const second = level(2)
  const grid = c(1.5 * 2 ** (type === 'f32' ? 11 : 25))
  const coarse = m.sub(m.add(second, grid), grid)
  const turns = fraction(m, m.add(m.add(fraction(m, level(0)), fraction(m, level(1))), coarse))
  const count = m.nearest(m.mul(turns, c(4)))
  // where a sum cancels it is exact, so that the tails are small beside the head
  const start = twoSum(m, m.sub(turns, m.mul(count, c(0.25))), m.sub(second, coarse))
  const next = twoSum(m, start.head, level(3))
  const last = twoSum(m, next.head, level(4))
  const small = m.add(m.add(start.tail, next.tail), m.add(last.tail, m.add(level(5), level(6))))
  const [head, tail] = turn[type]
  const product = twoProduct(m, last.head, c(head))
  const rest = m.add(product.tail, m.add(m.mul(last.head, c(tail)), m.mul(small, c(head))))
  return { count, rest: { head: product.head, tail: rest } }
}
