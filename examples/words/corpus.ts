// Texts as numbers. In: a text, or nothing. Out: its words by number, the most frequent first, and sentences made up where there is
// no text at hand. Invariant: everything is drawn by the language's own generator, so that two runs are alike.

import { drawUniform } from '../shared/draw.ts'

export interface Corpus {
  /** Every word that occurs often enough, the most frequent first. */
  readonly vocabulary: readonly string[]
  /** How often each occurs. */
  readonly counts: readonly number[]
  /** Sentences as numbers of words; what is not in the vocabulary is left out. */
  readonly sentences: readonly Int32Array[]
}

export const sizeOf = ({ sentences }: Corpus): number => sentences.reduce((n, s) => n + s.length, 0)

/** A sentence a line, lower-cased, words and signs between spaces. */
export const corpusOf = (text: string, leastCount: number): Corpus => {
  const lines = text
    .toLowerCase()
    .split('\n')
    .map((line) => line.match(/[\p{L}\p{N}'’<>@_-]+|[.,;:!?]/gu) ?? [])
  const found = new Map<string, number>()
  for (const word of lines.flat()) found.set(word, (found.get(word) ?? 0) + 1)
  const kept = [...found].filter(([, n]) => n >= leastCount).toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  const numbers = new Map(kept.map(([word], i) => [word, i]))
  return {
    vocabulary: kept.map(([word]) => word),
    counts: kept.map(([, n]) => n),
    sentences: lines
      .map((line) => Int32Array.from(line.flatMap((word) => numbers.get(word) ?? [])))
      .filter((s) => s.length > 1),
  }
}

/** Words that occur in the same places. */
export const kinds = {
  animal: ['cat', 'dog', 'horse', 'cow', 'sheep', 'goat', 'fox'],
  colour: ['red', 'green', 'blue', 'black', 'white', 'brown', 'grey'],
  day: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
  city: ['paris', 'london', 'rome', 'berlin', 'madrid', 'vienna', 'athens'],
  food: ['bread', 'rice', 'soup', 'fish', 'cake', 'fruit', 'cheese'],
} as const

const patterns = [
  'the colour animal runs after the colour animal',
  'my animal is colour and your animal is colour',
  'on day we go to city by train',
  'she was in city from day to day',
  'he eats food and food for dinner on day',
  'food and food are cheap in city',
  'the animal likes food',
  'a colour train to city leaves on day',
]

/** Sentences in which a word tells only its kind. */
export const madeUp = (count: number): string => {
  const draws = drawUniform([count, 8], 3, 0, 1)
  let at = 0
  const one = <A>(items: readonly A[]): A => items[Math.floor((draws[at++] ?? 0) * items.length)] as A
  const isKind = (word: string): word is keyof typeof kinds => word in kinds
  return Array.from({ length: count }, (_, i) => {
    at = 8 * i
    return one(patterns)
      .split(' ')
      .map((word) => (isKind(word) ? one<string>(kinds[word]) : word))
      .join(' ')
  }).join('\n')
}
