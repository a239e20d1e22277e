// Sentences with their trees. In: CoNLL-U, or nothing. Out: words, parts of speech, heads and labels.
// Invariant: heads count words from 1, and 0 is the root; words of several tokens and empty nodes are left out, as evaluation has it.

import { drawUniform } from '../shared/draw.ts'

export interface Sentence {
  readonly words: readonly string[]
  readonly tags: readonly string[]
  readonly heads: readonly number[]
  readonly labels: readonly string[]
}

/** https://universaldependencies.org/format.html; labels without what stands behind a colon. */
export const readConllu = (text: string): readonly Sentence[] =>
  text.split('\n\n').flatMap((block): readonly Sentence[] => {
    const rows = block
      .split('\n')
      .map((line) => line.split('\t'))
      .filter(([id = '']) => /^\d+$/.test(id))
    if (rows.length === 0) return []
    const column = (k: number): readonly string[] => rows.map((row) => row[k] ?? '_')
    return [
      {
        words: column(1).map((word) => word.toLowerCase()),
        tags: column(3),
        heads: column(6).map(Number),
        labels: column(7).map((label) => label.replace(/:.*/, '')),
      },
    ]
  })

/** A tree whose arcs do not cross, as the transitions can build it. */
export const isProjective = ({ heads }: Sentence): boolean =>
  heads.every((head, i) => {
    const [from, to] = [Math.min(head, i + 1), Math.max(head, i + 1)]
    return heads.every((other, k) => k + 1 <= from || k + 1 >= to || (other >= from && other <= to))
  })

// ---- sentences made up

const nouns = ['dog', 'girl', 'king', 'park', 'garden', 'letter', 'song', 'friend', 'river', 'house']
const verbs = ['sees', 'likes', 'finds', 'hears', 'takes', 'wants']
const adjectives = ['old', 'young', 'small', 'quiet', 'happy']
const adverbs = ['often', 'never', 'today', 'slowly']

/**
 * Sentences of subject, verb and object. A phrase with "of" belongs to the noun before it, one with "with" or "in" to the verb:
 * which it is has to be learned from the word.
 */
export const madeUp = (count: number, seed: number): readonly Sentence[] => {
  const draws = drawUniform([count, 40], seed, 0, 1)
  return Array.from({ length: count }, (_, n): Sentence => {
    let at = 40 * n
    const draw = (): number => draws[at++] as number
    const one = (items: readonly string[]): string => items[Math.floor(draw() * items.length)] as string
    const rows: { word: string; tag: string; head: number; label: string }[] = []
    const put = (word: string, tag: string, label: string): number => rows.push({ word, tag, head: 0, label })
    const hang = (child: number, head: number): void => {
      const row = rows[child - 1]
      if (row !== undefined) row.head = head
    }
    /** A noun with its article and adjectives; its place. */
    const noun = (label: string): number => {
      const before = [put(draw() < 0.5 ? 'the' : 'a', 'DET', 'det')]
      while (draw() < 0.3 && before.length < 3) before.push(put(one(adjectives), 'ADJ', 'amod'))
      const place = put(one(nouns), 'NOUN', label)
      for (const child of before) hang(child, place)
      return place
    }
    const phrase = (preposition: string, label: string): number => {
      const mark = put(preposition, 'ADP', 'case')
      const place = noun(label)
      hang(mark, place)
      return place
    }
    const subject = noun('nsubj')
    const ofSubject = draw() < 0.3 ? phrase('of', 'nmod') : 0
    if (ofSubject > 0) hang(ofSubject, subject)
    const adverb = draw() < 0.3 ? put(one(adverbs), 'ADV', 'advmod') : 0
    const verb = put(one(verbs), 'VERB', 'root')
    hang(subject, verb)
    if (adverb > 0) hang(adverb, verb)
    const object = noun('obj')
    hang(object, verb)
    const kind = draw()
    if (kind < 0.3) hang(phrase('of', 'nmod'), object)
    else if (kind < 0.7) hang(phrase(draw() < 0.5 ? 'with' : 'in', 'obl'), verb)
    hang(put('.', 'PUNCT', 'punct'), verb)
    return {
      words: rows.map((r) => r.word),
      tags: rows.map((r) => r.tag),
      heads: rows.map((r) => r.head),
      labels: rows.map((r) => r.label),
    }
  })
}
