// Text for a character model. In: a text. Out: its alphabet, its characters as numbers, and batches of windows.
// Invariant: the windows of a stream follow one another, so that a network's last state is the next window's first.

import { readFileSync } from 'node:fs'

/** The opening of Shakespeare's Coriolanus, which ships with the example. */
export const coriolanus = (): string => readFileSync(new URL('coriolanus.txt', import.meta.url), 'utf8')

export interface Corpus {
  /** Every character that occurs, in the order of code points. */
  readonly alphabet: readonly string[]
  readonly training: Int32Array
  /** The last tenth, which is not trained on. */
  readonly heldOut: Int32Array
}

export const corpusOf = (text: string): Corpus => {
  const characters = [...text]
  const alphabet = [...new Set(characters)].sort()
  const numbers = new Map(alphabet.map((c, i) => [c, i]))
  const codes = Int32Array.from(characters, (c) => numbers.get(c) ?? 0)
  const cut = Math.floor(0.9 * codes.length)
  return { alphabet, training: codes.subarray(0, cut), heldOut: codes.subarray(cut) }
}

/** Characters and, at the same places, the ones that follow them; both [steps, batch]. */
export interface Window {
  readonly x: Int32Array
  readonly y: Int32Array
}

/** `batch` streams through the text side by side, cut into windows of `steps`. */
export const windowsOf = (codes: Int32Array, steps: number, batch: number): readonly Window[] => {
  const length = Math.floor((codes.length - 1) / batch)
  const window = (start: number): Window => {
    const at = (offset: number) =>
      Int32Array.from({ length: steps * batch }, (_, i) => {
        const [t, stream] = [Math.floor(i / batch), i % batch]
        return codes[stream * length + start + t + offset] ?? 0
      })
    return { x: at(0), y: at(1) }
  }
  return Array.from({ length: Math.floor(length / steps) }, (_, k) => window(k * steps))
}
