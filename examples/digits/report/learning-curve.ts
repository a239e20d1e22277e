// The learning curve as a picture. In: the loss of every step, and what each epoch ended with. Out: an SVG document.
// Invariant: pure; loss above (logarithmic), accuracy below (in percent), over a common axis of epochs.

import { type Chart, chartSvg, type Point, type Series } from '../../drawing/chart.ts'
import { linearScale, logScale } from '../../drawing/scale.ts'
import { blue, orange, paleBlue } from '../../drawing/svg.ts'

/** What was measured when an epoch ended; accuracies as shares in [0, 1]. */
export interface EpochEnd {
  readonly trainAccuracy: number
  readonly heldOutAccuracy: number
  readonly heldOutLoss: number
}

export interface History {
  readonly title: string
  readonly subtitle: string
  /** Training loss of every step, in order; each epoch has as many. */
  readonly losses: ArrayLike<number>
  readonly epochs: readonly EpochEnd[]
}

/** The geometric mean of each point and its neighbours up to `reach` away: the middle of them in a logarithmic plot. */
const smoothed = (points: readonly Point[], reach: number): readonly Point[] => {
  // sums[i] is the sum of the first i logarithms.
  const sums = new Float64Array(points.length + 1)
  points.forEach(([, y], i) => {
    sums[i + 1] = (sums[i] ?? 0) + Math.log(y)
  })
  return points.map(([x], i) => {
    // The window shrinks on both sides alike near the ends, so that it never leans.
    const half = Math.min(reach, i, points.length - 1 - i)
    return [x, Math.exp(((sums[i + half + 1] ?? 0) - (sums[i - half] ?? 0)) / (2 * half + 1))]
  })
}

/** What a logarithmic axis can show. */
const isPlottable = ([, y]: Point): boolean => y > 0 && Number.isFinite(y)

const seriesOf = (label: string, look: Series['look'], colour: string, points: readonly Point[]): Series => ({
  label,
  look,
  colour,
  points: points.filter(([, y]) => Number.isFinite(y)),
})

/** Two panels, 860 by 600 pixels. */
export const learningCurve = ({ title, subtitle, losses, epochs }: History): string => {
  const width = 860
  const height = 600
  const left = 70
  const right = width - 80
  const perEpoch = losses.length / Math.max(epochs.length, 1)
  const lossPanel = { top: 102, bottom: 330 }
  const accuracyPanel = { top: 386, bottom: 542 }

  const atEnds = (of: (end: EpochEnd) => number): readonly Point[] => epochs.map((end, i) => [i + 1, of(end)])
  const steps = Array.from(losses, (loss, i): Point => [(i + 1) / perEpoch, loss]).filter(isPlottable)
  const heldOutLosses = atEnds((end) => end.heldOutLoss).filter(isPlottable)

  const plotted = [...steps, ...heldOutLosses].map(([, y]) => y)
  const lowest = plotted.reduce((a, b) => Math.min(a, b), 1)
  const highest = plotted.reduce((a, b) => Math.max(a, b), lowest * 10)
  const accuracies = epochs.flatMap((end) => [end.trainAccuracy, end.heldOutAccuracy]).filter(Number.isFinite)
  const worst = accuracies.reduce((a, b) => Math.min(a, b), 0.95)

  const chart: Chart = {
    title,
    subtitle,
    width,
    height,
    left,
    right,
    xTitle: 'epoch',
    x: linearScale([0, Math.max(epochs.length, 1)], [left, right], Math.min(Math.max(epochs.length, 1), 12), String),
    panels: [
      {
        title: 'Loss',
        ...lossPanel,
        y: logScale([lowest * 0.9, highest * 1.1], [lossPanel.bottom, lossPanel.top]),
        value: (y) => y.toPrecision(2),
        series: [
          seriesOf('each step', 'faint', paleBlue, steps),
          seriesOf('training, smoothed', 'line', blue, smoothed(steps, 12)),
          seriesOf('held out', 'dots', orange, heldOutLosses),
        ],
      },
      {
        title: 'Accuracy',
        ...accuracyPanel,
        y: linearScale(
          [Math.max(Math.floor(worst * 50 - 0.2) / 50, 0), 1],
          [accuracyPanel.bottom, accuracyPanel.top],
          6,
          (tick) => `${Number((100 * tick).toFixed(1))} %`,
        ),
        value: (y) => `${(100 * y).toFixed(2)} %`,
        series: [
          seriesOf(
            'training',
            'line',
            blue,
            atEnds((end) => end.trainAccuracy),
          ),
          seriesOf(
            'held out',
            'dots',
            orange,
            atEnds((end) => end.heldOutAccuracy),
          ),
        ],
      },
    ],
  }
  return chartSvg(chart)
}
