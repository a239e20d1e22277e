// Bytes that a number of steps allocate once everything is warm. Comes in: a workload and how many; goes out: one line.

import type { Measurement } from '../measure.ts'
import type { HeldName } from '../nabla/held.ts'
import type { Allocated } from './allocate-once.ts'
import { runFreshTypeScript } from './fresh.ts'
import { countLine } from './lines.ts'

// A collector that works beside the program would give bytes back while they are counted.
const flags = ['--expose-gc', '--single-threaded-gc']

export const measureAllocation = async (name: HeldName, steps: number): Promise<readonly Measurement[]> => {
  const { bytes } = await runFreshTypeScript<Allocated>('./allocate-once.ts', [name, String(steps)], flags)
  return [countLine(`alloc-${name}`, 'bytes', bytes)]
}
