/**
 * Sine, cosine, tangent. In: f32 or f64, radians. Out: the same type.
 * Invariant: the error bound holds for every finite x; ±∞ gives NaN; sin and tan are exactly odd, cos exactly even.
 *
 * x = q·π/2 + r with |r| ≤ π/4 and a little; then sin and cos of r by minimax polynomials, exchanged by q.
 */
import type { Float } from '../../core/dtype.ts'
import { floatType, type Machine } from '../../core/machine.ts'
import { reduceLarge, largeFrom, type QuarterTurns } from './turns.ts'
import { horner, literals } from './polynomial.ts'
import { rarely } from './rarely.ts'
import type { Twofold } from './twofold.ts'

/**
 * π/2 in four parts: the count of quarter turns, below 2¹³ (2²⁶), times each of the first three is exact, and so are the
 * first two differences (Cody and Waite).
 */
const quarterParts: Readonly<Record<Float, readonly [number, number, number, number]>> = {
  f32: [1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5633440682570896e-12],
  f64: [1.5707963407039642, -1.3909067675399456e-8, 6.123233932053594e-17, 6.36831716351095e-25],
}

/** (sin r / r − 1)/r² and (cos r − 1 + r²/2)/r⁴ in powers of r². */
const sinTail: Readonly<Record<Float, readonly number[]>> = {
  f32: [-0.16666653752326965, 0.008332106284797192, -0.00019507884280756116],
  f64: [
    -0.16666666666666627, 0.008333333333321128, -0.00019841269828771603, 2.7557313329895207e-6, -2.5050701023095135e-8,
    1.589346259338612e-10,
  ],
}
const cosTail: Readonly<Record<Float, readonly number[]>> = {
  f32: [0.04166664555668831, -0.001388730015605688, 2.4430528355878778e-5],
  f64: [
    0.04166666666666659, -0.0013888888888872067, 2.480158728817075e-5, -2.7557313968623473e-7, 2.0875670678380254e-9,
    -1.1356908856883623e-11,
  ],
}

const reduce = <R>(m: Machine<R>, x: R): QuarterTurns<R> => {
  const c = literals(m, x)
  const type = floatType(m, x)
  const count = m.nearest(m.mul(x, c(2 / Math.PI)))
  const [first, second, third, fourth] = quarterParts[type]
  const start = m.sub(m.sub(x, m.mul(count, c(first))), m.mul(count, c(second)))
  const next = m.mul(count, c(third))
  const head = m.sub(start, next)
  // what the last difference lost by rounding goes to the tail, with the last part
  const tail = m.sub(m.sub(m.sub(start, head), next), m.mul(count, c(fourth)))
  const large = m.lt(c(largeFrom[type]), m.abs(x))
  const far = (): readonly R[] => {
    const turns = reduceLarge(m, x)
    return [turns.count, turns.rest.head, turns.rest.tail]
  }
  const chosen = rarely(m, large, far, [count, head, tail]) as readonly [R, R, R]
  return { count: chosen[0], rest: { head: chosen[1], tail: chosen[2] } }
}

/** sin and cos of head + tail, the tail to first order. */
const sinCos = <R>(m: Machine<R>, { head, tail }: Twofold<R>): { readonly sin: R; readonly cos: R } => {
  const c = literals(m, head)
  const type = floatType(m, head)
  const z = m.mul(head, head)
  const sin = m.add(head, m.add(m.mul(m.mul(head, z), horner(m, z, sinTail[type])), tail))
  // 1 − z/2 is rounded; what the rounding lost goes in with the small terms
  const half = m.mul(z, c(0.5))
  const start = m.sub(c(1), half)
  const lost = m.sub(m.sub(m.sub(c(1), start), half), m.mul(head, tail))
  return { sin, cos: m.add(start, m.add(lost, m.mul(m.mul(z, z), horner(m, z, cosTail[type])))) }
}

/** count mod 4 as −2, −1, 0, 1 or 2, and whether it is odd. */
const quadrant = <R>(m: Machine<R>, count: R): { readonly turn: R; readonly odd: R; readonly evenSign: R } => {
  const c = literals(m, count)
  const turn = m.sub(count, m.mul(m.nearest(m.mul(count, c(0.25))), c(4)))
  const size = m.abs(turn)
  return { turn, odd: m.eq(size, c(1)), evenSign: m.sub(c(1), size) }
}

export const sin = <R>(m: Machine<R>, x: R): R => {
  const { count, rest } = reduce(m, x)
  const { turn, odd, evenSign } = quadrant(m, count)
  const values = sinCos(m, rest)
  const value = m.mul(m.select(odd, values.cos, values.sin), m.select(odd, turn, evenSign))
  // the only zero keeps its sign
  return m.select(m.eq(x, literals(m, x)(0)), x, value)
}

export const cos = <R>(m: Machine<R>, x: R): R => {
  const { count, rest } = reduce(m, x)
  const { turn, odd, evenSign } = quadrant(m, count)
  const values = sinCos(m, rest)
  return m.mul(m.select(odd, values.sin, values.cos), m.select(odd, m.neg(turn), evenSign))
}

/** sin/cos in even quarters, −cos/sin in odd ones. */
export const tan = <R>(m: Machine<R>, x: R): R => {
  const { count, rest } = reduce(m, x)
  const { odd } = quadrant(m, count)
  const values = sinCos(m, rest)
  const value = m.div(m.select(odd, values.cos, values.sin), m.select(odd, m.neg(values.sin), values.cos))
  return m.select(m.eq(x, literals(m, x)(0)), x, value)
}
