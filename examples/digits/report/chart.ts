// Line charts as SVG. In: panels, one under the other on a common horizontal axis, each with its series of points.
// Out: one SVG document as text. Invariant: pure; needs no font, script or file besides itself; text is escaped.

import type { Scale } from './scale.ts'

export type Point = readonly [number, number]

export interface Series {
  readonly label: string
  readonly colour: string
  readonly points: readonly Point[]
  /** `faint` is a thin line behind the others, `dots` marks each point and writes the last one's value beside it. */
  readonly look: 'faint' | 'line' | 'dots'
}

export interface Panel {
  readonly title: string
  /** Pixels from the top of the picture to the panel's upper and lower edge. */
  readonly top: number
  readonly bottom: number
  readonly y: Scale
  /** The value of a point in words, for the last point of a `dots` series. */
  readonly value: (y: number) => string
  readonly series: readonly Series[]
}

export interface Chart {
  readonly title: string
  readonly subtitle: string
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly x: Scale
  readonly xTitle: string
  readonly panels: readonly Panel[]
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => entities[c] ?? c)

/** Pixels to a tenth: more is not seen and makes the file larger. */
const px = (x: number): string => String(Math.round(x * 10) / 10)

const ink = '#1f2933'
const quiet = '#616e7c'
const grid = '#e4e7eb'

const text = (x: number, y: number, words: string, attributes: string): string =>
  `<text x="${px(x)}" y="${px(y)}" ${attributes}>${escaped(words)}</text>`

const line = (x1: number, y1: number, x2: number, y2: number, colour: string): string =>
  `<path d="M${px(x1)} ${px(y1)}L${px(x2)} ${px(y2)}" stroke="${colour}" fill="none"/>`

/** A legend begins at the panel's right edge and goes left: a swatch and a label for each series. */
const legend = ({ series, top }: Panel, right: number): readonly string[] => {
  const characterWidth = 6.6
  const widths = series.map(({ label }) => 30 + characterWidth * label.length)
  return series.map(({ label, colour, look }, i) => {
    const x = right - widths.slice(i).reduce((sum, w) => sum + w, 0)
    const y = top - 14
    const swatch = `<path d="M${px(x)} ${px(y)}h18" stroke="${colour}" stroke-width="${look === 'faint' ? 1.5 : 2.5}"/>`
    const dot = look === 'dots' ? `<circle cx="${px(x + 9)}" cy="${px(y)}" r="3.2" fill="${colour}"/>` : ''
    return swatch + dot + text(x + 23, y + 4, label, `fill="${ink}" font-size="12"`)
  })
}

const drawSeries = (panel: Panel, { points, colour, look }: Series, x: Scale): string => {
  const placed = points.map(([a, b]) => [x.at(a), panel.y.at(b)] as const)
  const path = placed.map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${px(a)} ${px(b)}`).join('')
  const width = look === 'faint' ? 0.8 : 2.2
  const curve = `<path d="${path}" stroke="${colour}" stroke-width="${width}" fill="none" stroke-linejoin="round"/>`
  const last = placed.at(-1)
  const lastPoint = points.at(-1)
  if (look !== 'dots' || last === undefined || lastPoint === undefined) return curve
  const dots = placed.map(([a, b]) => `<circle cx="${px(a)}" cy="${px(b)}" r="3.2" fill="${colour}"/>`).join('')
  const style = `fill="${colour}" font-size="12" font-weight="600"`
  return curve + dots + text(last[0] + 8, last[1] + 4, panel.value(lastPoint[1]), style)
}

const drawPanel = (chart: Chart, panel: Panel, index: number): string => {
  const { left, right, x } = chart
  const clip = `panel${index}`
  const rows = panel.y.ticks.flatMap((tick) => [
    line(left, panel.y.at(tick), right, panel.y.at(tick), grid),
    text(left - 8, panel.y.at(tick) + 4, panel.y.label(tick), `text-anchor="end" fill="${quiet}" font-size="12"`),
  ])
  const columns = x.ticks.map((tick) => line(x.at(tick), panel.bottom, x.at(tick), panel.bottom + 5, quiet))
  return [
    // The clip lets dots and their numbers stand over the right edge; a curve cannot leave the panel above or below.
    `<clipPath id="${clip}"><rect x="${px(left - 4)}" y="${px(panel.top - 4)}" width="${px(chart.width - left)}" height="${px(panel.bottom - panel.top + 8)}"/></clipPath>`,
    text(left, panel.top - 10, panel.title, `fill="${ink}" font-size="13" font-weight="600"`),
    ...legend(panel, right),
    ...rows,
    ...columns,
    line(left, panel.bottom, right, panel.bottom, quiet),
    `<g clip-path="url(#${clip})">`,
    ...panel.series.map((series) => drawSeries(panel, series, x)),
    '</g>',
  ].join('\n')
}

/** The document. */
export const chartSvg = (chart: Chart): string => {
  const { width, height, left, x } = chart
  const lowest = Math.max(...chart.panels.map(({ bottom }) => bottom))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" role="img">`,
    `<title>${escaped(chart.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(left, 34, chart.title, `fill="${ink}" font-size="18" font-weight="600"`),
    text(left, 54, chart.subtitle, `fill="${quiet}" font-size="13"`),
    ...chart.panels.map((panel, i) => drawPanel(chart, panel, i)),
    ...x.ticks.map((tick) =>
      text(x.at(tick), lowest + 20, x.label(tick), `text-anchor="middle" fill="${quiet}" font-size="12"`),
    ),
    text((left + chart.right) / 2, lowest + 40, chart.xTitle, `text-anchor="middle" fill="${ink}" font-size="13"`),
    '</svg>\n',
  ].join('\n')
}
