/**
 * What checks find. In: an entry's checks and the program's memory, or the slots of the parameters. Out: the first fault.
 * Invariant: nothing is changed; of several faults the first in time is told, and of those of one step the first in the program.
 */
import { isFloat } from '../src/core/dtype.ts'
import type { RunError } from '../src/core/errors.ts'
import { showShape, sizeOf, unravel } from '../src/core/shape.ts'
import { findingsOf, findingTypes } from '../src/artifact/manifest.ts'
import { type ManifestCheck, type ManifestEntry, type View, viewOf } from '../src/artifact/types.ts'
import { runError } from './codes.ts'
import type { Watch } from './entry.ts'
import type { Slot } from './ports.ts'

/** `w1[3,5]` for the element at `index`; `b` alone for a scalar. */
const showElement = (name: string, shape: readonly number[], index: number): string =>
  shape.length === 0 ? name : `${name}[${unravel(index, shape).join(',')}]`

/** Looks for a NaN in every floating parameter: the check that `load(..., { checks: true })` makes after every run. */
const nanCheck = (params: readonly Slot[]): ((entry: string) => RunError | undefined) => {
  const floats = params.filter(({ port }) => isFloat(port.dtype))
  return (entry): RunError | undefined => {
    for (const { port, view } of floats) {
      const at = view.findIndex(Number.isNaN)
      if (at >= 0)
        return runError(
          'E_RUN_NAN_PARAM',
          `parameter ${showElement(port.name, port.shape, at)} is NaN after ${entry}`,
          'compile with { checks: true } to see where it came from',
        )
    }
    return undefined
  }
}

// ---- the checks of a checked build

interface Watched {
  readonly check: ManifestCheck
  readonly views: readonly View[]
}

type State = 'fine' | 'infinite' | 'nan'

const found = ({ views }: Watched, finding: number, step: number): number => (views[finding] as View)[step] as number

const stateAt = (w: Watched, step: number): State => {
  const [key, size] = [found(w, 0, step), sizeOf(w.check.shape)]
  return key < size ? 'nan' : key < 2 * size ? 'infinite' : 'fine'
}

/** The step of `of` at which a check with fewer loops around it, or the same, was made last. */
const stepOf = (w: Watched, of: Watched, step: number): number => {
  const inner = of.check.loops.slice(w.check.loops.length).reduce((n, l) => n * l.length, 1)
  return Math.floor(step / inner)
}

/** Whether something is wrong that was not wrong before. */
const isFault = (w: Watched, all: readonly Watched[], step: number): boolean => {
  const { kind, reports, operands, shape } = w.check
  if (kind === 'index') return found(w, 0, step) < sizeOf(shape)
  const state = stateAt(w, step)
  if (state === 'fine' || reports === 'nothing' || (reports === 'nan' && state !== 'nan')) return false
  const before = operands.map((i) => stateAt(all[i] as Watched, stepOf(all[i] as Watched, w, step)))
  return state === 'nan' ? !before.includes('nan') : before.every((s) => s === 'fine')
}

/** The places in the loops around a check, as they are run: a reversed loop runs from its last. */
const placesOf = ({ check }: Watched, step: number): readonly number[] =>
  unravel(
    step,
    check.loops.map((l) => l.length),
  )

interface Fault {
  readonly watched: Watched
  readonly step: number
}

/** Whether a fault comes before another one, which stands behind it in the list. */
const isEarlier = (p: Fault, q: Fault): boolean => {
  const [at, other] = [placesOf(p.watched, p.step), placesOf(q.watched, q.step)]
  for (const [d, { loop, reverse }] of p.watched.check.loops.entries()) {
    if (q.watched.check.loops[d]?.loop !== loop) return true
    const [a, b] = [at[d] as number, other[d] as number]
    if (a !== b) return a < b !== reverse
  }
  return true
}

const firstStep = (w: Watched, all: readonly Watched[]): number | undefined => {
  const count = findingsOf(w.check)
  let first: number | undefined
  for (let step = 0; step < count; step++)
    if (isFault(w, all, step) && (first === undefined || !isEarlier({ watched: w, step: first }, { watched: w, step })))
      first = step
  return first
}

