/**
 * What lies in memory between the steps of an entry. In: a fused entry and its plan. Out: its steps in the plan's order, and of
 * each stored value who makes it and who reads it.
 * Invariant: a loop, or a choice, is one step: what lives inside of it is not looked at.
 */
import { bytesOf } from '../../src/core/dtype.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { costOf } from '../kernel/cost.ts'
import { arenaAlive, type Plan, type PlanEntry } from '../plan/plan.ts'
import { rootsOf } from '../program/entry.ts'
import { type Fused, type FusedStep, kernelsOf, usesOf } from '../program/fused.ts'

/** A value that a step leaves in memory for others. */
export interface Stored {
  readonly node: Node
  readonly bytes: number
  /** The step that makes it. */
  readonly made: number
  /** The steps that read it, in order. */
  readonly read: readonly number[]
  /** It is a result or an update: it has a place of its own, and stays. */
  readonly stays: boolean
}

export interface Timeline {
  readonly steps: readonly FusedStep[]
  readonly values: ReadonlyMap<Node, Stored>
  /** The step at which most of the arena is taken. */
  readonly peak: number
  /** Floating-point operations of each step. */
  readonly flops: readonly number[]
}

const bytesIn = (n: Node): number => bytesOf(n.dtype) * sizeOf(n.shape)

/** The floating-point operations of a step, a branch counting as if it were taken. */
const flopsOf = (s: FusedStep): number => {
  if (s.tag === 'kernel') return costOf(s.kernel).flops
  const inside = (f: Fused): number => f.steps.reduce((n, t) => n + flopsOf(t), 0)
  if (s.tag === 'while') return inside(s.condition) + inside(s.body)
  return s.tag === 'loop' ? s.length * inside(s.body) : s.branches.reduce((n, b) => n + inside(b), 0)
}

/** Of each plan step the step of the entry that it is a part of; a copy belongs to what came before it. */
const partsOf = ({ steps }: Fused, entry: PlanEntry): readonly (FusedStep | undefined)[] => {
  const owner = new Map(
    steps.flatMap((s) =>
      (s.tag === 'kernel' ? [s] : kernelsOf({ entry: { name: '', results: [], updates: [] }, steps: [s] })).map(
        (k) => [k, s] as const,
      ),
    ),
  )
  let last: FusedStep | undefined
  return entry.steps.map(({ of }) => {
    last = (of === undefined ? undefined : owner.get(of)) ?? last
    return last
  })
}

/** The timeline of the one entry of a plan. */
export const timelineOf = (fused: Fused, plan: Plan): Timeline => {
  const entry = plan.entries[0] as PlanEntry
  const parts = partsOf(fused, entry)
  const ordered = [...new Set(parts.flatMap((s) => (s === undefined ? [] : [s])))]
  const steps = [...ordered, ...fused.steps.filter((s) => !ordered.includes(s))]
  const stays = new Set(rootsOf(fused.entry))
  const { maker, readers } = usesOf(steps)
  const alive = arenaAlive(plan, entry)
  const at = parts[alive.indexOf(alive.reduce((n, bytes) => Math.max(n, bytes), 0))]
  return {
    steps,
    values: new Map(
      [...maker].map(([node, i]) => [
        node,
        { node, bytes: bytesIn(node), made: i, read: readers.get(node) ?? [], stays: stays.has(node) },
      ]),
    ),
    peak: at === undefined ? 0 : steps.indexOf(at),
    flops: steps.map(flopsOf),
  }
}
