/**
 * What a gradient check found, for a person. In: the reports of its variables. Out: a table, a sentence for each coordinate that
 * needs one, a verdict.
 * Invariant: a coordinate of which differences can tell nothing counts neither as right nor as wrong, and is always told of; so is a
 * variable that is not compared.
 */
import { table } from '../../compiler/inspect/amounts.ts'
import { showShape, sizeOf, unravel } from '../../src/core/shape.ts'
import { findingsOf, isWrong, type VariableReport } from './check.ts'
import type { Difference, Suspect } from './differences.ts'

export const short = (x: number): string =>
  x === 0 ? '0' : Math.abs(x) < 1e-3 || Math.abs(x) >= 1e4 ? x.toExponential(1) : String(Number(x.toPrecision(4)))

const rowOf = (report: VariableReport): readonly string[] => {
  const { name, shape, differences, stated } = report
  if (stated !== undefined) return [name, showShape(shape), 'stated', '', '', '', '', '']
  const { coordinates, worst, mean, at, undecided } = findingsOf('', report)
  if (coordinates === undecided) return [name, showShape(shape), `none of ${coordinates}`, '', '', '', '', '']
  const size = sizeOf(shape)
  const there = differences.find((d) => d.undecided !== true && d.error === worst)
  return [
    name,
    showShape(shape),
    coordinates === size ? `all ${size}` : `${coordinates} of ${size}`,
    short(worst),
    short(mean),
    showShape(at),
    short(there?.gradient ?? 0),
    short(there?.numeric ?? 0),
  ]
}

const head = ['variable', 'shape', 'checked', 'max error', 'mean error', 'worst at', 'gradient', 'difference']

export const reportTable = (report: readonly VariableReport[]): string => table(head, report.map(rowOf), head.slice(3))

/** A gradient that is a plain multiple of the difference tells which factor was lost. */
const multipleOf = ({ gradient, numeric }: Difference): string => {
  const ratio = gradient / numeric
  const near = [-1, 2, 0.5, -2, -0.5].find((r) => Math.abs(ratio - r) < 1e-4)
  if (gradient === 0) return 'the gradient is not there'
  return near === -1
    ? 'the gradient has the other sign'
    : near === undefined
      ? ''
      : `the gradient is ${near} times that`
}

/** Why the two disagree at a coordinate, in a sentence. */
const explain = (suspect: Suspect, d: Difference): string => {
  const compared = `the gradient is ${short(d.gradient)}, the difference ${short(d.numeric)}`
  switch (suspect.tag) {
    case 'not finite':
      return `${compared}: one of them is no number`
    case 'cancellation':
      return `cancellation: rounding moves the value by ${short(suspect.noise)}, and so a difference by ${short(suspect.error)}; ${compared}`
    case 'kink': {
      const slopes = `a kink at the point: the slopes of its sides are ${short(suspect.below)} and ${short(suspect.above)}`
      return `${slopes}, the gradient ${short(d.gradient)} ${d.undecided === true ? 'lies between them' : 'is neither nor between them'}`
    }
    case 'kink nearby': {
      const near = `a kink within ${short(suspect.within)}`
      return d.suspect !== undefined && d.error <= 1e-3
        ? `${near}: a narrower step agrees`
        : `${near}, but ${compared} on this side of it`
    }
    case 'wrong': {
      const multiple = multipleOf(d)
      return `${compared} at steps of every width${multiple === '' ? '' : `: ${multiple}`}`
    }
    default:
      return suspect satisfies never
  }
}

const mostSuspects = 5

/** The coordinates that need a word, those that are wrong first, and the variables whose gradients users have stated. */
export const suspectLines = (report: readonly VariableReport[], tolerance: number): readonly string[] => {
  const all = report.flatMap(({ name, shape, differences }) =>
    differences.flatMap((d) =>
      d.suspect === undefined
        ? []
        : [
            {
              d,
              line: `${name}${shape.length === 0 ? '' : showShape(unravel(d.index, shape))}: ${explain(d.suspect, d)}`,
            },
          ],
    ),
  )
  const rank = ({ d }: { readonly d: Difference }): number => (isWrong(d, tolerance) ? 0 : d.undecided === true ? 1 : 2)
  const sorted = all.toSorted((p, q) => rank(p) - rank(q))
  const rest = sorted.length - mostSuspects
  const reasons = new Map<string, readonly string[]>()
  for (const { name, stated } of report)
    if (stated !== undefined) reasons.set(stated, [...(reasons.get(stated) ?? []), name])
  const told = [...reasons].map(([reason, names]) => `${names.join(', ')}: stated by the user, not checked (${reason})`)
  return [...sorted.slice(0, mostSuspects).map((s) => s.line), ...(rest > 0 ? [`… and ${rest} more`] : []), ...told]
}

/** How many coordinates were compared, how many of them disagree, and of how many differences tell nothing. */
export const verdictOf = (report: readonly VariableReport[], tolerance: number) => {
  const all = report.flatMap((r) => r.differences)
  const undecided = all.filter((d) => d.undecided === true).length
  const stated = report.filter((r) => r.stated !== undefined).length
  return { checked: all.length, wrong: all.filter((d) => isWrong(d, tolerance)).length, undecided, stated }
}

export const showVerdict = (v: ReturnType<typeof verdictOf>, tolerance: number): string => {
  if (v.wrong > 0) return `the gradient differs from central differences at ${v.wrong} of ${v.checked} coordinates`
  const variables = `${v.stated} ${v.stated === 1 ? 'variable' : 'variables'}`
  if (v.checked === 0 && v.stated > 0) return 'nothing to compare: every gradient is stated by the user'
  const stated = v.stated === 0 ? '' : `; those by ${variables} are stated by the user`
  if (v.undecided === v.checked) return `differences can tell nothing at any of ${v.checked} coordinates${stated}`
  const rest = (v.undecided === 0 ? '' : `; at ${v.undecided} more they can tell nothing`) + stated
  return `the gradient agrees with central differences at ${v.checked - v.undecided} coordinates, to ${tolerance}${rest}`
}
