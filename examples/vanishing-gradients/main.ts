// Vanishing and exploding gradients: ‖∂hₜ/∂hₖ‖ against t − k for four kinds of networks, with the slide's bound, drawn in
// out/vanishing-gradients.svg; and the clipping trick.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chartSvg, type Series } from '../drawing/chart.ts'
import { linearScale, logScale } from '../drawing/scale.ts'
import { blue, orange } from '../drawing/svg.ts'
import { check, heading, type Log, runAsMain } from '../shared/report.ts'
import { orThrow, start } from '../shared/start.ts'
import * as model from './model.ts'

const { bounds, steps, threshold } = model

const networks = {
  vanishing: { label: `tanh, ‖W‖ = ${bounds.vanishing}`, colour: blue },
  exploding: { label: `ReLU, ‖W‖ = ${bounds.exploding}`, colour: orange },
  irnn: { label: 'IRNN', colour: '#2b8a3e' },
  gru: { label: 'GRU', colour: '#7048e8' },
  lstm: { label: 'LSTM', colour: '#c2255c' },
} as const

type Network = keyof typeof networks
type Norms = Readonly<Record<Network, readonly number[]>>

/** What the drawing shows, from and to. */
const shown = [1e-9, 1e9] as const

const picture = fileURLToPath(new URL('../../out/vanishing-gradients.svg', import.meta.url))

const draw = (norms: Norms): string => {
  const size = { width: 900, height: 560, left: 70, right: 860 }
  const panel = { top: 110, bottom: 500 }
  const bound = (beta: number) => Array.from({ length: steps }, (_, i) => beta ** (i + 1))
  const line = (label: string, colour: string, values: readonly number[], look: Series['look']): Series => ({
    label,
    colour,
    look,
    points: values.flatMap((v, i) => (v >= shown[0] && v <= shown[1] ? [[i + 1, v] as const] : [])),
  })
  return chartSvg({
    ...size,
    title: 'How far a gradient reaches: ‖∂hₜ/∂hₖ‖',
    subtitle: `computed by a compiled artifact; thin lines are the bounds (β_W β_h)ᵗ⁻ᵏ = ‖W‖ᵗ⁻ᵏ of the plain networks`,
    x: linearScale([1, steps], [size.left, size.right], 12, String),
    xTitle: 't − k, steps of time',
    panels: [
      {
        ...panel,
        title: '',
        y: logScale(shown, [panel.bottom, panel.top]),
        value: String,
        series: [
          ...(['vanishing', 'exploding'] as const).map((n) =>
            line(`${bounds[n]}ᵗ⁻ᵏ`, networks[n].colour, bound(bounds[n]), 'faint'),
          ),
          ...(Object.keys(networks) as readonly Network[]).map((n) =>
            line(networks[n].label, networks[n].colour, norms[n], 'line'),
          ),
        ],
      },
    ],
  })
}

const reach = async () => {
  const { entries } = await start({ norms: model.norms, clipping: model.clipping })
  const found = orThrow(entries.norms.call({}))
  const norms: Norms = {
    vanishing: Array.from(found.vanishing),
    exploding: Array.from(found.exploding),
    irnn: Array.from(found.irnn),
    gru: Array.from(found.gru),
    lstm: Array.from(found.lstm),
  }
  const { before, after } = orThrow(entries.clipping.call({}))
  return { norms, clipping: { before: before[0] ?? NaN, after: after[0] ?? NaN } }
}

export const run = async (log: Log) => {
  const { norms, clipping } = await reach()
  log(heading('‖∂hₜ/∂hₖ‖ against t − k'))
  const at = [1, 5, 10, 20, 40, steps]
  log(`  ${''.padEnd(16)}${at.map((t) => String(t).padStart(9)).join('')}`)
  for (const [n, { label }] of Object.entries(networks))
    log(
      `  ${label.padEnd(16)}${at.map((t) => (norms[n as Network][t - 1] ?? NaN).toExponential(1).padStart(9)).join('')}`,
    )
  log('')
  const holds = (n: 'vanishing' | 'exploding'): boolean =>
    norms[n].every((v, i) => v <= bounds[n] ** (i + 1) * (1 + 1e-4))
  const last = (n: Network): number => norms[n].at(-1) ?? NaN
  check(log, 'the bound (β_W β_h)ᵗ⁻ᵏ holds at every t', holds('vanishing') && holds('exploding'))
  check(log, 'it vanishes where β_W β_h < 1', last('vanishing') < 1e-9)
  check(log, 'and may explode where β_W β_h > 1', last('exploding') > 1e3)
  check(
    log,
    'with W = I and ReLU it stays 1',
    norms.irnn.every((v) => Math.abs(v - 1) < 1e-3),
  )
  check(log, 'open gates carry it through', last('gru') > 0.1 && last('lstm') > 0.1)

  log(heading(`The clipping trick: where ‖g‖ ≥ ${threshold}, g is scaled to ‖g‖ = ${threshold}`))
  const { before, after } = clipping
  check(
    log,
    `‖∂J/∂W‖ of the exploding network is ${before.toExponential(1)}, clipped ${after.toFixed(3)}`,
    before > threshold && Math.abs(after - threshold) < 1e-3,
  )
  const svg = draw(norms)
  await mkdir(dirname(picture), { recursive: true })
  await writeFile(picture, svg)
  log('\n  drawn in out/vanishing-gradients.svg')
  return { norms, clipping, svg, picture }
}

await runAsMain(import.meta.url, run)
