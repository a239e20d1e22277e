// A run that is kept: the machine and every line. Comes in: measurements; goes out: a file from which a page is made.
// Invariant: figures without the machine that they were taken on say nothing, so that the two are never parted.

import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
import type { Line } from './line.ts'
import { printLine, rounded } from './line.ts'
import type { Measurement } from './measure.ts'

export type Machine = {
  readonly processor: string
  readonly cores: number
  readonly node: string
  readonly v8: string
  readonly platform: string
  /** Processes that wanted a core at the end of the run, in the mean over its last quarter of an hour. */
  readonly load: number
  readonly date: string
}

export type KeptRun = { readonly machine: Machine; readonly lines: readonly RecordedLine[] }

/** A line, and the best of its rounds. */
export type RecordedLine = Line & { readonly best: number }

const machine = (): Machine => ({
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  node: process.version,
  v8: process.versions.v8,
  platform: `${process.platform} ${process.arch}`,
  load: Number((loadavg()[2] ?? 0).toFixed(1)),
  date: new Date().toISOString().slice(0, 10),
})

export const writeRecord = async (path: string, measurements: readonly Measurement[]): Promise<void> => {
  const lines = measurements.map(({ line, best }) =>
    JSON.stringify({ ...JSON.parse(printLine(line)), best: rounded(best) }),
  )
  await writeFile(
    path,
    `{\n  "machine": ${JSON.stringify(machine())},\n  "lines": [\n    ${lines.join(',\n    ')}\n  ]\n}\n`,
  )
}

export const readRecord = (path: URL): KeptRun => JSON.parse(readFileSync(path, 'utf8')) as KeptRun
