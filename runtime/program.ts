/**
 * A program: an artifact, loaded. In: its manifest, its memory and its compiled functions. Out: entries, views, checkpoints.
 * Invariant: all views are of the one memory; nothing is ever freed or moved, so there is nothing to dispose of.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { INIT_ENTRY } from '../src/artifact/manifest.ts'
import type {
  ArtifactOf,
  EntrySpecs,
  Manifest,
  ManifestPort,
  PortSpecs,
  Values,
  View,
  ViewOf,
  Views,
} from '../src/artifact/types.ts'
import { InternalError, type LoadError, type RunError } from '../src/core/errors.ts'
import { equalTypes } from '../src/core/shape.ts'
import { keyOf } from '../src/core/threefry.ts'
import { restoreSlots, saveSlots } from './checkpoint.ts'
import { watchOf } from './checks.ts'
import { runError } from './codes.ts'
import { type Entry, entryOf } from './entry.ts'
import { slotsOf, viewsByName } from './ports.ts'
import type { ProgramThreads } from './threads/threads.ts'

export type Entries<E extends EntrySpecs> = {
  readonly [K in keyof E]: Entry<E[K]['inputs'], E[K]['outputs']>
}

type InputNames<E extends EntrySpecs> = { [N in keyof E]: keyof E[N]['inputs'] }[keyof E]

type InputView<E extends EntrySpecs, K> = {
  [N in keyof E]: K extends keyof E[N]['inputs'] ? ViewOf<E[N]['inputs'][K]['dtype']> : never
}[keyof E]

export interface Program<
  E extends EntrySpecs = EntrySpecs,
  P extends PortSpecs = PortSpecs,
  S extends PortSpecs = PortSpecs,
> {
  readonly manifest: Manifest
  readonly memory: ArrayBufferLike
  /** How many threads run it. */
  readonly threads: ProgramThreads
  readonly entries: Entries<E>
  /** The inputs of all entries by name, but for names that mean different tensors in different entries. */
  readonly inputs: { readonly [K in InputNames<E>]: InputView<E, K> }
  readonly params: Views<P>
  readonly state: Views<S>
  /** `entries[name].call(values)`; `E_RUN_ENTRY` where there is no such entry. */
  readonly call: <K extends keyof E & string>(
    name: K,
    values: Values<E[K]['inputs']>,
  ) => Either<RunError, Views<E[K]['outputs']>>
  /** Fills parameters and states from their initializers again; the same seed gives the same bits. */
  readonly initialize: (seed: number) => Either<RunError, void>
  /** Parameters and states as a checkpoint. */
  readonly save: () => Uint8Array
  /** Takes parameters and states from a checkpoint; where it does not fit, nothing is changed. */
  readonly restore: (bytes: Uint8Array) => Either<LoadError, void>
}

/** The program of an artifact's type: `ProgramOf<typeof artifact>`. */
export type ProgramOf<A> = A extends ArtifactOf<infer E, infer P, infer S> ? Program<E, P, S> : never

/** What an engine made of an artifact: its memory, and its functions by entry. */
export interface Instance {
  readonly memory: ArrayBufferLike
  readonly functions: Readonly<Record<string, () => void>>
  readonly threads: ProgramThreads
}

/** Inputs that mean one and the same tensor wherever their name occurs. */
const sharedInputs = (manifest: Manifest): readonly ManifestPort[] => {
  const byName = new Map<string, ManifestPort | 'several'>()
  for (const port of manifest.entries.flatMap((e) => e.inputs)) {
    const known = byName.get(port.name)
    const same = known === undefined || (known !== 'several' && known.offset === port.offset && equalTypes(known, port))
    byName.set(port.name, same ? port : 'several')
  }
  return [...byName.values()].flatMap((port) => (port === 'several' ? [] : [port]))
}

const initialize = (init: Entry | undefined, seed: number): Either<RunError, void> => {
  if (!Number.isSafeInteger(seed) || seed < 0)
    return left(runError('E_RUN_SEED', `a seed is a whole number from 0 to 2^53 - 1, ${seed} was given`))
  if (init === undefined) return right(undefined)
  init.inputs['key']?.set(keyOf(seed))
  const result = init.run()
  return isLeft(result) ? result : right(undefined)
}

/** Joins manifest and instance; the instance has been checked to have all that the manifest states. */
export const programOf = (manifest: Manifest, { memory, functions, threads }: Instance, checks: boolean): Program => {
  const params = slotsOf(memory, manifest.params)
  const states = slotsOf(memory, manifest.states)
  const entries: Entries<EntrySpecs> = Object.freeze(
    Object.fromEntries(
      manifest.entries.map((entry) => {
        const compiled = functions[entry.name]
        if (compiled === undefined) throw new InternalError(`the instance has no function ${entry.name}`)
        return [entry.name, entryOf(entry, memory, compiled, watchOf(entry, memory, params, states, checks))]
      }),
    ),
  )
  const inputs: Readonly<Record<string, View>> = viewsByName(slotsOf(memory, sharedInputs(manifest)))
  return {
    manifest,
    memory,
    threads,
    entries,
    inputs,
    params: viewsByName(params),
    state: viewsByName(states),
    call: (name, values) => {
      const entry = Object.hasOwn(entries, name) ? entries[name] : undefined
      if (entry !== undefined) return entry.call(values)
      const hint = `it has ${manifest.entries.map((e) => e.name).join(', ')}`
      return left(runError('E_RUN_ENTRY', `the program has no entry ${name}`, hint))
    },
    initialize: (seed) => initialize(entries[INIT_ENTRY], seed),
    save: () => saveSlots(params, states),
    restore: (bytes) => restoreSlots(params, states, bytes),
  }
}
