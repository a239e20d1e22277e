// Whether a long run keeps its pace. Comes in: how many steps; goes out: the 90th percentile of a step's time over the median.

import type { Effort } from '../effort.ts'
import type { Measurement } from '../measure.ts'
import { repeatFresh, runFreshTypeScript } from './fresh.ts'
import { countLine } from './lines.ts'
import type { LongRun } from './long-once.ts'

export const measureLongRun = async (effort: Effort): Promise<readonly Measurement[]> => {
  const once = (): Promise<LongRun> => runFreshTypeScript('./long-once.ts', [String(effort.longSteps)])
  const [run] = await repeatFresh({ ...effort, processes: 1 }, once)
  return run === undefined ? [] : [countLine('long-W2', 'ratio', run.p90 / run.median)]
}
