/**
 * In: the digits of k of a contraction. Out: how its sum over k is cut into pieces, which is part of the Kernel (every target
 * adds in that order). Invariant: the pieces add up to k, in order; each is a box of the digits, some of one digit and all of
 * those below it, and at most PIECE long; those of one run of a digit differ by at most one of it.
 */

/** A column panel of a target that keeps 8 columns of f32 at a time is then at most 32 kB: it stays in the nearest cache. */
const PIECE = 1024

const product = (extents: readonly number[]): number => extents.reduce((n, d) => n * d, 1)

/** Even pieces: [784] is one, [3000] is [1000, 1000, 1000], [3, 14, 28] is [784, 392]; 0 has none. */
export const splitK = (inner: readonly number[], limit: number = PIECE): readonly number[] => {
  if (product(inner) === 0) return []
  let digit = inner.length
  let size = 1
  while (digit > 0 && size * (inner[digit - 1] as number) <= limit) size *= inner[--digit] as number
  if (digit === 0) return [size]
  const extent = inner[digit - 1] as number
  const count = Math.ceil(extent / Math.floor(limit / size))
  const run = Array.from({ length: count }, (_, i) => size * Math.floor((extent + count - 1 - i) / count))
  return Array.from({ length: product(inner.slice(0, digit - 1)) }, () => run).flat()
}

/** The box of the digits that the elements from … from + size − 1 of k make: its extents, for as many of the last digits. */
export const boxOf = (inner: readonly number[], from: number, size: number): readonly number[] | null => {
  for (let digit = 0; digit < inner.length; digit++) {
    const below = product(inner.slice(digit + 1))
    const first = from / below
    const count = size / below
    const fits = first % (inner[digit] as number) <= (inner[digit] as number) - count
    if (Number.isInteger(first) && Number.isInteger(count) && fits) return [count, ...inner.slice(digit + 1)]
  }
  return null
}

/** Equal pieces that stand side by side, counted: [1000, 1000, 999] is 2 of 1000 and 1 of 999. */
export const runsOf = (pieces: readonly number[]): readonly { readonly size: number; readonly count: number }[] => {
  const runs: { size: number; count: number }[] = []
  for (const size of pieces) {
    const last = runs.at(-1)
    if (last?.size === size) last.count++
    else runs.push({ size, count: 1 })
  }
  return runs
}
