// How long each form of `inspect` takes for W5, after start-up: a fresh process a form, so that nothing is warm.
// Comes in: how many; goes out: `inspect-W5`, the dearest form's processor time, and that of each form beside it.

import type { Effort } from '../effort.ts'
import { type Measurement, median } from '../measure.ts'
import { repeatFresh, runFreshTypeScript } from './fresh.ts'
import type { Inspected } from './inspect-once.ts'
import { timeLine } from './lines.ts'

const names = [
  'math',
  'latex',
  'typescript',
  'derivation',
  'kernels',
  'cost',
  'memory',
  'graph',
  'dot',
  'provenance',
  'trace',
  'wat',
  'javascript',
] as const

export const measureInspection = async (effort: Effort): Promise<readonly Measurement[]> => {
  const times: (readonly [form: string, milliseconds: readonly number[]])[] = []
  for (const form of names) {
    const told = await repeatFresh(effort, () => runFreshTypeScript<Inspected>('./inspect-once.ts', [form]))
    times.push([form, told.map((t) => t.milliseconds)])
  }
  const dearest = times.reduce((p, q) => (median(q[1]) > median(p[1]) ? q : p))
  const passes = Object.fromEntries(times.map(([form, values]) => [form, median(values)]))
  return [timeLine('inspect-W5', dearest[1], { passes })]
}
