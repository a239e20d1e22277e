/**
 * Which policies make an entry's loops fit. In: its loops, bytes for its arena, how to build the entry under policies. Out: of
 * those that fit the one that computes least, or the one with the smallest arena.
 * Invariant: what counts is the arena of a real plan, and the work that it tells.
 */
import type { Node } from '../../src/expr/expr.ts'
import { rootSegment, type SavePolicy } from '../../src/expr/policy.ts'
import { scanParts } from '../../src/expr/scan.ts'
import type { Fused } from '../program/fused.ts'
import type { Policies } from './policies.ts'
import { type Builders, costIn, type EntryCost } from './search.ts'

/** What is tried of a loop of so many steps; segments shorter than the root save more where a step keeps much. */
const tried: readonly ((length: number) => SavePolicy)[] = [
  () => 'products',
  () => 'nothing',
  () => 'sqrt',
  (length) => ({ every: Math.ceil(rootSegment(length) / 2) }),
]

/** An entry under policies of its loops. */
export interface Policed {
  readonly policies: Policies
  readonly fused: Fused
  readonly cost: EntryCost
}

export type BuildUnder = (policies: Policies) => Fused

const policed = (policies: Policies, build: BuildUnder, { plan }: Builders): Policed => {
  const fused = build(policies)
  return { policies, fused, cost: costIn(plan(fused)) }
}

/** All loops under each policy in turn. */
export const tryPolicies = (loops: readonly Node[], build: BuildUnder, builders: Builders): readonly Policed[] =>
  loops.length === 0
    ? []
    : tried.map((of) => policed(new Map(loops.map((l) => [l, of(scanParts(l).length)])), build, builders))

/** The same without the policies of loops that need none to fit. */
const withoutNeedless = (found: Policed, allowed: number, build: BuildUnder, builders: Builders): Policed =>
  [...found.policies.keys()].reduce((best, loop) => {
    if (best.policies.size === 1) return best
    const fewer = policed(new Map([...best.policies].filter(([l]) => l !== loop)), build, builders)
    return fewer.cost.peak <= allowed && fewer.cost.flops < best.cost.flops ? fewer : best
  }, found)

/** The cheapest policies under which the arena takes at most so many bytes, or those under which it takes the fewest. */
export const fitLoops = (
  loops: readonly Node[],
  allowed: number,
  build: BuildUnder,
  builders: Builders,
): Policed | null => {
  const all = tryPolicies(loops, build, builders)
  const cheapest = all.filter((p) => p.cost.peak <= allowed).toSorted((p, q) => p.cost.flops - q.cost.flops)[0]
  if (cheapest !== undefined) return withoutNeedless(cheapest, allowed, build, builders)
  return all.toSorted((p, q) => p.cost.peak - q.cost.peak)[0] ?? null
}
