// The strokes that all pictures are made of. In: pixels and words. Out: SVG elements, and the document around them.
// Invariant: pure; a document needs no font, script or file besides itself; text is escaped.

export const ink = '#1f2933'
export const quiet = '#616e7c'
export const grid = '#e4e7eb'
export const blue = '#1f6feb'
export const paleBlue = '#b6d0f7'
export const orange = '#d9480f'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => entities[c] ?? c)

/** Pixels to a tenth: more is not seen and makes the file larger. */
export const px = (x: number): string => String(Math.round(x * 10) / 10)

export const text = (x: number, y: number, words: string, attributes: string): string =>
  `<text x="${px(x)}" y="${px(y)}" ${attributes}>${escaped(words)}</text>`

export const line = (x1: number, y1: number, x2: number, y2: number, colour: string): string =>
  `<path d="M${px(x1)} ${px(y1)}L${px(x2)} ${px(y2)}" stroke="${colour}" fill="none"/>`

/** A curve through points given in pixels. */
export const curve = (points: readonly (readonly [number, number])[], colour: string, width: number): string => {
  const path = points.map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${px(a)} ${px(b)}`).join('')
  return `<path d="${path}" stroke="${colour}" stroke-width="${width}" fill="none" stroke-linejoin="round"/>`
}

/** A whole picture with its title and a line below it. */
export const document = (
  {
    title,
    subtitle,
    width,
    height,
    left,
  }: Readonly<Record<'title' | 'subtitle', string>> & Readonly<Record<'width' | 'height' | 'left', number>>,
  elements: readonly string[],
): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(left, 34, title, `fill="${ink}" font-size="18" font-weight="600"`),
    text(left, 54, subtitle, `fill="${quiet}" font-size="13"`),
    ...elements,
    '</svg>\n',
  ].join('\n')
