/**
 * Elementary functions in double-double, by plain series: the reference that the f64 errors are measured against.
 * In: pairs inside the domain, away from overflow. Out: pairs with a relative error below about 2⁻⁹⁰.
 */
import { add, type DD, div, exact, fromFixed, mul, neg, scale, series, sqrt, sub } from './doubleDouble.ts'

const one = exact(1)
const two = exact(2)
const half = (a: DD): DD => scale(a, -1)

/** Σ z^n/(2n + 1), so that artanh s = s·Σ with z = s² and arctan t = t·Σ with z = −t². */
const oddPowers = (z: DD): DD => {
  let power = one
  return series((n) => {
    if (n > 0) power = mul(power, z)
    return div(power, exact(2 * n + 1))
  })
}

// ---- constants

const piBits = 1400
/** π·2^1400 by Machin's formula 16·arctan(1/5) − 4·arctan(1/239). */
const piFixed = ((): bigint => {
  const unit = 1n << BigInt(piBits + 64)
  const arctanInverse = (q: bigint): bigint => {
    let sum = 0n
    let power = unit / q
    for (let n = 1n; power !== 0n; n += 2n) {
      sum += (n & 2n) === 0n ? power / n : -(power / n)
      power /= q * q
    }
    return sum
  }
  return (16n * arctanInverse(5n) - 4n * arctanInverse(239n)) >> 64n
})()
export const pi = fromFixed(piFixed >> BigInt(piBits - 300), 300)
export const ln2 = ((): DD => {
  const third = div(one, exact(3))
  return mul(mul(two, third), oddPowers(mul(third, third)))
})()

// ---- exponentials

const expm1Series = (x: DD): DD => {
  let term = x
  return series((n) => {
    if (n > 0) term = div(mul(term, x), exact(n + 1))
    return term
  })
}

/** exp x = value·2^k with value near 1. */
const expParts = (x: DD): readonly [value: DD, k: number] => {
  const k = Math.round(x[0] / Math.LN2)
  return [add(one, expm1Series(sub(x, mul(ln2, exact(k))))), k]
}

/** exp(x)·2ⁿ, which may be in range where exp x is not. */
export const exp = (x: DD, n = 0): DD => {
  if (x[0] < -1000) return exact(0)
  const [value, k] = expParts(x)
  return scale(value, k + n)
}

export const expm1 = (x: DD): DD => (Math.abs(x[0]) < 0.5 ? expm1Series(x) : sub(exp(x), one))

// ---- logarithms

/** log(1 + x) = 2·artanh(x/(2 + x)), for |x| < ½. */
const log1pSeries = (x: DD): DD => {
  const s = div(x, add(two, x))
  return mul(mul(two, s), oddPowers(mul(s, s)))
}

export const log = (x: DD): DD => {
  const k = Math.round(Math.log2(x[0]))
  return add(mul(ln2, exact(k)), log1pSeries(sub(scale(x, -k), one)))
}

export const log1p = (x: DD): DD => {
  if (Math.abs(x[0]) < 2 ** -110) return x
  return Math.abs(x[0]) < 0.4 ? log1pSeries(x) : log(add(one, x))
}

// ---- circular functions

/** x = quarter·π/2 + rest modulo 2π, exact in integers. */
const reduce = (x: number): readonly [quarter: number, rest: DD] => {
  if (Math.abs(x) < 0.7) return [0, exact(x)]
  const exponent = Math.floor(Math.log2(Math.abs(x)))
  const fixed = BigInt(Math.abs(x) * 2 ** -(exponent - 60)) << BigInt(exponent - 60 + piBits)
  const quarterTurn = piFixed >> 1n
  const doubled = 2n * fixed + quarterTurn
  const count = doubled / (2n * quarterTurn)
  const rest = fromFixed((fixed - count * quarterTurn) >> BigInt(piBits - 300), 300)
  const quarter = Number(count & 3n)
  return x < 0 ? [(4 - quarter) & 3, neg(rest)] : [quarter, rest]
}

const sinSeries = (x: DD): DD => {
  const z = neg(mul(x, x))
  let term = x
  return series((n) => {
    if (n > 0) term = div(mul(term, z), exact(2 * n * (2 * n + 1)))
    return term
  })
}

const cosSeries = (x: DD): DD => {
  const z = neg(mul(x, x))
  let term = one
  return series((n) => {
    if (n > 0) term = div(mul(term, z), exact((2 * n - 1) * 2 * n))
    return term
  })
}

export const sin = (x: number): DD => {
  const [quarter, rest] = reduce(x)
  const value = quarter % 2 === 0 ? sinSeries(rest) : cosSeries(rest)
  return quarter < 2 ? value : neg(value)
}

export const cos = (x: number): DD => {
  const [quarter, rest] = reduce(x)
  const value = quarter % 2 === 0 ? cosSeries(rest) : sinSeries(rest)
  return quarter === 0 || quarter === 3 ? value : neg(value)
}

/** An f64 guess, corrected by the angle between its tangent and x. */
export const atan = (x: DD): DD => {
  if (Math.abs(x[0]) > 1e30) return sub(half(x[0] < 0 ? neg(pi) : pi), exact(1 / x[0]))
  const guess = Math.atan(x[0])
  const tangent = div(sin(guess), cos(guess))
  const rest = div(sub(x, tangent), add(one, mul(x, tangent)))
  return add(exact(guess), rest)
}

// ---- hyperbolic functions, for x ≥ 0

export const sinh = (x: DD): DD => {
  if (x[0] > 50) return exp(x, -1)
  const t = expm1(x)
  return half(add(t, div(t, add(t, one))))
}

export const cosh = (x: DD): DD => {
  if (x[0] > 50) return exp(x, -1)
  const e = exp(x)
  return half(add(e, div(one, e)))
}

export const tanh = (x: DD): DD => {
  if (x[0] > 50) return one
  const t = expm1(add(x, x))
  return div(t, add(t, two))
}

export const asinh = (x: DD): DD => {
  if (x[0] > 1e20) return add(log(x), ln2)
  const z = mul(x, x)
  return log1p(add(x, div(z, add(one, sqrt(add(one, z))))))
}

export const acosh = (x: DD): DD => {
  if (x[0] > 1e20) return add(log(x), ln2)
  const t = sub(x, one)
  return log1p(add(t, sqrt(mul(t, add(t, two)))))
}

export const atanh = (x: DD): DD => half(log1p(div(add(x, x), sub(one, x))))

// ---- the error function, for x ≥ 0

/** 2/√π·exp(−x²)·Σ 2ⁿ·x^(2n+1)/(2n + 1)!!, all terms positive. */
export const erf = (x: DD): DD => {
  if (x[0] > 10) return one
  const z = mul(x, x)
  let term = x
  const sum = series((n) => {
    if (n > 0) term = div(mul(mul(term, z), two), exact(2 * n + 1))
    return term
  })
  return mul(mul(div(two, sqrt(pi)), exp(neg(z))), sum)
}

/** The continued fraction exp(−x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))) from 2.5 on. */
export const erfc = (x: DD): DD => {
  if (x[0] < 2.5) return sub(one, erf(x))
  let tail = x
  for (let n = 400; n >= 1; n--) tail = add(x, div(exact(n / 2), tail))
  const [value, k] = expParts(neg(mul(x, x)))
  return scale(div(value, mul(tail, sqrt(pi))), k)
}
