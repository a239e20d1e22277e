/**
 * `nabla check FILE#EXPORT`: gradients against central differences in f64.
 * In: the place of a model. Out: a table a scalar, one line a parameter; E_CLI_CHECK where a gradient is wrong.
 */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { isStep } from '../../compiler/entries.ts'
import { table } from '../../compiler/inspect/amounts.ts'
import { isFloat } from '../../src/core/dtype.ts'
import type { NablaError } from '../../src/core/errors.ts'
import { showShape, sizeOf, unravel } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { isExpr } from '../../src/expr/node.ts'
import { type CheckOptions, checkGradient, type VariableReport } from '../check/check.ts'
import { refuseCli } from '../codes.ts'
import { loadModels, type Model } from '../model.ts'
import type { Terminal } from '../terminal.ts'

/** The scalar floats among a model's results, each once. */
export const scalarsOf = ({ entries }: Model): ReadonlyMap<Node, string> => {
  const found = new Map<Node, string>()
  for (const [entry, e] of Object.entries(entries))
    for (const [name, n] of Object.entries(isExpr(e) ? { [entry]: e } : isStep(e) ? e.results : e))
      if (isExpr(n) && n.shape.length === 0 && isFloat(n.dtype) && n.ins.length > 0 && !found.has(n))
        found.set(n, name === entry ? name : `${entry}.${name}`)
  return found
}

export const short = (x: number): string =>
  x === 0 ? '0' : Math.abs(x) < 1e-3 || Math.abs(x) >= 1e4 ? x.toExponential(1) : String(Number(x.toPrecision(4)))

const rowOf = ({ name, shape, differences }: VariableReport): readonly string[] => {
  if (differences.length === 0) return [name, showShape(shape), '0', '', '', '', '', '']
  const worst = differences.reduce((p, q) => (q.error > p.error ? q : p))
  const mean = differences.reduce((sum, d) => sum + d.error, 0) / differences.length
  const size = sizeOf(shape)
  return [
    name,
    showShape(shape),
    differences.length === size ? `all ${size}` : `${differences.length} of ${size}`,
    short(worst.error),
    short(mean),
    showShape(unravel(worst.index, shape)),
    short(worst.gradient),
    short(worst.numeric),
  ]
}

const head = ['variable', 'shape', 'checked', 'max error', 'mean error', 'worst at', 'gradient', 'difference']

const reportTable = (report: readonly VariableReport[]): string => table(head, report.map(rowOf), head.slice(3))

/** How many coordinates were compared, and how many of them disagree. */
const verdictOf = (report: readonly VariableReport[], tolerance: number) => {
  const all = report.flatMap((r) => r.differences)
  return { checked: all.length, wrong: all.filter((d) => !(d.error <= tolerance)).length }
}

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
    out(
      ok
        ? colors.green(
            `the gradient agrees with central differences at ${verdict.checked} coordinates, to ${options.tolerance}`,
          )
        : colors.red(
            `the gradient differs from central differences at ${verdict.wrong} of ${verdict.checked} coordinates`,
          ),
    )
    if (!ok) wrong.push(name)
  }
  return wrong.length === 0
    ? right(undefined)
    : refuseCli(
        'E_CLI_CHECK',
        `the gradient of ${wrong.join(', ')} differs from central differences by more than ${options.tolerance}`,
      )
}
