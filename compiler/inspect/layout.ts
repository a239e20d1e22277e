/**
 * Equations as lines. In: equations. Out: text with the equals signs below one another and the shapes in a margin.
 * Invariant: no line is broken inside a part; columns are counted as a reader sees them (combining marks take none).
 */
import { showShape, type TensorType } from '../../src/core/shape.ts'
import { pieces } from './doc.ts'
import type { Equation } from './equations.ts'

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

export const layout = (equations: readonly Equation[], { width = 88, shapes = true }: Layout = {}): string => {
  const left = widest(equations.map((e) => e.name))
  const room = Math.max(narrowest, width - left - 3)
  const blocks = equations.map((e) =>
    brokenAt(pieces(e.doc), room).map(
      (line, i) => `${padTo(i === 0 ? e.name : '', left)} ${i === 0 ? e.sign : ' '} ${line}`,
    ),
  )
  const margin = Math.min(width, widest(blocks.flat()))
  return blocks
    .flatMap((lines, k) =>
      lines.map((line, i) =>
        shapes && i === 0 ? `${padTo(line, margin)}  ${showMargin((equations[k] as Equation).type)}` : line,
      ),
    )
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
