/**
 * Mathematics as LaTeX. In: formulas as they are written in Unicode, and lines of them. Out: the same in LaTeX.
 * Invariant: what is written, and how it is arranged, is decided once, for both; here letters and signs become commands, and
 * every character becomes something that LaTeX and KaTeX set.
 */
import type { TensorType } from '../../src/core/shape.ts'
import { heard } from './indices.ts'
import { mark, type Part, takeParts } from './latex-parts.ts'
import { type Row, showMargin } from './layout.ts'

const greek: Readonly<Record<string, string>> = {
  α: '\\alpha',
  β: '\\beta',
  γ: '\\gamma',
  Γ: '\\Gamma',
  δ: '\\delta',
  Δ: '\\Delta',
  ε: '\\varepsilon',
  ϵ: '\\epsilon',
  ζ: '\\zeta',
  η: '\\eta',
  θ: '\\theta',
  ϑ: '\\vartheta',
  Θ: '\\Theta',
  ι: '\\iota',
  κ: '\\kappa',
  λ: '\\lambda',
  Λ: '\\Lambda',
  μ: '\\mu',
  µ: '\\mu',
  ν: '\\nu',
  ξ: '\\xi',
  Ξ: '\\Xi',
  π: '\\pi',
  ρ: '\\rho',
  σ: '\\sigma',
  τ: '\\tau',
  υ: '\\upsilon',
  φ: '\\varphi',
  ϕ: '\\phi',
  Φ: '\\Phi',
  χ: '\\chi',
  ψ: '\\psi',
  Ψ: '\\Psi',
  ω: '\\omega',
  Ω: '\\Omega',
  '∂': '\\partial',
}

const accents: Readonly<Record<string, string>> = {
  '\u0300': '\\grave',
  '\u0301': '\\acute',
  '\u0302': '\\hat',
  '\u0303': '\\tilde',
  '\u0304': '\\bar',
  '\u0307': '\\dot',
  '\u0308': '\\ddot',
}

const signs: Readonly<Record<string, string>> = {
  '·': '\\cdot ',
  '∗': '\\ast ',
  '−': '-',
  '×': '\\times ',
  '≤': '\\le ',
  '≥': '\\ge ',
  '≠': '\\ne ',
  '∧': '\\land ',
  '∨': '\\lor ',
  '¬': '\\lnot ',
  '⊕': '\\oplus ',
  '∞': '\\infty ',
  '√': '\\surd ',
  '½': '\\tfrac{1}{2}',
  '…': '\\dots ',
  '←': '\\leftarrow ',
  '→': '\\to ',
  '⌊': '\\lfloor ',
  '⌋': '\\rfloor ',
  '⌈': '\\lceil ',
  '⌉': '\\rceil ',
  '‖': '\\Vert ',
  '{': '\\{',
  '}': '\\}',
  _: '\\_',
  '%': '\\%',
  '#': '\\#',
  '&': '\\&',
  $: '\\$',
  '~': '\\sim ',
  '^': '\\wedge ',
  '\\': '\\backslash ',
  '*': '{*}',
  ':': '{:}',
  '⊻': '\\veebar ',
  '′': "'",
  '″': "''",
}

/** Functions that LaTeX knows by name. */
const known = new Set('exp log sin cos tan sinh cosh tanh max min'.split(' '))

const below: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...'ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ'].map((c, i) => [c, 'aeoxhklmnpstijruv'[i] as string])),
  '₊': '+',
  '₋': '-',
  '‚': ',',
  '…': '\\dots ',
}

/** Letters above the line, as in W⁽ʰˣ⁾, each with the one that it is; ᵀ is a transpose. */
const raised = 'ᵃaᵇbᶜcᵈdᵉeᶠfᵍgʰhⁱiʲjᵏkˡlᵐmⁿnᵒoᵖpʳrˢsᵗtᵘuᵛvʷwˣxʸyᶻz⁽(⁾)'

const above: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...'⁰¹²³⁴⁵⁶⁷⁸⁹'].map((c, i) => [c, String(i)])),
  ...Object.fromEntries(raised.match(/../gsu)?.map((pair) => [...pair] as [string, string]) ?? []),
  '⁻': '-',
  '′': '\\prime ',
  ᵀ: '\\top ',
}

