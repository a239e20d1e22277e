/**
 * The Plan checker. In: a plan whose kernels have passed checkKernel. Out: the same plan, or everything wrong with it.
 * Invariant: it trusts nothing that the planner says about lifetimes. It walks through each entry with a ledger of which
 * buffer's value each byte of memory holds: a read must find its own buffer's bytes, and at the end all that outlives
 * the entry must hold its own.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { bytesOf } from '../../src/core/dtype.ts'
import { isSameAccess, type Span } from '../kernel/access.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { type Footprint, footprintsOf, usesOf } from '../kernel/uses.ts'
import {
  nestSteps,
  type Plan,
  type PlanBuffer,
  type PlanChoice,
  type PlanEntry,
  type PlanStep,
  type PlanWhile,
  tripsOf,
} from './plan.ts'
import { claim, firstLost, holderOf, type Ledger, meet } from './ledger.ts'
import { checkThreads } from './parts.ts'
import {
  ALIGNMENT,
  areasOf,
  checkConstants,
  checkPlacement,
  checkPorts,
  checkRegions,
  named,
  overlap,
  type PlanFault,
  rangeOf,
  type Say,
  sizeInBytes,
} from './places.ts'

interface Facts {
  readonly plan: Plan
  /** Buffers where they lie at the present trips of the loops around. */
  readonly at: (buffer: number) => PlanBuffer | undefined
  readonly areas: readonly number[]
  readonly footprints: readonly (readonly Footprint[])[]
}

const checkBindings = (plan: Plan, step: PlanStep, where: string, say: Say): boolean => {
  const kernel = plan.kernels[step.kernel]
  if (kernel === undefined) {
    say('binding', `${where}: there is no kernel ${step.kernel}`)
    return false
  }
  if (kernel.buffers.length !== step.bindings.length) {
    say('binding', `${where}: ${step.bindings.length} bindings for ${kernel.buffers.length} buffers of ${kernel.name}`)
    return false
  }
  return kernel.buffers.every((slot, i) => {
    const b = plan.buffers[step.bindings[i] as number]
    const here = `${where}: ${kernel.name}, b${i} (${slot.label})`
    if (b === undefined) say('binding', `${here}: there is no buffer ${step.bindings[i]}`)
    else if (b.dtype !== slot.dtype) say('binding', `${here}: wants ${slot.dtype}, ${b.label} is ${b.dtype}`)
    else if (b.elements < slot.elements)
      say('binding', `${here}: wants ${slot.elements} elements, ${b.label} has ${b.elements}`)
    else return true
    return false
  })
}

/**
 * Whether a kernel may store into slot `to` over the memory of slot `from`: everything that it reads there it reads at
 * the address that it stores to, in no later stage, and never as what is read many times: an operand of a product, keys.
 */
const mayReplace = (k: Kernel, from: number, to: number): boolean => {
  if (k.buffers[from]?.mode !== 'read' || k.buffers[to]?.mode !== 'write') return false
  const uses = usesOf(k)
  const loads = uses.filter((u) => u.kind === 'load' && u.buffer === from)
  const stores = uses.filter((u) => u.kind === 'store' && u.buffer === to)
  return loads.every((l) =>
    stores.every(
      (s) =>
        !(k.tag !== 'loop' && l.stage === 0) && l.stage <= s.stage && isSameAccess(l.access, l.dims, s.access, s.dims),
    ),
  )
}

