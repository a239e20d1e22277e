/**
 * The form `derivation`: each gradient derived step by step, and checked. In: a model. Out: Markdown.
 * Invariant: the numbers of the check are those of the gradient that is compiled, in f64, beside central differences.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { variablesOf } from '../compiler/describe.ts'
import { derivation } from '../compiler/derivation.ts'
import { topological } from '../compiler/program/walk.ts'
import type { NablaError } from '../src/core/errors.ts'
import { showShape, sizeOf } from '../src/core/shape.ts'
import type { Node } from '../src/expr/expr.ts'
import { checkGradient, type VariableReport } from './check/check.ts'
import { refuseCli } from './codes.ts'
import { scalarsOf, short } from './commands/check.ts'
import type { Model, Sample } from './model.ts'

const thorough = { samples: 24, tolerance: 1e-6, seed: 0 }

const rowOf = ({ name, shape, differences }: VariableReport): string => {
  const size = sizeOf(shape)
  const checked = differences.length === size ? `all ${size}` : `${differences.length} of ${size}`
  const worst = differences.reduce((most, d) => Math.max(most, d.error), 0)
  return `| ${name} | ${showShape(shape)} | ${checked} | ${short(worst)} |`
}

const section = (report: readonly VariableReport[]): string => {
  const wrong = report.flatMap((r) => r.differences).filter((d) => !(d.error <= thorough.tolerance)).length
  const verdict =
    wrong === 0
      ? `The two agree to ${thorough.tolerance}.`
      : `The two differ at ${wrong} coordinates by more than ${thorough.tolerance}.`
  return [
    '## Numerical check',
    `Beside (f(v + h) − f(v − h)) / 2h in f64, at values drawn at random. ${verdict}`,
    ['| variable | shape | coordinates | max relative error |', '|---|---|---|---|', ...report.map(rowOf)].join('\n'),
  ].join('\n\n')
}

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
    const report = await checkGradient(loss, sample, { ...thorough, wrt: variables })
    if (isLeft(report)) return report
    checks.set(loss, section(report.right))
  }
  const after = (loss: Node): string => checks.get(loss) ?? ''
  return right(derivation(entries, { name, width, after, ...(wrt === undefined ? {} : { wrt }) }))
}