const subscripts = '₀₁₂₃₄₅₆₇₈₉₊₋‚ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ'
const superscripts = Object.keys(above).join('')

const escaped = (word: string): string => [...word].map((c) => signs[c]?.trim() ?? c).join('')

/** One letter as such, several as a word of one's own; those of other alphabets as text. */
const letters = (word: string): string => {
  const [base = '', ...rest] = [...word.normalize('NFD')]
  const marks = rest.filter((c) => c in accents)
  if (rest.length > 0 && marks.length === rest.length)
    return marks.reduce((inner, m) => `${accents[m]}{${inner}}`, letters(base))
  if (rest.length === 0) return greek[base] ?? (/[A-Za-z]/.test(base) ? base : `\\text{${base}}`)
  if ([...word].every((c) => c in greek)) return [...word].map((c) => greek[c]).join(' ')
  // δh is the cotangent of h
  const prefix = /^[δτΔ]+(?=.)/u.exec(word)?.[0]
  if (prefix !== undefined) return `${letters(prefix)} ${letters(word.slice(prefix.length))}`
  return /^[A-Za-z0-9_]+$/.test(word) ? `\\mathit{${escaped(word)}}` : `\\text{${escaped(word)}}`
}

/** A name: its letters, what stands below it (w1, x_j, hₜ₋₁) and above it (xᵀ). */
const nameText = (base: string, under: string, over: string, isFunction: boolean): string => {
  const [, stem = base, behind = ''] = /^(.*?\D)_?(\d+|(?<=_)[^_]+)$/u.exec(base) ?? []
  const told = [...under].map((c) => below[c] ?? heard(c)).join('')
  const index = [behind.length > 1 && /\D/.test(behind) ? letters(behind) : behind, told].filter((s) => s !== '')
  const sub = index.length === 0 ? '' : `_{${index.join(',')}}`
  const sup = over === '' ? '' : `^{${[...over].map((c) => above[c]).join('')}}`
  if (stem === 'Σ' || stem === 'Π') return `\\${stem === 'Σ' ? 'sum' : 'prod'}\\nolimits${sub}${sup} `
  const head =
    isFunction && [...stem].length > 1
      ? known.has(stem)
        ? `\\${stem}`
        : `\\operatorname{${escaped(stem)}}`
      : letters(stem)
  return `${head}${sub}${sup}`
}

const word = String.raw`[\p{L}\p{M}][\p{L}\p{M}\p{Nd}_]*`
const under = `[${subscripts}…]*`
const over = `[${superscripts}]*`

const token = new RegExp(
  [
    String.raw`∂(?<above>[^\s()·,/]+)/∂(?<beneath>[^\s()·,]+)`,
    `(?<name>${word.replace('[\\p{L}\\p{M}]', `(?![${superscripts}${subscripts}])[\\p{L}\\p{M}]`).replace('[\\p{L}\\p{M}\\p{Nd}_]*', `(?:(?![${superscripts}${subscripts}])[\\p{L}\\p{M}\\p{Nd}_])*`)})(?<raised>${over.replace('′', '')})(?<under>${under})(?<prime>′*)(?<over>${over})`,
    String.raw`(?<mantissa>\d+(?:\.\d+)?)e(?<sign>[-−+]?)(?<exponent>\d+)`,
    String.raw`(?<truth>1)(?=\[)`,
    String.raw`(?<number>\d+(?:\.\d+)?)`,
    `(?<low>[${subscripts}]+)`,
    `(?<high>[${superscripts}]+)`,
    String.raw`(?<gap>(?<=[\p{L}\p{M}\p{Nd}′${superscripts}${subscripts})\]‖⌋⌉½${mark}]) (?=[\p{L}\p{M}\p{Nd}(\[⌊⌈√∂${mark}]))`,
    String.raw`(?<other>.)`,
  ].join('|'),
  'gsu',
)

/** What a match ends with: its place, the whole text and its named groups. */
type Found = [number, string, Readonly<Record<string, string | undefined>>]

const partText = (part: Part): string =>
  part.tag === 'root' ? `\\sqrt{${latexOf(part.of)}}` : `\\frac{${latexOf(part.over)}}{${latexOf(part.under)}}`

