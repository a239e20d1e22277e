/**
 * In: the depth of a contraction. Out: how its sum over k is cut into pieces, which is part of the Kernel (every target adds
 * in that order). Invariant: the pieces add up to k, differ by at most one and are at most PIECE long.
 */

/** A column panel of a target that keeps 8 columns of f32 at a time is then at most 32 kB: it stays in the nearest cache. */
const PIECE = 1024

/** Even pieces: 784 is one, 3000 is [1000, 1000, 1000]; 0 has none. */
export const splitK = (k: number, limit: number = PIECE): readonly number[] => {
  const count = Math.ceil(k / limit)
  return Array.from({ length: count }, (_, i) => Math.floor((k + count - 1 - i) / count))
}
