/**
 * What a derivation says of one variable. In: what it receives on the way back. Out: from which formula, by which rule of
 * differentiation, and the forms on the way to the simplest one, each with the rule that made it.
 * Invariant: rules that only put numbers, axes and operands where they are written need no word.
 */
import type { Node } from '../src/expr/expr.ts'
import { graph } from '../src/expr/node.ts'
import { nameOf } from '../src/expr/origin.ts'
import type { Arrival, Backward, Form, Way } from './backward.ts'
import { render } from './inspect/doc.ts'
import { equationsOf, type Line } from './inspect/equations.ts'
import { layout, widthOf } from './inspect/layout.ts'
import { type LocalRule, localRules } from './inspect/local-rules.ts'
import { lawOf, rawCotangents, simplifyRoots } from './derivatives.ts'

export const block = (lines: readonly string[]): string => ['```text', ...lines, '```'].join('\n')

export const code = (text: string): string => `\`${text}\``

export const listOf = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`

// ---- formulas

/** A formula on one line, and the lines that it needs before it. */
interface Formula {
  readonly text: string
  readonly before: readonly Line[]
}

const formulaOf = (n: Node, taken: ReadonlySet<string>): Formula => {
  const { equations } = equationsOf([{ label: '', node: n, defines: false }], {
    within: { values: new Map(), indices: [], taken },
  })
  const [own, last] = [equations.at(-2), equations.at(-1)]
  // one that bears a name is defined before it is asked for
  if (own?.tag === 'equation' && last?.tag === 'equation' && render(last.doc).text === own.name)
    return { text: render(own.doc).text, before: equations.slice(0, -2) }
  return last?.tag === 'equation'
    ? { text: render(last.doc).text, before: equations.slice(0, -1) }
    : { text: '', before: equations }
}

export const shown = (lines: readonly Line[], width: number): readonly string[] =>
  lines.length === 0 ? [] : layout(lines, { width }).split('\n')

// ---- one way back

export interface Writer {
  readonly back: Backward
  readonly label: string
  readonly width: number
  readonly taken: ReadonlySet<string>
  /** All gradients as they are compiled, and the formula of each by its name. */
  readonly result: readonly Line[]
  readonly finals: ReadonlyMap<string, string>
  /** Where the errors of what the scalar is made of come from, where that is no scalar of the model. */
  readonly outside?: string
}

export const by = ({ label }: Pick<Writer, 'label'>, name: string): string => `∂${label}/∂${name}`

/** Rules that only put numbers, axes and operands where they are written need no word. */
export const isSilent = (rule: string): boolean => lawOf(rule).bookkeeping === true

/** The forms that a reader sees: one that differs from the one before only by what is not written replaces it. */
const visibleForms = (forms: readonly Form[], write: (n: Node) => Formula) => {
  const found: { readonly formula: Formula; readonly rules: readonly string[] }[] = []
  let pending: string[] = []
  for (const { node, rules } of forms) {
    const formula = write(node)
    const last = found.at(-1)
    pending.push(...rules.filter((r) => !isSilent(r)))
    if (last === undefined) found.push({ formula, rules: [] })
    // what stands before it may have become shorter
    else if (last.formula.text === formula.text) found[found.length - 1] = { ...last, formula }
    else if (pending.length === 0) found[found.length - 1] = { ...last, formula }
    else {
      found.push({ formula, rules: pending })
      pending = []
    }
  }
  return found
}

const padded = (s: string, width: number): string => s + ' '.repeat(Math.max(0, width - widthOf(s)))

const ruleText = (rule: string): string => {
  const { law } = lawOf(rule)
  return law.length > 32 ? rule : `${rule}: ${law}`
}

/** `head = first form`, then below one another the simpler ones, each with the rule that made it. */
const chain = (w: Writer, head: string, product: string, forms: readonly Form[], end?: string): readonly string[] => {
  const found = visibleForms(forms, (n) => formulaOf(w.back.voiced(n), w.taken))
  const last = found.at(-1)
  if (last === undefined) return []
  const steps = [
    ...(product === '' ? [] : [{ text: product, rules: [] }]),
    ...found.map((f) => ({ text: f.formula.text, rules: f.rules })),
    ...(end === undefined || end === last.formula.text ? [] : [{ text: end, rules: [] }]),
  ]
  const left = ' '.repeat(widthOf(head))
  const rows = steps.map((s, i) => `${i === 0 ? head : left} = ${s.text}`)
  const widest = Math.max(...rows.map(widthOf))
  return [
    ...shown(last.formula.before, w.width),
    ...rows.map((row, i) => {
      const notes = [...new Set(steps[i]?.rules)].map(ruleText)
      return notes.length === 0 ? row : `${padded(row, widest)}   (${notes.join('; ')})`
    }),
  ]
}

/** `∂h/∂z = 1 − h²` for h = tanh(z), in the variables of the formula. */
const slopeText = (w: Writer, way: Way, symbol: Node, { slope }: LocalRule): string => {
  if (slope === undefined) return ''
  const { node } = slope
  const operand = node.ins[slope.by] as Node
  const one = graph.broadcastTo([graph.lit(1, node.dtype)], { shape: node.shape })
  const [raw] = rawCotangents(node, one, [operand])
  if (raw === undefined || raw === null) return ''
  const formula = formulaOf(w.back.voiced(simplifyRoots([raw]).roots[0] as Node), w.taken)
  if (formula.before.length > 0) return ''
  const whole = node === way.formula && operand === symbol
  return `, ${code(`${whole ? `∂${way.from.name}/∂${nameOf(symbol)} = ` : ''}${formula.text}`)}`
}

const rulesText = (w: Writer, way: Way, symbol: Node): string => {
  const rules = localRules(way.formula, symbol)
  return rules.map((r) => `${r.said}${slopeText(w, way, symbol, r)}`).join('; ')
}

const formulaText = (w: Writer, name: string, n: Node): string => {
  const { text, before } = formulaOf(w.back.voiced(n, true), w.taken)
  const isTold = before.every((l) => l.tag === 'loop') && text !== '' && text !== name
  return code(isTold ? `${name} = ${text}` : name)
}

const isLooped = (w: Writer, n: Node): boolean =>
  formulaOf(w.back.voiced(n), w.taken).before.some((l) => l.tag === 'loop')

/** What comes through a loop: its gradient is a sum over the steps that the loop's own equations make. */
const loopedText = (w: Writer, head: string, product: string): readonly string[] => {
  const left = ' '.repeat(widthOf(head))
  const final = w.finals.get(head)
  const steps = [...(product === '' ? [] : [product]), ...(final === undefined ? [] : [final])]
  return steps.map((step, i) => `${i === 0 ? head : left} = ${step}`)
}

export const arrivalText = (w: Writer, { station, ways, sum, called, equals }: Arrival): string => {
  const name = by(w, station.name)
  const head = called === undefined ? name : `${called} = ${name}`
  const [only, ...others] = ways
  const isOutside = ({ from }: Way): boolean => w.outside !== undefined && from.name === w.label
  const said = (way: Way): string =>
    isOutside(way)
      ? (w.outside as string)
      : `${formulaText(w, way.from.name, way.formula)} (${rulesText(w, way, station.symbol)})`
  const product = ({ from }: Way): string =>
    from.name === w.label ? '' : `${by(w, from.name)} ∂${from.name}/∂${station.name}`
  // a sum over steps is told as such, also where only the stack that it adds up is a loop's
  const isThroughLoop = isLooped(w, sum) || /Σ[ₜₛᵣₖᵢⱼₙₘ]/u.test(w.finals.get(name) ?? '')
  if (others.length === 0) {
    const lines = isThroughLoop
      ? loopedText(w, called === undefined ? name : head, product(only))
      : chain(w, head, product(only), only.forms, equals)
    return [`From ${said(only)}:`, block(lines)].join('\n\n')
  }
  const parts = ways.map((way) => {
    const along = isOutside(way) ? station.name : `${station.name} in ${way.from.name}`
    const last = (way.forms.at(-1) as Form).node
    const lines = isLooped(w, last) ? loopedText(w, along, product(way)) : chain(w, along, product(way), way.forms)
    return [`- from ${said(way)}:`, '', block(lines).replace(/^/gm, '  ')].join('\n')
  })
  const times = others.length === 1 ? 'twice' : `${ways.length} times`
  return [
    `${station.name} is used ${times}, in ${listOf(ways.map((x) => (isOutside(x) ? (w.outside as string) : x.from.name)))}. What comes back adds up:`,
    ...parts,
    block(isThroughLoop ? loopedText(w, head, '') : chain(w, head, '', [{ node: sum, rules: [] }], equals)),
  ].join('\n\n')
}
