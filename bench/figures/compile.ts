// How long compiling takes where it is done for the first time: fresh processes, nothing warm.
// Comes in: a workload, and how many; goes out: `compile-W2` with the time of each pass, and the time to import binaryen.

import type { Effort } from '../effort.ts'
import { type Measurement, median } from '../measure.ts'
import type { HeldName } from '../nabla/held.ts'
import type { Compiled } from './compile-once.ts'
import { repeatFresh, runFreshTypeScript } from './fresh.ts'
import { timeLine } from './lines.ts'

export const measureCompilation = async (name: HeldName, effort: Effort): Promise<readonly Measurement[]> => {
  const told = await repeatFresh(effort, () => runFreshTypeScript<Compiled>('./compile-once.ts', [name]))
  const names = Object.keys(told[0]?.passes ?? {})
  const passes = Object.fromEntries(names.map((name) => [name, median(told.map((t) => t.passes[name] ?? Number.NaN))]))
  return [
    timeLine(
      `compile-${name}`,
      told.map((t) => t.milliseconds),
      { passes },
    ),
    ...(name === 'W2' ? [imported(told)] : []),
  ]
}

const imported = (told: readonly Compiled[]): Measurement =>
  timeLine(
    'import-binaryen',
    told.map((t) => t.importMilliseconds),
  )
