/**
 * An entry of an artifact as passes see it. In: expressions under names. Out: the same, rewritten.
 * Invariant: `updates` pairs a param or state leaf with the value it has after the call; no leaf is updated twice.
 */
import type { ManifestCheck } from '../../src/artifact/types.ts'
import type { Node } from '../../src/expr/expr.ts'
import type { Update } from '../../src/expr/leaves.ts'

/** A check of a build, and which of the entry's results are its findings. */
export interface Check extends Omit<ManifestCheck, 'offsets'> {
  readonly results: readonly number[]
}

export interface EntryProgram {
  readonly name: string
  readonly results: readonly { readonly name: string; readonly value: Node }[]
  readonly updates: readonly Update[]
  /** What a checked build looks at; the findings are the last results. */
  readonly checks?: readonly Check[]
}

export const rootsOf = (e: EntryProgram): readonly Node[] => [
  ...e.results.map((r) => r.value),
  ...e.updates.map((u) => u.value),
]

/** Applies a rewriting of nodes to every root. */
export const mapEntry = (e: EntryProgram, f: (node: Node) => Node): EntryProgram => ({
  ...e,
  results: e.results.map((r) => ({ ...r, value: f(r.value) })),
  updates: e.updates.map((u) => ({ ...u, value: f(u.value) })),
})
