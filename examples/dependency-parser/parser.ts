// A parser: what it knows by number, how it is trained, how it parses many sentences side by side. In: sentences. Out: trees.
// Invariant: a word, a tag, a label that was not seen in training is the unknown one, 0; an empty place is 1.

import { orThrow, start } from '../shared/start.ts'
import { entriesOf, scoresOf, type Sizes } from './model.ts'
import {
  initial,
  isDone,
  isLegal,
  labelPlaces,
  placesOf,
  rightOne,
  type State,
  take,
  transitionsOf,
  wordPlaces,
} from './transitions.ts'
import type { Sentence } from './treebank.ts'

const [unknown, none, root] = [0, 1, 2]

export interface Numbers {
  readonly words: ReadonlyMap<string, number>
  readonly tags: ReadonlyMap<string, number>
  /** From 0: a label is a transition too. */
  readonly labels: readonly string[]
}

const numbered = (items: Iterable<string>, least: number): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  const kept = [...counts].filter(([, n]) => n >= least).map(([item]) => item)
  return new Map(kept.map((item, i) => [item, i + 3]))
}

export const numbersOf = (sentences: readonly Sentence[], leastCount: number): Numbers => ({
  words: numbered(
    sentences.flatMap((s) => s.words),
    leastCount,
  ),
  tags: numbered(
    sentences.flatMap((s) => s.tags),
    1,
  ),
  labels: [...new Set(sentences.flatMap((s) => s.labels))].toSorted(),
})

/** A sentence in numbers, by place: the root first. */
interface Read {
  readonly words: readonly number[]
  readonly tags: readonly number[]
}

const read = ({ words, tags }: Numbers, s: Sentence): Read => ({
  words: [root, ...s.words.map((word) => words.get(word) ?? unknown)],
  tags: [root, ...s.tags.map((tag) => tags.get(tag) ?? unknown)],
})

/** What the network looks at: words, tags and labels at the places of a state. */
const looked = ({ words, tags }: Read, state: State): readonly [number[], number[], number[]] => {
  const places = placesOf(state)
  const at =
    (values: ArrayLike<number>) =>
    (place: number): number =>
      place < 0 ? none : (values[place] ?? none)
  const labels = places
    .slice(wordPlaces - labelPlaces)
    .map((place) => (place < 0 ? none : (state.labels[place] ?? -1) + 3))
  return [places.map(at(words)), places.map(at(tags)), labels]
}

/** States and the transitions that are right in them. */
export interface Examples {
  readonly words: Int32Array
  readonly tags: Int32Array
  readonly labels: Int32Array
  readonly y: Int32Array
}

export const examplesOf = (numbers: Numbers, sentences: readonly Sentence[]): Examples => {
  const [words, tags, labels, y]: [number[], number[], number[], number[]] = [[], [], [], []]
  const labelOf = (label: string): number => numbers.labels.indexOf(label)
  for (const sentence of sentences) {
    const [state, known] = [initial(sentence.words.length), read(numbers, sentence)]
    while (!isDone(state)) {
      const transition = rightOne(state, sentence, labelOf)
      if (!isLegal(state, transition)) break
      const [w, t, l] = looked(known, state)
      words.push(...w)
      tags.push(...t)
      labels.push(...l)
      y.push(transition)
      take(state, transition)
    }
  }
  return {
    words: Int32Array.from(words),
    tags: Int32Array.from(tags),
    labels: Int32Array.from(labels),
    y: Int32Array.from(y),
  }
}

export const sizesOf = (numbers: Numbers, dimension: number, hidden: number, batch: number): Sizes => ({
  words: { known: numbers.words.size + 3, places: wordPlaces },
  tags: { known: numbers.tags.size + 3, places: wordPlaces },
  labels: { known: numbers.labels.length + 3, places: labelPlaces },
  dimension,
  hidden,
  transitions: transitionsOf(numbers.labels.length),
  batch,
})

/** Trains over examples in a random order; the loss of each round, and the parameters. */
export const train = async (
  sizes: Sizes,
  examples: Examples,
  rounds: number,
  orderOf: (round: number) => readonly number[],
) => {
  const { entries, params } = await start(entriesOf(sizes))
  const { batch } = sizes
  const losses: number[] = []
  const some = (values: Int32Array, places: number, which: readonly number[]): Int32Array => {
    const found = new Int32Array(which.length * places)
    for (const [k, n] of which.entries()) found.set(values.subarray(n * places, (n + 1) * places), k * places)
    return found
  }
  for (let round = 0; round < rounds; round++) {
    const order = orderOf(round)
    const steps = Math.floor(order.length / batch)
    let total = 0
    for (let s = 0; s < steps; s++) {
      const which = order.slice(s * batch, (s + 1) * batch)
      const values = {
        words: some(examples.words, wordPlaces, which),
        tags: some(examples.tags, wordPlaces, which),
        labels: some(examples.labels, labelPlaces, which),
        y: some(examples.y, 1, which),
        learningRate: [0.02],
      }
      total += orThrow(entries.step.call(values)).loss[0] ?? NaN
    }
    losses.push(total / steps)
  }
  return { losses, params }
}

/** A parser with these parameters, which parses as many sentences at a time as its batch is long. */
export const parserOf = async (numbers: Numbers, sizes: Sizes, params: Readonly<Record<string, ArrayLike<number>>>) => {
  const program = await start(scoresOf(sizes))
  for (const [name, values] of Object.entries(params)) program.params[name]?.set(values)
  const { batch, transitions } = sizes
  const best = (state: State, scores: ArrayLike<number>, row: number): number => {
    let found = -1
    for (let t = 0; t < transitions; t++)
      if (
        isLegal(state, t) &&
        (found < 0 || (scores[row * transitions + t] as number) > (scores[row * transitions + found] as number))
      )
        found = t
    return found
  }
  return (sentences: readonly Sentence[]): readonly State[] => {
    const states = sentences.map((s) => initial(s.words.length))
    const known = sentences.map((s) => read(numbers, s))
    const given = {
      words: new Int32Array(batch * wordPlaces),
      tags: new Int32Array(batch * wordPlaces),
      labels: new Int32Array(batch * labelPlaces),
    }
    for (;;) {
      const open = [...states.keys()].filter((k) => !isDone(states[k] as State)).slice(0, batch)
      if (open.length === 0) return states
      for (const [row, k] of open.entries()) {
        const [words, tags, labels] = looked(known[k] as Read, states[k] as State)
        given.words.set(words, row * wordPlaces)
        given.tags.set(tags, row * wordPlaces)
        given.labels.set(labels, row * labelPlaces)
      }
      const { scores } = orThrow(program.entries.parse.call(given))
      for (const [row, k] of open.entries()) take(states[k] as State, best(states[k] as State, scores, row))
    }
  }
}

/** Shares of words with the right head, and with the right head and label; punctuation is not counted. */
export const scoreOf = ({ labels }: Numbers, sentences: readonly Sentence[], parsed: readonly State[]) => {
  let [words, heads, both] = [0, 0, 0]
  for (const [k, sentence] of sentences.entries())
    for (const [i, head] of sentence.heads.entries()) {
      if (sentence.tags[i] === 'PUNCT') continue
      words++
      const state = parsed[k] as State
      if (state.heads[i + 1] !== head) continue
      heads++
      if (labels[state.labels[i + 1] as number] === sentence.labels[i]) both++
    }
  return { uas: heads / words, las: both / words }
}
