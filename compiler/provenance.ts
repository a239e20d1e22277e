/**
 * `provenance`: from which lines of the user's file a gradient comes, and what each line costs. In: models, and the text of files.
 * Out: a table, or a page. Invariant: costs are those of the plan that a compilation of the same entries makes, to the last byte.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { CompileError } from '../src/core/errors.ts'
import type { Node } from '../src/expr/expr.ts'
import { derivativesOf, lossesOf } from './describe.ts'
import { type EntryInput, type EntryInputs, isStep } from './entries.ts'
import { costByLine } from './inspect/machine/lines.ts'
import { type Machine, ownEntries } from './inspect/machine/machine.ts'
import { provenancePage as pageOf } from './inspect/machine/beside.ts'
import { type EntryProvenance, entryText, type SourceText } from './inspect/machine/provenance.ts'
import { type Term, termsOf } from './inspect/machine/terms.ts'
import { type Root } from './inspect/names.ts'
import { rootsOf } from './inspect/print.ts'
import { simplifyRoots } from './derivatives.ts'
import { machineOf } from './views.ts'

export interface ProvenanceOptions {
  /** The text of a file by its path, for what stands at a line. Default: nothing is known. */
  readonly source?: SourceText
  /** What a page is called. Default `provenance`. */
  readonly title?: string
}

const simplified = (roots: readonly Root[]): readonly Root[] => {
  const { roots: nodes } = simplifyRoots(roots.map((r) => r.node))
  return roots.map((r, i) => ({ ...r, node: nodes[i] as Node }))
}

const termsIn = (name: string, entry: EntryInput): readonly Term[] => {
  const written = rootsOf(entry, '').map((r) => (r.label === '' ? { ...r, label: name } : r))
  const all = simplified(written)
  const results = all.filter((r) => r.sign !== '←')
  const derived = isStep(entry) ? all.filter((r) => r.sign === '←') : lossesOf(written).flatMap(derivativesOf)
  return termsOf(results, derived)
}

const provenancesOf = (model: EntryInputs, machine: Machine): readonly EntryProvenance[] =>
  ownEntries(machine).map(([e, fused]) => ({
    name: e.name,
    lines: costByLine(machine.plan, e, fused),
    terms: termsIn(e.name, model[e.name] as EntryInput),
  }))

/**
 * For each line of the user's file what it costs in the forward pass, the backward pass and the update, and for each term of a
 * gradient the lines that it comes from.
 */
export const provenance = (
  model: EntryInputs,
  { source = () => undefined }: ProvenanceOptions = {},
): Either<CompileError, string> => {
  const machine = machineOf(model)
  if (isLeft(machine)) return machine
  return right(
    provenancesOf(model, machine.right)
      .map((e) => entryText(e, source))
      .join('\n\n'),
  )
}

/** The same as a page of HTML by itself: the text of each file, and beside each line what it costs and what comes from it. */
export const provenancePage = (
  model: EntryInputs,
  { source = () => undefined, title = 'provenance' }: ProvenanceOptions = {},
): Either<CompileError, string> => {
  const machine = machineOf(model)
  return isLeft(machine) ? machine : right(pageOf(title, provenancesOf(model, machine.right), source))
}
