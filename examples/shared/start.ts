// From entries to a running program. In: what to compile. Out: the program, loaded and initialized, and its losses.
// Invariant: an error of the compiler or the runtime is thrown with its own words.

import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import { compile, type EntryInputs } from 'nabla/compiler'
import { load } from 'nabla/runtime'

export const orThrow = <A>(result: Either<{ readonly message: string }, A>): A => {
  if (isLeft(result)) throw new Error(result.left.message)
  return result.right
}

/** Compiles to WebAssembly and loads; `seed` draws the initial parameters. */
export const start = async <E extends EntryInputs>(entries: E, seed = 1) =>
  orThrow(await load(orThrow(await compile(entries)), { seed }))

/** A compiled training step, as far as its loss is concerned. */
interface TrainingStep<V> {
  readonly call: (values: V) => Either<{ readonly message: string }, { readonly loss: ArrayLike<number> }>
}

/** Runs a step again and again on the same values. Out: the loss before each run. */
export const repeat = <V>(step: TrainingStep<V>, times: number, values: V): readonly number[] =>
  Array.from({ length: times }, () => orThrow(step.call(values)).loss[0] ?? NaN)
