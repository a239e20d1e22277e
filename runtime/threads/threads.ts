/**
 * How many threads run a program, and why not more. In: its manifest, what was asked for. Out: what the module imports, and
 * functions that call for help.
 * Invariant: where there is no help the program runs by itself and gives the same bits; that it does is said once.
 */
import { CONTROL, THREADS_IMPORT } from '../../src/artifact/manifest.ts'
import type { Manifest, ManifestThreads } from '../../src/artifact/types.ts'
import { type LoadError, nablaError, showError } from '../../src/core/errors.ts'
import type { loadWarningCodes } from '../codes.ts'
import { type Team, teamOf } from './pool.ts'

/** The threads of a program. */
export interface ProgramThreads {
  /** How many are to run it, that which calls its entries among them. */
  readonly count: number
  /** How many have begun: a call waits for nobody, so the first ones may be alone. */
  readonly ready: number
  /** Why there are fewer than were asked for, or than the artifact was compiled for. */
  readonly fallback?: LoadError
}

const warning = (code: keyof typeof loadWarningCodes, sentence: string, hint: string): LoadError =>
  nablaError('LoadError', code, sentence, { hint })

const said = new Set<string>()

const sayOnce = (fallback: LoadError): void => {
  if (said.has(fallback.code)) return
  said.add(fallback.code)
  // oxlint-disable-next-line no-console -- loading goes on, so there is no Left to say it
  console.warn(showError(fallback))
}

const alone = (fallback?: LoadError): ProgramThreads => {
  if (fallback !== undefined) sayOnce(fallback)
  return { count: 1, ready: 1, ...(fallback === undefined ? {} : { fallback }) }
}

/** Of a program that was compiled for one thread. */
export const singleThread = (asked: number | undefined): ProgramThreads =>
  asked === undefined || asked <= 1
    ? alone()
    : alone(
        warning(
          'W_THREADS_ARTIFACT',
          `${asked} threads were asked for, but the artifact was compiled for one, and one runs it`,
          `compile with { threads: ${asked} }`,
        ),
      )

/** Processors that the engine tells of. */
const processors = (): number => (typeof navigator === 'undefined' ? 2 : (navigator.hardwareConcurrency ?? 2))

/** Whether this thread may sleep: that of a page may not. */
const maySleep = (words: Int32Array): boolean => {
  try {
    return Atomics.wait(words, CONTROL.mayWait / 4, 1, 0) !== undefined
  } catch {
    return false
  }
}

/** A program for threads about to be instantiated. */
export interface Prepared {
  readonly imports: WebAssembly.Imports
  /** To be called with the module's entries once there is an instance; gives them as they are to be called. */
  readonly begin: (functions: Readonly<Record<string, () => void>>) => Readonly<Record<string, () => void>>
  readonly threads: ProgramThreads
}

const PAGE = 65_536

/** Throws a RangeError where the engine has no such memory to give. */
export const prepareThreads = async (
  { memoryBytes }: Manifest,
  { most, control }: ManifestThreads,
  module: WebAssembly.Module,
  asked: number | undefined,
): Promise<Prepared> => {
  const pages = Math.ceil(memoryBytes / PAGE)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const imports = (wake: () => void): WebAssembly.Imports => ({ [THREADS_IMPORT]: { memory, wake } })
  const count = Math.max(1, Math.min(Math.floor(asked ?? processors()), most))
  const team: Team | string | null = count > 1 ? await teamOf(count) : null
  if (team === null || typeof team === 'string') {
    const fallback =
      team === null
        ? undefined
        : warning(
            'W_THREADS_HOST',
            `${count} threads were wanted, but ${team}; one runs the program`,
            'serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp',
          )
    return { imports: imports(() => undefined), begin: (functions) => functions, threads: alone(fallback) }
  }
  const words = new Int32Array(memory.buffer, control)
  return {
    imports: imports(team.wake),
    begin: (functions) => {
      Atomics.store(words, CONTROL.mayWait / 4, maySleep(words) ? 1 : 0)
      team.join({ module, memory, control })
      const taking = (run: () => void) => (): void => {
        team.take()
        run()
      }
      return Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, taking(run)]))
    },
    threads: {
      count,
      get ready() {
        return 1 + Atomics.load(words, CONTROL.helpers / 4)
      },
    },
  }
}
