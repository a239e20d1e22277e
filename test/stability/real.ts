/**
 * Real numbers with their first and second partial derivatives, to some 700 decimals. In: doubles, taken exactly. Out: doubles.
 * Invariant: shares nothing with the language: a number is an integer of 2⁻²⁴⁰⁰, so that a formula that cancels or
 * overflows in floats does not here; derivatives are truncated Taylor series (Griewank and Walther, Evaluating Derivatives, 2008).
 */

const bits = 2400n
const unit = 1n << bits

export interface Real {
  readonly value: bigint
  /** By each variable; those missing at the end are 0. */
  readonly first: readonly bigint[]
  readonly second: readonly (readonly bigint[])[]
}

// ---- numbers without derivatives

const times = (a: bigint, b: bigint): bigint => (a * b) >> bits
const over = (a: bigint, b: bigint): bigint => (a << bits) / b

/** A double as it is: an integer times a power of two. */
const exactly = (x: number): bigint => {
  if (!Number.isFinite(x)) throw new RangeError(`${x} is not a real number`)
  let [n, power] = [x, 0]
  while (!Number.isInteger(n)) [n, power] = [n * 2, power + 1]
  return (BigInt(n) << bits) >> BigInt(power)
}

const lengthOf = (a: bigint): number => (a < 0n ? -a : a).toString(16).length * 4

/** The nearest double, or one of its neighbours. */
const rounded = (a: bigint): number => {
  const shift = Math.max(0, lengthOf(a) - 64)
  const head = Number(a >> BigInt(shift))
  // in two factors: 2⁻²⁴⁰⁰ is no double
  const power = shift - Number(bits)
  return head * 2 ** Math.trunc(power / 2) * 2 ** (power - Math.trunc(power / 2))
}

const halvings = 40n

/** eʳ for a small r: the series of r/2⁴⁰, squared 40 times. */
const expSmall = (r: bigint): bigint => {
  const t = r >> halvings
  let [sum, term] = [unit, unit]
  for (let n = 1n; term !== 0n && n < 400n; n++) {
    term = times(term, t) / n
    sum += term
    if (term === -1n) break
  }
  for (let i = 0n; i < halvings; i++) sum = times(sum, sum)
  return sum
}

/** log m for m in [½, 2]: Newton's method on eʸ = m, of third order, from the double nearby. */
const logNearOne = (m: bigint): bigint => {
  let y = exactly(Math.log(rounded(m)))
  for (let i = 0; i < 5; i++) {
    const e = expSmall(y)
    y += over(2n * (m - e), m + e)
  }
  return y
}

const ln2 = -logNearOne(unit / 2n)

const expOf = (x: bigint): bigint => {
  const k = x / ln2
  const e = expSmall(x - k * ln2)
  return k < 0n ? e >> -k : e << k
}

const logOf = (x: bigint): bigint => {
  if (x <= 0n) throw new RangeError('the logarithm of a number that is not positive')
  const k = BigInt(lengthOf(x)) - bits
  return k * ln2 + logNearOne(k < 0n ? x << -k : x >> k)
}

