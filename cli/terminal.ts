/**
 * Where the command writes. In: text. Out: standard output and standard error, or whatever a test collects.
 * Invariant: results go to `out`, errors and progress to `err`; colours are off where the terminal has none.
 */
import picocolors from 'picocolors'
import { widthOf } from '../compiler/inspect/layout.ts'
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

// ---- how amounts are written

const scaled = (value: number, units: readonly string[], step: number): string => {
  let at = 0
  let v = value
  while (v >= step && at < units.length - 1) {
    v /= step
    at++
  }
  return `${at === 0 ? String(v) : v.toPrecision(3)} ${units[at]}`.trim()
}

/** 12345 → `12.3 kB` */
export const showBytes = (bytes: number): string => scaled(bytes, ['B', 'kB', 'MB', 'GB'], 1000)

/** 12345678 → `12.3 M` */
export const showCount = (count: number): string => scaled(count, ['', 'k', 'M', 'G', 'T'], 1000)

export const showTime = (milliseconds: number): string => `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`

/** Columns aligned: text to the left, columns named in `right` to the right. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string => {
  const widths = head.map((h, i) => Math.max(widthOf(h), ...rows.map((r) => widthOf(r[i] ?? ''))))
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => {
          const space = ' '.repeat((widths[i] as number) - widthOf(cell))
          return right.includes(head[i] as string) ? space + cell : cell + space
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
