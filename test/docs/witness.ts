/**
 * What a block of documentation sees in place of the console. In: what it prints. Out: whether that is what the page says.
 * Invariant: nothing printed goes unnoticed: each line is claimed by the comment behind it or by the text block below.
 */
import { format } from 'node:util'

export interface Witness {
  readonly console: { readonly log: (...values: readonly unknown[]) => void }
  /** What was printed since the last claim has to be these lines. */
  readonly said: (line: number, wanted: readonly string[]) => void
}

export const witness = (page: string): Witness => {
  let heard: string[] = []
  return {
    console: { log: (...values) => heard.push(...format(...values).split('\n')) },
    said: (line, wanted) => {
      const found = heard.map((l) => l.trimEnd())
      heard = []
      if (found.join('\n') !== wanted.join('\n'))
        throw new Error(`${page}:${line} prints\n${found.join('\n')}\nwhere the page says\n${wanted.join('\n')}`)
    },
  }
}
