// The main job: show a model and its derivative, compile it, train it, tell how good it is, save it.
// In: `npm start -- [--data DIR]`. Out: a report on the terminal, and files under out/.

import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import { type Artifact, compile, grad, print } from 'nabla/compiler'
import { accuracy, confusionMatrix, load, type Program, train } from 'nabla/runtime'
import pc from 'picocolors'
import { wrapperOf } from '../../compiler/wrapper.ts'
import type { NablaError } from '../../src/core/errors.ts'
import { showError } from '../../src/core/errors.ts'
import { keyOf } from '../../src/core/threefry.ts'
import { type Options, parseOptions, usage } from './arguments.ts'
import { digitsOfFolder, drawnDigits, type Split } from './data.ts'
import { evaluate, type Predict } from './evaluate.ts'
import { writeAll } from './files.ts'
import * as model from './model.ts'
import { confusions, confusionTable } from './report/confusion.ts'
import { type EpochEnd, learningCurve } from './report/learning-curve.ts'
import { progressLine } from './report/progress.ts'
import { sketches } from './report/sketch.ts'

const say = (text = ''): void => {
  process.stdout.write(`${text}\n`)
}
const title = (text: string): void => say(`\n${pc.bold(text)}`)
const indent = (text: string): string => text.replace(/^(?=.)/gm, '  ')
const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`

/** Ends the program with the error's own words. */
const orStop = <A>(result: Either<NablaError, A>): A => {
  if (isLeft(result)) {
    process.stderr.write(`${showError(result.left)}\n`)
    process.exit(1)
  }
  return result.right
}

const showModel = (): void => {
  title('The model')
  say(indent(print({ logits: model.logits, loss: model.loss })))
  title('Its derivative, generated and simplified')
  const { w1, b1, w2, b2, w3, b3 } = model
  say(indent(print(grad(model.loss, { w3, b3, w2, b2, w1, b1 }))))
}

const showArtifact = ({ times, kernels, manifest, bytes }: Artifact<typeof model.entries>): void => {
  const total = times.reduce((n, t) => n + t.milliseconds, 0)
  const byPass = [...new Set(times.map((t) => t.pass))].map((pass) => {
    const sum = times.filter((t) => t.pass === pass).reduce((n, t) => n + t.milliseconds, 0)
    return `${pass} ${sum.toFixed(0)}`
  })
  const step = manifest.entries.find((e) => e.name === 'step')
  say(`  ${byPass.join(', ')} ms: ${total.toFixed(0)} ms in all (emit includes loading binaryen)`)
  say(
    `  a training step: ${kernels.step} kernels, ${((step?.flops ?? 0) / 1e6).toFixed(1)} MFLOP, ${((step?.bytes ?? 0) / 1e6).toFixed(1)} MB read and written`,
  )
  say(`  artifact: ${kB(bytes.length)}, memory ${(manifest.memoryBytes / 1e6).toFixed(1)} MB`)
}

interface Trained {
  readonly losses: readonly number[]
  readonly epochs: readonly EpochEnd[]
  readonly labels: Int32Array
}

/** How wide a line may be; 80 where nobody looks. */
const columns = (): number => process.stdout.columns ?? 80

const trainAll = async (program: Program, split: Split, options: Options): Promise<Trained> => {
  const step = program.entries['step'] as NonNullable<(typeof program.entries)[string]>
  const predict = program.entries['predict'] as Predict
  const live = process.stdout.isTTY === true
  const losses: number[] = []
  const epochs: EpochEnd[] = []
  let labels: Int32Array = new Int32Array(0)
  let shown = 0
  const start = performance.now()
  const line = (epoch: number, of: number, last: number): string =>
    progressLine(
      {
        epoch,
        epochs: options.epochs,
        step: losses.length,
        steps: of,
        loss: last,
        seconds: (performance.now() - start) / 1000,
        batch: model.batch,
        ...(epochs.length === 0 ? {} : { heldOut: (epochs.at(-1) as EpochEnd).heldOutAccuracy }),
      },
      columns() - 3,
      pc,
    )
  const recent = (): number => {
    const tail = losses.slice(-20)
    return tail.reduce((n, l) => n + l, 0) / tail.length
  }
  const result = await train(step, {
    tables: { x: split.train.images, y: split.train.labels },
    values: { learningRate: 1e-3 },
    epochs: options.epochs,
    seed: options.seed,
    onStep: (at, loss) => {
      losses.push(loss)
      if (!live || performance.now() - shown < 80) return
      shown = performance.now()
      process.stdout.write(`\r  ${line(at.epoch + 1, at.epochs * at.batches, recent())}`)
    },
    onEpoch: (at) => {
      const seen = evaluate(predict, split.train, model.batch)
      const held = evaluate(predict, split.heldOut, model.batch)
      labels = held.labels
      epochs.push({
        trainAccuracy: accuracy(seen.labels, split.train.labels),
        heldOutAccuracy: accuracy(held.labels, split.heldOut.labels),
        heldOutLoss: held.loss,
      })
      const text = line(at.epoch + 1, at.epochs * at.batches, recent())
      if (live) process.stdout.write(`\r  ${text}`)
      else say(`  ${text}`)
    },
  })
  if (live) say()
  orStop(result)
  return { losses, epochs, labels }
}

const names = Array.from({ length: 10 }, (_, i) => String(i))

const showResult = ({ labels, epochs }: Trained, { heldOut }: Split): void => {
  const right = epochs.at(-1)?.heldOutAccuracy ?? 0
  title(`Held-out accuracy: ${right.toFixed(4)} (${Math.round(right * heldOut.count)} of ${heldOut.count})`)
  const matrix = confusionMatrix(labels, heldOut.labels, 10)
  for (const line of confusionTable(matrix, names, pc)) say(`  ${line}`)
  const worst = confusions(matrix).slice(0, 5)
  const shown = worst.map(({ actual, predicted }) => ({
    index: heldOut.labels.findIndex((y, i) => y === actual && labels[i] === predicted),
    caption: `${actual} taken for ${predicted}`,
  }))
  if (shown.length === 0) return
  title('What it gets wrong most')
  for (const line of sketches(heldOut.images, heldOut.height, heldOut.width, shown)) say(`  ${line}`)
}

const saveAll = async (
  artifact: Artifact<typeof model.entries>,
  program: Program,
  trained: Trained,
  split: Split,
  out: string,
): Promise<void> => {
  const wrapper = wrapperOf(artifact, 'digits.wasm')
  const last = trained.epochs.at(-1)?.heldOutAccuracy ?? 0
  const curve = learningCurve({
    title: 'Digit classifier 784-512-256-10',
    subtitle: `${split.source}: held-out accuracy ${last.toFixed(4)}`,
    losses: trained.losses,
    epochs: trained.epochs,
  })
  const paths = await writeAll(out, {
    'digits.wasm': artifact.bytes,
    'digits.js': wrapper.js,
    'digits.d.ts': wrapper.dts,
    'digits.weights': program.save(),
    'learning-curve.svg': curve,
  })
  title('Saved')
  for (const path of paths) say(`  ${path}`)
  say(`\n  To use the trained classifier, with nothing but these files:

    import { readFile } from 'node:fs/promises'
    import { load } from './${out}/digits.js'

    const digits = await load()
    digits.restore(await readFile('${out}/digits.weights'))
    const { predict } = digits.entries
    predict.inputs.x.set(pictures) // ${model.batch} pictures of 784 pixels in [0, 1]
    predict.run()
    predict.outputs.label // Int32Array(${model.batch})`)
}

const main = async (): Promise<void> => {
  const parsed = parseOptions(process.argv.slice(2))
  if (isLeft(parsed)) {
    process.stderr.write(`${parsed.left}\n\n${usage}\n`)
    process.exit(2)
  }
  const options = parsed.right
  if (options.help) return say(usage)
  const began = performance.now()
  say(`${pc.bold('Nabla ∇')}: a model, its derivative, and a whole training step in one small file`)
  showModel()

  title('Compiling')
  const artifact = orStop(await compile(model.entries))
  showArtifact(artifact)
  const program = orStop(await load(artifact.bytes, { seed: options.seed }))

  const split =
    options.data === undefined ? drawnDigits(keyOf(options.seed), 10_000) : orStop(await digitsOfFolder(options.data)())
  title(`Training on ${split.source}: ${split.train.count} to train, ${split.heldOut.count} held out`)
  const trained = await trainAll(program, split, options)
  showResult(trained, split)
  await saveAll(artifact, program, trained, split, options.out)
  say(`\n${pc.dim(`${((performance.now() - began) / 1000).toFixed(1)} s in all`)}`)
}

await main()
