// Co-occurrences. In: sentences as numbers of words. Out: how often two words occur within a window of one another.
// Invariant: both orders are counted; a word is no context of itself at its own place.

import type { Corpus } from '../words/corpus.ts'

/** The entries of a table that are not 0, in lists of the same length. */
export interface Counts {
  readonly i: Int32Array
  readonly j: Int32Array
  readonly x: Float32Array
}

/** Pairs at a distance of at most `window`; each counts 1, or 1 over its distance where `near` counts more. */
export const countsOf = ({ vocabulary, sentences }: Corpus, window: number, near = false): Counts => {
  const found = new Map<number, number>()
  const n = vocabulary.length
  for (const s of sentences)
    for (const [p, a] of s.entries())
      for (let q = Math.max(0, p - window); q < p; q++) {
        const [b, one] = [s[q] as number, near ? 1 / (p - q) : 1]
        for (const key of [a * n + b, b * n + a]) found.set(key, (found.get(key) ?? 0) + one)
      }
  const entries = [...found]
  return {
    i: Int32Array.from(entries, ([key]) => Math.floor(key / n)),
    j: Int32Array.from(entries, ([key]) => key % n),
    x: Float32Array.from(entries, ([, count]) => count),
  }
}

/** The whole table, row after row. */
export const tableOf = ({ i, j, x }: Counts, words: number): Float32Array => {
  const table = new Float32Array(words * words)
  for (const [k, row] of i.entries()) table[row * words + (j[k] as number)] = x[k] as number
  return table
}
