// How long compiling takes where it is done for the first time: fresh processes, nothing warm.
// Comes in: how many; goes out: `compile-W2` with the time of each pass, and `import-binaryen`.

import type { Effort } from '../effort.ts'
import { type Measurement, median } from '../measure.ts'
import type { Compiled } from './compile-once.ts'
import { repeatFresh, runFreshTypeScript } from './fresh.ts'
import { timeLine } from './lines.ts'

export const measureCompilation = async (effort: Effort): Promise<readonly Measurement[]> => {
  const told = await repeatFresh(effort, () => runFreshTypeScript<Compiled>('./compile-once.ts', []))
  const names = Object.keys(told[0]?.passes ?? {})
  const passes = Object.fromEntries(names.map((name) => [name, median(told.map((t) => t.passes[name] ?? Number.NaN))]))
  return [
    timeLine(
      'compile-W2',
      told.map((t) => t.milliseconds),
      { passes },
    ),
    timeLine(
      'import-binaryen',
      told.map((t) => t.importMilliseconds),
    ),
  ]
}
