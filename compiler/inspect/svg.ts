/**
 * Pictures as text. In: shapes. Out: SVG.
 * Invariant: whatever a user wrote into a name is text there and nothing else; a picture needs no other file.
 */
export type Attributes = Readonly<Record<string, string | number>>

const codes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text as XML has it: control characters cannot be written there at all. */
export const escaped = (text: string): string =>
  text.replace(/\p{Cc}/gu, ' ').replace(/[&<>"]/g, (c) => codes[c] as string)

const number = (n: number): string => String(Math.round(n * 100) / 100)

const attributes = (all: Attributes): string =>
  Object.entries(all)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? number(value) : escaped(value)}"`)
    .join('')

/** An element around others, or around nothing. */
export const element = (tag: string, all: Attributes, ...inside: readonly string[]): string =>
  inside.length === 0 ? `<${tag}${attributes(all)}/>` : `<${tag}${attributes(all)}>${inside.join('')}</${tag}>`

export const words = (text: string, all: Attributes): string => element('text', all, escaped(text))

/** What is shown where the pointer rests. */
export const hint = (text: string): string => element('title', {}, escaped(text))

const style = `text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1b1f24}
.small{font-size:10px}.quiet{fill:#6a737d}.title{font-weight:bold;font-size:14px}`

export const picture = (width: number, height: number, ...inside: readonly string[]): string =>
  element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: Math.ceil(width),
      height: Math.ceil(height),
      viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
    },
    element('style', {}, escaped(style)),
    element('rect', { width: '100%', height: '100%', fill: '#ffffff' }),
    ...inside.map((part) => `\n${part}`),
    '\n',
  )

/** Fill and line of what belongs to a phase, or to nothing of the user's. */
export const colours = {
  forward: { fill: '#cfe3fb', line: '#2f6fbd' },
  backward: { fill: '#fbd9c3', line: '#c25a17' },
  update: { fill: '#cdebd0', line: '#2f8a3c' },
  scratch: { fill: '#e4e6e9', line: '#7b838c' },
} as const

/** What the colours mean, in a row from a place on. */
export const legend = (names: readonly (keyof typeof colours)[], x: number, y: number): string =>
  names
    .map((name, i) => {
      const { fill, line } = colours[name]
      const at = x + 96 * i
      return (
        element('rect', { x: at, y: y - 10, width: 12, height: 12, rx: 2, fill, stroke: line }) +
        words(name, { x: at + 18, y })
      )
    })
    .join('')

/** Columns that fit into a width, at 12 pixels. */
export const fits = (text: string, width: number, size = 12): boolean => [...text].length * size * 0.61 <= width