const firstFault = (all: readonly Watched[]): Fault | undefined => {
  let first: Fault | undefined
  for (const watched of all) {
    const step = firstStep(watched, all)
    if (step === undefined) continue
    const fault = { watched, step }
    if (first === undefined || !isEarlier(first, fault)) first = fault
  }
  return first
}

const showNumber = (x: number): string =>
  Number.isFinite(x) ? String(Number(x.toPrecision(4))) : String(x).replace('Infinity', '∞')

/** `z is from -3 to 104`, of what a number is made of. */
const showRanges = (w: Watched, all: readonly Watched[], step: number): string => {
  const ranges = [...new Set(w.check.operands)].map((i) => {
    const o = all[i] as Watched
    const at = stepOf(o, w, step)
    const [lo, hi] = [found(o, 1, at), found(o, 2, at)]
    return `${o.check.name} is ${lo === hi ? `${showNumber(lo)}` : `from ${showNumber(lo)} to ${showNumber(hi)}`}`
  })
  return ranges.length === 0 ? '' : ` where ${ranges.join(', ')}`
}

const showPlace = (w: Watched, step: number, entry: string, run: number): string => {
  const places = placesOf(w, step)
  const steps = places.length === 0 ? '' : `, at step ${places.join(' of step ')} of the loop`
  return `${steps}, in run ${run} of ${entry}`
}

const sentenceOf = ({ watched, step }: Fault, all: readonly Watched[], entry: string, run: number): RunError => {
  const { kind, text, name, limit, shape, source } = watched.check
  const place = showPlace(watched, step, entry, run)
  if (kind === 'index') {
    const index = found(watched, 1, step)
    const at = showElement(name, shape, found(watched, 0, step))
    return runError(
      'E_RUN_INDEX_RANGE',
      `${text}: the index ${index} in ${at} is not in ${limit}${place}`,
      restored,
      source,
    )
  }
  const key = found(watched, 0, step)
  const [lo, hi] = [found(watched, 1, step), found(watched, 2, step)]
  const size = sizeOf(shape)
  const what = key < size ? 'NaN' : lo === -Infinity ? (hi === Infinity ? '±∞' : '-∞') : '∞'
  const at = shape.length === 0 ? '' : ` at [${unravel(key % size, shape).join(',')}] of ${showShape(shape)}`
  return runError(
    'E_RUN_NOT_FINITE',
    `${text} is ${what}${at}${showRanges(watched, all, step)}${place}`,
    restored,
    source,
  )
}

const restored = 'parameters and states are as they were before the run'

/** What an entry of a checked build found in a run, and parameters and states as they were before it. */
const findingsWatch = (
  entry: ManifestEntry,
  checks: readonly ManifestCheck[],
  memory: ArrayBufferLike,
  carried: readonly Slot[],
): Watch => {
  const all = checks.map((check): Watched => {
    const [types, elements] = [findingTypes(check), findingsOf(check)]
    return { check, views: check.offsets.map((at, i) => viewOf(memory, types[i] ?? 'i32', at, elements)) }
  })
  const kept = carried.map(({ view }) => view.slice())
  let run = 0
  return {
    before: () => {
      run++
      for (const [i, { view }] of carried.entries()) kept[i]?.set(view)
    },
    after: () => {
      const fault = firstFault(all)
      if (fault === undefined) return undefined
      for (const [i, { view }] of carried.entries()) view.set(kept[i] as View)
      return sentenceOf(fault, all, entry.name, run)
    },
  }
}

/** Both kinds of checks together; the checked build's own come first. */
export const watchOf = (
  entry: ManifestEntry,
  memory: ArrayBufferLike,
  params: readonly Slot[],
  states: readonly Slot[],
  ofParams: boolean,
): Watch | undefined => {
  const own =
    entry.checks === undefined ? undefined : findingsWatch(entry, entry.checks, memory, [...params, ...states])
  if (!ofParams) return own
  const look = nanCheck(params)
  return { before: () => own?.before(), after: () => own?.after() ?? look(entry.name) }
}
