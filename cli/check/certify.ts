/**
 * The findings that travel with an artifact. In: a model. Out: what the gradient check found of each of its scalars, or why there
 * is nothing to certify.
 * Invariant: a gradient that differs is refused, never certified.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { isStep } from '../../compiler/entries.ts'
import type { GradientFindings, VariableFindings } from '../../src/artifact/types.ts'
import { isFloat } from '../../src/core/dtype.ts'
import type { NablaError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import { isExpr } from '../../src/expr/node.ts'
import { refuseCli } from '../codes.ts'
import type { Model, Sample } from '../model.ts'
import { checkGradient, findingsOf, isWrong } from './check.ts'

/** The scalar floats among a model's results, each once. */
export const scalarsOf = ({ entries }: Model): ReadonlyMap<Node, string> => {
  const found = new Map<Node, string>()
  for (const [entry, e] of Object.entries(entries))
    for (const [name, n] of Object.entries(isExpr(e) ? { [entry]: e } : isStep(e) ? e.results : e))
      if (isExpr(n) && n.shape.length === 0 && isFloat(n.dtype) && n.ins.length > 0 && !found.has(n))
        found.set(n, name === entry ? name : `${entry}.${name}`)
  return found
}

/** How thoroughly a gradient is checked where nobody says more. */
export const thorough = { samples: 24, tolerance: 1e-6, seed: 0 } as const

/** What is found of the gradients of all scalars of a model; E_CLI_CHECK where one is wrong, or there is none. */
export const certify = async (model: Model, sample: Sample): Promise<Either<NablaError, GradientFindings>> => {
  const variables: VariableFindings[] = []
  for (const [loss, name] of scalarsOf(model)) {
    const report = await checkGradient(loss, sample, thorough)
    if (isLeft(report)) return report
    const wrong = report.right.find((r) => r.differences.some((d) => isWrong(d, thorough.tolerance)))
    if (wrong !== undefined)
      return refuseCli(
        'E_CLI_CHECK',
        `the gradient of ${name} by ${wrong.name} differs from central differences by more than ${thorough.tolerance}`,
        `nabla check ${model.place} tells where`,
      )
    variables.push(...report.right.map((r) => findingsOf(name, r)))
  }
  return variables.length === 0
    ? refuseCli('E_CLI_CHECK', `${model.place} has no scalar float result, so it has no gradient to certify`)
    : right({ tolerance: thorough.tolerance, variables })
}
