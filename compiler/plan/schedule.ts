/**
 * Order of the kernels of an entry, and which updates happen in place. In: fused kernels and updates. Out: an order in which
 * every reader of an old parameter comes before the kernel that overwrites it, and the updates for which that cannot be.
 * Invariant: data dependencies are kept; the order is stable (what may stay in place stays).
 */
import type { Node } from '../../src/expr/expr.ts'
import type { Update } from '../../src/expr/leaves.ts'
import { type FusedStep, isMade, readBy, type Slot } from '../program/fused.ts'
import { mayAlias } from './alias.ts'

export interface Schedule {
  readonly order: readonly FusedStep[]
  /** Updates written straight over their target. */
  readonly inPlace: ReadonlySet<Update>
}

const slotsWhere = (k: FusedStep, holds: (s: Slot) => boolean): readonly number[] =>
  k.slots.flatMap((s, i) => (holds(s) ? [i] : []))

/** Stable topological sort: among the ready, the earliest first. null where there is a cycle. */
const sortStable = (count: number, before: readonly ReadonlySet<number>[]): readonly number[] | null => {
  const waiting = before.map((s) => s.size)
  const after: number[][] = before.map(() => [])
  for (const [i, s] of before.entries()) for (const j of s) (after[j] as number[]).push(i)
  const order: number[] = []
  // a binary heap is not needed: kernels number in the hundreds, and most are ready in order
  const ready = new Set(waiting.flatMap((n, i) => (n === 0 ? [i] : [])))
  while (ready.size > 0) {
    let next = -1
    for (const i of ready) if (next < 0 || i < next) next = i
    ready.delete(next)
    order.push(next)
    for (const i of after[next] as number[]) {
      waiting[i] = (waiting[i] as number) - 1
      if (waiting[i] === 0) ready.add(i)
    }
  }
  return order.length === count ? order : null
}

export const schedule = (kernels: readonly FusedStep[], updates: readonly Update[]): Schedule => {
  const writer = new Map<Node, number>()
  const readers = new Map<Node, number[]>()
  for (const [i, k] of kernels.entries())
    for (const s of k.slots) {
      const read = readBy(s)
      if (isMade(s)) writer.set(s.node, i)
      if (read !== null) readers.set(read, [...(readers.get(read) ?? []), i])
    }
  const before = kernels.map(
    (k) =>
      new Set(
        k.slots.flatMap((s) => {
          const at = writer.get(readBy(s) as Node)
          return at === undefined ? [] : [at]
        }),
      ),
  )
  const inPlace = new Set<Update>()
  const taken = new Set<Node>()
  let order = sortStable(kernels.length, before) ?? kernels.map((_, i) => i)
  for (const u of updates) {
    const w = writer.get(u.value)
    if (w === undefined || taken.has(u.value)) continue
    const kernel = kernels[w] as FusedStep
    const old = readers.get(u.target) ?? []
    const writes = slotsWhere(kernel, (s) => isMade(s) && s.node === u.value)
    if (kernel.tag !== 'kernel') continue
    const safe = slotsWhere(kernel, (s) => s.role === 'read' && s.node === u.target).every((r) =>
      writes.every((v) => mayAlias(kernel.kernel, r, v)),
    )
    if (!safe) continue
    const added = old.filter((r) => r !== w && !(before[w] as Set<number>).has(r))
    for (const r of added) (before[w] as Set<number>).add(r)
    const next = sortStable(kernels.length, before)
    if (next === null) {
      for (const r of added) (before[w] as Set<number>).delete(r)
      continue
    }
    order = next
    inPlace.add(u)
    taken.add(u.value)
  }
  return { order: order.map((i) => kernels[i] as FusedStep), inPlace }
}
