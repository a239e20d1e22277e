/**
 * Double-double arithmetic: a number as an unevaluated sum head + tail of two f64, about 106 bits.
 * In: pairs. Out: pairs with |tail| ≤ ulp(head)/2. Invariant: relative error of each operation below 2⁻¹⁰⁰, away from
 * overflow and from results so small that the tail would be subnormal. Algorithms of Dekker (1971) and Knuth.
 */
export type DD = readonly [head: number, tail: number]

const fastTwoSum = (a: number, b: number): DD => {
  const head = a + b
  return [head, b - (head - a)]
}

const twoSum = (a: number, b: number): DD => {
  const head = a + b
  const back = head - a
  return [head, a - (head - back) + (b - back)]
}

const split = (x: number): DD => {
  const wide = x * 134217729
  const head = wide - (wide - x)
  return [head, x - head]
}

const twoProduct = (a: number, b: number): DD => {
  const head = a * b
  const [ah, at] = split(a)
  const [bh, bt] = split(b)
  return [head, ah * bh - head + ah * bt + at * bh + at * bt]
}

export const exact = (x: number): DD => [x, 0]
export const neg = ([h, t]: DD): DD => [-h, -t]
export const abs = (a: DD): DD => (a[0] < 0 ? neg(a) : a)

export const add = (a: DD, b: DD): DD => {
  const [s, e] = twoSum(a[0], b[0])
  const [t, f] = twoSum(a[1], b[1])
  const [h, l] = fastTwoSum(s, e + t)
  return fastTwoSum(h, l + f)
}

export const sub = (a: DD, b: DD): DD => add(a, neg(b))

export const mul = (a: DD, b: DD): DD => {
  const [p, e] = twoProduct(a[0], b[0])
  return fastTwoSum(p, e + (a[0] * b[1] + a[1] * b[0]))
}

export const div = (a: DD, b: DD): DD => {
  const first = a[0] / b[0]
  const rest = sub(a, mul(b, exact(first)))
  const second = rest[0] / b[0]
  const last = sub(rest, mul(b, exact(second)))
  return add(fastTwoSum(first, second), exact(last[0] / b[0]))
}

/** a·2ⁿ, exact unless it leaves the range. */
export const scale = ([h, t]: DD, n: number): DD => {
  const half = Math.trunc(n / 2)
  const [p, q] = [2 ** half, 2 ** (n - half)]
  return [h * p * q, t * p * q]
}

export const sqrt = (a: DD): DD => {
  if (a[0] === 0) return a
  // scaled to about 1, so that the square of the root loses nothing
  const n = Math.floor(Math.log2(a[0]) / 2)
  const near = scale(a, -2 * n)
  const root = Math.sqrt(near[0])
  const rest = sub(near, twoProduct(root, root))
  return scale(fastTwoSum(root, rest[0] / (2 * root)), n)
}

/** Σ terms until they no longer count; `next(n)` gives term n from 0 on. */
export const series = (next: (n: number) => DD): DD => {
  let sum = next(0)
  for (let n = 1; n < 2000; n++) {
    const term = next(n)
    sum = add(sum, term)
    if (Math.abs(term[0]) <= Math.abs(sum[0]) * 2 ** -110) return sum
  }
  throw new Error('the series does not converge')
}

/** n/2^bits, for |n| below 2¹⁰⁰⁰. */
export const fromFixed = (n: bigint, bits: number): DD => {
  const head = Number(n)
  const tail = Number(n - BigInt(head))
  return [head * 2 ** -bits, tail * 2 ** -bits]
}