/** Two slots of one step that share memory: only when both read, or one takes the place of the other. */
const checkAliases = ({ plan, at }: Facts, step: PlanStep, kernel: Kernel, where: string, say: Say): void => {
  const slots = kernel.buffers.map((slot, i) => {
    const offset = at(step.bindings[i] as number)?.offset ?? 0
    return { slot, i, range: { start: offset, end: offset + slot.elements * bytesOf(slot.dtype) } }
  })
  slots.forEach((x, n) => {
    for (const y of slots.slice(n + 1)) {
      if (!overlap(x.range, y.range) || (x.slot.mode === 'read' && y.slot.mode === 'read')) continue
      const isSamePlace = x.range.start === y.range.start && bytesOf(x.slot.dtype) === bytesOf(y.slot.dtype)
      if (isSamePlace && (mayReplace(kernel, x.i, y.i) || mayReplace(kernel, y.i, x.i))) continue
      const text = [x, y].map((s) => `b${s.i} (${s.slot.mode} ${s.slot.label})`).join(' and ')
      say('alias', `${where}: ${kernel.name} has ${text} in the same memory`)
    }
  })
  const scratch = { start: step.scratch, end: step.scratch + step.scratchBytes }
  if (step.scratchBytes === 0) return
  if (step.scratch % ALIGNMENT !== 0 || step.scratch < 0 || scratch.end + ALIGNMENT > plan.memoryBytes)
    say('scratch', `${where}: scratch of ${step.scratchBytes} bytes at ${step.scratch} is misplaced`)
  for (const s of slots)
    if (overlap(s.range, scratch))
      say('scratch', `${where}: the scratch of ${kernel.name} overlaps b${s.i} (${s.slot.label})`)
}

const inBytes = (b: PlanBuffer, spans: readonly Span[]): readonly Span[] =>
  spans.map((s) => ({ start: b.offset + s.start * bytesOf(b.dtype), end: b.offset + s.end * bytesOf(b.dtype) }))

const checkReads = (facts: Facts, step: PlanStep, ledger: Ledger, where: string, say: Say): void => {
  const { plan, at, areas, footprints } = facts
  footprints[step.kernel]?.forEach(({ reads }, i) => {
    const id = step.bindings[i] as number
    const b = at(id) as PlanBuffer
    const missing = firstLost(ledger, inBytes(b, reads), areas[id] as number)
    if (missing === null) return
    const holder = holderOf(ledger, missing)
    const element = Math.floor((missing - b.offset) / bytesOf(b.dtype))
    const what = `${where}: ${plan.kernels[step.kernel]?.name} reads element ${element} of ${named(plan, id)}`
    if (holder === null) say('definition', `${what}, which no step has written, or scratch has overwritten`)
    else say('clobber', `${what}, where ${named(plan, holder)} lies by now`)
  })
}

const applyWrites = (facts: Facts, step: PlanStep, ledger: Ledger, where: string, say: Say): void => {
  const { plan, at, areas, footprints } = facts
  const kernel = plan.kernels[step.kernel] as Kernel
  kernel.buffers.forEach((slot, i) => {
    const id = step.bindings[i] as number
    const b = at(id) as PlanBuffer
    const writes = footprints[step.kernel]?.[i]?.writes ?? []
    const isFixed = b.region === 'constant' || b.region === 'input'
    if (isFixed && (writes.length > 0 || slot.mode === 'scratch'))
      say('clobber', `${where}: ${kernel.name} writes to ${b.region} ${named(plan, id)}`)
    if (slot.mode === 'scratch') claim(ledger, [rangeOf(b)], null)
    else claim(ledger, inBytes(b, writes), areas[id] as number)
  })
  if (step.scratchBytes > 0) claim(ledger, [{ start: step.scratch, end: step.scratch + step.scratchBytes }], null)
}

/** The last trips of a loop do what the ones before did: three of them are looked at. */
const TRIPS = 3

/** The trip of each loop around. */
type Trips = ReadonlyMap<number, number>

/** The loops around a step. */
interface Around {
  readonly trips: Trips
  /** Those that end with this trip: the innermost ones. */
  readonly ending: ReadonlySet<number>
}

/** The facts with slices where they lie at these trips. */
const atTrips = (facts: Facts, ids: readonly number[], trips: Trips): Facts => {
  const moved = new Map<number, PlanBuffer>()
  for (const i of ids) {
    const b = facts.plan.buffers[i]
    const moves = b?.slice?.moves ?? []
    if (b === undefined || moves.length === 0) continue
    const offset = moves.reduce((at, m) => at + m.advance * (trips.get(m.loop) ?? 0), b.offset)
    moved.set(i, { ...b, offset })
  }
  return moved.size === 0 ? facts : { ...facts, at: (i) => moved.get(i) ?? facts.plan.buffers[i] }
}

