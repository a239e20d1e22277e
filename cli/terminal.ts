/**
 * Where the command writes. In: text. Out: standard output and standard error, or whatever a test collects.
 * Invariant: results go to `out`, errors and progress to `err`; colours are off where the terminal has none.
 */
import picocolors from 'picocolors'
import { type NablaError, showError } from '../src/core/errors.ts'

export type Colors = Pick<ReturnType<typeof picocolors.createColors>, 'bold' | 'dim' | 'red' | 'green'>

export interface Terminal {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
  readonly colors: Colors
}

/** The process's own. A reader that has seen enough (`| head`) ends the command, which is no failure. */
export const processTerminal = (): Terminal => {
  process.stdout.on('error', (e: NodeJS.ErrnoException) => {
    if (e.code === 'EPIPE') process.exit()
    throw e
  })
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    colors: picocolors.createColors(),
  }
}

/** `E_CODE: sentence`, and the hint on a line of its own. */
export const reportError = ({ err, colors }: Terminal, e: NablaError): void => {
  const [first = '', ...rest] = showError(e).split('\n')
  err([first.replace(e.code, colors.red(e.code)), ...rest.map(colors.dim)].join('\n'))
}

export const showTime = (milliseconds: number): string => `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
