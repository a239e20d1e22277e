/**
 * `trace`: a compilation pass by pass and rewriting by rewriting. In: a model. Out: a table, or a page to step through.
 * Invariant: the stages are those of a compilation of the same entries; each is shown as the pass itself shows its result.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { CompileError } from '../src/core/errors.ts'
import type { EntryInputs } from './entries.ts'
import { table } from './inspect/amounts.ts'
import { type Stage, stepper } from './inspect/stepper.ts'
import { programStates } from './rewrites.ts'
import { watchMachine } from './views.ts'

export interface TraceOptions {
  /** What the page is called. Default `trace`. */
  readonly title?: string
}

/** A program is shown whole after each rewriting where it has no more steps and is no longer, in characters, than these. */
const mostSteps = 60
const longest = 6000
/** A pass may tell so much. */
const mostOfPass = 60_000

const note =
  `After a rewriting the whole program is shown where it takes no more than ${mostSteps} rewritings ` +
  `and ${longest} characters; else the part that changed.`

const cut = (text: string): string =>
  text.length > mostOfPass ? `${text.slice(0, mostOfPass)}\n… ${text.length - mostOfPass} more characters` : text

const rewritingStages = (model: EntryInputs): readonly Stage[] =>
  programStates(model).flatMap(({ program: p, stateAfter, nodes }) => {
    const small = p.steps.length <= mostSteps && p.before.length <= longest
    const steps = p.steps.map((s, i): Stage => {
      const whole = small ? { text: stateAfter(i + 1) } : {}
      return { of: p.title, title: s.rule, size: `rewriting ${i + 1} of ${p.steps.length}`, rewriting: s, ...whole }
    })
    return [
      { of: p.title, title: 'before', size: `${nodes.before} nodes`, text: cut(p.before) },
      ...steps,
      { of: p.title, title: 'simplified', size: `${nodes.after} nodes`, text: cut(p.after) },
    ]
  })

const passStages = (model: EntryInputs): Either<CompileError, readonly Stage[]> => {
  const seen: Stage[] = []
  const names = Object.keys(model)
  const done = new Map<string, number>()
  const machine = watchMachine(model, (pass, text, size) => {
    const at = done.get(pass) ?? 0
    done.set(pass, at + 1)
    const of = pass === 'plan' ? 'all entries' : `entry ${names[at] ?? 'init'}`
    seen.push({ of, title: pass, size, text: cut(text) })
  })
  const entries = [...new Set(seen.map((s) => s.of))]
  return isLeft(machine) ? machine : right(entries.flatMap((of) => seen.filter((s) => s.of === of)))
}

const stagesOf = (model: EntryInputs): Either<CompileError, readonly Stage[]> => {
  const passes = passStages(model)
  return isLeft(passes) ? passes : right([...rewritingStages(model), ...passes.right])
}

const countsOf = (stages: readonly Stage[]): readonly (readonly [string, number])[] => {
  const counts = new Map<string, number>()
  for (const { rewriting } of stages)
    if (rewriting !== undefined) counts.set(rewriting.rule, (counts.get(rewriting.rule) ?? 0) + 1)
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}

/** The passes with the sizes of what they make, and how often each rule of the simplifier fired. */
export const trace = (model: EntryInputs): Either<CompileError, string> => {
  const stages = stagesOf(model)
  if (isLeft(stages)) return stages
  const passes = stages.right.filter((s) => s.rewriting === undefined)
  const rules = countsOf(stages.right).map(([rule, n]) => [rule, String(n)])
  return right(
    [
      table(
        ['program', 'pass', 'size'],
        passes.map((s) => [s.of, s.title, s.size]),
      ),
      ...(rules.length === 0 ? [] : [table(['rule', 'rewritings'], rules, ['rewritings'])]),
    ].join('\n\n'),
  )
}

/**
 * The same as a page of HTML by itself: the gradient as reverse mode leaves it, every rewriting with its rule, law and line, the
 * programs of all passes, the kernels and the plan, to step through with the arrow keys, by rule, or by line.
 */
export const tracePage = (model: EntryInputs, { title = 'trace' }: TraceOptions = {}): Either<CompileError, string> => {
  const stages = stagesOf(model)
  return isLeft(stages) ? stages : right(stepper(title, stages.right, note))
}
