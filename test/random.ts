/**
 * Numbers drawn from a seed. In: a seed. Out: numbers in [0, 1), one a call (mulberry32).
 * Invariant: the same seed gives the same numbers, on every run and machine.
 */
export const stream = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
