/**
 * Equations as lines. In: equations. Out: text with the equals signs below one another and the shapes in a margin.
 * Invariant: no line is broken inside a part that has room on one; columns are counted as a reader sees them (combining marks take none).
 */
import { showShape, type TensorType } from '../../src/core/shape.ts'
import { pieces, render } from './doc.ts'
import type { Line, LoopBlock } from './equations.ts'

/** Columns that a text takes. */
export const widthOf = (s: string): number => [...s.replace(/\p{M}/gu, '')].length

const padTo = (s: string, width: number): string => s + ' '.repeat(Math.max(0, width - widthOf(s)))

/** f32 is understood: [128,10], f64[3], i32[]. */
export const showMargin = (t: TensorType): string => `${t.dtype === 'f32' ? '' : t.dtype}${showShape(t.shape)}`

const widest = (texts: readonly string[]): number => texts.reduce((most, t) => Math.max(most, widthOf(t)), 0)

const narrowest = 40

const [opening, closing] = ['([{⌊⌈', ')]}⌋⌉']

/** Where lines are broken: behind these, or before those. */
const marks = [
  { behind: ';,', before: '' },
  { behind: '', before: '+−' },
  { behind: '', before: '·/' },
] as const

/** The gaps within so many brackets that have such a mark beside them. */
const gapsAt = (chars: readonly string[], within: number, { behind, before }: (typeof marks)[number]) => {
  let depth = 0
  return chars.flatMap((c, i) => {
    if (opening.includes(c)) depth++
    if (closing.includes(c)) depth--
    const isGap = c === ' ' && (behind.includes(chars[i - 1] ?? ' ') || before.includes(chars[i + 1] ?? ' '))
    return isGap && depth === within ? [i] : []
  })
}

/** Parts of what is wider than a line, cut within as few brackets as there is something to cut. */
const cut = (part: string, width: number): readonly string[] => {
  if (widthOf(part) + 2 <= width) return [part]
  const chars = [...part]
  for (const within of [0, 1, 2])
    for (const mark of marks) {
      const gaps = gapsAt(chars, within, mark)
      const starts = [0, ...gaps.map((i) => i + 1)]
      if (gaps.length > 0) return starts.flatMap((from, k) => cut(chars.slice(from, gaps[k]).join(''), width))
    }
  return [part]
}

/** The formula, broken before signs where it is wider than `width`. */
const brokenAt = (whole: readonly string[], width: number): readonly string[] => {
  const parts = widthOf(whole.join(' ')) <= width ? whole : whole.flatMap((part) => cut(part, width))
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.at(-1)
    const full = last !== undefined && widthOf(last) + 1 + widthOf(part) > width
    // what would not fit on a line of its own either stays behind a short beginning
    const gains = last !== undefined && (widthOf(last) >= width / 2 || widthOf(part) + 2 <= width)
    if (last === undefined || (full && gains)) lines.push(last === undefined ? part : `  ${part}`)
    else lines[lines.length - 1] = `${last} ${part}`
  }
  return lines
}

export interface Layout {
  /** Columns of a line without its margin. Default 88. */
  readonly width?: number
  /** Shapes in a margin. Default true. */
  readonly shapes?: boolean
}

/** A line before it is set: in text, or in LaTeX. */
export interface Row {
  /** The number of loops around it. */
  readonly depth: number
  /** What stands left of the sign, empty where a formula goes on; none of what is no equation. */
  readonly name?: string
  readonly sign: string
  readonly text: string
  /** Columns for names. */
  readonly left: number
  readonly type?: TensorType
}

const nest = 2

const words = { sign: '', left: 0 } as const

/** `with h₀ = 0, c₀ = 0` */
const startRows = ({ starts }: LoopBlock, depth: number, width: number): readonly Row[] =>
  brokenAt(
    starts.map((s, i) => `${s.name} = ${render(s.doc).text}${i < starts.length - 1 ? ',' : ''}`),
    Math.max(narrowest, width - nest * depth - 5),
  ).map((text, i) => ({ ...words, depth, text: `${i === 0 ? 'with ' : '   '}${text}` }))

/** Lines as rows, broken where they are wider than `width`. */
export const rowsOf = (lines: readonly Line[], width: number, depth = 0): readonly Row[] => {
  const left = widest(lines.flatMap((e) => (e.tag === 'equation' ? [e.name] : [])))
  const room = Math.max(narrowest, width - nest * depth - left - 3)
  return lines.flatMap((e): readonly Row[] =>
    e.tag === 'loop'
      ? [
          { ...words, depth, text: e.header },
          ...rowsOf(e.body, width, depth + 1),
          ...(e.starts.length === 0 ? [] : startRows(e, depth, width)),
        ]
      : brokenAt(pieces(e.doc), room).map((text, i) => ({
          depth,
          name: i === 0 ? e.name : '',
          sign: i === 0 ? e.sign : ' ',
          text,
          left,
          ...(i === 0 ? { type: e.type } : {}),
        })),
  )
}

const rowText = ({ depth, name, sign, text, left }: Row): string =>
  `${' '.repeat(nest * depth)}${name === undefined ? '' : `${padTo(name, left)} ${sign} `}${text}`

export const layout = (lines: readonly Line[], { width = 88, shapes = true }: Layout = {}): string => {
  const rows = rowsOf(lines, width).map((r) => ({ text: rowText(r), type: r.type }))
  const margin = Math.min(width, widest(rows.map((r) => r.text)))
  return rows
    .map(({ text, type }) => (shapes && type !== undefined ? `${padTo(text, margin)}  ${showMargin(type)}` : text))
    .join('\n')
}

const indent = 12

/** A title and items behind it, as many to a line as there is room for. */
export const listed = (title: string, items: readonly string[], width: number): string => {
  const lines: string[] = []
  for (const item of items) {
    const last = lines.at(-1)
    if (last === undefined || widthOf(last) + 3 + widthOf(item) > width - indent) lines.push(item)
    else lines[lines.length - 1] = `${last} · ${item}`
  }
  return lines.map((line, i) => `${padTo(i === 0 ? title : '', indent)}${line}`).join('\n')
}
