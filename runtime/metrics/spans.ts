// Scores of tagged spans. In: BIO tags of sentences, as predicted and as they are. Out: precision, recall and F1 of whole spans.
// Invariant: pure; a span counts as found only where type, start and end are all exact.

import { type ClassScores, type Scores, scoresOf } from './classification.ts'

/** Tokens `start` to `end` (not included) of one type; the type is empty where tags are plain B, I and O. */
export interface Span {
  readonly type: string
  readonly start: number
  readonly end: number
}

/** `B-PER` begins a span of type PER, `I-PER` continues one. */
const tagOf = (tag: string): { readonly place: string; readonly type: string } => ({
  place: tag.slice(0, 1),
  type: tag.slice(2),
})

/**
 * The spans of a sentence. An I behind O, or behind a span of another type, begins a span too, as in CoNLL's evaluation. A tag
 * that begins with none of B, I and O throws a RangeError.
 */
export const spansOf = (tags: readonly string[]): readonly Span[] => {
  const spans: Span[] = []
  let open: { readonly type: string; readonly start: number } | undefined
  for (const [i, tag] of [...tags, 'O'].entries()) {
    const { place, type } = tagOf(tag)
    if (place !== 'B' && place !== 'I' && place !== 'O')
      throw new RangeError(`token ${i}: the tag ${JSON.stringify(tag)} is none of B, I and O`)
    const goesOn = place === 'I' && open !== undefined && open.type === type
    if (goesOn) continue
    if (open !== undefined) spans.push({ ...open, end: i })
    open = place === 'O' ? undefined : { type, start: i }
  }
  return spans
}

export interface SpanScores extends Scores {
  /** The scores of each type of span that occurs or was predicted, by name. */
  readonly types: Readonly<Record<string, ClassScores>>
}

interface Count {
  readonly hit: number
  readonly predicted: number
  readonly actual: number
}

const none: Count = { hit: 0, predicted: 0, actual: 0 }

const plus = (a: Count, b: Count): Count => ({
  hit: a.hit + b.hit,
  predicted: a.predicted + b.predicted,
  actual: a.actual + b.actual,
})

/**
 * Precision, recall and F1 over the exact spans of all sentences together, and of each type. Sang, De Meulder, "Introduction to the
 * CoNLL-2003 shared task" (2003). A RangeError where sentences or their lengths differ.
 */
export const spanScores = (
  predicted: readonly (readonly string[])[],
  actual: readonly (readonly string[])[],
): SpanScores => {
  if (predicted.length !== actual.length)
    throw new RangeError(`${predicted.length} predictions for ${actual.length} sentences`)
  const counts = new Map<string, Count>()
  const count = (type: string, more: Partial<Count>): void => {
    counts.set(type, plus(counts.get(type) ?? none, { ...none, ...more }))
  }
  for (const [i, tags] of actual.entries()) {
    const said = predicted[i] ?? []
    if (said.length !== tags.length)
      throw new RangeError(`sentence ${i}: ${said.length} predicted tags for ${tags.length} tokens`)
    const name = ({ type, start, end }: Span): string => `${start} ${end} ${type}`
    const [found, there] = [spansOf(said), spansOf(tags)]
    const exact = new Set(there.map(name))
    for (const span of there) count(span.type, { actual: 1 })
    for (const span of found) count(span.type, { predicted: 1, hit: exact.has(name(span)) ? 1 : 0 })
  }
  const scored = ({ hit, predicted: p, actual: a }: Count): ClassScores => ({ ...scoresOf(hit, p, a), support: a })
  const { precision, recall, f1 } = scored([...counts.values()].reduce(plus, none))
  const types = Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([t, c]) => [t, scored(c)]))
  return { precision, recall, f1, types }
}
