// Line charts as SVG. In: panels, one under the other on a common horizontal axis, each with its series of points.
// Out: one SVG document as text. Invariant: pure; a curve never leaves its panel above or below.

import type { Scale } from './scale.ts'
import { curve, document, grid, ink, line, px, quiet, text } from './svg.ts'

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
  const drawn = curve(placed, colour, look === 'faint' ? 0.8 : 2.2)
  const last = placed.at(-1)
  const lastPoint = points.at(-1)
  if (look !== 'dots' || last === undefined || lastPoint === undefined) return drawn
  const dots = placed.map(([a, b]) => `<circle cx="${px(a)}" cy="${px(b)}" r="3.2" fill="${colour}"/>`).join('')
  const style = `fill="${colour}" font-size="12" font-weight="600"`
  return drawn + dots + text(last[0] + 8, last[1] + 4, panel.value(lastPoint[1]), style)
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
  const { left, x } = chart
  const lowest = Math.max(...chart.panels.map(({ bottom }) => bottom))
  return document(chart, [
    ...chart.panels.map((panel, i) => drawPanel(chart, panel, i)),
    ...x.ticks.map((tick) =>
      text(x.at(tick), lowest + 20, x.label(tick), `text-anchor="middle" fill="${quiet}" font-size="12"`),
    ),
    text((left + chart.right) / 2, lowest + 40, chart.xTitle, `text-anchor="middle" fill="${ink}" font-size="13"`),
  ])
}
