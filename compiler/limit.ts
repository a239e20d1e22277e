/**
 * What a program may ask for: memory, threads. In: what was planned or asked for, a limit. Out: the error where it does not fit.
 * Invariant: the error says what lives at the peak, the largest first.
 */
import { MOST_THREADS } from '../src/artifact/manifest.ts'
import { type CompileError, nablaError } from '../src/core/errors.ts'
import type { Planned } from './pipeline.ts'
import type { Machine } from './inspect/machine/machine.ts'
import { peakReport } from './inspect/machine/memory.ts'

/** An artifact is for 1 to 64 threads. */
export const badThreads = (threads: number): CompileError | null =>
  Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS
    ? null
    : nablaError(
        'CompileError',
        'E_COMPILE_THREADS',
        `a program is run by 1 to ${MOST_THREADS} threads, ${threads} were asked for`,
      )

export const beyondLimit = (
  machine: Machine & Pick<Planned, 'remat'>,
  limit: number,
  remat = false,
): CompileError | null => {
  const { memoryBytes } = machine.plan
  if (memoryBytes <= limit) return null
  const report = peakReport(machine)
  if (remat)
    return nablaError(
      'CompileError',
      'E_COMPILE_REMAT',
      `the program needs ${memoryBytes} bytes of memory, beyond the limit of ${limit}, though values are computed again`,
      { hint: `that is as small as was found; a smaller batch needs less${report === '' ? '' : `\n${report}`}` },
    )
  return nablaError(
    'CompileError',
    'E_COMPILE_MEMORY',
    `the program needs ${memoryBytes} bytes of memory, beyond the limit of ${limit}`,
    {
      hint: `a smaller batch needs less; maxMemory raises the limit; remat computes values again${report === '' ? '' : `\n${report}`}`,
    },
  )
}
