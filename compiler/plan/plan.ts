/**
 * The Plan: order, memory and donation, the third of the three representations.
 * In: nothing. Out: its types. Invariant: every buffer of every step lies inside memory, 16-byte aligned and padded by
 * 16 bytes behind (a vector load may read past the end), and no two buffers alive at once overlap except by donation.
 */
import { bytesOf, type DType } from '../../src/core/dtype.ts'
import type { Shape } from '../../src/core/shape.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Split } from '../kernel/split.ts'
import type { FusedKernel } from '../program/fused.ts'
import type { Check } from '../program/entry.ts'

export type Region = 'constant' | 'param' | 'state' | 'input' | 'output' | 'arena'

/** Part of another buffer; at trips t its offset is that of the first trip + Σ advance · t (without moves, always that). */
export interface Slice {
  readonly of: number
  /** Index of a loop among the entry's ranges, and bytes from one trip to the next; outer loops first. */
  readonly moves: readonly { readonly loop: number; readonly advance: number }[]
}

export interface PlanBuffer {
  readonly dtype: DType
  readonly elements: number
  readonly region: Region
  /** Byte offset in memory; of a slice, that of the first trip. */
  readonly offset: number
  readonly label: string
  /** A part of another buffer, such as one element of a sequence, which moves with loops of the entry that uses it. */
  readonly slice?: Slice
}

/** A named tensor that the world sees: an input, an output, a parameter or a state. */
export interface Port {
  readonly name: string
  readonly dtype: DType
  readonly shape: Shape
  readonly buffer: number
}

export interface PlanStep {
  /** Index into `Plan.kernels`; identical kernels are one. */
  readonly kernel: number
  /** Plan buffer of each of the kernel's buffers. */
  readonly bindings: readonly number[]
  /**
   * Byte offset of the target's own scratch (packed panels), `scratchBytes` long; 0 where none is needed. Where the kernel is
   * run in parts, it is as many areas of one size as there may be threads.
   */
  readonly scratch: number
  readonly scratchBytes: number
  /** What it computes, for inspection; a copy has none. Of identical kernels each step keeps its own. */
  readonly of?: FusedKernel
}

/** A place of the arena and who lies there: `buffers` follow one another, each written where the one before it lay. */
export interface PlanLife {
  readonly buffers: readonly number[]
  /** First and last step that touches it, inclusive. */
  readonly from: number
  readonly to: number
}

/** Steps `from` (inclusive) to `to` (exclusive) run `trips` times. */
export interface PlanLoop {
  readonly tag: 'loop'
  readonly from: number
  readonly to: number
  readonly trips: number
  /** A scalar of i32, read before the first of them: only so many trips are made, one at least. */
  readonly count?: number
}

/** An entry that may run several times in one call: a loop around all its steps, whose inputs and outputs move with it. */
export interface PlanQueue {
  readonly length: number
  /** Buffer of the loop's count. */
  readonly count: number
}

/** Of the steps `from` to `to` those of one arm run. */
export interface PlanChoice {
  readonly tag: 'choice'
  readonly from: number
  readonly to: number
  /** A scalar of bool or i32, read before the first of them: arm k runs where it is k, the last one where it is anything else. */
  readonly predicate: number
  /** Where each arm begins; it ends where the next one does. */
  readonly arms: readonly number[]
}

/** Steps `from` to `test` compute a predicate; where it is true, those up to `to` run, and it begins anew. */
export interface PlanWhile {
  readonly tag: 'while'
  readonly from: number
  readonly test: number
  readonly to: number
  /** A scalar of bool. */
  readonly predicate: number
}

/** Ranges nest or are apart; outer ones come first. */
export type PlanRange = PlanLoop | PlanChoice | PlanWhile

export interface PlanEntry {
  readonly name: string
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly steps: readonly PlanStep[]
  readonly ranges: readonly PlanRange[]
  readonly flops: number
  /** Bytes that the kernels read and write. */
  readonly traffic: number
  /** Peak of the arena in bytes while this entry runs. */
  readonly peak: number
  /** When each place of the arena is taken, for inspection. */
  readonly lives?: readonly PlanLife[]
  /** What a checked build looks at; the findings are among the outputs. */
  readonly checks?: readonly Check[]
  /** Then the ports are those of the first run, and those of the others follow, without a gap. */
  readonly queue?: PlanQueue
}

/** What threads need of a plan. */
export interface PlanThreads {
  /** As many as may work at once, that which runs the entry among them. */
  readonly most: number
  /** How each kernel is run in parts; null where it is run whole. Its scratch is there once a thread. */
  readonly splits: readonly (Split | null)[]
  /** Byte offset and size of the memory by which threads agree on who does what. */
  readonly control: number
  readonly controlBytes: number
}

export interface Plan {
  readonly kernels: readonly Kernel[]
  readonly buffers: readonly PlanBuffer[]
  readonly params: readonly Port[]
  readonly states: readonly Port[]
  readonly constants: readonly { readonly buffer: number; readonly bytes: Uint8Array }[]
  readonly entries: readonly PlanEntry[]
  readonly memoryBytes: number
  /** Left out where one thread alone runs the program. */
  readonly threads?: PlanThreads
}

