// A recurrent language model: its derivative by W⁽ʰʰ⁾ is a sum over the steps, and one loop; it learns, and then writes.
// In: `[--data FILE]`, a text; the opening of Coriolanus where none is given. Out: a report on the terminal.

import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Node, param, zeros } from 'nabla'
import { compile, grad, interpret, print, type Tensor, tensor } from 'nabla/compiler'
import { differenceOf, type Given } from '../shared/differences.ts'
import { drawUniform } from '../shared/draw.ts'
import { check, heading, indent, type Log, runAsMain } from '../shared/report.ts'
import { orThrow, start } from '../shared/start.ts'
import { entriesOf, languageModel, parameters, type Sizes, untied } from './model.ts'
import { type Corpus, coriolanus, corpusOf, windowsOf } from './text.ts'

const modelSizes = { hidden: 96, steps: 32, batch: 16 } as const

/** ∂J/∂W⁽ʰʰ⁾ by the loop, and the derivatives by the steps' own copies of W⁽ʰʰ⁾, in double precision. */
const derivative = (log: Log) => {
  log(heading('The derivative through time: ∂J/∂W is the sum of those of all steps, for W is the same at each'))
  const [steps, batch] = [6, 2]
  const p = parameters(5, 4, 'f64')
  const { x, y, h0, loss } = languageModel(p, steps, batch)
  const gradient = grad(loss, p.Wh)
  log(indent(print({ J: loss, '∂J/∂W⁽ʰʰ⁾': gradient })))

  const given: Given = new Map<Node, readonly number[]>([
    [x, Array.from({ length: steps * batch }, (_, i) => (7 * i) % 5)],
    [y, Array.from({ length: steps * batch }, (_, i) => (3 * i + 1) % 5)],
    ...[h0, p.Wx, p.Wh, p.b, p.Ws].map((leaf, i) => [leaf, drawUniform(leaf.shape, i)] as const),
  ])
  const difference = differenceOf(loss, p.Wh, gradient, given)

  const copies = Array.from({ length: steps }, (_, t) => param(`W${t + 1}`, [4, 4], zeros, 'f64'))
  const env = new Map<Node, Tensor>([
    ...[...given].map(([leaf, values]) => [leaf, tensor(leaf.dtype, leaf.shape, values)] as const),
    ...copies.map((copy) => [copy, tensor('f64', copy.shape, given.get(p.Wh) ?? [])] as const),
  ])
  const perStep = interpret(grad(untied(p, copies, x, y, h0), copies), env)
  const [whole] = interpret([gradient], env)
  const error = Math.max(
    ...Array.from(whole?.data ?? [NaN], (v, i) =>
      Math.abs(v - perStep.reduce((sum, g) => sum + (g.data[i] ?? NaN), 0)),
    ),
  )
  log('')
  check(log, `central differences agree to ${difference.toExponential(0)}`, difference < 1e-7)
  check(log, `the sum of ∂J/∂W at each of ${steps} steps, unrolled, agrees to ${error.toExponential(0)}`, error < 1e-12)
  return { formula: print(gradient), difference, error }
}

/** How large a training step is for a few steps of time and for many. */
const sizes = async (log: Log, base: Sizes) => {
  const found = []
  for (const steps of [8, 128]) {
    const { kernels, bytes } = orThrow(await compile({ step: entriesOf({ ...base, steps }).step }))
    found.push({ steps, kernels: kernels.step, bytes: bytes.length })
  }
  const [few, many] = found as [(typeof found)[0], (typeof found)[0]]
  const shown = (size: typeof few): string =>
    `${size.kernels} kernels, ${(size.bytes / 1000).toFixed(1)} kB over ${size.steps} steps`
  check(
    log,
    `one loop, whatever its length: ${shown(few)}, ${shown(many)}`,
    many.kernels === few.kernels && many.bytes < 1.5 * few.bytes,
  )
  return found
}

/** The character that a number from [0, 1) stands for under these probabilities. */
const drawnFrom = (probabilities: ArrayLike<number>, u: number): number => {
  let rest = u
  for (let i = 0; i < probabilities.length - 1; i++) {
    rest -= probabilities[i] ?? 0
    if (rest < 0) return i
  }
  return probabilities.length - 1
}

const training = async (log: Log, corpus: Corpus, size: Sizes, epochs: number) => {
  const { steps, batch, hidden, vocabulary } = size
  const { entries } = await start(entriesOf(size))

  /** e^J on what is held out, one stream. */
  const heldOut = (): number => {
    const windows = windowsOf(corpus.heldOut, steps, 1).slice(0, 200)
    let [state, total] = [new Float32Array(hidden), 0]
    for (const { x, y } of windows) {
      const { loss, last } = orThrow(entries.evaluate.call({ 'x′': x, 'y′': y, 'state′': state }))
      total += loss[0] ?? NaN
      state = Float32Array.from(last)
    }
    return Math.exp(total / windows.length)
  }

  log(heading(`${corpus.training.length} characters, an alphabet of ${vocabulary}; perplexity e^J`))
  const before = heldOut()
  log(`  before          held out ${before.toFixed(1)}`)
  const perplexities: { training: number; heldOut: number }[] = []
  const windows = windowsOf(corpus.training, steps, batch)
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let [state, total] = [new Float32Array(batch * hidden), 0]
    for (const { x, y } of windows) {
      const { loss, last } = orThrow(entries.step.call({ x, y, state, learningRate: [0.004] }))
      total += loss[0] ?? NaN
      state = Float32Array.from(last)
    }
    const now = { training: Math.exp(total / windows.length), heldOut: heldOut() }
    perplexities.push(now)
    if (epoch % Math.ceil(epochs / 6) === 0 || epoch === epochs)
      log(
        `  epoch ${String(epoch).padStart(2)}  training ${now.training.toFixed(1).padStart(4)}  held out ${now.heldOut.toFixed(1).padStart(4)}`,
      )
  }

  const written = (count: number): string => {
    const draws = drawUniform([count], 7, 0, 1)
    let [state, x] = [new Float32Array(hidden), corpus.alphabet.indexOf('\n')]
    return draws
      .map((u) => {
        const { probabilities, last } = orThrow(entries.next.call({ 'x″': [x], 'state″': state }))
        x = drawnFrom(probabilities, u)
        state = Float32Array.from(last)
        return corpus.alphabet[x] ?? ''
      })
      .join('')
  }
  return { before, perplexities, sample: written(400) }
}

/** Reads the text that is named, or the one that ships with the example. */
const textOf = async (file: string | undefined): Promise<string> =>
  file === undefined ? coriolanus() : (await readFile(file, 'utf8')).slice(0, 200_000)

export const run = async (log: Log, file?: string) => {
  const found = derivative(log)
  const corpus = corpusOf(await textOf(file))
  const size = { ...modelSizes, vocabulary: corpus.alphabet.length }
  const compiled = await sizes(log, size)
  const trained = await training(log, corpus, size, file === undefined ? 12 : 4)
  check(
    log,
    'the perplexity falls to less than a third, also on what is held out',
    (trained.perplexities.at(-1)?.heldOut ?? NaN) < trained.before / 3,
  )
  log(heading('What it writes, one character after the other'))
  log(indent(trained.sample))
  return { derivative: found, compiled, ...trained, vocabulary: size.vocabulary }
}

await runAsMain(import.meta.url, (log) => {
  const { values } = parseArgs({ options: { data: { type: 'string' } } })
  return run(log, values.data)
})
