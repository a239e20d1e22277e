/**
 * The training loop: epochs over shuffled mini-batches.
 * In: a step entry, tables of examples, values or schedules for its other inputs. Out: the mean loss of each epoch.
 * Invariant: which examples a step sees depends on the seed and the epoch alone, so a resumed training goes on as if it
 * had never stopped; the loop itself does no arithmetic of the model.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { ManifestPort, PortSpecs, ValueOf, Values, View, ViewOf } from '../src/artifact/types.ts'
import type { RunError } from '../src/core/errors.ts'
import { showType, sizeOf } from '../src/core/shape.ts'
import { keyOf } from '../src/core/threefry.ts'
import { runError } from './codes.ts'
import { epochOrder, gatherRows } from './data/batches.ts'
import type { Entry } from './entry.ts'

/** Where a training stands; all counts from 0. */
export interface Progress {
  readonly epoch: number
  readonly epochs: number
  /** Step of this epoch. */
  readonly batch: number
  readonly batches: number
  /** Step of the whole training: epoch · batches + batch. */
  readonly step: number
}

/** `stop` ends the training; so does a promise of it. */
export type Verdict = 'stop' | undefined

export interface Training<I extends PortSpecs = PortSpecs> {
  /** Inputs fed from a table with one row an example; the input's first extent is the batch. */
  readonly tables: { readonly [K in keyof I]?: ViewOf<I[K]['dtype']> }
  /** All other inputs: a value for every step, or a schedule. */
  readonly values?: { readonly [K in keyof I]?: ValueOf<I[K]> | ((at: Progress) => ValueOf<I[K]>) }
  readonly epochs: number
  /** The first epoch to run; more than 0 to resume. Default 0. */
  readonly from?: number
  /** Draws the order of the examples. Default 0. */
  readonly seed?: number
  /** Default true; false takes the examples in the order of the tables. */
  readonly shuffle?: boolean
  /** Which output is the loss. Default `loss`. */
  readonly loss?: string
  /** After every step. */
  readonly onStep?: (at: Progress, loss: number) => Verdict | void
  /** After every epoch, with the mean of its losses; may evaluate, save, draw. */
  readonly onEpoch?: (at: Progress, meanLoss: number) => Verdict | void | Promise<Verdict | void>
}

export interface Trained {
  /** Mean loss of each epoch that was finished. */
  readonly losses: readonly number[]
  readonly steps: number
  readonly stopped: boolean
}

/** One table and the input that it feeds. */
interface Feed {
  readonly name: string
  /** Elements of the input. */
  readonly elements: number
  readonly table: View
  readonly width: number
  readonly rows: number
}

/** The loop gives way to the page this often, in milliseconds. */
const breath = 50

const feedOf = (
  entry: string,
  port: ManifestPort | undefined,
  view: View | undefined,
  name: string,
  table: View,
): Either<RunError, Feed> => {
  if (port === undefined || view === undefined)
    return left(runError('E_RUN_INPUT_SURPLUS', `${entry}: there is no input ${name}`))
  const fault = (sentence: string) => left(runError('E_RUN_TABLE', `${entry}: ${sentence}`))
  const its = `the table of ${name} (${showType(port)})`
  if (port.shape.length === 0 || view.length === 0) return fault(`${its} feeds an input without rows`)
  const width = sizeOf(port.shape.slice(1))
  if (table[Symbol.toStringTag] !== view[Symbol.toStringTag])
    return fault(`${its} must be a ${view[Symbol.toStringTag]}, not a ${table[Symbol.toStringTag]}`)
  if (table.length === 0 || table.length % width !== 0)
    return fault(`${its} has ${table.length} elements, no whole number of rows of ${width}`)
  return right({ name, elements: view.length, table, width, rows: table.length / width })
}

interface Feeds {
  readonly feeds: readonly Feed[]
  readonly count: number
  readonly batch: number
}

/** All tables have the same number of rows, and all inputs that they feed the same batch. */
const feedsOf = (entry: Entry, tables: Readonly<Record<string, View | undefined>>): Either<RunError, Feeds> => {
  const feeds: Feed[] = []
  for (const [name, table] of Object.entries(tables)) {
    if (table === undefined) continue
    const port = entry.manifest.inputs.find((p) => p.name === name)
    const feed = feedOf(entry.name, port, entry.inputs[name], name, table)
    if (isLeft(feed)) return feed
    feeds.push(feed.right)
  }
  const [first] = feeds
  if (first === undefined) return left(runError('E_RUN_TABLE', `${entry.name}: no table of examples was given`))
  const batch = first.elements / first.width
  const stranger = feeds.find((f) => f.rows !== first.rows || f.elements / f.width !== batch)
  return stranger === undefined
    ? right({ feeds, count: first.rows, batch })
    : left(
        runError(
          'E_RUN_TABLE',
          `${entry.name}: one table has ${first.rows} rows for batches of ${batch}, another ${stranger.rows} for ${stranger.elements / stranger.width}`,
        ),
      )
}

type Loose = Readonly<Record<string, unknown>>

