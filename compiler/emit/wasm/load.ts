/**
 * Binaryen, on first use. In: nothing. Out: the binaryen module, imported once.
 * Invariant: this is the one place where binaryen is loaded (half a second and 125 MB), so whatever only runs artifacts
 * never pays for it; every other file imports its types alone.
 */
import type binaryen from 'binaryen'

export type Binaryen = typeof binaryen

let loaded: Promise<Binaryen> | undefined

export const loadBinaryen = (): Promise<Binaryen> => {
  loaded ??= import('binaryen').then((m) => m.default)
  return loaded
}
