/**
 * The arena of an entry: what lives when, and what is overwritten in place. In: a plan with its programs. Out: data, and a table.
 * Invariant: places and lifetimes are the plan's own; a step is counted from 1, as kernels are.
 */
import { bytesOf } from '../../../src/core/dtype.ts'
import { arenaAlive, type Plan, type PlanEntry } from '../../plan/plan.ts'
import { rootsOf } from '../../program/entry.ts'
import { type Fused, isMade } from '../../program/fused.ts'
import { topological } from '../../program/walk.ts'
import { showBytes, table } from '../amounts.ts'
import { type EntryNames, type Machine, namesOf, ownEntries } from './machine.ts'
import { type Phase, phaseOf, phasesOf } from './phases.ts'

/** What lies at a place from a step on. */
interface Tenant {
  readonly name: string
  readonly from: number
  readonly phase: Phase | 'scratch'
}

/** A place of the arena and what lies there, one value after the other. */
export interface Tenancy {
  readonly values: readonly Tenant[]
  readonly type: string
  readonly bytes: number
  /** From the beginning of the arena. */
  readonly offset: number
  readonly from: number
  readonly to: number
}

export interface ArenaOf {
  readonly name: string
  readonly steps: readonly string[]
  readonly tenancies: readonly Tenancy[]
  /** Bytes of what lives at each step. */
  readonly alive: readonly number[]
  /** The step at which most lives, counted from 0. */
  readonly peakStep: number
  /** Bytes of the arena: what lives at the peak, padding, and gaps between. */
  readonly bytes: number
}

/** Where the arena begins: what has a place for ever lies before. */
const arenaStart = (plan: Plan): number => plan.memoryBytes - Math.max(0, ...plan.entries.map((e) => e.peak))

const arenaOf = (machine: Machine, e: PlanEntry, fused: Fused): ArenaOf => {
  const { plan } = machine
  const start = arenaStart(plan)
  const names = namesOf(machine, e, fused)
  const kernelPhase = phasesOf(fused)
  /** The first step that has to do with a buffer, or with an element of it. */
  const firstOf = (id: number): number =>
    Math.max(
      0,
      e.steps.findIndex((s) => s.bindings.some((b) => b === id || plan.buffers[b]?.slice?.of === id)),
    )
  /** A copy belongs to what is done with it next. */
  const phaseAt = (step: number): Phase => {
    const next = e.steps.slice(step).find((s) => s.of !== undefined)?.of
    return (next === undefined ? undefined : kernelPhase.get(next)) ?? 'update'
  }
  const own = phaseOfNames(e, fused, names)
  const placed = (e.lives ?? []).map(({ buffers, from, to }): Tenancy => {
    const first = plan.buffers[buffers[0] as number] as Plan['buffers'][number]
    const all = buffers.flatMap((id) => names.held(id).map((name) => ({ name, from: firstOf(id) })))
    const values = all.filter((v, i) => all.findIndex((w) => w.name === v.name) === i)
    return {
      values: values.map((v) => ({
        ...v,
        phase: v.name.startsWith('scratch') ? 'scratch' : (own.get(v.name) ?? phaseAt(v.from)),
      })),
      type: `${first.dtype === 'f32' ? '' : first.dtype}[${first.elements}]`,
      bytes: first.elements * bytesOf(first.dtype),
      offset: first.offset - start,
      from,
      to,
    }
  })
  const panels = e.steps.flatMap((s, i): readonly Tenancy[] =>
    s.scratchBytes === 0
      ? []
      : [
          {
            values: [{ name: 'packed operands', from: i, phase: 'scratch' }],
            type: '',
            bytes: s.scratchBytes,
            offset: s.scratch - start,
            from: i,
            to: i,
          },
        ],
  )
  const tenancies = [...placed, ...panels].sort((a, b) => a.from - b.from || a.offset - b.offset)
  const alive = arenaAlive(plan, e)
  return {
    name: e.name,
    steps: e.steps.map((s) => s.of?.kernel.name ?? 'copy'),
    tenancies,
    alive,
    peakStep: alive.indexOf(alive.reduce((n, bytes) => Math.max(n, bytes), 0)),
    bytes: e.peak,
  }
}