interface Loop {
  readonly entry: Entry
  readonly fed: Feeds
  readonly batches: number
  /** Which output is the loss. */
  readonly loss: string
  readonly training: Omit<Training, 'tables' | 'values'>
  readonly given: Loose
}

interface EpochEnd {
  readonly steps: number
  readonly sum: number
  readonly stopped: boolean
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

/**
 * Brings a step's rows and values to where one run of the entry's queue reads them: the views stand for themselves, values and
 * schedules are filled in.
 */
const prepare = ({ entry, fed, given }: Loop, run: number, order: Int32Array, at: Progress): Either<RunError, void> => {
  const views = entry.queue.inputsOf(run)
  const values: Record<string, unknown> = {}
  for (const { name, table, width } of fed.feeds) {
    const view = views[name]
    // Both are of one dtype (feedOf); the union of the typed arrays cannot say so.
    gatherRows(view as Float32Array, table, order, at.batch * fed.batch, width)
    values[name] = view
  }
  for (const name in given) {
    const value = given[name]
    values[name] = typeof value === 'function' ? value(at) : value
  }
  return entry.queue.put(run, values as Values<PortSpecs>)
}

/** As many steps in one call as its queue holds and a pause allows; one where the caller wants to hear of each. */
const runEpoch = async (loop: Loop, epoch: number, order: Int32Array): Promise<Either<RunError, EpochEnd>> => {
  const { entry, batches } = loop
  const { epochs, onStep } = loop.training
  const most = onStep === undefined ? entry.queue.length : 1
  const losses = entry.queue.outputs[loop.loss] as View
  const apart = losses.length / entry.queue.length
  let sum = 0
  let together = 1
  let paused = performance.now()
  for (let batch = 0; batch < batches; ) {
    const progress = (run: number): Progress => ({
      epoch,
      epochs,
      batch: batch + run,
      batches,
      step: epoch * batches + batch + run,
    })
    const wanted = Math.min(together, batches - batch)
    let runs = 0
    let ready: Either<RunError, void> = right(undefined)
    while (runs < wanted && !isLeft(ready)) {
      ready = prepare(loop, runs, order, progress(runs))
      if (!isLeft(ready)) runs++
    }
    const begun = performance.now()
    // what comes before a fault has happened
    const result = runs === 0 ? ready : entry.run(runs)
    if (isLeft(result)) return result
    for (let run = 0; run < runs; run++) sum += losses[run * apart] as number
    if (isLeft(ready)) return ready
    if (onStep?.(progress(0), losses[0] as number) === 'stop') return right({ steps: batch + 1, sum, stopped: true })
    batch += runs
    const now = performance.now()
    if (2 * (now - begun) < breath) together = Math.min(2 * together, most)
    if (now - paused > breath) {
      await pause()
      paused = performance.now()
    }
  }
  return right({ steps: batches, sum, stopped: false })
}

const runEpochs = async (loop: Loop): Promise<Either<RunError, Trained>> => {
  const { batches, fed, training } = loop
  const { epochs, from = 0, seed = 0, shuffle = true, onEpoch } = training
  const unshuffled = Int32Array.from({ length: fed.count }, (_, i) => i)
  const losses: number[] = []
  let steps = 0
  for (let epoch = from; epoch < epochs; epoch++) {
    const order = shuffle ? epochOrder(keyOf(seed), epoch, fed.count) : unshuffled
    const end = await runEpoch(loop, epoch, order)
    if (isLeft(end)) return end
    steps += end.right.steps
    if (end.right.stopped) return right({ losses, steps, stopped: true })
    const mean = end.right.sum / batches
    losses.push(mean)
    const at: Progress = { epoch, epochs, batch: batches - 1, batches, step: (epoch + 1) * batches - 1 }
    if ((await onEpoch?.(at, mean)) === 'stop') return right({ losses, steps, stopped: true })
  }
  return right({ losses, steps, stopped: false })
}

/**
 * Runs `step` over epochs of ⌈examples / batch⌉ batches; the last batch is filled up from the front of the order.
 * Errors: those of `call` at the first step that has one, and `E_RUN_TABLE`. Gives way to the event loop between steps,
 * about every 50 ms. An entry with a queue takes several steps in one call, with the same results, where there is no `onStep`.
 */
export const train = async <I extends PortSpecs, O extends PortSpecs>(
  step: Entry<I, O>,
  training: Training<I>,
): Promise<Either<RunError, Trained>> => {
  // Names are checked at run time from here on, whatever the types promised.
  const entry = step as Entry
  const { tables, values, ...rest } = training
  const fed = feedsOf(entry, tables)
  if (isLeft(fed)) return fed
  const { loss = 'loss' } = rest
  if (entry.outputs[loss] === undefined)
    return left(runError('E_RUN_TABLE', `${entry.name}: there is no output ${loss} to report`))
  const batches = Math.ceil(fed.right.count / fed.right.batch)
  return runEpochs({ entry, fed: fed.right, batches, loss, training: rest, given: values ?? {} })
}
