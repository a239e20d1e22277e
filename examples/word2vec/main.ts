// Word2vec: the derivatives of skip-gram, CBOW and negative sampling, and vectors trained by the last.
// In: `[--data FILE] [--questions FILE]`, a text and analogies; sentences made up where none is given.

import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import {
  add,
  broadcastTo,
  embedding,
  matmul,
  mul,
  neg,
  type Expr,
  type Node,
  oneHot,
  outer,
  sigmoid,
  softmax,
  sub,
  sum,
  transpose,
} from 'nabla'
import type { Given } from '../shared/differences.ts'
import { besideSlides } from '../shared/lecture.ts'
import { check, heading, type Log, runAsMain } from '../shared/report.ts'
import { orThrow, start } from '../shared/start.ts'
import { type Corpus, corpusOf, kinds, madeUp, sizeOf } from '../words/corpus.ts'
import { analogies, nearest, spaceOf } from '../words/nearest.ts'
import * as model from './model.ts'
import { drawing, pairsOf } from './pairs.ts'

const given: Given = new Map<Expr, readonly number[]>([
  [model.c, [4]],
  [model.o, [2, 3, 5, 3]],
  [model.w, [5]],
  [model.n, [7, 0, 7]],
])

/** ∂J/∂U of the three costs, as they follow from the slides; by V they are rows that are looked up. */
const derivatives = (log: Log) => {
  const { U, v, z, average, c, o, w, n, skipGram, cbow, negative } = model
  const words = model.slides.vocabulary
  const errors = sub(softmax(broadcastTo(z, [model.window, words])), oneHot(o, words))
  log(heading('Skip-gram: J adds up CE(ŷ, o_j), ŷ = softmax(U v)'))
  const first = besideSlides(
    log,
    { J: skipGram },
    {
      '∂J/∂v': { by: v, says: 'Uᵀ Σ_j (ŷ − o_j)', written: matmul(transpose(U), sum(errors, 0)) },
      '∂J/∂U': { by: U, says: 'Σ_j (ŷ − o_j) vᵀ', written: outer(sum(errors, 0), v) },
    },
    given,
  )
  log(heading('CBOW: J = CE(ŷ, c), ŷ = softmax(U v̄)'))
  const error: Node = sub(softmax(matmul(U, average)), oneHot(c, words))
  const second = besideSlides(
    log,
    { J: cbow },
    {
      '∂J/∂v̄': { by: average, says: 'Uᵀ (ŷ − c)', written: matmul(transpose(U), error) },
      '∂J/∂U': { by: U, says: '(ŷ − c) v̄ᵀ', written: outer(error, average) },
    },
    given,
  )
  log(heading('Negative sampling: J = −log σ(uᵀ v) − Σ log σ(−u′ᵀ v)'))
  const [u, drawn]: readonly Node[] = [embedding(U, w), embedding(U, n)]
  if (u === undefined || drawn === undefined) throw new Error('two lookups')
  const right = mul(neg(sigmoid(neg(matmul(u, v)))), u)
  const third = besideSlides(
    log,
    { J: negative },
    {
      '∂J/∂v': {
        by: v,
        says: '−σ(−uᵀ v) u + Σ σ(u′ᵀ v) u′',
        written: add(right, matmul(transpose(drawn), sigmoid(matmul(drawn, v)))),
      },
    },
    given,
  )
  return { first, second, third }
}

export interface Settings {
  readonly dimension: number
  readonly window: number
  readonly threshold: number
  readonly rounds: number
  readonly pairs: number
}

const training = async (log: Log, corpus: Corpus, { dimension, window, threshold, rounds, pairs }: Settings) => {
  const [vocabulary, draws] = [corpus.vocabulary.length, 5]
  const { entries, params } = await start(model.entriesOf({ vocabulary, dimension, pairs, draws }))
  const drawn = drawing(corpus, 1)
  log(heading(`${sizeOf(corpus)} words, ${vocabulary} of them different`))
  const losses: number[] = []
  let seconds = 0
  for (let round = 0; round < rounds; round++) {
    const { c, o } = pairsOf(corpus, window, threshold, round)
    const steps = Math.floor(c.length / pairs)
    let total = 0
    for (let s = 0; s < steps; s++) {
      const [from, to] = [s * pairs, (s + 1) * pairs]
      const values = { c: c.subarray(from, to), o: o.subarray(from, to), n: drawn(pairs * draws) }
      // from 0.025 to nothing, as in the program of 2013
      const learningRate = [0.025 * (1 - (round * steps + s) / (rounds * steps))]
      const before = performance.now()
      total += orThrow(entries.step.call({ ...values, learningRate })).loss[0] ?? NaN
      seconds += (performance.now() - before) / 1000
    }
    losses.push(total / (steps * pairs))
  }
  log(`  J of a pair falls from ${losses[0]?.toFixed(3)} to ${losses.at(-1)?.toFixed(3)} in ${rounds} rounds`)
  const speed = (rounds * sizeOf(corpus)) / seconds
  log(`  ${(speed / 1000).toFixed(0)} thousand words a second`)
  return { losses, speed, space: spaceOf(corpus.vocabulary, params['V'] ?? []) }
}

/** The share of words whose nearest word is of their kind. */
const ofOneKind = (nearestOf: (word: string) => string | undefined): number => {
  const all = Object.values(kinds).flatMap((words: readonly string[]) => words.map((word) => ({ word, words })))
  return all.filter(({ word, words }) => words.includes(nearestOf(word) ?? '')).length / all.length
}

export interface Files {
  readonly data?: string | undefined
  readonly questions?: string | undefined
}

const small: Settings = { dimension: 16, window: 3, threshold: 1, rounds: 20, pairs: 64 }
const large: Settings = { dimension: 100, window: 5, threshold: 1e-3, rounds: 5, pairs: 256 }

export const run = async (log: Log, { data, questions }: Files = {}) => {
  const findings = derivatives(log)
  const own = data === undefined
  const corpus = own ? corpusOf(madeUp(1500), 1) : corpusOf(await readFile(data, 'utf8'), 5)
  const { losses, speed, space } = await training(log, corpus, own ? small : large)
  const shown = own
    ? ['cat', 'red', 'monday', 'paris', 'bread']
    : corpus.vocabulary.slice(100, 300).filter((_, k) => k % 20 === 0)
  log(heading('The nearest words'))
  for (const word of shown) log(`  ${word.padEnd(12)}${nearest(space, word, 5).join(', ')}`)
  check(log, 'J falls', (losses.at(-1) ?? NaN) < 0.9 * (losses[0] ?? NaN))
  const alike = own ? ofOneKind((word) => nearest(space, word, 1)[0]) : null
  if (alike !== null)
    check(log, `${(100 * alike).toFixed(0)} % of the words are nearest to one of their kind`, alike > 0.9)
  const answers = questions === undefined ? null : analogies(space, await readFile(questions, 'utf8'))
  if (answers !== null) log(`\n  analogies: ${answers.right} of ${answers.asked} right`)
  return { findings, losses, speed, alike, answers }
}

await runAsMain(import.meta.url, (log) => {
  const { values } = parseArgs({ options: { data: { type: 'string' }, questions: { type: 'string' } } })
  return run(log, values)
})
