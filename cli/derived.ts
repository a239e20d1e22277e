/**
 * The form `derivation`: each gradient derived step by step, and checked. In: a model. Out: Markdown.
 * Invariant: the numbers of the check are those of the gradient that is compiled, in f64, beside central differences.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { variablesOf } from '../compiler/describe.ts'
import { derivation } from '../compiler/derivation.ts'
import { machineOf } from '../compiler/views.ts'
import { topological } from '../compiler/program/walk.ts'
import type { NablaError } from '../src/core/errors.ts'
import { showShape, sizeOf } from '../src/core/shape.ts'
import type { Node } from '../src/expr/expr.ts'
import { scalarsOf, thorough } from './check/certify.ts'
import { checkGradient, findingsOf, type VariableReport } from './check/check.ts'
import { refuseCli } from './codes.ts'
import { short, suspectLines, verdictOf } from './check/report.ts'
import type { Model, Sample } from './model.ts'

const rowOf = (report: VariableReport): string => {
  const { by, shape, coordinates, worst, stated } = findingsOf('', report)
  if (stated !== undefined) return `| ${by} | ${showShape(shape)} | stated (${stated}) | |`
  const size = sizeOf(shape)
  const checked = coordinates === size ? `all ${size}` : `${coordinates} of ${size}`
  return `| ${by} | ${showShape(shape)} | ${checked} | ${short(worst)} |`
}

const section = (report: readonly VariableReport[]): string => {
  const { wrong, checked, undecided } = verdictOf(report, thorough.tolerance)
  const verdict =
    checked === undecided
      ? 'There is no coordinate of which differences tell anything.'
      : wrong === 0
        ? `The two agree to ${thorough.tolerance}.`
        : `The two differ at ${wrong} coordinates by more than ${thorough.tolerance}.`
  return [
    '## Numerical check',
    `Beside (f(v + h) − f(v − h)) / 2h in f64, at values drawn at random. ${verdict}`,
    ['| variable | shape | coordinates | max relative error |', '|---|---|---|---|', ...report.map(rowOf)].join('\n'),
    ...suspectLines(report, thorough.tolerance),
  ].join('\n\n')
}

/** Floating-point operations that a document spends on its check: a second or two. */
const checkBudget = 4e9

/** Coordinates of each variable that can be compared within the budget: each takes two runs of the loss. */
const affordable = (loss: Node, variables: number): number => {
  const machine = machineOf({ loss })
  const flops = isLeft(machine) ? 0 : (machine.right.plan.entries[0]?.flops ?? 0)
  // forward and backward together take about three times what forward takes
  return Math.min(thorough.samples, Math.floor(checkBudget / ((2 * flops) / 3 + 1) / variables))
}

const leftOut = (place: string): string =>
  ['## Numerical check', `Left out, because each run takes long: \`nabla check ${place}\` compares the two.`].join(
    '\n\n',
  )

export const derived = async (
  model: Model,
  { width, wrt, sample }: { readonly width: number; readonly wrt?: readonly Node[]; readonly sample: Sample },
): Promise<Either<NablaError, string>> => {
  const { name, entries, place } = model
  const losses = [...scalarsOf(model).keys()]
  if (losses.length === 0) return refuseCli('E_CLI_MODEL', `${place} has no scalar float result, so it has no gradient`)
  const checks = new Map<Node, string>()
  for (const loss of losses) {
    const below = new Set(topological([loss]))
    const variables = (wrt ?? variablesOf(loss)).filter((n) => n.ins.length === 0 && below.has(n))
    if (variables.length === 0) continue
    const samples = affordable(loss, variables.length)
    if (samples < 1) {
      checks.set(loss, leftOut(place))
      continue
    }
    const report = await checkGradient(loss, sample, { ...thorough, samples, wrt: variables })
    if (isLeft(report)) return report
    checks.set(loss, section(report.right))
  }
  const after = (loss: Node): string => checks.get(loss) ?? ''
  return right(derivation(entries, { name, width, after, ...(wrt === undefined ? {} : { wrt }) }))
}
