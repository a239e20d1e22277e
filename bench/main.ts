// `npm run bench`: the words of the command line in; tables or lines of JSON on standard output; remarks on standard error.
// Products share their subjects' processes; every training workload gets fresh ones, and so do most of Nabla's own figures.

import { tolerance, widest } from './agreement.ts'
import { type Plan, plan, usage } from './arguments.ts'
import { type Effort, fullEffort, quickEffort } from './effort.ts'
import { measureFigure } from './figures/table.ts'
import { printLine } from './line.ts'
import { writeRecord } from './record.ts'
import {
  type Entrant,
  firstSteps,
  type Measurement,
  measureBandwidth,
  measureWorkload,
  overall,
  slicesOf,
} from './measure.ts'
import { profilesOf } from './profile/profile.ts'
import { profileText } from './profile/report.ts'
import { startSubject, SubjectError, type SubjectProcess } from './process.ts'
import { interpreter, peakOf, type Subject, subjectsOf } from './subjects.ts'
import { tables } from './table.ts'
import { workload } from './workloads/table.ts'
import type { Workload } from './workloads/workload.ts'

const remark = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const enter = async (
  started: SubjectProcess,
  name: string,
  module: string | undefined,
  milliseconds: number,
  effort: Effort,
): Promise<readonly Entrant[]> => {
  const options = { module, warmMilliseconds: effort.warmMilliseconds, slices: slicesOf(effort) }
  const opened = await started.open(name, options)
  return opened === undefined ? [] : [{ process: started, opened, milliseconds }]
}

/** Processes by subject, started when first asked for and kept until `close`. */
const pool = (): { readonly of: (subject: Subject) => SubjectProcess; readonly close: () => void } => {
  const started = new Map<Subject, SubjectProcess>()
  return {
    of: (subject) => {
      const process = started.get(subject) ?? startSubject(subject)
      started.set(subject, process)
      return process
    },
    close: () => {
      for (const process of started.values()) process.close()
      started.clear()
    },
  }
}

/** What the interpreter makes of a workload's first steps: it is asked for its losses, not for its speed. */
const interpretedSteps = async (wanted: Workload, effort: Effort): Promise<readonly Measurement[]> => {
  const module = interpreter.module(wanted)
  if (module === undefined || !effort.interpreted) return []
  const started = startSubject(interpreter)
  const opened = await started.open(wanted.name, { module, warmMilliseconds: 0, slices: 1 })
  started.close()
  return opened === undefined ? [] : [firstSteps(wanted, interpreter, opened)]
}

// Products and convolutions first to last in one group, every training workload in a group of its own.
const groupsOf = (workloads: readonly Workload[]): readonly (readonly Workload[])[] => {
  const products = workloads.filter(({ _tag }) => _tag !== 'training')
  const trainings = workloads.filter(({ _tag }) => _tag === 'training').map((training) => [training])
  return [...trainings, ...(products.length === 0 ? [] : [products])]
}

type Report = (figures: readonly Measurement[]) => void

const measureFigures = async (
  names: readonly string[],
  effort: Effort,
  report: Report,
): Promise<readonly Measurement[]> => {
  const all: Measurement[] = []
  for (const name of names) {
    const measured = await measureFigure(name, effort)
    report(measured)
    all.push(...measured)
  }
  return all
}

