/**
 * Making an entry fit into memory. In: a fused entry, bytes for its arena, how to fuse and to plan. Out: the entry whose arena is
 * smallest, or the first that fits, and what it computes again.
 * Invariant: what counts is the arena of a real plan. A round computes again what lies idle at the peak; a round that lowers no
 * peak is taken back and tried with more.
 */
import type { Node } from '../../src/expr/expr.ts'
import type { SavePolicy } from '../../src/expr/policy.ts'
import type { Plan } from '../plan/plan.ts'
import type { EntryProgram } from '../program/entry.ts'
import type { Fused } from '../program/fused.ts'
import { recompute } from './apply.ts'
import { chooseValues } from './choose.ts'
import { timelineOf } from './values.ts'

export interface Builders {
  readonly fuse: (entry: EntryProgram) => Fused
  /** The plan of one entry alone. */
  readonly plan: (fused: Fused) => Plan
}

/** What an entry costs. */
export interface EntryCost {
  /** Bytes of its arena. */
  readonly peak: number
  readonly flops: number
}

/** An entry that may compute values again. */
export interface Fitted {
  readonly fused: Fused
  /** The entry as it was given, and after each round that lowered its arena. */
  readonly costs: readonly EntryCost[]
  /** How often each value of the entry that was given is computed again. */
  readonly again: ReadonlyMap<Node, number>
  /** The loops that keep less than they would, and what they keep. */
  readonly policies: ReadonlyMap<Node, SavePolicy>
}

/** Costs of what is recomputed, from the entry as it was given to what is made of it. */
export const costsOf = ({ costs }: Fitted): { readonly before: EntryCost; readonly after: EntryCost } => ({
  before: costs[0] as EntryCost,
  after: costs.at(-1) as EntryCost,
})

const mostRounds = 60
/** How much of the peak is chosen at once. */
const shares = [1, 0.4]
/** A round that lowers nothing is tried with more, up to so many times as much. */
const mostEager = 4

interface Draft extends Fitted {
  readonly plan: Plan
  /** What copies are copies of, as far back as there is one. */
  readonly originals: ReadonlyMap<Node, Node>
}

/** What the one entry of a plan costs. */
export const costIn = ({ entries: [entry] }: Plan): EntryCost => ({ peak: entry?.peak ?? 0, flops: entry?.flops ?? 0 })

/**
 * The entry with about `target` bytes of what crosses a cut computed again behind it; null where nothing is chosen, or what was
 * tried before. The cut is behind the peak, or ahead of it: then what the peak itself reads may become a part of its kernel.
 */
const round = (d: Draft, target: number, ahead: 0 | 1, tried: Set<string>, { fuse, plan }: Builders): Draft | null => {
  const whole = timelineOf(d.fused, d.plan)
  const timeline = { ...whole, peak: whole.peak - ahead }
  const chosen = chooseValues(timeline, target, ahead === 0)
  const key = `${ahead} ${[...chosen].map((n) => n.id).join()}`
  if (chosen.size === 0 || tried.has(key)) return null
  tried.add(key)
  const { entry, copies } = recompute(d.fused, timeline, chosen)
  const fused = fuse(entry)
  const made = plan(fused)
  const originals = new Map(d.originals)
  const again = new Map(d.again)
  for (const [copy, of] of copies) {
    const original = d.originals.get(of) ?? of
    originals.set(copy, original)
    again.set(original, (again.get(original) ?? 0) + 1)
  }
  return { ...d, fused, plan: made, costs: [...d.costs, costIn(made)], again, originals }
}

/** Rounds that choose at most a share of the peak at once. */
const lowered = (start: Draft, allowed: number, share: number, builders: Builders): Draft => {
  let best = start
  const peak = (): number => costsOf(best).after.peak
  const tried = new Set<string>()
  const lower = (eager: number): Draft | undefined => {
    const target = Math.min(peak() - allowed, peak() * share) * eager
    for (const ahead of [0, 1] as const) {
      const next = round(best, target, ahead, tried, builders)
      if (next !== null && costsOf(next).after.peak < peak()) return next
    }
    return undefined
  }
  for (let n = 0, eager = 1; n < mostRounds && peak() > allowed && eager <= mostEager; n++) {
    const next = lower(eager)
    if (next === undefined) eager *= 4
    else [best, eager] = [next, 1]
  }
  return best
}

/**
 * The entry with an arena of at most `allowed` bytes, or as small as was found. What is chosen all at once costs less; what is chosen
 * piece by piece comes back in shorter segments, and so goes further.
 */
export const fitEntry = (fused: Fused, allowed: number, builders: Builders): Fitted => {
  const plan = builders.plan(fused)
  const start: Draft = {
    fused,
    plan,
    costs: [costIn(plan)],
    again: new Map(),
    policies: new Map(),
    originals: new Map(),
  }
  let best = start
  const { peak } = costIn(plan)
  // where no more is wanted than a share, its rounds would choose what those ahead of them chose
  for (const share of shares.filter((part) => part === 1 || part * peak < peak - allowed)) {
    if (costsOf(best).after.peak <= allowed) break
    const next = lowered(start, allowed, share, builders)
    if (costsOf(next).after.peak < costsOf(best).after.peak) best = next
  }
  return best
}
