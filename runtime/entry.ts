/**
 * One entry of a program, ready to run.
 * In: a compiled function, the slots of its inputs and outputs. Out: `run` and `call`, and the queue of its runs.
 * Invariant: every result but a fault was made when the program was loaded, so that a loop of runs allocates nothing.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { ManifestEntry, PortSpecs, Values, Views } from '../src/artifact/types.ts'
import type { RunError } from '../src/core/errors.ts'
import { reasonOf, runError } from './codes.ts'
import { type Slot, slotsFrom, viewsByName } from './ports.ts'
import { copyValues, faultOfValues } from './values.ts'

/**
 * The runs that an entry may make in one call, the first of which reads `inputs` and writes `outputs` of the entry itself.
 * `compile(…, { queue: { step: 64 } })` asks for room; an entry for which nobody has has a queue of one run.
 */
export interface Queue<I extends PortSpecs = PortSpecs, O extends PortSpecs = PortSpecs> {
  /** Most runs in one call. */
  readonly length: number
  /** Views of the inputs of all runs, one run's elements behind the other's. */
  readonly inputs: Views<I>
  /** Views of the outputs of all runs, as the inputs; valid until any entry runs again. */
  readonly outputs: Views<O>
  /** Views of the inputs of one run, from 0: a part of `inputs`, and the same objects every time. */
  readonly inputsOf: (run: number) => Views<I>
  /**
   * Checks values for one run, from 0, and copies them in, as `call` does for the first. Errors: those of `call` for values, and
   * `E_RUN_QUEUE` where there is no such run; then nothing was written.
   */
  readonly put: (run: number, values: Values<I>) => Either<RunError, void>
}

export interface Entry<I extends PortSpecs = PortSpecs, O extends PortSpecs = PortSpecs> {
  readonly name: string
  /** Views of the inputs: write, then `run`. They keep what was written until it is overwritten. */
  readonly inputs: Views<I>
  /** Views of the outputs, valid until any entry runs again. */
  readonly outputs: Views<O>
  /**
   * Runs on what the inputs hold, unchecked: the path for a hot loop. `run(k)` makes k runs in one call, the i-th on what the
   * queue holds for it, with the same bits as k calls. The `Right` is the same object at every run.
   * Errors: `E_RUN_TRAP`, `E_RUN_QUEUE` where k is more than the queue holds, with checks on `E_RUN_NAN_PARAM`, and of a checked
   * build `E_RUN_INDEX_RANGE` and `E_RUN_NOT_FINITE`.
   */
  readonly run: (runs?: number) => Either<RunError, Views<O>>
  /**
   * Checks the names, lengths and types of `values`, copies them in and runs. Allocates nothing where the values are typed
   * arrays; the engine boxes plain numbers. Errors: `E_RUN_INPUT_MISSING`,
   * `E_RUN_INPUT_SURPLUS`, `E_RUN_INPUT_LENGTH`, `E_RUN_INPUT_TYPE` (then nothing was written or run), and those of `run`.
   */
  readonly call: (values: Values<I>) => Either<RunError, Views<O>>
  readonly queue: Queue<I, O>
  /** Shapes, offsets, FLOPs and bytes of this entry. */
  readonly manifest: ManifestEntry
}

/** Looks at the program before and after a run; undefined where all is well. */
export interface Watch {
  readonly before: () => void
  readonly after: () => RunError | undefined
}

const tooLong = (entry: string, length: number, runs: number): RunError =>
  length === 1
    ? runError('E_RUN_QUEUE', `${entry}: it runs once in one call, not ${runs} times`, asked(entry))
    : runError('E_RUN_QUEUE', `${entry}: one call makes 1 to ${length} runs, not ${runs}`, asked(entry))

const asked = (entry: string): string => `compile(…, { queue: { ${entry}: 64 } }) makes room for 64`

const queueOf = (manifest: ManifestEntry, memory: ArrayBufferLike): Queue => {
  const { name, inputs, outputs } = manifest
  const length = manifest.queue?.length ?? 1
  const of = (ports: ManifestEntry['inputs']): Views<PortSpecs> => viewsByName(slotsFrom(memory, ports, 0, length))
  const made: { readonly slots: readonly Slot[]; readonly views: Views<PortSpecs> }[] = []
  const placeOf = (run: number): (typeof made)[number] => {
    const known = made[run]
    if (known !== undefined) return known
    const slots = slotsFrom(memory, inputs, run, 1)
    made[run] = { slots, views: viewsByName(slots) }
    return made[run]
  }
  const put = (run: number, values: Values<PortSpecs>): Either<RunError, void> => {
    if (!(Number.isInteger(run) && run >= 0 && run < length))
      return left(
        runError('E_RUN_QUEUE', `${name}: the queue holds the runs 0 to ${length - 1}, there is no run ${run}`),
      )
    const { slots, views } = placeOf(run)
    const fault = faultOfValues(name, slots, views, values)
    if (fault !== undefined) return left(fault)
    copyValues(slots, values)
    return done
  }
  return { length, inputs: of(inputs), outputs: of(outputs), inputsOf: (run) => placeOf(run).views, put }
}

const done = right(undefined)

/** `compiled` is the compiled function. */
export const entryOf = (
  manifest: ManifestEntry,
  memory: ArrayBufferLike,
  compiled: () => void,
  watch?: Watch,
): Entry => {
  const { name } = manifest
  const queue = queueOf(manifest, memory)
  const { length } = queue
  const inputs = queue.inputsOf(0)
  const outputs = viewsByName(slotsFrom(memory, manifest.outputs, 0, 1))
  const count = manifest.queue === undefined ? undefined : new Int32Array(memory, manifest.queue.count, 1)
  const finished = right(outputs)
  const run = (runs = 1): Either<RunError, Views<PortSpecs>> => {
    if (!(Number.isInteger(runs) && runs >= 1 && runs <= length)) return left(tooLong(name, length, runs))
    if (count !== undefined) count[0] = runs
    watch?.before()
    try {
      compiled()
    } catch (e) {
      return left(runError('E_RUN_TRAP', `${name}: the engine stopped the program: ${reasonOf(e)}`))
    }
    const fault = watch?.after()
    return fault === undefined ? finished : left(fault)
  }
  const call = (values: Values<PortSpecs>): Either<RunError, Views<PortSpecs>> => {
    const put = queue.put(0, values)
    return isLeft(put) ? put : run()
  }
  return { name, inputs, outputs, run, call, queue, manifest }
}