const sqrtOf = (x: bigint): bigint => {
  const square = x << bits
  let root = 1n << BigInt(lengthOf(square) / 2 + 4)
  for (;;) {
    const next = (root + square / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** arctan(1/n) by its series. */
const arctanOfInverse = (n: bigint): bigint => {
  let [sum, power] = [0n, unit / n]
  for (let k = 0n; power !== 0n; k++) {
    sum += ((k % 2n === 0n ? 1n : -1n) * power) / (2n * k + 1n)
    power /= n * n
  }
  return sum
}

/** Machin: π/4 = 4·arctan(1/5) − arctan(1/239). */
const pi = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n))
const twoOverSqrtPi = over(2n * unit, sqrtOf(pi))

/** 2/√π · Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)) */
const erfOf = (x: bigint): bigint => {
  const square = times(x, x)
  let [sum, power] = [x, x]
  for (let n = 1n; n < 4000n && power !== 0n && power !== -1n; n++) {
    power = -times(power, square) / n
    sum += power / (2n * n + 1n)
  }
  return times(twoOverSqrtPi, sum)
}

// ---- numbers with derivatives

const zeros = (n: number): readonly number[] => new Array<number>(n).fill(0)

export const of = (x: number): Real => ({ value: exactly(x), first: [], second: [] })

export const one = of(1)

/** Variable i of n at x. */
export const variable = (x: number, i: number, n: number): Real => ({
  value: exactly(x),
  first: zeros(n).map((_, k) => (k === i ? unit : 0n)),
  second: zeros(n).map(() => zeros(n).map(() => 0n)),
})

const combined = (
  a: Real,
  b: Real,
  value: bigint,
  first: (p: bigint, q: bigint) => bigint,
  second: (pq: readonly [bigint, bigint], i: number, j: number) => bigint,
): Real => {
  const all = zeros(Math.max(a.first.length, b.first.length))
  return {
    value,
    first: all.map((_, i) => first(a.first[i] ?? 0n, b.first[i] ?? 0n)),
    second: all.map((_, i) => all.map((_, j) => second([a.second[i]?.[j] ?? 0n, b.second[i]?.[j] ?? 0n], i, j))),
  }
}

export const add = (a: Real, b: Real): Real =>
  combined(
    a,
    b,
    a.value + b.value,
    (p, q) => p + q,
    ([p, q]) => p + q,
  )

export const mul = (a: Real, b: Real): Real => {
  const [da, db] = [(i: number) => a.first[i] ?? 0n, (i: number) => b.first[i] ?? 0n]
  return combined(
    a,
    b,
    times(a.value, b.value),
    (p, q) => times(p, b.value) + times(a.value, q),
    ([p, q], i, j) => times(p, b.value) + times(a.value, q) + times(da(i), db(j)) + times(da(j), db(i)),
  )
}

/** f(a), given f, f′ and f″ there. */
const through = (a: Real, f: bigint, slope: bigint, curvature: bigint): Real => ({
  value: f,
  first: a.first.map((p) => times(slope, p)),
  second: a.second.map((row, i) =>
    row.map((p, j) => times(slope, p) + times(curvature, times(a.first[i] as bigint, a.first[j] as bigint))),
  ),
})

export const neg = (a: Real): Real => through(a, -a.value, -unit, 0n)
export const sub = (a: Real, b: Real): Real => add(a, neg(b))

const inverse = (a: Real): Real => {
  const r = over(unit, a.value)
  const square = times(r, r)
  return through(a, r, -square, 2n * times(square, r))
}

export const div = (a: Real, b: Real): Real => mul(a, inverse(b))

export const exp = (a: Real): Real => {
  const e = expOf(a.value)
  return through(a, e, e, e)
}

export const log = (a: Real): Real => {
  const r = over(unit, a.value)
  return through(a, logOf(a.value), r, -times(r, r))
}

/** At a positive number. */
export const sqrt = (a: Real): Real => {
  const root = sqrtOf(a.value)
  const slope = over(unit, 2n * root)
  return through(a, root, slope, -over(slope, 2n * a.value))
}

export const erf = (a: Real): Real => {
  const slope = times(twoOverSqrtPi, expOf(-times(a.value, a.value)))
  return through(a, erfOf(a.value), slope, -2n * times(a.value, slope))
}

export const square = (a: Real): Real => mul(a, a)
export const sum = (list: readonly Real[]): Real => list.reduce(add)
export const sigmoid = (a: Real): Real => inverse(add(one, exp(neg(a))))

// ---- what is read from them

export const valueOf = (a: Real): number => rounded(a.value)

/** The derivative by each variable. */
export const gradientOf = (a: Real): readonly number[] => a.first.map(rounded)

/** The second derivatives times a direction. */
export const curvatureOf = (a: Real, direction: readonly number[]): readonly number[] =>
  a.second.map((row) => rounded(row.reduce((total, p, j) => total + times(p, exactly(direction[j] ?? 0)), 0n)))