/** A slice stays inside the buffer that it is a part of, at every trip. */
const checkSlices = (plan: Plan, e: PlanEntry, ids: readonly number[], where: string, say: Say): boolean =>
  ids.every((i) => {
    const b = plan.buffers[i]
    if (b?.slice === undefined) return true
    const whole = plan.buffers[b.slice.of]
    const reach = b.slice.moves.map((m) => m.advance * (Math.max(tripsOf(e, m.loop), 1) - 1))
    const least = reach.reduce((at, r) => at + Math.min(r, 0), b.offset)
    const most = reach.reduce((at, r) => at + Math.max(r, 0), b.offset) + sizeInBytes(b)
    const inside = whole !== undefined && least >= whole.offset && most <= rangeOf(whole).end && whole.dtype === b.dtype
    if (!inside) say('binding', `${where}: slice ${named(plan, i)} leaves ${named(plan, b.slice.of)}`)
    return inside
  })

/** Behind a loop, what its trips wrote slice by slice is written whole; `here` is the plan at the trips of the visit. */
const fillSlices = (here: Facts, e: PlanEntry, step: PlanStep, { trips, ending }: Around, ledger: Ledger): void => {
  const { at: place, footprints } = here
  step.bindings.forEach((id, i) => {
    const b = place(id) as PlanBuffer
    const writes = footprints[step.kernel]?.[i]?.writes ?? []
    if (b.slice === undefined || writes.length === 0) return
    const { start, end } = rangeOf(b)
    const span = b.slice.moves.reduce(
      (at, { loop, advance }) => {
        if (!ending.has(loop)) return at
        const first = -advance * (trips.get(loop) as number)
        const last = first + advance * (Math.max(tripsOf(e, loop), 1) - 1)
        return { start: at.start + Math.min(first, last), end: at.end + Math.max(first, last) }
      },
      { start, end },
    )
    claim(ledger, [span], here.areas[id] as number)
  })
}

/** What a choice or a loop goes by is one number, and there. */
const checkPredicate = (
  facts: Facts,
  e: PlanEntry,
  c: PlanChoice | PlanWhile,
  trips: Trips,
  ledger: Ledger,
  say: Say,
): void => {
  const where = `${e.name}, ${c.tag === 'choice' ? 'choice before' : 'loop at'} step ${c.from}`
  const b = facts.plan.buffers[c.predicate]
  if (b === undefined || (b.dtype !== 'bool' && b.dtype !== 'i32') || b.elements !== 1)
    return say('binding', `${where}: ${named(facts.plan, c.predicate)} is no scalar of bool or i32`)
  if (!checkSlices(facts.plan, e, [c.predicate], where, say)) return
  const placed = atTrips(facts, [c.predicate], trips).at(c.predicate) as PlanBuffer
  if (firstLost(ledger, [rangeOf(placed)], facts.areas[c.predicate] as number) !== null)
    say('definition', `${where}: its predicate ${named(facts.plan, c.predicate)} is not there`)
}

const checkArms = (e: PlanEntry, c: PlanChoice, say: Say): void => {
  if (c.arms[0] !== c.from || c.arms.some((at, k) => at > (c.arms[k + 1] ?? c.to)))
    say('binding', `${e.name}, choice before step ${c.from}: its arms at ${c.arms.join(', ')} do not fill it`)
}

/** Runs what stands for a part of an entry: the ledger becomes the next one, or another takes its place. */
type Run = (ledger: Ledger, around: Around) => Ledger

const inOrder =
  (runs: readonly Run[]): Run =>
  (ledger, around) =>
    runs.reduce((at, run) => run(at, around), ledger)