const measureAll = async (
  { workloads, peers, quick, threads }: Plan,
  effort: Effort,
  report: Report,
): Promise<{ readonly figures: readonly Measurement[]; readonly ceilings: readonly Measurement[] }> => {
  const subjects = subjectsOf(peers, quick, threads)
  const figures: Measurement[] = []
  const seen: Measurement[] = []
  const machine = pool()
  const peaks = await Promise.all(
    (['plain', 'relaxed'] as const).map((variant) =>
      enter(machine.of(peakOf(variant)), 'peak', undefined, effort.peakMilliseconds, effort),
    ),
  )
  for (const group of groupsOf(workloads.flatMap((name) => workload(name) ?? []))) {
    const running = pool()
    for (const wanted of group) {
      const milliseconds = wanted._tag !== 'training' ? effort.productMilliseconds : effort.trainingMilliseconds
      const entrants: Entrant[] = []
      for (const subject of subjects) {
        const module = subject.module(wanted)
        if (module === undefined) continue
        entrants.push(...(await enter(running.of(subject), wanted.name, module, milliseconds, effort)))
      }
      const measured = await measureWorkload(wanted, entrants, peaks.flat(), effort)
      const taken = [...measured.figures, ...(await interpretedSteps(wanted, effort))]
      report(taken)
      figures.push(...taken)
      seen.push(...measured.ceilings)
    }
    running.close()
  }
  machine.close()
  const memory = pool()
  const [copy] = await enter(memory.of(peakOf('plain')), 'bandwidth', undefined, effort.peakMilliseconds * 5, effort)
  const bandwidth = copy === undefined ? [] : await measureBandwidth(copy, effort)
  memory.close()
  const ofVariant = (variant: string): readonly Measurement[] => seen.filter(({ line }) => line.variant === variant)
  return { figures, ceilings: [...overall(ofVariant('plain')), ...overall(ofVariant('relaxed')), ...bandwidth] }
}

/** Says which subjects disagree, and gives the exit status. */
const compareLosses = (figures: readonly Measurement[]): number => {
  const workloads = [...new Set(figures.map(({ line }) => line.workload))]
  const found = workloads.flatMap(
    (name) => widest(figures.flatMap(({ line }) => (line.workload === name ? [line] : []))) ?? [],
  )
  for (const { workload: name, difference, first, second, step } of found) {
    if (difference <= tolerance) {
      remark(`${name}: first losses agree to ${difference.toExponential(1)}`)
      continue
    }
    remark(`${name}: LOSSES DISAGREE by ${difference.toExponential(1)} at step ${step}, more than ${tolerance}`)
    for (const line of [first, second]) remark(`  ${line.subject} ${line.variant}: ${line.losses?.join(' ')}`)
  }
  return found.some(({ difference }) => !(difference <= tolerance)) ? 1 : 0
}

const run = async (asked: Plan): Promise<number> => {
  const write = (text: string): void => {
    process.stdout.write(`${text}\n`)
  }
  const lines = (measurements: readonly Measurement[]): void => {
    if (asked.json) for (const { line } of measurements) write(printLine(line))
  }
  const effort = asked.quick ? quickEffort : fullEffort
  const report: Report = (measured) => {
    const [first] = measured
    if (!asked.json && first !== undefined) remark(`${first.line.workload} measured`)
    lines(measured)
  }
  const nothing = { figures: [], ceilings: [] }
  const steps = asked.workloads.length === 0 ? nothing : await measureAll(asked, effort, report)
  const own = await measureFigures(asked.figures, effort, report)
  const [figures, ceilings] = [[...steps.figures, ...own], steps.ceilings]
  lines(ceilings)
  if (!asked.json) write(tables(figures, ceilings))
  if (asked.record !== undefined) await writeRecord(asked.record, [...figures, ...ceilings])
  if (figures.length === 0) {
    remark('nothing was measured: no subject does what was asked for')
    return 1
  }
  return compareLosses(figures)
}

const runProfiles = async ({ workloads, json, quick }: Plan): Promise<number> => {
  const effort = quick ? quickEffort : fullEffort
  for (const name of workloads)
    for (const profile of await profilesOf(name, effort))
      process.stdout.write(`${json ? JSON.stringify(profile) : profileText(profile)}\n\n`)
  return 0
}

const asked = plan(process.argv.slice(2))
if (asked._tag === 'Left') {
  remark(asked.left)
  process.exitCode = 2
} else if (asked.right.help) {
  process.stdout.write(`${usage}\n`)
} else {
  // Leaving ends the subjects' processes too: each goes when its channel closes.
  process.exit(
    await (asked.right.profile ? runProfiles : run)(asked.right).catch((error: unknown) => {
      remark(error instanceof SubjectError ? error.message : String(error))
      return 1
    }),
  )
}
