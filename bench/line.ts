// A line of the report: one figure of one subject, in the form that `--json` prints, and nothing else.

import type { Variant } from './subject.ts'
import type { SubjectName } from './subjects.ts'

/** `ops` are operations of an expression; a `ratio` is one of two times. */
export type Unit = 'ms' | 'GFLOP/s' | 'GB/s' | 'elements/ns' | 'bytes' | 'ops' | 'ratio'

export type Line = {
  readonly workload: string
  readonly subject: SubjectName
  readonly variant: Variant
  readonly threads: number
  readonly unit: Unit
  readonly value: number
  /** Share of the peak of the same variant, measured in the same rounds. */
  readonly sharePeak?: number
  /** Of a function of an element: the operations that the peak does in its time, measured in the same rounds. */
  readonly peakWork?: number
  /** The losses of the first five steps. */
  readonly losses?: readonly number[]
  /** Of a compilation: milliseconds of each pass. */
  readonly passes?: Readonly<Record<string, number>>
}

/** Four digits that count: more would be noise. What is counted is exact. */
export const rounded = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(4)))

export const printLine = (line: Line): string =>
  JSON.stringify({
    ...line,
    value: rounded(line.value),
    ...(line.sharePeak === undefined ? {} : { sharePeak: rounded(line.sharePeak) }),
    ...(line.peakWork === undefined ? {} : { peakWork: rounded(line.peakWork) }),
    ...(line.passes === undefined
      ? {}
      : { passes: Object.fromEntries(Object.entries(line.passes).map(([pass, ms]) => [pass, rounded(ms)])) }),
  })
