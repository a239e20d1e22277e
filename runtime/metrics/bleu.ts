// BLEU of translations. In: tokens of each candidate, and of one or several references for each. Out: the score of the corpus
// and what it is made of.
// Invariant: pure; counts are summed over the corpus before any division, as the definition has it.

export type Token = string | number
export type Sentence = readonly Token[]

export interface BleuOptions {
  /** The longest n-grams that count; 4 unless told. */
  readonly order?: number
  /** `addOne` adds one to hits and totals from pairs of words on, so that one missing 4-gram is not a score of 0. */
  readonly smoothing?: 'none' | 'addOne'
}

export interface Bleu {
  /** In [0, 1]. */
  readonly score: number
  /** Modified precisions of 1-grams, 2-grams, … */
  readonly precisions: readonly number[]
  readonly brevityPenalty: number
  /** Tokens of all candidates. */
  readonly candidateLength: number
  /** Tokens of the references that are closest in length. */
  readonly referenceLength: number
}

/** How often each n-gram occurs. */
const gramsOf = (sentence: Sentence, n: number): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (let i = 0; i + n <= sentence.length; i++) {
    const gram = JSON.stringify(sentence.slice(i, i + n))
    counts.set(gram, (counts.get(gram) ?? 0) + 1)
  }
  return counts
}

/** The candidate's n-grams that occur in a reference, each counted as often as in the one where it is most frequent. */
const hitsOf = (candidate: Sentence, references: readonly Sentence[], n: number): number => {
  const known = references.map((r) => gramsOf(r, n))
  let hits = 0
  for (const [gram, count] of gramsOf(candidate, n))
    hits += Math.min(count, Math.max(...known.map((grams) => grams.get(gram) ?? 0)))
  return hits
}

/** The length of the reference that is closest to the candidate's; of two as close, the shorter. */
const closestLength = (candidate: Sentence, references: readonly Sentence[]): number =>
  references
    .map((r) => r.length)
    .reduce((best, length) => {
      const [d, e] = [Math.abs(length - candidate.length), Math.abs(best - candidate.length)]
      return d < e || (d === e && length < best) ? length : best
    })

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/**
 * BP · (Π pₙ)^(1/N) over a corpus: the geometric mean of the modified n-gram precisions, n = 1 … 4, by the brevity penalty
 * BP = min(1, exp(1 − r/c)). Papineni, Roukos, Ward, Zhu, "BLEU: a method for automatic evaluation of machine translation" (2002);
 * `addOne` is Lin, Och, "ORANGE" (2004). A RangeError where candidates and references do not pair up.
 */
export const bleu = (
  candidates: readonly Sentence[],
  references: readonly (readonly Sentence[])[],
  { order = 4, smoothing = 'none' }: BleuOptions = {},
): Bleu => {
  if (candidates.length !== references.length)
    throw new RangeError(`${candidates.length} candidates for references of ${references.length}`)
  const pairs = candidates.map((candidate, i) => [candidate, references[i] ?? []] as const)
  const bare = pairs.findIndex(([, known]) => known.length === 0)
  if (bare >= 0) throw new RangeError(`candidate ${bare} has no reference`)
  const candidateLength = total(candidates.map((c) => c.length))
  const referenceLength = total(pairs.map(([c, known]) => closestLength(c, known)))
  const precisions = Array.from({ length: order }, (_, i) => {
    const added = smoothing === 'addOne' && i > 0 ? 1 : 0
    const hits = added + total(pairs.map(([c, known]) => hitsOf(c, known, i + 1)))
    const all = added + total(candidates.map((c) => Math.max(0, c.length - i)))
    return all === 0 ? 0 : hits / all
  })
  const brevityPenalty = candidateLength === 0 ? 0 : Math.min(1, Math.exp(1 - referenceLength / candidateLength))
  const geometric = Math.exp(total(precisions.map(Math.log)) / order)
  return { score: brevityPenalty * geometric, precisions, brevityPenalty, candidateLength, referenceLength }
}
