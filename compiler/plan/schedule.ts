/**
 * Order of the kernels of an entry, and which updates happen in place. In: fused kernels and updates. Out: an order in which
 * every reader of an old parameter comes before the kernel that overwrites it, and the updates for which that cannot be.
 * Invariant: data dependencies are kept; the order is stable (what may stay in place stays).
 */
import { InternalError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import type { Update } from '../../src/expr/leaves.ts'
import { type FusedStep, isMade, readBy, type Slot, usesOf } from '../program/fused.ts'
import { mayAlias } from './alias.ts'

export interface Schedule {
  readonly order: readonly FusedStep[]
  /** Updates written straight over their target, and the values that lie there: the update's own, and those that it adds to. */
  readonly inPlace: ReadonlyMap<Update, readonly Node[]>
}

/** What is scheduled: kernels, the updates of their entry, and the values that it gives. */
export interface Scheduled {
  readonly kernels: readonly FusedStep[]
  readonly updates: readonly Update[]
  readonly results: readonly Node[]
}

const slotsWhere = (k: FusedStep, holds: (s: Slot) => boolean): readonly number[] =>
  k.slots.flatMap((s, i) => (holds(s) ? [i] : []))

/** The smallest number first: a heap of indices. */
const smallestFirst = (): { readonly push: (i: number) => void; readonly pop: () => number | undefined } => {
  const heap: number[] = []
  const at = (i: number): number => heap[i] ?? Number.POSITIVE_INFINITY
  const swap = (i: number, j: number): void => {
    const held = at(i)
    heap[i] = at(j)
    heap[j] = held
  }
  return {
    push: (value) => {
      heap.push(value)
      for (let i = heap.length - 1; i > 0 && at(i) < at((i - 1) >> 1); i = (i - 1) >> 1) swap(i, (i - 1) >> 1)
    },
    pop: () => {
      const first = heap[0]
      const last = heap.pop()
      if (heap.length === 0 || last === undefined) return first
      heap[0] = last
      for (let i = 0; ; ) {
        const child = at(2 * i + 1) <= at(2 * i + 2) ? 2 * i + 1 : 2 * i + 2
        if (at(child) >= at(i)) return first
        swap(i, child)
        i = child
      }
    },
  }
}

/** Stable topological sort: among the ready, the earliest first. */
const sortStable = (
  before: readonly ReadonlySet<number>[],
  after: readonly ReadonlySet<number>[],
): readonly number[] => {
  const waiting = before.map((s) => s.size)
  const order: number[] = []
  const ready = smallestFirst()
  for (const [i, n] of waiting.entries()) if (n === 0) ready.push(i)
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    order.push(next)
    for (const i of after[next] as ReadonlySet<number>) {
      waiting[i] = (waiting[i] as number) - 1
      if (waiting[i] === 0) ready.push(i)
    }
  }
  if (order.length !== before.length) throw new InternalError('kernels wait for one another')
  return order
}

/** Whether a kernel has to come before one of others, directly or not. */
const comesBefore = (from: number, others: ReadonlySet<number>, after: readonly ReadonlySet<number>[]): boolean => {
  const seen = new Set<number>()
  const stack = others.size === 0 ? [] : [from]
  while (stack.length > 0) {
    const i = stack.pop() as number
    if (seen.has(i)) continue
    seen.add(i)
    if (others.has(i)) return true
    stack.push(...(after[i] as ReadonlySet<number>))
  }
  return false
}

export const schedule = ({ kernels, updates, results }: Scheduled): Schedule => {
  const { maker: writer, readers } = usesOf(kernels)
  const before = kernels.map(() => new Set<number>())
  const after = kernels.map(() => new Set<number>())
  const order = (first: number, second: number): void => {
    before[second]?.add(first)
    after[first]?.add(second)
  }
  for (const [node, users] of readers) {
    const w = writer.get(node)
    if (w !== undefined) for (const i of users) if (i !== w) order(w, i)
  }
  const wanted = new Set([...results, ...updates.map((u) => u.value)])
  /** The value and those before it that kernels add to one after the other, the first first, as far as nobody else wants them. */
  const chainOf = (value: Node): readonly Node[] => {
    const w = writer.get(value) as number
    const slot = kernels[w]?.slots.find((s) => s.role === 'update' && s.node === value)
    const from = slot?.role === 'update' ? slot.from : null
    if (from === null || wanted.has(from) || kernels[writer.get(from) ?? -1]?.tag !== 'kernel') return [value]
    // once: what it also reads as it was is not added to in place
    const isReadOnce = kernels[w]?.slots.filter((t) => readBy(t) === from).length === 1
    return isReadOnce && readers.get(from)?.join() === `${w}` ? [...chainOf(from), value] : [value]
  }
  const inPlace = new Map<Update, readonly Node[]>()
  const taken = new Set<Node>()
  for (const u of updates) {
    if (!writer.has(u.value) || taken.has(u.value)) continue
    const chain = chainOf(u.value)
    const first = chain[0] as Node
    const w = writer.get(first) as number
    const kernel = kernels[w] as FusedStep
    if (kernel.tag !== 'kernel') continue
    const writes = slotsWhere(kernel, (s) => isMade(s) && s.node === first)
    const reads = slotsWhere(kernel, (s) => s.role === 'read' && s.node === u.target)
    const safe = reads.every((r) => writes.every((v) => mayAlias(kernel.kernel, r, v)))
    if (!safe) continue
    const old = new Set((readers.get(u.target) ?? []).filter((r) => r !== w))
    if (comesBefore(w, old, after)) continue
    for (const r of old) order(r, w)
    inPlace.set(u, chain)
    taken.add(u.value)
  }
  return { order: sortStable(before, after).map((i) => kernels[i] as FusedStep), inPlace }
}
