// A dependency parser: the derivatives of its layer of cubes, UAS and LAS, and how many sentences it parses a second.
// In: `[--data FOLDER]`, a treebank of Universal Dependencies as en_ewt-ud-{train,dev}.conllu.gz; sentences made up where none
// is given.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { print } from 'nabla/compiler'
import { drawUniform } from '../shared/draw.ts'
import { check, heading, indent, type Log, runAsMain } from '../shared/report.ts'
import { model } from './model.ts'
import { examplesOf, numbersOf, parserOf, scoreOf, sizesOf, train } from './parser.ts'
import { isProjective, madeUp, readConllu, type Sentence } from './treebank.ts'

export interface Settings {
  readonly training: readonly Sentence[]
  readonly heldOut: readonly Sentence[]
  readonly leastCount: number
  readonly dimension: number
  readonly hidden: number
  readonly batch: number
  readonly rounds: number
}

const small = (): Settings => ({
  training: madeUp(300, 1),
  heldOut: madeUp(100, 2),
  leastCount: 1,
  dimension: 8,
  hidden: 32,
  batch: 50,
  rounds: 12,
})

const treebank = async (folder: string): Promise<Settings> => {
  const part = async (name: string): Promise<readonly Sentence[]> =>
    readConllu(gunzipSync(await readFile(join(folder, `en_ewt-ud-${name}.conllu.gz`))).toString('utf8'))
  return {
    training: await part('train'),
    heldOut: await part('dev'),
    leastCount: 2,
    dimension: 50,
    hidden: 200,
    batch: 500,
    rounds: 6,
  }
}

const shuffled = (count: number, seed: number): readonly number[] => {
  const keys = drawUniform([count], seed, 0, 1)
  return Array.from(keys.keys()).toSorted((a, b) => (keys[a] as number) - (keys[b] as number))
}

export const run = async (log: Log, folder?: string) => {
  log(heading('h = (W⁽ʷ⁾ x⁽ʷ⁾ + W⁽ᵗ⁾ x⁽ᵗ⁾ + W⁽ˡ⁾ x⁽ˡ⁾ + b)³, p = softmax(W₂ h)'))
  log(indent(print(model)))
  const { training, heldOut, leastCount, dimension, hidden, batch, rounds } =
    folder === undefined ? small() : await treebank(folder)
  const numbers = numbersOf(training, leastCount)
  const projective = training.filter(isProjective)
  const examples = examplesOf(numbers, projective)
  log(
    heading(
      `${training.length} sentences, ${projective.length} without crossing arcs; ${examples.y.length} transitions`,
    ),
  )
  const { losses, params } = await train(sizesOf(numbers, dimension, hidden, batch), examples, rounds, (round) =>
    shuffled(examples.y.length, round + 1),
  )
  log(`  J falls from ${losses[0]?.toFixed(3)} to ${losses.at(-1)?.toFixed(3)} in ${rounds} rounds`)

  const parse = await parserOf(numbers, sizesOf(numbers, dimension, hidden, 200), params)
  const before = performance.now()
  const parsed = parse(heldOut)
  const speed = (1000 * heldOut.length) / (performance.now() - before)
  const score = scoreOf(numbers, heldOut, parsed)
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  log(`  held out: UAS ${percent(score.uas)}, LAS ${percent(score.las)}, ${speed.toFixed(0)} sentences a second`)
  check(
    log,
    'every word has a head',
    parsed.every((s) => s.heads.every((head, word) => word === 0 || head >= 0)),
  )
  check(log, 'most heads are right', score.uas > (folder === undefined ? 0.95 : 0.75))
  return { losses, ...score, speed }
}

await runAsMain(import.meta.url, (log) => {
  const { values } = parseArgs({ options: { data: { type: 'string' } } })
  return run(log, values.data)
})
