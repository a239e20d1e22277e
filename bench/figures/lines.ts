// The lines of figures that are Nabla's alone. Comes in: a name and values; goes out: a measurement.

import type { Line } from '../line.ts'
import { type Measurement, median } from '../measure.ts'

const nabla = { subject: 'nabla', variant: 'plain', threads: 1 } as const

/** Milliseconds: the median, and the least beside it. */
export const timeLine = (workload: string, values: readonly number[], extras: Partial<Line> = {}): Measurement => ({
  line: { workload, ...nabla, unit: 'ms', value: median(values), ...extras },
  best: Math.min(...values),
})

/** What does not depend on when it is taken. */
export const countLine = (workload: string, unit: 'bytes' | 'ratio', value: number): Measurement => ({
  line: { workload, ...nabla, unit, value },
  best: value,
})
