/**
 * To which part of a training step a kernel belongs. In: a fused program. Out: forward, backward or update for each kernel.
 * Invariant: a kernel that computes values of several phases belongs to the first of them; what a loop or a choice holds
 * belongs where its results do.
 */
import type { Node } from '../../../src/expr/expr.ts'
import { roleOf } from '../../../src/expr/origin.ts'
import { rootsOf } from '../../program/entry.ts'
import { type Fused, type FusedKernel, type FusedStep, isMade } from '../../program/fused.ts'
import { topological } from '../../program/walk.ts'
import { forwardOf, isGradientName } from './values.ts'

export const phases = ['forward', 'backward', 'update'] as const
export type Phase = (typeof phases)[number]

/**
 * A value is forward where the results need it; backward where a derivative is it or needs it besides; else it belongs to the
 * update.
 */
export const phaseOf = (fused: Pick<Fused, 'entry'>): ((n: Node) => Phase) => {
  const { entry } = fused
  const forward = forwardOf(entry)
  const all = topological(rootsOf(entry))
  const gradients = entry.results.flatMap((r) => (isGradientName(r.name) ? [r.value] : []))
  const backward = new Set(topological([...gradients, ...all.filter((n) => roleOf(n) === 'cotangent')]))
  return (n) => (forward.has(n) ? 'forward' : backward.has(n) ? 'backward' : 'update')
}

const earliest = (found: readonly Phase[]): Phase => phases.find((p) => found.includes(p)) ?? 'update'

export const phasesOf = (fused: Fused): ReadonlyMap<FusedKernel, Phase> => {
  const of = new Map<FusedKernel, Phase>()
  const at = phaseOf(fused)
  const put = (s: FusedStep, phase: Phase): void => {
    if (s.tag === 'kernel') of.set(s, phase)
    else {
      const parts = s.tag === 'loop' ? [s.body] : s.tag === 'while' ? [s.condition, s.body] : s.branches
      for (const inner of parts.flatMap((p) => p.steps)) put(inner, phase)
    }
  }
  for (const s of fused.steps) {
    const values = s.tag === 'kernel' ? s.anchors : s.slots.flatMap((slot) => (isMade(slot) ? [slot.node] : []))
    put(s, earliest(values.map(at)))
  }
  return of
}
