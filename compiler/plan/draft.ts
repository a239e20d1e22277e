/**
 * Steps over buffers that have no place yet. In: fused programs. Out: a flat list of kernel calls with the loops that repeat
 * ranges of it and the choices between them, the buffers they name, and when each buffer is alive.
 * Invariant: a buffer made outside a loop that is touched inside it is alive for all of the loop, since the next trip may
 * read it again; a buffer made inside is alive only between the steps of one trip.
 */
import { bytesOf, type DType } from '../../src/core/dtype.ts'
import { InternalError } from '../../src/core/errors.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { nameOf } from '../../src/expr/origin.ts'
import type { Kernel } from '../kernel/kernel.ts'
import {
  type BoundInput,
  type Fused,
  type FusedChoice,
  type FusedKernel,
  type FusedLoop,
  type FusedStep,
  type FusedWhile,
  readBy,
  type Slot,
} from '../program/fused.ts'
import { mayAlias } from './alias.ts'
import { type Lifetime, paddedBytes } from './arena.ts'
import { copyKernel } from './copy.ts'
import type { PlanChoice, PlanLoop, PlanQueue, PlanRange, PlanWhile, Region } from './plan.ts'
import { schedule } from './schedule.ts'
import { type Stacked, stackedCarries, withoutStacked } from './stacked.ts'

/** From one element of a sequence to the next. */
export interface Move {
  readonly loop: number
  readonly trips: number
  readonly reverse: boolean
}

/** A buffer before it has an offset. */
export interface DraftBuffer {
  readonly dtype: DType
  readonly elements: number
  readonly region: Region
  readonly label: string
  /** Part of another buffer, from `start` elements on; and the loop by whose trips it moves. */
  readonly slice?: { readonly of: number; readonly start: number; readonly move: Move | null }
}

export interface DraftStep {
  readonly kernel: Kernel
  readonly bindings: readonly number[]
  readonly of?: FusedKernel
}

/** A range whose end is not known as long as its steps are made. */
type Open<R> = { -readonly [K in keyof R]: R[K] }

/** The buffers of all entries. */
export interface Buffers {
  readonly list: readonly DraftBuffer[]
  readonly add: (buffer: DraftBuffer) => number
  /** Where a parameter, state, input or constant lies. */
  readonly leaf: (n: Node) => number
}

export interface Drafted {
  readonly steps: readonly DraftStep[]
  readonly ranges: readonly PlanRange[]
  /** Arena buffers and when they are alive; of buffers that share a place, the first, and all in the order of writing. */
  readonly lives: readonly { readonly buffer: number; readonly sharing: readonly number[]; readonly life: Lifetime }[]
  /** The buffer whose place an arena buffer shares; itself where it has its own. */
  readonly placeOf: (buffer: number) => number
}

/** Where the results of a level go, in the order of its entry's results. */
type Targets = readonly number[]

/** What runs of an entry in one call read and write: buffers in which one run's values follow the other's. */
export interface Queued extends PlanQueue {
  readonly inputs: ReadonlyMap<Node, number>
  /** As the targets. */
  readonly outputs: readonly number[]
}

/**
 * `threads`: as many as may run a kernel at once, each with scratch of its own. The running sums of a product are shared, as its
 * results are.
 */