/** A formula in LaTeX. */
export const latexOf = (formula: string): string => {
  const { text, parts } = takeParts(formula.normalize('NFC'))
  const left = [...parts]
  return text
    .replace(token, (whole: string, ...found): string => {
      const [offset, all, g] = found.slice(-3) as Found
      if (g['above'] !== undefined)
        return `\\frac{\\partial ${latexOf(g['above'])}}{\\partial ${latexOf(g['beneath'] ?? '')}}`
      if (g['name'] !== undefined) {
        const primes = "'".repeat((g['prime'] ?? '').length)
        const behind = all.slice(offset + whole.length)
        const isFunction = behind.startsWith('(') || (known.has(g['name']) && behind.startsWith(' σ'))
        const head = nameText(g['name'], g['under'] ?? '', '', isFunction).trimEnd()
        return `${head}${primes}${nameText('x', '', `${g['raised'] ?? ''}${g['over'] ?? ''}`, false).slice(1)}`
      }
      if (g['mantissa'] !== undefined)
        return `${g['mantissa'] === '1' ? '' : `${g['mantissa']} \\cdot `}10^{${g['sign']?.replace('−', '-').replace('+', '')}${g['exponent']}}`
      if (g['truth'] !== undefined) return '\\mathbf{1}'
      if (g['number'] !== undefined) return g['number']
      if (g['low'] !== undefined) return `_{${[...g['low']].map((c) => below[c] ?? heard(c)).join('')}}`
      if (g['high'] !== undefined) return `^{${[...g['high']].map((c) => above[c]).join('')}}`
      if (g['gap'] !== undefined) return '\\,'
      const other = g['other'] ?? ''
      if (other === mark) return partText(left.shift() as Part)
      return signs[other] ?? (/[ -~]/.test(other) ? other : `\\text{${other}}`)
    })
    .replace(/ +/g, ' ')
    .replace(/ (?=[([)\],}]|\\,)/g, '')
    .trim()
}

const shapeText = (type: TensorType): string =>
  `{\\scriptstyle ${showMargin(type).replace(/^\w+/, (dtype) => `\\mathrm{${dtype}}\\,`)}}`

/** A line of words and formulas: `for t = 1…12`, `with h₀ = 0`. */
const noteText = (text: string): string => {
  const [, first = '', rest = ''] = /^(for|while|with|)\s*(.*)$/su.exec(text) ?? []
  return `${first === '' ? '\\quad ' : `\\text{${first} }`}${latexOf(rest)}`
}

const relations: Readonly<Record<string, string>> = { '=': '= ', ' ': '\\quad ', ':': '{:}\\ ', '←': '\\leftarrow ' }

const rowText = ({ depth, name, sign, text, type }: Row, shapes: boolean): string => {
  const indent = '\\quad '.repeat(depth)
  if (name === undefined) return `${indent}${noteText(text)} &`
  const margin = shapes && type !== undefined ? ` && ${shapeText(type)}` : ''
  return `${name === '' ? '' : `${indent}${latexOf(name)} `}&${relations[sign] ?? `${sign} `}${latexOf(text)}${margin}`
}

/** Lines of equations, aligned at their signs. */
export const equationRows = (rows: readonly Row[], shapes: boolean): readonly string[] =>
  rows.map((r) => rowText(r, shapes))

/** `inputs x [128,784], y [128]` */
export const leafRow = (
  title: string,
  leaves: readonly { readonly name: string; readonly type: TensorType }[],
  shapes: boolean,
): string => {
  const items = leaves.map(({ name, type }) => `${latexOf(name)}${shapes ? `\\ ${shapeText(type)}` : ''}`)
  return `\\text{${title}} & \\quad ${items.join(',\\; ')}`
}

/** Groups of rows as one block, a little space between two groups. */
export const aligned = (groups: readonly (readonly string[])[]): string => {
  const rows = groups.filter((g) => g.length > 0).map((g) => g.map((r) => `  ${r}`).join(' \\\\\n'))
  return `\\begin{aligned}\n${rows.join(' \\\\[4pt]\n')}\n\\end{aligned}`
}
