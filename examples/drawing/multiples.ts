// Small multiples: many little plots of the same kind, in rows. In: curves by plot. Out: one SVG document.
// Invariant: pure; all plots share the ranges of both axes, so that they can be compared.

import { linearScale } from './scale.ts'
import { curve, document, grid, ink, line, px, quiet, text } from './svg.ts'

export interface PlottedCurve {
  readonly label: string
  readonly colour: string
  readonly points: readonly (readonly [number, number])[]
}

export interface Plot {
  readonly title: string
  readonly subtitle: string
  readonly curves: readonly PlottedCurve[]
}

export interface Multiples {
  readonly title: string
  readonly subtitle: string
  readonly columns: number
  readonly x: readonly [number, number]
  readonly y: readonly [number, number]
  /** A curve steeper than this between two neighbouring points jumps there, and is not drawn through. */
  readonly steepest: number
  readonly plots: readonly Plot[]
}

const margin = { left: 40, top: 120, right: 24, bottom: 28 }
const plotWidth = 230
const plotHeight = 190
const gap = { x: 34, y: 74 }

interface Place {
  readonly left: number
  readonly top: number
}

type Points = PlottedCurve['points']

/** The parts of a curve between its jumps. */
const partsOf = (points: Points, steepest: number): readonly Points[] => {
  const jumps = points.flatMap(([x, y], i) => {
    const [before, below] = points[i - 1] ?? [x, y]
    return Math.abs(y - below) > steepest * (x - before) ? [i] : []
  })
  return [0, ...jumps].map((from, k) => points.slice(from, jumps[k]))
}

const label = (tick: number): string => String(tick).replace('-', '−')

const drawPlot = ({ x, y, steepest }: Multiples, plot: Plot, { left, top }: Place, index: number): string => {
  const [right, bottom] = [left + plotWidth, top + plotHeight]
  const across = linearScale(x, [left, right], 8, label)
  const up = linearScale(y, [bottom, top], 6, label)
  const small = `fill="${quiet}" font-size="11"`
  const named = linearScale(x, [left, right], 4, label).ticks
  return [
    `<clipPath id="plot${index}"><rect x="${px(left)}" y="${px(top)}" width="${plotWidth}" height="${plotHeight}"/></clipPath>`,
    text(left, top - 24, plot.title, `fill="${ink}" font-size="14" font-weight="600"`),
    text(left, top - 8, plot.subtitle, `fill="${quiet}" font-size="12"`),
    ...across.ticks.map((tick) => line(across.at(tick), top, across.at(tick), bottom, tick === 0 ? quiet : grid)),
    ...up.ticks.map((tick) => line(left, up.at(tick), right, up.at(tick), tick === 0 ? quiet : grid)),
    ...named.map((tick) => text(across.at(tick), bottom + 15, across.label(tick), `text-anchor="middle" ${small}`)),
    ...up.ticks.map((tick) => text(left - 6, up.at(tick) + 4, up.label(tick), `text-anchor="end" ${small}`)),
    `<g clip-path="url(#plot${index})">`,
    ...plot.curves.flatMap(({ points, colour }) =>
      partsOf(points, steepest).map((part) =>
        curve(
          part.map(([a, c]) => [across.at(a), up.at(c)] as const),
          colour,
          2.2,
        ),
      ),
    ),
    '</g>',
  ].join('\n')
}

/** One legend for all plots: their curves bear the same labels. */
const legend = (curves: readonly PlottedCurve[], right: number): readonly string[] =>
  curves.map(({ label, colour }, i) => {
    const x = right - 90 * (curves.length - i)
    return `<path d="M${px(x)} 50h22" stroke="${colour}" stroke-width="2.5"/>${text(x + 28, 54, label, `fill="${ink}" font-size="13"`)}`
  })

/** The document. */
export const multiplesSvg = (multiples: Multiples): string => {
  const { columns, plots, title, subtitle } = multiples
  const rows = Math.ceil(plots.length / columns)
  const width = margin.left + columns * plotWidth + (columns - 1) * gap.x + margin.right
  const height = margin.top + rows * plotHeight + (rows - 1) * gap.y + margin.bottom
  return document({ title, subtitle, width, height, left: margin.left }, [
    ...legend(plots[0]?.curves ?? [], width - margin.right),
    ...plots.map((plot, i) => {
      const [column, row] = [i % columns, Math.floor(i / columns)]
      const place = { left: margin.left + column * (plotWidth + gap.x), top: margin.top + row * (plotHeight + gap.y) }
      return drawPlot(multiples, plot, place, i)
    }),
  ])
}