/** What is made of the steps of an entry and of the ranges around them. */
export interface StepVisitor<A> {
  readonly step: (s: PlanStep) => A
  readonly loop: (l: PlanLoop, index: number, body: readonly A[]) => A
  readonly choice: (c: PlanChoice, index: number, arms: readonly (readonly A[])[]) => A
  readonly while: (w: PlanWhile, index: number, test: readonly A[], body: readonly A[]) => A
}

/** The steps of an entry as a tree. */
export const nestSteps = <A>(
  { steps, ranges }: Pick<PlanEntry, 'steps' | 'ranges'>,
  visitor: StepVisitor<A>,
): readonly A[] => {
  /** The first range from the k-th on that begins at `at` or behind. */
  const firstFrom = (at: number, k: number): number => {
    let next = k
    while (next < ranges.length && (ranges[next] as PlanRange).from < at) next++
    return next
  }
  const visit = (r: PlanRange, index: number): A => {
    if (r.tag === 'loop') return visitor.loop(r, index, run(r.from, r.to, index + 1))
    if (r.tag === 'while') return visitor.while(r, index, run(r.from, r.test, index + 1), run(r.test, r.to, index + 1))
    const ends = [...r.arms.slice(1), r.to]
    return visitor.choice(
      r,
      index,
      r.arms.map((from, k) => run(from, ends[k] as number, index + 1)),
    )
  }
  /** Steps from … to, of which ranges from the first-th on may be a part. */
  const run = (from: number, to: number, first: number): readonly A[] => {
    const out: A[] = []
    let at = from
    let next = firstFrom(from, first)
    while (at < to) {
      const inner = ranges[next]
      if (inner === undefined || inner.from > at) out.push(visitor.step(steps[at++] as PlanStep))
      else if (inner.from === inner.to) next++
      else {
        out.push(visit(inner, next))
        at = inner.to
        next = firstFrom(at, next + 1)
      }
    }
    return out
  }
  return run(0, steps.length, 0)
}

/** What a range reads by itself. */
const readByRange = (r: PlanRange): readonly number[] => {
  if (r.tag === 'loop') return r.count === undefined ? [] : [r.count]
  return [r.predicate]
}

/** Every buffer that an entry names: those of its steps, and the predicates and counts of its ranges. */
export const buffersOf = ({
  steps,
  ranges,
}: {
  readonly steps: readonly Pick<PlanStep, 'bindings'>[]
  readonly ranges: readonly PlanRange[]
}): ReadonlySet<number> => new Set([...steps.flatMap((s) => s.bindings), ...ranges.flatMap(readByRange)])

/** Bytes alive at each of so many steps, of what is alive from one step to another, both included. */
export const bytesAlive = (
  lives: readonly { readonly bytes: number; readonly from: number; readonly to: number }[],
  steps: number,
): readonly number[] => {
  const change = new Array<number>(steps + 1).fill(0)
  for (const { bytes, from, to } of lives) {
    change[from] = (change[from] as number) + bytes
    change[to + 1] = (change[to + 1] as number) - bytes
  }
  let alive = 0
  return change.slice(0, steps).map((by) => (alive += by))
}

/** Bytes of the arena that are alive at each step of an entry, scratch included; padding is none of it. */
export const arenaAlive = ({ buffers }: Pick<Plan, 'buffers'>, { steps, lives = [] }: PlanEntry): readonly number[] => {
  const places = lives.map((l) => {
    const { dtype, elements } = buffers[l.buffers[0] as number] as PlanBuffer
    return { bytes: elements * bytesOf(dtype), from: l.from, to: l.to }
  })
  const scratch = steps.map((s, i) => ({ bytes: s.scratchBytes, from: i, to: i }))
  return bytesAlive([...places, ...scratch], steps.length)
}

/** The most of some numbers, however many; 0 of none. */
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0)

/** Bytes that have to be there at the worst moment of a plan: all that has a place for ever, and what is alive in an arena. */
export const bytesNeeded = (plan: Plan): number => {
  const kept = plan.buffers.filter((b) => b.region !== 'arena' && b.slice === undefined)
  const alive = plan.entries.map((e) => most(arenaAlive(plan, e)))
  return kept.reduce((n, b) => n + b.elements * bytesOf(b.dtype), 0) + most(alive)
}

/** How often the loop runs. */
export const tripsOf = ({ ranges }: Pick<PlanEntry, 'ranges'>, loop: number): number => {
  const range = ranges[loop]
  return range?.tag === 'loop' ? range.trips : 0
}

/** How often a step runs at most in one run of the entry: a branch counts as if it were taken, and of a queue one run. */
export const runsOf = ({ ranges }: Pick<PlanEntry, 'ranges'>, step: number): number =>
  ranges.reduce(
    (n, r) => (r.tag === 'loop' && r.count === undefined && r.from <= step && step < r.to ? n * r.trips : n),
    1,
  )
