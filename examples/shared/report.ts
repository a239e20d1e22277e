// What examples report, and how a module becomes runnable: `node cli/run.js examples/xor/main.ts` runs it, an import only
// reads it. In: the module's URL and its `run`. Out: lines on the terminal. Invariant: a check that fails ends the process with 1.

import { pathToFileURL } from 'node:url'

/** Takes the lines of a report. */
export type Log = (text: string) => void

export const runAsMain = async (url: string, run: (log: Log) => Promise<unknown>): Promise<void> => {
  const [, file] = process.argv
  if (file === undefined || url.replace(/\?.*$/, '') !== pathToFileURL(file).href) return
  // a reader that has seen enough, such as head, closes the pipe
  process.stdout.on('error', () => process.exit(0))
  await run((text) => process.stdout.write(`${text}\n`))
}

export const heading = (text: string): string => `\n${text}\n${'─'.repeat(text.length)}`

export const indent = (text: string): string => text.replace(/^(?=.)/gm, '  ')

/** Reports what was expected, and goes no further where it is not so. */
export const check = (log: Log, what: string, holds: boolean): void => {
  log(`  ${holds ? '✓' : '✗'} ${what}`)
  if (!holds) throw new Error(`not so: ${what}`)
}
