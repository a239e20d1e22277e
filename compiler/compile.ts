/**
 * `compile`: from a user's entries to an artifact. In: expressions under names, options. Out: an Artifact, or a CompileError.
 * Invariant: whatever a user can cause is the Left; binaryen is loaded only when the Wasm target is emitted.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { ArtifactOf, GradientFindings, PortSpecs, Simd, Target } from '../src/artifact/types.ts'
import { MOST_QUEUED } from '../src/artifact/manifest.ts'
import { type CompileError, nablaError } from '../src/core/errors.ts'
import type { TensorType } from '../src/core/shape.ts'
import type { Expr } from '../src/expr/expr.ts'
import { type EntryInputs, type Step, toPrograms } from './entries.ts'
import { badThreads, beyondLimit } from './limit.ts'
import { type Recomputation, recomputations } from './remat.ts'
import type { PassName, PassTime, Watch } from './pass.ts'
import { type Emitted, emit, type Planned, planEntries, type Settings } from './pipeline.ts'

export interface CompileOptions {
  /** `wasm` (the default) or `javascript`, an ES module for pages that may not compile Wasm. */
  readonly target?: Target
  /** `relaxed` uses fused multiply-add where the engine has it, and gives up equal bits in every engine. Default `plain`. */
  readonly simd?: Simd
  /** Also rules that hold up to rounding only. Default false. */
  readonly fastMath?: boolean
  /** Checks every representation behind the pass that made it. Default false. */
  readonly checked?: boolean
  /**
   * The program looks at its indices and numbers in every run, and a run that finds one out of range, or the first NaN or
   * infinity, is an error that names the expression and its line. Slower and larger; for finding faults. Default false.
   */
  readonly checks?: boolean
  /**
   * How often an entry may run in one call, `{ step: 64 }`: its inputs and outputs then have memory for as many runs. Once for
   * entries that are not named.
   */
  readonly queue?: Readonly<Record<string, number>>
  /**
   * As many threads as may run the program together, 1 to 64: its memory is then shared, and large kernels are run in parts.
   * `load` says how many there are. Results have the same bits for any number. The JavaScript target has one. Default 1.
   */
  readonly threads?: number
  /** Names in the Wasm module. Default false. */
  readonly debug?: boolean
  /** Refuse an artifact whose memory is larger, in bytes. Default 1 GiB. */
  readonly maxMemory?: number
  /**
   * Where the memory would be larger than `maxMemory`, compute values again instead of keeping them, as many as it takes: the same
   * bits with less memory and more work. Where that is not enough, loops that name no `save` get a policy, under which gradients may
   * add up in another order. `E_COMPILE_REMAT` where nothing is enough. Default false.
   */
  readonly remat?: boolean
  /** Print what these passes made. */
  readonly dump?: { readonly passes: readonly PassName[]; readonly print: (pass: PassName, text: string) => void }
  /** What a gradient check found, to travel with the artifact as a certificate of this program. */
  readonly certificate?: GradientFindings
}

type OutputsOf<E> =
  E extends Step<infer R>
    ? { readonly [K in keyof R]: Pick<R[K], 'shape' | 'dtype'> & TensorType }
    : E extends Expr
      ? Readonly<Record<string, TensorType>>
      : E extends Readonly<Record<string, Expr>>
        ? { readonly [K in keyof E]: Pick<E[K], 'shape' | 'dtype'> & TensorType }
        : PortSpecs

/** What `load` then knows of an artifact's entries: the results of each by name and type. */
export type SpecsOf<E extends EntryInputs> = {
  readonly [K in keyof E]: {
    readonly inputs: PortSpecs
    readonly outputs: E[K] extends Expr
      ? { readonly [N in K]: Pick<E[K], 'shape' | 'dtype'> & TensorType }
      : OutputsOf<E[K]>
  }
}

