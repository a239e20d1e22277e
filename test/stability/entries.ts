/**
 * The torture suite's entries. In: nothing. Out: groups of entries under titles.
 * Invariant: every text that the simplifier promises to make stable is here as a user writes it.
 */
import { choices } from './choices.ts'
import type { Entry } from './entry.ts'
import { logarithms } from './logarithms.ts'
import { logistic } from './logistic.ts'
import { crossEntropies, norms, softmaxes } from './rows.ts'

export interface Group {
  readonly title: string
  readonly entries: readonly Entry[]
}

export const groups: readonly Group[] = [
  { title: 'Logarithms, exponentials, error functions', entries: logarithms },
  { title: 'The logistic function', entries: logistic },
  { title: 'Softmax', entries: softmaxes },
  { title: 'Cross-entropy', entries: crossEntropies },
  { title: 'Roots and norms', entries: norms },
  { title: 'Choices', entries: choices },
]