/** The steps in the order in which they run, with a few trips of each loop and every arm of each choice. */
const runOf = (facts: Facts, e: PlanEntry, say: Say): Run => {
  const { plan } = facts
  const places = new Map(e.steps.map((s, at) => [s, at] as const))
  const step =
    (s: PlanStep): Run =>
    (ledger, around) => {
      const { trips, ending } = around
      const at = `${e.name}, step ${places.get(s)}`
      const where = trips.size === 0 ? at : `${at}, trip ${[...trips.values()].join('.')}`
      const here = atTrips(facts, s.bindings, trips)
      if (!checkSlices(plan, e, s.bindings, where, say) || !checkBindings(plan, s, where, say)) return ledger
      checkAliases(here, s, plan.kernels[s.kernel] as Kernel, where, say)
      checkReads(here, s, ledger, where, say)
      applyWrites(here, s, ledger, where, say)
      if (ending.size > 0) fillSlices(here, e, s, around, ledger)
      return ledger
    }
  const runs = nestSteps<Run>(e, {
    step,
    loop:
      (l, index, body) =>
      (ledger, { trips, ending }) => {
        const seen = Math.min(l.trips, TRIPS)
        return Array.from({ length: seen }, (_, t) => t).reduce(
          (at, t) =>
            inOrder(body)(at, {
              trips: new Map([...trips, [index, t]]),
              ending: t === seen - 1 ? new Set([...ending, index]) : new Set(),
            }),
          ledger,
        )
      },
    choice: (c, _, arms) => (ledger, around) => {
      checkArms(e, c, say)
      checkPredicate(facts, e, c, around.trips, ledger, say)
      return meet(arms.map((arm) => inOrder(arm)([...ledger], around)))
    },
    while: (w, _, test, body) => (ledger, around) => {
      const ends = [inOrder(test)(ledger, around)]
      for (let t = 1; t < TRIPS; t++) ends.push(inOrder([...body, ...test])([...(ends.at(-1) as Ledger)], around))
      for (const end of ends) checkPredicate(facts, e, w, around.trips, end, say)
      if (w.from > w.test || w.test > w.to)
        say('binding', `${e.name}, loop at step ${w.from}: its test ends at ${w.test}, outside of it`)
      return meet(ends)
    },
  })
  return inOrder(runs)
}

const checkEntry = (facts: Facts, e: PlanEntry, say: Say): void => {
  const { plan, areas } = facts
  const own = new Set(
    [...e.outputs.map((p) => p.buffer), ...e.steps.flatMap((s) => s.bindings)]
      .filter((b) => plan.buffers[b]?.region === 'output')
      .map((b) => areas[b] as number),
  )
  const lasting = plan.buffers.flatMap((b, i) => (b.region !== 'arena' && areas[i] === i && b.elements > 0 ? [i] : []))
  const start: Ledger = []
  // an entry's outputs hold nothing before it; those of other entries hold what the user may still want to read
  for (const i of lasting) if (!own.has(i)) claim(start, [rangeOf(plan.buffers[i] as PlanBuffer)], i)
  const ledger = runOf(facts, e, say)(start, { trips: new Map(), ending: new Set() })
  for (const i of lasting) {
    const b = plan.buffers[i] as PlanBuffer
    const missing = firstLost(ledger, [rangeOf(b)], i)
    if (missing === null) continue
    const holder = holderOf(ledger, missing)
    const element = Math.floor((missing - b.offset) / bytesOf(b.dtype))
    if (own.has(i) && holder === null)
      say('unwritten', `${e.name}: element ${element} of output ${named(plan, i)} is never written`)
    else
      say(
        'clobber',
        `${e.name}: leaves ${holder === null ? 'scratch' : named(plan, holder)} at element ${element} of ${b.region} ${named(plan, i)}`,
      )
  }
}

/** Everything that is wrong with a plan; none where all is well. */
export const faultsOfPlan = (plan: Plan): readonly PlanFault[] => {
  const faults: PlanFault[] = []
  const say: Say = (rule, message) => {
    faults.push({ rule, message })
  }
  const areas = areasOf(plan)
  checkPlacement(plan, say)
  checkPorts(plan, say)
  checkConstants(plan, say)
  checkRegions(plan, areas, say)
  const facts = {
    plan,
    at: (i: number) => plan.buffers[i],
    areas,
    footprints: plan.kernels.map(footprintsOf),
  }
  for (const e of plan.entries) checkEntry(facts, e, say)
  // kernels are asked by their bindings, which have to be right for that
  if (!faults.some((f) => f.rule === 'binding')) checkThreads(plan, say)
  return faults
}

export const checkPlan = (plan: Plan): Either<readonly PlanFault[], Plan> => {
  const faults = faultsOfPlan(plan)
  return faults.length === 0 ? right(plan) : left(faults)
}
