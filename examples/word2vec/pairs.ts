// What word2vec learns from. In: sentences. Out: pairs of a word and one around it, and words drawn at random.
// Invariant: as in the program of 2013: the window is drawn for each word, frequent words are left out at random, and words
// are drawn in proportion to their count to the power ¾.

import { drawUniform } from '../shared/draw.ts'
import type { Corpus } from '../words/corpus.ts'

export interface Pairs {
  readonly c: Int32Array
  readonly o: Int32Array
}

const chunk = 1 << 16

/** Numbers from [0, 1), as many as are asked for. */
const numbersFrom = (seed: number): (() => number) => {
  let [drawn, at, next]: [readonly number[], number, number] = [[], 0, seed]
  return () => {
    if (at === drawn.length) [drawn, at, next] = [drawUniform([chunk], next, 0, 1), 0, next + 1]
    return drawn[at++] as number
  }
}

/** A word that is `threshold` of the text or more is left out with probability 1 − √(threshold / share). */
const keptShare = ({ counts }: Corpus, threshold: number): readonly number[] => {
  const total = counts.reduce((a, b) => a + b, 0)
  return counts.map((n) => Math.min(1, Math.sqrt((threshold * total) / n)))
}

/** All pairs of one round through the text, in a random order. */
export const pairsOf = (corpus: Corpus, window: number, threshold: number, seed: number): Pairs => {
  const draw = numbersFrom(1000 * (seed + 1))
  const kept = keptShare(corpus, threshold)
  const [c, o]: [number[], number[]] = [[], []]
  for (const sentence of corpus.sentences) {
    const words = sentence.filter((word) => draw() < (kept[word] as number))
    for (const [p, word] of words.entries()) {
      const reach = 1 + Math.floor(draw() * window)
      for (let q = Math.max(0, p - reach); q <= Math.min(words.length - 1, p + reach); q++) {
        if (q === p) continue
        c.push(word)
        o.push(words[q] as number)
      }
    }
  }
  for (let i = c.length - 1; i > 0; i--) {
    const k = Math.floor(draw() * (i + 1))
    ;[c[i], c[k]] = [c[k] as number, c[i] as number]
    ;[o[i], o[k]] = [o[k] as number, o[i] as number]
  }
  return { c: Int32Array.from(c), o: Int32Array.from(o) }
}

/** Words at random, in proportion to the power ¾ of their count. */
export const drawing = ({ counts }: Corpus, seed: number): ((count: number) => Int32Array) => {
  const table = new Int32Array(1 << 17)
  const total = counts.reduce((sum, n) => sum + n ** 0.75, 0)
  let [at, sum] = [0, 0]
  for (const [word, n] of counts.entries()) {
    sum += n ** 0.75
    for (; at < (sum / total) * table.length && at < table.length; at++) table[at] = word
  }
  const draw = numbersFrom(seed)
  return (count) => Int32Array.from({ length: count }, () => table[Math.floor(draw() * table.length)] as number)
}
