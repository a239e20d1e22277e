// Whether a long run keeps its pace. Comes in: how many steps; goes out: the 90th percentile of a step's time over the median.

import type { Effort } from '../effort.ts'
import type { Measurement } from '../measure.ts'
import { runFreshTypeScript } from './fresh.ts'
import { countLine } from './lines.ts'
import type { LongRun } from './long-once.ts'

export const measureLongRun = async ({ longSteps }: Effort): Promise<readonly Measurement[]> => {
  const { median, p90 } = await runFreshTypeScript<LongRun>('./long-once.ts', [String(longSteps)])
  return [countLine('long-W2', 'ratio', p90 / median)]
}