/** To which phase each value belongs: a kernel may compute values of several, and a loop's are where the loop is. */
const phaseOfNames = (e: PlanEntry, fused: Fused, names: EntryNames): ReadonlyMap<string, Phase> => {
  const [ofKernel, ofNode] = [phasesOf(fused), phaseOf(fused)]
  const known = new Set(topological(rootsOf(fused.entry)))
  const found = new Map<string, Phase>()
  for (const { of } of e.steps)
    for (const [i, slot] of (of?.slots ?? []).entries()) {
      const name = of === undefined ? undefined : names.readings.get(of)?.names[i]
      if (of === undefined || name === undefined || !isMade(slot)) continue
      const phase = known.has(slot.node) ? ofNode(slot.node) : ofKernel.get(of)
      // what a loop gives at one step is known by the name of the whole too
      for (const called of phase === undefined ? [] : [name, name.replace(/‚?ₜ$/u, '')])
        if (!found.has(called)) found.set(called, phase as Phase)
    }
  return found
}

/** What lies there, one value after the other. */
export const labelOf = (t: Tenancy): string => t.values.map((v) => v.name).join(' → ')

/** What lives at the peak, the largest first. */
export const atPeak = ({ tenancies, peakStep }: ArenaOf): readonly Tenancy[] =>
  tenancies.filter((t) => t.from <= peakStep && peakStep <= t.to).toSorted((a, b) => b.bytes - a.bytes)

const entryText = (a: ArenaOf): string => {
  const rows = a.tenancies.map((t) => [
    labelOf(t),
    t.type,
    String(t.bytes),
    String(t.offset),
    t.from === t.to ? `${t.from + 1}` : `${t.from + 1}…${t.to + 1}`,
    [...new Set(t.values.map((v) => v.phase))].join(' → '),
  ])
  const peak = a.alive[a.peakStep] ?? 0
  const head = `${a.name}: arena ${a.bytes} bytes, of which ${peak} are alive at its peak, step ${a.peakStep + 1} of ${a.steps.length} (${a.steps[a.peakStep] ?? 'none'})`
  if (a.tenancies.length === 0) return `${a.name}: no arena: every value is a result`
  return `${head}\n\n${table(['value', 'shape', 'bytes', 'at', 'steps', 'phase'], rows, ['bytes', 'at'])}`
}

/** The arenas of the entries that the user asked for. */
export const arenasOf = (machine: Machine): readonly ArenaOf[] =>
  ownEntries(machine).map(([e, f]) => arenaOf(machine, e, f))

/** A table an arena, and what there is to say beside. */
export const memoryText = (arenas: readonly ArenaOf[], notes: readonly string[]): string =>
  [...arenas.map(entryText), ...(notes.length === 0 ? [] : [notes.join('\n')])].join('\n\n')

const reported = 6

/** The largest values at the peak of the entry whose arena is largest: why memory does not suffice. */
export const peakReport = (machine: Machine): string => {
  const [most] = arenasOf(machine).toSorted((a, b) => b.bytes - a.bytes)
  if (most === undefined || most.tenancies.length === 0) return ''
  const those = atPeak(most)
  const rest = those.slice(reported).reduce((n, t) => n + t.bytes, 0)
  return [
    `  at its peak (${most.name}, step ${most.peakStep + 1} of ${most.steps.length}, ${most.steps[most.peakStep]}) live`,
    ...those.slice(0, reported).map((t) => `    ${showBytes(t.bytes)}  ${labelOf(t)}  ${t.type}`.trimEnd()),
    ...(rest > 0 ? [`    ${showBytes(rest)}  ${those.length - reported} more`] : []),
  ].join('\n')
}
