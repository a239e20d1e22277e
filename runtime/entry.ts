/**
 * One entry of a program, ready to run.
 * In: a compiled function, the slots of its inputs and outputs. Out: `run` and `call`.
 * Invariant: every result but a fault was made when the program was loaded, so that a loop of runs allocates nothing.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { ManifestEntry, PortSpecs, Values, Views } from '../src/artifact/types.ts'
import type { RunError } from '../src/core/errors.ts'
import { reasonOf, runError } from './codes.ts'
import { type Slot, slotsOf, viewsByName } from './ports.ts'
import { copyValues, faultOfValues } from './values.ts'

export interface Entry<I extends PortSpecs = PortSpecs, O extends PortSpecs = PortSpecs> {
  readonly name: string
  /** Views of the inputs: write, then `run`. They keep what was written until it is overwritten. */
  readonly inputs: Views<I>
  /** Views of the outputs, valid until any entry runs again. */
  readonly outputs: Views<O>
  /**
   * Runs on what the inputs hold, unchecked: the path for a hot loop. The `Right` is the same object at every run.
   * Errors: `E_RUN_TRAP`, with checks on `E_RUN_NAN_PARAM`, and of a checked build
   * `E_RUN_INDEX_RANGE` and `E_RUN_NOT_FINITE`.
   */
  readonly run: () => Either<RunError, Views<O>>
  /**
   * Checks the names, lengths and types of `values`, copies them in and runs. Allocates nothing where the values are typed
   * arrays; the engine boxes plain numbers. Errors: `E_RUN_INPUT_MISSING`,
   * `E_RUN_INPUT_SURPLUS`, `E_RUN_INPUT_LENGTH`, `E_RUN_INPUT_TYPE` (then nothing was written or run), and those of `run`.
   */
  readonly call: (values: Values<I>) => Either<RunError, Views<O>>
  /** Shapes, offsets, FLOPs and bytes of this entry. */
  readonly manifest: ManifestEntry
}

/** Looks at the program before and after a run; undefined where all is well. */
export interface Watch {
  readonly before: () => void
  readonly after: () => RunError | undefined
}

/** `run` is the compiled function. */
export const entryOf = (
  manifest: ManifestEntry,
  memory: ArrayBufferLike,
  compiled: () => void,
  watch?: Watch,
): Entry => {
  const { name } = manifest
  const slots: readonly Slot[] = slotsOf(memory, manifest.inputs)
  const inputs = viewsByName(slots)
  const outputs = viewsByName(slotsOf(memory, manifest.outputs))
  const done = right(outputs)
  const run = (): Either<RunError, Views<PortSpecs>> => {
    watch?.before()
    try {
      compiled()
    } catch (e) {
      return left(runError('E_RUN_TRAP', `${name}: the engine stopped the program: ${reasonOf(e)}`))
    }
    const fault = watch?.after()
    return fault === undefined ? done : left(fault)
  }
  const call = (values: Values<PortSpecs>): Either<RunError, Views<PortSpecs>> => {
    const fault = faultOfValues(name, slots, inputs, values)
    if (fault !== undefined) return left(fault)
    copyValues(slots, values)
    return run()
  }
  return { name, inputs, outputs, run, call, manifest }
}
