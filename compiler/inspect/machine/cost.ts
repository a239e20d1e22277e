/**
 * What a program costs by phase, and the memory it takes. In: a plan with its programs. Out: sums, and text.
 * Invariant: the phases and the copies together are the plan's own totals.
 */
import { bytesOf } from '../../../src/core/dtype.ts'
import { type Cost, costOf } from '../../kernel/cost.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { type Plan, type PlanEntry, type PlanStep, type Region, runsOf } from '../../plan/plan.ts'
import type { Fused } from '../../program/fused.ts'
import { showBytes, showFlops, showIntensity, table } from '../amounts.ts'
import { type Machine, ownEntries } from './machine.ts'
import { type Phase, phases, phasesOf } from './phases.ts'

export interface PhaseCost {
  /** `copies` are those of results and new parameters to their places. */
  readonly phase: Phase | 'copies'
  readonly kernels: number
  readonly flops: number
  readonly bytes: number
}

/** What the step at a place costs in one call of the entry. */
export const costAt = (plan: Plan, e: PlanEntry, at: number): Cost => {
  const s = e.steps[at] as PlanStep
  const { flops, bytes } = costOf(s.of?.kernel ?? (plan.kernels[s.kernel] as Kernel))
  return { flops: flops * runsOf(e, at), bytes: bytes * runsOf(e, at) }
}

export const costByPhase = (plan: Plan, e: PlanEntry, fused: Fused): readonly PhaseCost[] => {
  const phaseOf = phasesOf(fused)
  const costs = e.steps.map((s, i) => {
    const phase: PhaseCost['phase'] = (s.of === undefined ? undefined : phaseOf.get(s.of)) ?? 'copies'
    return { phase, ...costAt(plan, e, i) }
  })
  return [...phases, 'copies' as const].flatMap((phase) => {
    const own = costs.filter((c) => c.phase === phase)
    const sum = (of: (c: (typeof own)[number]) => number): number => own.reduce((n, c) => n + of(c), 0)
    return own.length === 0
      ? []
      : [{ phase, kernels: own.length, flops: sum((c) => c.flops), bytes: sum((c) => c.bytes) }]
  })
}

const regions: readonly (readonly [Region, string])[] = [
  ['param', 'parameters'],
  ['state', 'states'],
  ['input', 'inputs'],
  ['output', 'outputs'],
  ['constant', 'constants'],
]

/** The bytes of the values that have a place for ever, by what they are. */
const keptBytes = (plan: Plan): readonly (readonly [string, number])[] =>
  regions.flatMap(([region, title]) => {
    const own = plan.buffers.filter((b) => b.region === region && b.slice === undefined)
    const bytes = own.reduce((n, b) => n + b.elements * bytesOf(b.dtype), 0)
    return bytes === 0 ? [] : [[title, bytes] as const]
  })

const entryText = (plan: Plan, e: PlanEntry, fused: Fused): string => {
  const rows = [
    ...costByPhase(plan, e, fused),
    { phase: 'together', kernels: e.steps.length, flops: e.flops, bytes: e.traffic },
  ]
  const columns = ['kernels', 'FLOPs', 'bytes moved', 'FLOPs a byte'] as const
  return table(
    [e.name, ...columns],
    rows.map((r) => [
      r.phase,
      String(r.kernels),
      showFlops(r.flops)
        .replace(/FLOPs$/, '')
        .trim(),
      showBytes(r.bytes),
      showIntensity(r.flops, r.bytes),
    ]),
    columns,
  )
}

export const costText = (machine: Machine): string => {
  const { plan } = machine
  const entries = ownEntries(machine)
  return [
    ...entries.map(([e, f]) => entryText(plan, e, f)),
    table(
      ['memory', 'bytes'],
      [
        ...keptBytes(plan).map(([title, bytes]) => [title, String(bytes)]),
        ...entries.map(([e]) => [`arena of ${e.name}, at its peak`, String(e.peak)]),
        ['together, with padding', String(plan.memoryBytes)],
      ],
      ['bytes'],
    ),
  ].join('\n\n')
}
