// How compile time grows with the program: chains of operations and numbers of parameters in fresh processes, lengths of a loop
// in one warm process. Comes in: how far to go; goes out: milliseconds and bytes for each size. Time should be near linear, and
// a loop's constant: that is measured as processor time, turn by turn, so that a busy machine does not decide it.

import type { Effort } from '../effort.ts'
import { type Measurement, median } from '../measure.ts'
import type { CurvePoint } from './curve-once.ts'
import type { Curve } from './curve-programs.ts'
import type { Lengths } from './length-once.ts'
import { runFreshTypeScript } from './fresh.ts'
import { countLine, timeLine } from './lines.ts'

const sizes: { readonly [K in Curve]: readonly number[] } = {
  chain: [1000, 10_000, 100_000],
  scan: [10, 100, 1000, 100_000],
  params: [100, 1000, 10_000],
}

export const measureCurve = async (
  curve: Exclude<Curve, 'scan'>,
  { curveLimit }: Effort,
): Promise<readonly Measurement[]> => {
  const measured: Measurement[] = []
  for (const size of sizes[curve].filter((s) => s <= curveLimit)) {
    const { milliseconds, bytes } = await runFreshTypeScript<CurvePoint>('./curve-once.ts', [curve, String(size)])
    const name = `curve-${curve}-${size}`
    measured.push(timeLine(name, [milliseconds]), countLine(name, 'bytes', bytes))
  }
  return measured
}

/** Of each length, and how far the medians of the lengths lie apart. */
export const measureLengths = async ({ lengthRounds }: Effort): Promise<readonly Measurement[]> => {
  const args = [lengthRounds, ...sizes.scan].map(String)
  const { milliseconds, bytes } = await runFreshTypeScript<Lengths>('./length-once.ts', args)
  const medians = milliseconds.map(median)
  return [
    ...sizes.scan.flatMap((size, i) => {
      const name = `curve-scan-${size}`
      return [timeLine(name, milliseconds[i] ?? []), countLine(name, 'bytes', bytes[i] ?? Number.NaN)]
    }),
    countLine('scan-length-time', 'ratio', Math.max(...medians) / Math.min(...medians)),
  ]
}
