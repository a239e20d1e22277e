/**
 * Equations as lines. In: equations. Out: text with the equals signs below one another and the shapes in a margin.
 * Invariant: no line is broken inside a part; columns are counted as a reader sees them (combining marks take none).
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

/** The formula, broken before signs where it is wider than `width`. */
const brokenAt = (parts: readonly string[], width: number): readonly string[] => {
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

interface Row {
  readonly text: string
  readonly type?: TensorType
}

const nest = 2

/** `with h₀ = 0, c₀ = 0` */
const startRows = ({ starts }: LoopBlock, margin: string, width: number): readonly Row[] =>
  brokenAt(
    starts.map((s, i) => `${s.name} = ${render(s.doc).text}${i < starts.length - 1 ? ',' : ''}`),
    Math.max(narrowest, width - widthOf(margin) - 5),
  ).map((text, i) => ({ text: `${margin}${i === 0 ? 'with ' : '   '}${text}` }))

const rowsOf = (lines: readonly Line[], indent: number, width: number): readonly Row[] => {
  const margin = ' '.repeat(indent)
  const left = widest(lines.flatMap((e) => (e.tag === 'equation' ? [e.name] : [])))
  const room = Math.max(narrowest, width - indent - left - 3)
  return lines.flatMap((e): readonly Row[] =>
    e.tag === 'loop'
      ? [
          { text: `${margin}${e.header}` },
          ...rowsOf(e.body, indent + nest, width),
          ...(e.starts.length === 0 ? [] : startRows(e, margin, width)),
        ]
      : brokenAt(pieces(e.doc), room).map((line, i) => ({
          text: `${margin}${padTo(i === 0 ? e.name : '', left)} ${i === 0 ? e.sign : ' '} ${line}`,
          ...(i === 0 ? { type: e.type } : {}),
        })),
  )
}

export const layout = (lines: readonly Line[], { width = 88, shapes = true }: Layout = {}): string => {
  const rows = rowsOf(lines, 0, width)
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
