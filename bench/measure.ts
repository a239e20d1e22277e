// Measuring one workload. All its subjects, and the machine's peak, take turns in short slices, round after round, each in
// its own process: what disturbs the machine disturbs them all alike. A figure is the median over the rounds; a share of
// the peak is the median of the rounds' own shares, so that a slow moment counts against both of its sides.

import type { Effort } from './effort.ts'
import type { Line, Unit } from './line.ts'
import type { SubjectProcess } from './process.ts'
import type { Opened, Slice } from './protocol.ts'
import type { Subject } from './subjects.ts'
import type { Workload } from './workloads/workload.ts'

/** A figure as it is printed, and the quietest round's beside it. */
export type Measurement = { readonly line: Line; readonly best: number }

/** A process that has opened what is to be timed. */
export type Entrant = { readonly process: SubjectProcess; readonly opened: Opened; readonly milliseconds: number }

type Taken = Entrant & { readonly slices: readonly Slice[] }

// A slice in which another process had the core for more than a twentieth of the time is taken again, within reason.
const disturbed = 0.95

/** How many slices a process may be asked for in so many rounds. */
export const slicesOf = ({ rounds, retries }: Effort): number => rounds * (1 + retries)

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

const quietSlice = async ({ process, milliseconds }: Entrant, retries: number): Promise<Slice> => {
  let calmest = await process.slice(milliseconds)
  for (let retry = 0; retry < retries && calmest.busy < disturbed; retry += 1) {
    const again = await process.slice(milliseconds)
    if (again.busy > calmest.busy) calmest = again
  }
  return calmest
}

// Every round begins with the next subject, so that none always follows the same one.
type Turns = Pick<Effort, 'rounds' | 'retries'>

const takeTurns = async (entrants: readonly Entrant[], { rounds, retries }: Turns): Promise<readonly Taken[]> => {
  const slices = entrants.map((): Slice[] => [])
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < entrants.length; turn += 1) {
      const index = (round + turn) % entrants.length
      const entrant = entrants[index]
      if (entrant !== undefined) slices[index]?.push(await quietSlice(entrant, retries))
    }
  }
  return entrants.map((entrant, index) => ({ ...entrant, slices: slices[index] ?? [] }))
}

const giga = (work: number, milliseconds: number): number => work / milliseconds / 1e6

const described = (workload: string, unit: Unit, subject: Subject): Omit<Line, 'value'> => ({
  workload,
  subject: subject.name,
  variant: subject.variant,
  threads: subject.threads,
  unit,
})

// A step's time is the median of a slice's steps. A rate is that of a slice's best sample: it is one kernel run again and
// again, and what a sample takes longer than the best is not the kernel's.
const stepMeasurement = (workload: Workload, taken: Taken, peak: Taken | undefined): Measurement => {
  const times = taken.slices.map((slice) => (workload._tag === 'training' ? slice.median : slice.best))
  const rates = times.map((time) => giga(taken.opened.work, time))
  const ceilings = peak === undefined ? [] : ratesOf(peak)
  const shares = taken.opened.work === 0 ? [] : ceilings.map((limit, round) => (rates[round] ?? Number.NaN) / limit)
  const extras = {
    ...(shares.length === 0 ? {} : { sharePeak: median(shares) }),
    ...(taken.opened.losses.length === 0 ? {} : { losses: taken.opened.losses }),
  }
  return workload._tag === 'training'
    ? {
        line: { ...described(workload.name, 'ms', taken.process.subject), value: median(times), ...extras },
        best: Math.min(...times),
      }
    : {
        line: { ...described(workload.name, 'GFLOP/s', taken.process.subject), value: median(rates), ...extras },
        best: Math.max(...rates),
      }
}

/** A subject that only says what the losses are: its few steps are timed as they come. */
export const firstSteps = (
  workload: Workload,
  subject: Subject,
  { losses, firstMilliseconds }: Opened,
): Measurement => ({
  line: { ...described(workload.name, 'ms', subject), value: firstMilliseconds, losses },
  best: firstMilliseconds,
})

const ratesOf = (taken: Taken): readonly number[] => taken.slices.map((slice) => giga(taken.opened.work, slice.best))

const ceilingMeasurement = (name: 'peak' | 'bandwidth', taken: Taken): Measurement => {
  const rates = ratesOf(taken)
  const unit = name === 'peak' ? 'GFLOP/s' : 'GB/s'
  return {
    line: { ...described(name, unit, taken.process.subject), value: median(rates) },
    best: Math.max(...rates),
  }
}

/** The subjects' figures on a workload, and those of the peaks in the same rounds. */
export const measureWorkload = async (
  workload: Workload,
  subjects: readonly Entrant[],
  peaks: readonly Entrant[],
  turns: Turns,
): Promise<{ readonly figures: readonly Measurement[]; readonly ceilings: readonly Measurement[] }> => {
  const taken = await takeTurns([...subjects, ...peaks], turns)
  const takenPeaks = taken.slice(subjects.length)
  const peakFor = ({ variant }: Subject): Taken | undefined =>
    takenPeaks.find(({ process }) => process.subject.variant === variant)
  return {
    figures: taken
      .slice(0, subjects.length)
      .map((entrant) => stepMeasurement(workload, entrant, peakFor(entrant.process.subject))),
    ceilings: takenPeaks.map((peak) => ceilingMeasurement('peak', peak)),
  }
}

/** The bandwidth of memory, reads and writes together, over a buffer that no cache holds. */
export const measureBandwidth = async (entrant: Entrant, turns: Turns): Promise<readonly Measurement[]> =>
  (await takeTurns([entrant], turns)).map((taken) => ceilingMeasurement('bandwidth', taken))

/** One figure for a ceiling that was measured again with every workload: the median of its medians. */
export const overall = (measurements: readonly Measurement[]): readonly Measurement[] => {
  const [first] = measurements
  if (first === undefined) return []
  const value = median(measurements.map(({ line }) => line.value))
  return [{ line: { ...first.line, value }, best: Math.max(...measurements.map(({ best }) => best)) }]
}
