// A lecture's derivatives beside the generated ones. In: a scalar, and what the slides say of its derivatives.
// Out: a report. Invariant: a formula counts as the slide's where both simplify to the same expression, whatever the order of
// terms and factors, and as right where central differences in double precision agree.

import type { Expr } from 'nabla'
import { grad, print, type Scalar, simplify } from 'nabla/compiler'
import { differenceOf, type Given } from './differences.ts'
import type { Log } from './report.ts'
import { isSame } from './same.ts'

/** What a slide says of one derivative. */
export interface Slide {
  readonly by: Expr
  /** Its formula, as it is written there. */
  readonly says: string
  /** Its formula in the language. */
  readonly written: Expr
}

export interface Finding {
  /** The generated derivative, as it is printed among the others. */
  readonly formula: string
  /** Whether the slide's formula is the same expression. */
  readonly same: boolean
  /** The greatest relative distance from central differences. */
  readonly difference: number
}

export type Findings<K extends string = string> = Readonly<Record<K, Finding>>

/** The widest line of a report. */
const columns = 100

const widthOf = (s: string): number => [...s.replace(/\p{M}/gu, '')].length

/** Central differences with steps of 1e-5 in f64 are this near to what they approach. */
const tolerance = 1e-7

const isRight = ({ same, difference }: Finding): boolean => same && difference < tolerance

const verdict = ({ same, difference }: Finding): string =>
  `${same ? '✓ same expression' : '✗ another expression'}  ${difference < tolerance ? '✓' : '✗'} differences ${difference.toExponential(0)}`

/** The slide's line: its formula below the generated one, what was found at the right. */
const slideLine = (indented: number, says: string, finding: Finding): string => {
  const left = `${'slide'.padEnd(indented)}${says}`
  const right = verdict(finding)
  return `${left}${' '.repeat(Math.max(2, columns - 4 - widthOf(left) - widthOf(right)))}${right}`
}

/** A printed record by its fields: the name, and all lines of its formula. */
interface Field {
  readonly name: string
  readonly lines: readonly string[]
}

const fieldsOf = (text: string): readonly Field[] => {
  const fields: Field[] = []
  for (const line of text.split('\n')) {
    const name = /^(\S.*?) *[=:] /.exec(line)?.[1]
    const last = fields.at(-1)
    if (name !== undefined) fields.push({ name, lines: [line] })
    else if (last !== undefined) fields[fields.length - 1] = { ...last, lines: [...last.lines, line] }
  }
  return fields
}

/** What stands behind the sign of a field. */
const formulaOf = ({ lines }: Field): string =>
  lines.map((line) => line.replace(/^(\S.*?)? *[=:] /, '').trim()).join(' ')

/**
 * Prints the scalar (a record of one, for its name) and each of its derivatives, with the slide's formula under it and what
 * comparing them has shown. Throws, when all is printed, where one is not the slide's or not right.
 */
export const besideSlides = <K extends string>(
  log: Log,
  scalar: Readonly<Record<string, Scalar>>,
  slides: Readonly<Record<K, Slide>>,
  given: Given = new Map(),
): Findings<K> => {
  const [[name, f]] = Object.entries(scalar) as [[string, Scalar]]
  const entries = Object.entries<Slide>(slides)
  const gradients = grad(f, Object.fromEntries(entries.map(([k, s]) => [k, s.by])))
  const shown = { [name]: simplify(f), ...gradients }
  const formulas = new Map(fieldsOf(print(shown, { shapes: false })).map((field) => [field.name, formulaOf(field)]))
  const findings = Object.fromEntries(
    entries.map(([k, { by, written }]): readonly [string, Finding] => {
      const generated = gradients[k] as Expr
      const same = isSame(written, generated)
      return [k, { formula: formulas.get(k) ?? '', same, difference: differenceOf(f, by, generated, given) }]
    }),
  ) as Findings<K>
  let gap = false
  for (const field of fieldsOf(print(shown))) {
    if (gap) log('')
    for (const line of field.lines) log(`  ${line}`)
    const [slide, finding] = [slides[field.name as K], findings[field.name as K]]
    const [head = ''] = /^(\S.*?) *[=:] /.exec(field.lines[0] ?? '') ?? []
    if (slide !== undefined && finding !== undefined) log(`  ${slideLine(widthOf(head), slide.says, finding)}`)
    gap = field.name === name || slide !== undefined
  }
  const wrong = entries.map(([k]) => k).filter((k) => !isRight(findings[k as K]))
  if (wrong.length > 0) throw new Error(`not as on the slides: ${wrong.join(', ')}`)
  return findings
}