/** A compiled artifact: one file's bytes, its manifest, and what the compiler can tell about it. */
export interface Artifact<E extends EntryInputs = EntryInputs> extends ArtifactOf<SpecsOf<E>> {
  readonly times: readonly PassTime[]
  /** Kernels that one run of each entry starts. */
  readonly kernels: Readonly<Record<keyof E & string, number>>
  /** What `remat` computes again; entries that compute nothing again are not among them. */
  readonly recomputed: readonly Recomputation[]
}

const watchOf = (o: CompileOptions, times: PassTime[]): Watch => ({
  checked: o.checked ?? false,
  dump: o.dump?.print ?? (() => undefined),
  wanted: new Set(o.dump?.passes ?? []),
  note: (t) => times.push(t),
})

const defaultMaxMemory = 2 ** 30

const settingsOf = (o: CompileOptions): Settings => ({
  target: o.target ?? 'wasm',
  simd: o.simd ?? 'plain',
  fastMath: o.fastMath ?? false,
  debug: o.debug ?? false,
  checks: o.checks ?? false,
  ...(o.queue === undefined ? {} : { queue: o.queue }),
  threads: o.threads ?? 1,
  ...(o.certificate === undefined ? {} : { certificate: o.certificate }),
  ...(o.remat === true ? { memory: o.maxMemory ?? defaultMaxMemory } : {}),
})

/** What is wrong with the wish for a queue. */
const queueFault = (entries: EntryInputs, { queue = {}, checks = false }: CompileOptions): CompileError | null => {
  const refuse = (sentence: string, hint: string): CompileError =>
    nablaError('CompileError', 'E_COMPILE_QUEUE', sentence, { hint })
  for (const [name, length] of Object.entries(queue)) {
    if (!Object.hasOwn(entries, name))
      return refuse(
        `a queue is wanted for the entry ${name}, which is not compiled`,
        `compiled are ${Object.keys(entries).join(', ')}`,
      )
    if (!Number.isInteger(length) || length < 1 || length > MOST_QUEUED)
      return refuse(
        `the queue of the entry ${name} cannot hold ${length} runs`,
        `a queue holds a whole number of runs, from 1 to ${MOST_QUEUED}`,
      )
    if (checks && length > 1)
      return refuse(
        `the entry ${name} of a checked build has no queue`,
        'a checked build looks at every run by itself: leave out checks or queue',
      )
  }
  return null
}

/** Everything the compiler made, for inspection. */
export interface Whole extends Planned, Emitted {
  readonly times: readonly PassTime[]
}

export const compileWhole = async (
  entries: EntryInputs,
  options: CompileOptions = {},
): Promise<Either<CompileError, Whole>> => {
  const programs = toPrograms(entries)
  if (isLeft(programs)) return programs
  const strange = queueFault(entries, options) ?? badThreads(options.threads ?? 1)
  if (strange !== null) return left(strange)
  const times: PassTime[] = []
  const [settings, watch] = [settingsOf(options), watchOf(options, times)]
  const planned = planEntries(programs.right, settings, watch)
  const refused = beyondLimit(planned, options.maxMemory ?? defaultMaxMemory, options.remat)
  if (refused !== null) return left(refused)
  return right({ ...planned, ...(await emit(planned.plan, settings, watch)), times })
}

/**
 * Compiles entries into one artifact. An entry is an expression, a record of results, or a step (results and updates).
 * Where there are parameters or states, the artifact also has the entry `init`, which fills them from the input `key`.
 */
export const compile = async <E extends EntryInputs>(
  entries: E,
  options: CompileOptions = {},
): Promise<Either<CompileError, Artifact<E>>> => {
  const whole = await compileWhole(entries, options)
  if (isLeft(whole)) return whole
  const { bytes, manifest, plan, times, remat } = whole.right
  const kernels = Object.fromEntries(plan.entries.map((e) => [e.name, e.steps.length])) as Artifact<E>['kernels']
  return right({ bytes, manifest, times, kernels, recomputed: recomputations(remat === undefined ? {} : { remat }) })
}
