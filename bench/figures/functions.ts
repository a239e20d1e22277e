// How fast functions of an element and of a row are where memory is no matter. Comes in: how many rounds; goes out: a line a
// function and variant: elements a nanosecond, and beside it what the peak does in an element's time.

import { relaxedByDefault, relaxedFlag } from '../engine.ts'
import type { Effort } from '../effort.ts'
import { type Measurement, median } from '../measure.ts'
import { runFreshTypeScript } from './fresh.ts'
import type { Functions } from './functions-once.ts'

const flags = { plain: [], relaxed: relaxedByDefault ? [] : [relaxedFlag] } as const

const ofVariant = async (variant: 'plain' | 'relaxed', { rounds }: Effort): Promise<readonly Measurement[]> => {
  const given = [variant, String(rounds)]
  const { timed } = await runFreshTypeScript<Functions>('./functions-once.ts', given, flags[variant])
  return timed.map(({ name, rates, work }) => ({
    line: {
      workload: `function-${name}`,
      subject: 'nabla',
      variant,
      threads: 1,
      unit: 'elements/ns',
      value: median(rates),
      peakWork: median(work),
    },
    best: Math.max(...rates),
  }))
}

export const measureFunctions = async (effort: Effort): Promise<readonly Measurement[]> => [
  ...(await ofVariant('plain', effort)),
  ...(await ofVariant('relaxed', effort)),
]
