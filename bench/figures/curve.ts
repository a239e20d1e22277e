// How compile time grows with the program: chains of operations, lengths of a loop, numbers of parameters; fresh processes.
// Comes in: how far to go; goes out: milliseconds and bytes for each size. Time should be near linear, and a loop's constant.

import type { Effort } from '../effort.ts'
import type { Measurement } from '../measure.ts'
import type { Curve, CurvePoint } from './curve-once.ts'
import { runFreshTypeScript } from './fresh.ts'
import { countLine, timeLine } from './lines.ts'

const sizes: { readonly [K in Curve]: readonly number[] } = {
  chain: [1000, 10_000, 100_000],
  scan: [10, 100, 1000, 100_000],
  params: [100, 1000, 10_000],
}

export const measureCurve = async (curve: Curve, { curveLimit }: Effort): Promise<readonly Measurement[]> => {
  const measured: Measurement[] = []
  for (const size of sizes[curve].filter((s) => curve === 'scan' || s <= curveLimit)) {
    const { milliseconds, bytes } = await runFreshTypeScript<CurvePoint>('./curve-once.ts', [curve, String(size)])
    const name = `curve-${curve}-${size}`
    measured.push(timeLine(name, [milliseconds]), countLine(name, 'bytes', bytes))
  }
  return measured
}
