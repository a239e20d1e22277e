/**
 * What loading and running can refuse, beyond what the readers of artifacts refuse.
 * In: a code and a sentence. Out: a LoadError or RunError. Invariant: every code that the runtime gives is listed here.
 */
import { type Either, left } from 'fp-ts/lib/Either.js'
import { type ErrorCode, type LoadError, nablaError, type RunError, type Source } from '../src/core/errors.ts'

export const loadErrorCodes = {
  E_LOAD_SOURCE: { phase: 'load', summary: 'what was given to load is nothing that can be loaded' },
  E_LOAD_READ: { phase: 'load', summary: 'the artifact could not be read or fetched' },
  E_LOAD_MODULE: { phase: 'load', summary: 'the JavaScript module of the artifact does not do what its manifest says' },
  E_LOAD_INIT: { phase: 'load', summary: 'the parameters could not be initialized' },
  E_FEATURE_WASM: { phase: 'load', summary: 'this engine does not run WebAssembly' },
  E_FEATURE_SIMD: { phase: 'load', summary: 'this engine does not run WebAssembly SIMD' },
  E_FEATURE_THREADS: { phase: 'load', summary: 'this engine does not run WebAssembly threads' },
  E_FEATURE_RELAXED_SIMD: { phase: 'load', summary: 'this engine does not run WebAssembly relaxed SIMD' },
} as const satisfies Record<string, ErrorCode>

/** What loading says and goes on; `program.threads.fallback` holds it. */
export const loadWarningCodes = {
  W_THREADS_ARTIFACT: { phase: 'load', summary: 'threads were asked for, of an artifact that was compiled for one' },
  W_THREADS_HOST: { phase: 'load', summary: 'the page or host gives no threads that share memory' },
} as const satisfies Record<string, ErrorCode>

export const runErrorCodes = {
  E_RUN_ENTRY: { phase: 'run', summary: 'the program has no entry of that name' },
  E_RUN_INPUT_MISSING: { phase: 'run', summary: 'an input of the entry was not given' },
  E_RUN_INPUT_SURPLUS: { phase: 'run', summary: 'a value was given that is no input of the entry' },
  E_RUN_INPUT_LENGTH: { phase: 'run', summary: 'a value has not as many elements as its input' },
  E_RUN_INPUT_TYPE: { phase: 'run', summary: 'a value is of another type than its input' },
  E_RUN_QUEUE: { phase: 'run', summary: 'an entry has no room for so many runs in one call' },
  E_RUN_SEED: { phase: 'run', summary: 'the seed is not a whole number from 0 to 2^53 - 1' },
  E_RUN_NAN_PARAM: { phase: 'run', summary: 'a parameter became NaN (checks are on)' },
  E_RUN_INDEX_RANGE: { phase: 'run', summary: 'an index is out of range (of a checked build)' },
  E_RUN_NOT_FINITE: { phase: 'run', summary: 'a number became NaN or infinite (of a checked build)' },
  E_RUN_TRAP: { phase: 'run', summary: 'the engine stopped the program' },
  E_RUN_TABLE: { phase: 'run', summary: 'a table of examples does not fit the input that it feeds' },
} as const satisfies Record<string, ErrorCode>

export const loadError = (code: keyof typeof loadErrorCodes, sentence: string, hint?: string): LoadError =>
  nablaError('LoadError', code, sentence, { hint })

export const refuseLoad = (
  code: keyof typeof loadErrorCodes,
  sentence: string,
  hint?: string,
): Either<LoadError, never> => left(loadError(code, sentence, hint))

export const runError = (
  code: keyof typeof runErrorCodes,
  sentence: string,
  hint?: string,
  source?: Source,
): RunError => nablaError('RunError', code, sentence, { hint, source })

export const reasonOf = (e: unknown): string => (e instanceof Error ? e.message : String(e))
