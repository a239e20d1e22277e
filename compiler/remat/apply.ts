/**
 * Computing values again. In: a fused entry, its timeline, the values chosen. Out: the entry, in which what reads them behind the
 * peak reads copies that are made there.
 * Invariant: a copy is the same expression over the same memory, but waits (`after`) for what was made just before the first step
 * that reads it; so it is no common subexpression of the original, and its bits are the same.
 */
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { like } from '../../src/expr/scan.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type EntryProgram, mapEntry } from '../program/entry.ts'
import { type Fused, isMade } from '../program/fused.ts'
import { componentsOf, recipeOf } from './choose.ts'
import type { Stored, Timeline } from './values.ts'

/** Literals cost no memory, and constants are there for ever. */
const needsNoWait = (n: Node): boolean => n.op === 'full' || n.op === 'iota' || n.op === 'constant' || n.op === 'bound'

export interface Recomputed {
  readonly entry: EntryProgram
  /** Of each copy what it is a copy of. */
  readonly copies: ReadonlyMap<Node, Node>
}

export const recompute = (fused: Fused, timeline: Timeline, chosen: ReadonlySet<Node>): Recomputed => {
  const { steps, values, peak } = timeline
  const recipes = [...chosen].map((n) => recipeOf(n, chosen, timeline))
  const components = componentsOf(recipes)
  const again = new Set(recipes.flatMap((r) => [...r.again]))
  const copies = new Map<Node, Node>()
  const late = new Map<Node, Node>()

  /** What was made last before a step: what waits for it is computed no earlier. */
  const tokenBefore = (step: number): Node | null => {
    for (let i = step - 1; i >= 0; i--) {
      const made = steps[i]?.slots.find(isMade)?.node
      if (made !== undefined && !again.has(made)) return late.get(made) ?? made
    }
    return null
  }

  const copyComponent = (component: ReadonlySet<Node>, token: Node | null): void => {
    // with nothing to wait for, it stays as it is
    if (token === null) return
    const done = new Map<Node, Node>()
    const copied = (n: Node): Node => {
      const known = done.get(n)
      if (known !== undefined) return known
      const made = copyOf(n)
      done.set(n, made)
      return made
    }
    const copyOf = (n: Node): Node => {
      if (needsNoWait(n)) return n
      if (opDef(n.op).kind === 'leaf' || (values.has(n) && !component.has(n))) return b.after([n, token])
      return like(n, n.ins.map(copied))
    }
    // operands before their users, so that no walk goes deep
    for (const n of [...component].sort((x, y) => x.id - y.id)) {
      const made = copied(n)
      late.set(n, made)
      copies.set(made, n)
    }
  }

  const behind = (n: Node): Node => {
    const known = late.get(n)
    if (known !== undefined) return known
    const stored = values.get(n)
    const stays = n.ins.length === 0 || (stored !== undefined && stored.made <= peak)
    const made = stays ? n : like(n, n.ins.map(behind))
    late.set(n, made)
    return made
  }

  /** The first step behind the peak that reads one of them. */
  const firstRead = (component: ReadonlySet<Node>): number =>
    Math.min(
      ...[...component].flatMap((n) =>
        chosen.has(n) ? [((values.get(n) as Stored).read.find((s) => s > peak) ?? steps.length) as number] : [],
      ),
    )

  const waiting = components.map((component) => ({ component, at: firstRead(component) })).sort((p, q) => p.at - q.at)
  for (let step = peak + 1, next = 0; step < steps.length; step++) {
    for (; next < waiting.length && (waiting[next] as { at: number }).at <= step; next++)
      copyComponent((waiting[next] as (typeof waiting)[0]).component, tokenBefore(step))
    for (const slot of steps[step]?.slots ?? []) if (isMade(slot)) behind(slot.node)
  }
  const isLate = (n: Node): boolean => (values.get(n)?.made ?? -1) > peak
  return { entry: mapEntry(fused.entry, (n) => (isLate(n) ? (late.get(n) ?? n) : n)), copies }
}
