/**
 * `nabla check FILE#EXPORT`: gradients against central differences in f64.
 * In: the place of a model. Out: a table a scalar, one line a parameter; E_CLI_CHECK where a gradient is wrong.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { NablaError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import { type CheckOptions, checkGradient } from '../check/check.ts'
import { scalarsOf } from '../check/certify.ts'
import { reportTable, showVerdict, suspectLines, verdictOf } from '../check/report.ts'
import { refuseCli } from '../codes.ts'
import { loadModels } from '../model.ts'
import type { Terminal } from '../terminal.ts'

/** A word every few seconds on checks that take long. */
const patience = (err: (line: string) => void): NonNullable<CheckOptions['progress']> => {
  // what comes before the first coordinate, compiling, tells nothing about the others
  let start: number | undefined
  let next = 0
  return (done, all) => {
    const now = performance.now()
    if (start === undefined) {
      start = now
      next = now + 3000
    }
    if (now < next) return
    next = now + 10_000
    const left = ((now - start) / (done - 1)) * (all - done)
    err(
      `${done} of ${all} coordinates, ${left > 120_000 ? `${Math.round(left / 60_000)} min` : `${Math.round(left / 1000)} s`} left`,
    )
  }
}

export const checkCommand = async (
  place: string,
  options: CheckOptions,
  { out, err, colors }: Terminal,
): Promise<Either<NablaError, void>> => {
  const file = await loadModels(place)
  if (isLeft(file)) return file
  const scalars = new Map<Node, string>()
  for (const model of file.right.models)
    for (const [n, name] of scalarsOf(model))
      if (!scalars.has(n)) scalars.set(n, `${model.place}${name === model.name ? '' : ` ${name}`}`)
  if (scalars.size === 0) return refuseCli('E_CLI_CHECK', `${place} has no scalar float result, so it has no gradient`)
  const wrong: string[] = []
  for (const [i, [loss, name]] of [...scalars].entries()) {
    const report = await checkGradient(loss, file.right.sample, { ...options, progress: patience(err) })
    if (isLeft(report)) return report
    const verdict = verdictOf(report.right, options.tolerance)
    const ok = verdict.wrong === 0
    if (i > 0) out('')
    out(colors.bold(name))
    out(reportTable(report.right))
    for (const line of suspectLines(report.right, options.tolerance)) out(line)
    out((ok ? colors.green : colors.red)(showVerdict(verdict, options.tolerance)))
    if (!ok) wrong.push(name)
  }
  return wrong.length === 0
    ? right(undefined)
    : refuseCli(
        'E_CLI_CHECK',
        `the gradient of ${wrong.join(', ')} differs from central differences by more than ${options.tolerance}`,
      )
}
