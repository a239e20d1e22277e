/**
 * What a name in a report stands for. In: a rule's name. Out: its label and its law.
 * Invariant: every rewriting that the engine reports has one, those beside the table of rules included.
 */
import type { Rule } from './rule.ts'
import { rules } from './simplify.ts'

type Law = Pick<Rule, 'when' | 'law' | 'bookkeeping'>

const table: ReadonlyMap<string, Law> = new Map(rules.map((r) => [r.name, r]))

const absorbed: Law = {
  when: 'zeroSign',
  law: 'a sign goes where every way from it ends at a sum or an even function',
}
const commuted: Law = { when: 'always', bookkeeping: true, law: 'x ∘ y → y ∘ x where that is computed too' }

export const lawOf = (rule: string): Law => table.get(rule) ?? (rule === 'sign-absorb' ? absorbed : commuted)
