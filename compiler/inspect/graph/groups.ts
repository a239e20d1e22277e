/**
 * The updates of a step. In: an entry. Out: for each value what it updates alone, and for gradients what they are the gradient of.
 * Invariant: a value that several updates need belongs to none of them.
 */
import { showShape } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { nameOf } from '../../../src/expr/origin.ts'
import type { EntryProgram } from '../../program/entry.ts'
import { behind } from '../behind.ts'
import { drawn, drawnFor, type PhaseOf, readsOf } from './drawn.ts'

export interface Groups {
  /** `w1` of what w1 and its slots w1/m alone need. */
  readonly groupOf: (n: Node) => string | undefined
  /** `∂loss/∂w1` of what the update of w1 alone reads of the way back. */
  readonly gradients: ReadonlyMap<Node, string>
}

export const groupsOf = (entry: EntryProgram, phaseOf: PhaseOf): Groups => {
  const updates = entry.updates.map(({ value, target }) => ({
    target,
    group: (nameOf(target) ?? target.op).replace(/\/.*$/, ''),
    nodes: drawnFor([value]),
  }))
  const groups = new Map<Node, string | null>()
  for (const { group, nodes } of updates)
    for (const n of nodes) groups.set(n, groups.has(n) && groups.get(n) !== group ? null : group)
  const losses = entry.results.filter((r) => r.value.shape.length === 0 && r.value.dtype !== 'i32')
  const loss = losses.length === 1 ? (losses[0]?.name ?? 'loss') : 'loss'
  const gradients = new Map<Node, string>()
  for (const { target, group, nodes } of updates) {
    const own = nodes.filter((n) => target.op === 'param' && groups.get(n) === group && phaseOf(n) === 'update')
    for (const r of own.flatMap(readsOf).map(behind))
      if (phaseOf(drawn(r)) === 'backward' && showShape(r.shape) === showShape(target.shape))
        gradients.set(r, `∂${loss}/∂${group}`)
  }
  return { groupOf: (n) => groups.get(n) ?? undefined, gradients }
}
