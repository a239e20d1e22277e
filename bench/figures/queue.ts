// A small program's step, one in a call and 64 in a call. Comes in: how many fresh processes; goes out: two lines.

import type { Effort } from '../effort.ts'
import type { Measurement } from '../measure.ts'
import { repeatFresh, runFreshTypeScript } from './fresh.ts'
import { timeLine } from './lines.ts'
import type { Queued } from './queue-once.ts'

const runs = 64

export const measureQueue = async (effort: Effort): Promise<readonly Measurement[]> => {
  const told = await repeatFresh(effort, () => runFreshTypeScript<Queued>('./queue-once.ts', [String(runs)]))
  return [
    timeLine(
      'single-W1',
      told.map((t) => t.single),
    ),
    timeLine(
      'queue-W1',
      told.map((t) => t.together),
    ),
  ]
}