export const draftSteps = (
  fused: Fused,
  targets: Targets,
  buffers: Buffers,
  threads: number,
  queued?: Queued,
): Drafted => {
  const steps: DraftStep[] = []
  const ranges: Open<PlanRange>[] = []
  /** The loops that a buffer was made in, outermost first. */
  const homes = new Map<number, readonly number[]>()
  /** The loops that each step runs in. */
  const nests: (readonly number[])[] = []
  const reused = new Map<number, number>()
  let nest: readonly number[] = []

  const make = (dtype: DType, elements: number, label: string): number => {
    const id = buffers.add({ dtype, elements, region: 'arena', label })
    homes.set(id, nest)
    return id
  }

  const call = (kernel: Kernel, bindings: readonly number[], of?: FusedKernel): void => {
    steps.push({ kernel, bindings, ...(of === undefined ? {} : { of }) })
    nests.push(nest)
  }

  const copy = (from: number, to: number): void => {
    const { dtype, elements, label } = buffers.list[to] as DraftBuffer
    if (from !== to) call(copyKernel(dtype, elements, label), [from, to])
  }

  /** `placed`: values that lie somewhere as they are, or are made there and wanted there. */
  const level = (
    program: Fused,
    destinations: Targets,
    bound: ReadonlyMap<Node, number>,
    placed: ReadonlyMap<Node, number> = new Map(),
  ): void => {
    const { entry } = program
    const results = [...entry.results.map((r) => r.value), ...placed.keys()]
    const { order, inPlace } = schedule({ kernels: program.steps, updates: entry.updates, results })
    const own = new Map<Node, number>(placed)
    const place = (n: Node): number => own.get(n) ?? bound.get(n) ?? buffers.leaf(n)
    const copies: { readonly from: Node; readonly to: number }[] = []
    for (const [u, nodes] of inPlace) for (const n of nodes) own.set(n, place(u.target))
    for (const [i, r] of entry.results.entries()) {
      const to = destinations[i] as number
      const taken = own.get(r.value)
      if (taken === undefined) own.set(r.value, to)
      else if (taken !== to) copies.push({ from: r.value, to })
    }
    for (const u of entry.updates) if (!inPlace.has(u)) copies.push({ from: u.value, to: place(u.target) })

    const lastRead = new Map<Node, number>()
    for (const [i, s] of order.entries())
      for (const slot of s.slots) {
        const read = readBy(slot)
        if (read !== null) lastRead.set(read, i)
      }
    for (const c of copies) lastRead.set(c.from, order.length)

    /** Where a kernel writes a value: where it is wanted, or where an operand lay that nobody reads again, or anew. */
    const written = (k: FusedKernel, slot: number, at: number): number => {
      const n = (k.slots[slot] as FusedKernel['slots'][number]).node
      const known = own.get(n)
      if (known !== undefined) return known
      const id = make(n.dtype, sizeOf(n.shape), labelOf(k, slot))
      own.set(n, id)
      for (const [r, s] of k.slots.entries()) {
        const old = own.get(s.node)
        if (s.role !== 'read' || old === undefined || reused.has(old) || lastRead.get(s.node) !== at) continue
        const draft = buffers.list[old] as DraftBuffer
        const sameHome = homes.get(old) === nest
        if (draft.region !== 'arena' || !sameHome || bytesIn(draft) !== bytesOf(n.dtype) * sizeOf(n.shape)) continue
        if (!mayAlias(k.kernel, r, slot)) continue
        reused.set(old, id)
        break
      }
      return id
    }

    /** Where a kernel updates a value: where it lay, if nobody reads that again, else in a copy. */
    const updated = (k: FusedKernel, { node, from }: Slot & { readonly role: 'update' }, at: number): number => {
      const old = place(from)
      const isLast = lastRead.get(from) === at && !k.slots.some((s) => s.role === 'read' && s.node === from)
      const isOurs = (buffers.list[old] as DraftBuffer).region === 'arena' && homes.get(old) === nest
      const to =
        own.get(node) ?? (isLast && isOurs ? old : make(node.dtype, sizeOf(node.shape), nameOf(node) ?? node.op))
      own.set(node, to)
      copy(old, to)
      return to
    }

    const kernel = (k: FusedKernel, at: number): void => {
      const bindings = k.slots.map((s, slot) => {
        if (s.role === 'write') return written(k, slot, at)
        if (s.role === 'update') return updated(k, s, at)
        if (s.role === 'read') return place(s.node)
        const b = k.kernel.buffers[slot] as Kernel['buffers'][number]
        return make(b.dtype, scratchElements(b, k.kernel.tag === 'contraction' ? 1 : threads), `${b.label} (scratch)`)
      })
      call(k.kernel, bindings, k)
    }

    /** Where a result of a loop or a choice lies. */
    const whole = (n: Node): number => {
      const id = own.get(n) ?? make(n.dtype, sizeOf(n.shape), 'loop')
      own.set(n, id)
      return id
    }

    const slice = (of: number, n: Node, start: number, move: Move | null): number => {
      const { region, label } = buffers.list[of] as DraftBuffer
      return buffers.add({ dtype: n.dtype, elements: sizeOf(n.shape), region, label, slice: { of, start, move } })
    }
    /** Where a value lies that a loop or a choice is given. */
    const given = ({ bound: n, from, offset }: BoundInput): number => {
      const id = place(from)
      const { elements } = buffers.list[id] as DraftBuffer
      return offset === 0 && elements === sizeOf(n.shape) ? id : slice(id, n, offset, null)
    }

    /** Carries at their first values, by what stands for them inside; but for those that lie in stacks. */
    const started = (carries: FusedLoop['carries'], stacked: readonly Stacked[] = []): Map<Node, number> =>
      new Map(
        carries.flatMap((c, i) => {
          if (stacked.some((s) => s.carry === i)) return []
          const id = c.result === null ? make(c.bound.dtype, sizeOf(c.bound.shape), 'carry') : whole(c.result)
          copy(given(c), id)
          return [[c.bound, id] as const]
        }),
      )

    /** A carry in a stack of one place more than there are steps: where its first value lies, and its last, in elements. */
    const stack = (l: FusedLoop, { carry, before, behind }: Stacked) => {
      const { bound, result } = l.carries[carry] as FusedLoop['carries'][number]
      const size = sizeOf(bound.shape)
      const id = make(bound.dtype, (l.length + 1) * size, 'carry')
      const [first, last] = l.reverse ? [l.length * size, 0] : [0, l.length * size]
      const [found, left] = l.reverse ? [size, 0] : [0, size]
      const part = (n: Node, start: number): number => slice(id, n, start, null)
      for (const i of before) own.set(l.outputs[i] as Node, part(l.outputs[i] as Node, found))
      for (const i of behind) own.set(l.outputs[i] as Node, part(l.outputs[i] as Node, left))
      return { id, bound, result, found, left, first: part(bound, first), last: part(bound, last) }
    }

    const loop = (l: FusedLoop): void => {
      const stacked = l.length === 0 ? [] : stackedCarries(l, (n) => !own.has(n))
      const inside = started(l.carries, stacked)
      if (l.length === 0) return
      const stacks = stacked.map((s) => ({ ...s, ...stack(l, s) }))
      for (const s of stacks) copy(given(l.carries[s.carry] as BoundInput), s.first)
      const index = ranges.length
      const move = { loop: index, trips: l.length, reverse: l.reverse }
      const placed = new Map<Node, number>()
      for (const { id, bound, found, left, next, copied } of stacks) {
        const before = slice(id, bound, found, move)
        inside.set(bound, before)
        placed.set(next, slice(id, bound, left, move))
        for (const n of copied) placed.set(n, before)
      }
      for (const x of l.sequences) inside.set(x.bound, slice(place(x.from), x.bound, x.offset, move))
      for (const k of l.constants) inside.set(k.bound, given(k))
      const values = l.body.entry.results.map((r) => r.value)
      const to = l.outputs.map((n, i) => {
        const value = values[i] as Node
        const isStacked = stacked.some((s) => s.before.includes(i) || s.behind.includes(i))
        return isStacked ? (placed.get(value) as number) : slice(whole(n), value, 0, move)
      })
      const range: Open<PlanLoop> = { tag: 'loop', from: steps.length, to: steps.length, trips: l.length }
      ranges.push(range)
      const outer = nest
      nest = [...outer, index]
      level(withoutStacked(l.body, stacked), to, inside, placed)
      nest = outer
      range.to = steps.length
      for (const { result, last } of stacks)
        if (result !== null) {
          const known = own.get(result)
          if (known === undefined) own.set(result, last)
          else copy(last, known)
        }
    }

    const untilDone = (w: FusedWhile): void => {
      const inside = started(w.carries)
      for (const k of w.constants) inside.set(k.bound, given(k))
      const index = ranges.length
      const outer = nest
      nest = [...outer, index]
      const at = steps.length
      const predicate = make('bool', 1, 'condition')
      const range: Open<PlanWhile> = { tag: 'while', from: at, test: at, to: at, predicate }
      ranges.push(range)
      level(w.condition, [predicate], inside)
      range.test = steps.length
      level(w.body, [], inside)
      range.to = steps.length
      nest = outer
    }

    const choice = (c: FusedChoice): void => {
      const inside = new Map(c.operands.map((o) => [o.bound, given(o)] as const))
      const to = c.outputs.map(whole)
      const range: Open<PlanChoice> = {
        tag: 'choice',
        from: steps.length,
        to: steps.length,
        predicate: given(c.predicate),
        arms: [],
      }
      ranges.push(range)
      const outer = nest
      for (const branch of c.branches) {
        range.arms = [...range.arms, steps.length]
        // in the same loops, but what was made outside is not this arm's to overwrite
        nest = [...outer]
        level(branch, to, inside)
      }
      nest = outer
      range.to = steps.length
    }

    const run = (s: FusedStep, at: number): void => {
      if (s.tag === 'kernel') kernel(s, at)
      else if (s.tag === 'loop') loop(s)
      else if (s.tag === 'while') untilDone(s)
      else choice(s)
    }
    for (const [at, s] of order.entries()) run(s, at)
    for (const c of copies) copy(place(c.from), c.to)
  }

  /** All steps in a loop over the runs. */
  const queue = ({ length, count, inputs, outputs }: Queued): void => {
    const range: Open<PlanLoop> = { tag: 'loop', from: 0, to: 0, trips: length, count }
    ranges.push(range)
    nest = [0]
    const element = (of: number, n: Node): number => {
      const { region, label } = buffers.list[of] as DraftBuffer
      const move = { loop: 0, trips: length, reverse: false }
      return buffers.add({ dtype: n.dtype, elements: sizeOf(n.shape), region, label, slice: { of, start: 0, move } })
    }
    const made = new Map(outputs.map((of, i) => [of, element(of, (fused.entry.results[i] as { value: Node }).value)]))
    level(
      fused,
      outputs.map((of) => made.get(of) as number),
      new Map([...inputs].map(([n, of]) => [n, element(of, n)])),
    )
    range.to = steps.length
  }
  if (queued === undefined) level(fused, targets, new Map())
  else queue(queued)

  // ---- lifetimes
  const owner = new Map([...reused].map(([old, next]) => [next, old] as const))
  const placeOf = (id: number): number => {
    let root = id
    for (let next = owner.get(root); next !== undefined; next = owner.get(root)) root = next
    return root
  }
  const spans = new Map<number, { from: number; to: number }>()
  const touch = (id: number, at: number): void => {
    const draft = buffers.list[id] as DraftBuffer
    if (draft.slice !== undefined) return touch(draft.slice.of, at)
    if (draft.region !== 'arena') return
    const home = homes.get(id)
    if (home === undefined) throw new InternalError(`arena buffer ${id} has no home`)
    const around = (nests[at] as readonly number[])[home.length]
    const loop = around === undefined ? null : (ranges[around] as PlanRange)
    const [from, to] = loop === null ? [at, at] : [loop.from, loop.to - 1]
    const root = placeOf(id)
    const span = spans.get(root)
    if (span === undefined) spans.set(root, { from, to })
    else {
      span.from = Math.min(span.from, from)
      span.to = Math.max(span.to, to)
    }
  }
  for (const [at, s] of steps.entries()) for (const id of s.bindings) touch(id, at)
  for (const r of ranges) if (r.tag === 'choice' && r.from < r.to) touch(r.predicate, r.from)
  const sharingOf = (first: number): readonly number[] => {
    const next = reused.get(first)
    return next === undefined ? [first] : [first, ...sharingOf(next)]
  }
  const lives = [...spans].map(([buffer, span]) => ({
    buffer,
    sharing: sharingOf(buffer),
    life: { bytes: bytesIn(buffers.list[buffer] as DraftBuffer), ...span },
  }))
  return { steps, ranges, lives, placeOf }
}

const bytesIn = (b: DraftBuffer): number => bytesOf(b.dtype) * b.elements

/** Copies of scratch are whole cache lines apart, so that threads do not meet in one. */
const scratchElements = ({ dtype, elements }: Kernel['buffers'][number], areas: number): number =>
  areas === 1 ? elements : (areas * paddedBytes(elements * bytesOf(dtype))) / bytesOf(dtype)

const labelOf = (k: FusedKernel, slot: number): string => (k.kernel.buffers[slot] as Kernel['buffers'][number]).label
