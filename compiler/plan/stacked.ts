/**
 * Carries whose values a loop stacks. In: a fused loop. Out: for each such carry, which of the loop's outputs are the values
 * before each step, and which those behind it.
 * Invariant: one place a step holds them all, the one that the step finds and, in the next place, the one that it leaves; so nobody
 * copies a carry into a stack, and a step never writes over the value that it reads.
 */
import type { Node } from '../../src/expr/expr.ts'
import { type Fused, type FusedLoop, type FusedStep, isMade } from '../program/fused.ts'

export interface Stacked {
  /** Its index among the carries. */
  readonly carry: number
  /** The value that the carry takes. */
  readonly next: Node
  /** Indices of the outputs that stack the value before each step; the copies of it are not made. */
  readonly before: readonly number[]
  readonly copied: readonly Node[]
  /** Indices of those that stack the one behind it. */
  readonly behind: readonly number[]
}

const madeBy = (steps: readonly FusedStep[], n: Node): FusedStep | undefined =>
  steps.find((s) => s.slots.some((slot) => isMade(slot) && slot.node === n))

/** Whether a step does nothing but to copy the bound value of a carry. */
const isCopyOf = (s: FusedStep | undefined, bound: Node, n: Node): boolean =>
  s?.tag === 'kernel' && s.anchors.length === 1 && n.op === 'copy' && n.ins[0] === bound

/** Only outputs that are `free` may lie anywhere. */
export const stackedCarries = (
  { carries, body, outputs }: FusedLoop,
  free: (output: Node) => boolean,
): readonly Stacked[] => {
  const { results, updates } = body.entry
  const indices = outputs.flatMap((n, i) => (free(n) ? [i] : []))
  const valueAt = (i: number): Node => (results[i] as { readonly value: Node }).value
  return carries.flatMap(({ bound }, carry): readonly Stacked[] => {
    const next = updates.find((u) => u.target === bound)?.value
    if (next === undefined || updates.filter((u) => u.value === next).length > 1) return []
    // what is added to lies where it lay
    const isWritten = madeBy(body.steps, next)?.slots.some((s) => s.role === 'write' && s.node === next) === true
    const behind = indices.filter((i) => valueAt(i) === next)
    const before = indices.filter((i) => {
      const n = valueAt(i)
      return !updates.some((u) => u.value === n) && isCopyOf(madeBy(body.steps, n), bound, n)
    })
    if (!isWritten || before.length + behind.length === 0) return []
    return [{ carry, next, before, behind, copied: before.map(valueAt) }]
  })
}

/** The body without the copies and updates that are done by where the values lie. */
export const withoutStacked = (body: Fused, stacked: readonly Stacked[]): Fused => {
  const copied = new Set(stacked.flatMap((s) => s.copied))
  const next = new Set(stacked.map((s) => s.next))
  const { entry, steps } = body
  return {
    entry: { ...entry, updates: entry.updates.filter((u) => !next.has(u.value)) },
    steps: steps.filter((s) => !s.slots.some((slot) => isMade(slot) && copied.has(slot.node))),
  }
}
