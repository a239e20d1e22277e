// GloVe: the slide's counts of its corpus, the derivatives by both tables of vectors, and vectors that know which words are of
// one kind. In: `[--data FILE] [--questions FILE]`, a text and analogies; sentences made up where none is given.

import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { matmul, mul, sub, transpose } from 'nabla'
import { drawUniform } from '../shared/draw.ts'
import { besideSlides } from '../shared/lecture.ts'
import { check, heading, type Log, runAsMain } from '../shared/report.ts'
import { orThrow, start } from '../shared/start.ts'
import { type Corpus, corpusOf, kinds, madeUp, sizeOf } from '../words/corpus.ts'
import { analogies, nearest, spaceOf } from '../words/nearest.ts'
import { countsOf, tableOf } from './counts.ts'
import * as model from './model.ts'

const slideText = 'I like deep learning .\nI like NLP .\nI enjoy flying .'

/** The rows of the slide, its words in the order of the slide. */
const slideTable = [
  [0, 2, 1, 0, 0, 0, 0, 0],
  [2, 0, 0, 1, 0, 1, 0, 0],
  [1, 0, 0, 0, 0, 0, 1, 0],
  [0, 1, 0, 0, 1, 0, 0, 0],
  [0, 0, 0, 1, 0, 0, 0, 1],
  [0, 1, 0, 0, 0, 0, 0, 1],
  [0, 0, 1, 0, 0, 0, 0, 1],
  [0, 0, 0, 0, 1, 1, 1, 0],
]

const slides = (log: Log) => {
  const words = model.slideWords
  const corpus = corpusOf(slideText, 1)
  const order = words.map((word) => corpus.vocabulary.indexOf(word))
  const counted = tableOf(countsOf(corpus, 1), words.length)
  const table = order.map((p) => order.map((q) => counted[p * words.length + q]))
  log(heading('How often two words of the slide’s corpus are neighbours'))
  log(`  ${''.padEnd(9)}${words.map((word) => word.padStart(9)).join('')}`)
  for (const [k, row] of table.entries())
    log(`  ${(words[k] ?? '').padEnd(9)}${row.map((n) => String(n).padStart(9)).join('')}`)
  check(log, 'the table is that of the slide', table.join() === slideTable.join())

  log(heading('J = Σᵢ Σⱼ Xᵢⱼ (uⱼᵀ vᵢ − log Xᵢⱼ)²'))
  const { J, X, V, U, logX } = model
  const error = mul(2, mul(X, sub(matmul(V, transpose(U)), logX)))
  const findings = besideSlides(
    log,
    { J },
    {
      '∂J/∂V': { by: V, says: '2 [X ∘ (V Uᵀ − log X)] U', written: matmul(error, U) },
      '∂J/∂U': { by: U, says: '2 [X ∘ (V Uᵀ − log X)]ᵀ V', written: matmul(transpose(error), V) },
    },
    new Map([[X, slideTable.flat()]]),
  )
  return { table, findings }
}

/** The share of words whose nearest word is of their kind. */
const ofOneKind = (nearestOf: (word: string) => string | undefined): number => {
  const all = Object.values(kinds).flatMap((words: readonly string[]) => words.map((word) => ({ word, words })))
  return all.filter(({ word, words }) => words.includes(nearestOf(word) ?? '')).length / all.length
}

const training = async (log: Log, corpus: Corpus, dimension: number, epochs: number) => {
  const counts = countsOf(corpus, 5, true)
  const [vocabulary, entries] = [corpus.vocabulary.length, counts.x.length]
  const batch = Math.min(1024, entries)
  const program = await start(model.entriesOf({ vocabulary, dimension, batch }))
  log(heading(`${sizeOf(corpus)} words, ${vocabulary} of them different, ${entries} entries of the table`))
  const losses: number[] = []
  for (let epoch = 0; epoch < epochs; epoch++) {
    const keys = drawUniform([entries], epoch + 1, 0, 1)
    const order = Array.from(keys.keys()).toSorted((a, b) => (keys[a] as number) - (keys[b] as number))
    let total = 0
    const steps = Math.floor(entries / batch)
    for (let s = 0; s < steps; s++) {
      const some = order.slice(s * batch, (s + 1) * batch)
      const { loss } = orThrow(
        program.entries.step.call({
          i: some.map((k) => counts.i[k] as number),
          j: some.map((k) => counts.j[k] as number),
          x: some.map((k) => counts.x[k] as number),
          learningRate: [0.1],
        }),
      )
      total += loss[0] ?? NaN
    }
    losses.push(total / steps)
  }
  log(`  J falls from ${losses[0]?.toFixed(4)} to ${losses.at(-1)?.toFixed(4)} in ${epochs} rounds`)
  const { sum } = orThrow(program.entries.vectors.call({}))
  return { losses, space: spaceOf(corpus.vocabulary, sum) }
}

export interface Files {
  readonly data?: string | undefined
  readonly questions?: string | undefined
}

export const run = async (log: Log, { data, questions }: Files = {}) => {
  const found = slides(log)
  const own = data === undefined
  const corpus = own ? corpusOf(madeUp(3000), 1) : corpusOf(await readFile(data, 'utf8'), 10)
  const { losses, space } = await training(log, corpus, own ? 16 : 50, own ? 100 : 25)
  const shown = own
    ? ['cat', 'red', 'monday', 'paris', 'bread']
    : corpus.vocabulary.slice(50, 250).filter((_, k) => k % 20 === 0)
  log(heading('The nearest words, by the sum of both vectors'))
  for (const word of shown) log(`  ${word.padEnd(12)}${nearest(space, word, 5).join(', ')}`)
  check(log, 'J falls to less than a third', (losses.at(-1) ?? NaN) < (losses[0] ?? NaN) / 3)
  const alike = own ? ofOneKind((word) => nearest(space, word, 1)[0]) : null
  if (alike !== null)
    check(log, `${(100 * alike).toFixed(0)} % of the words are nearest to one of their kind`, alike > 0.7)
  const answers = questions === undefined ? null : analogies(space, await readFile(questions, 'utf8'))
  if (answers !== null) log(`\n  analogies: ${answers.right} of ${answers.asked} right`)
  return { ...found, losses, alike, answers }
}

await runAsMain(import.meta.url, (log) => {
  const { values } = parseArgs({ options: { data: { type: 'string' }, questions: { type: 'string' } } })
  return run(log, values)
})
