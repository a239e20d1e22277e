/**
 * The Plan: order, memory and donation, the third of the three representations.
 * In: nothing. Out: its types. Invariant: every buffer of every step lies inside memory, 16-byte aligned and padded by
 * 16 bytes behind (a vector load may read past the end), and no two buffers alive at once overlap except by donation.
 */
import type { DType } from '../../src/core/dtype.ts'
import type { Shape } from '../../src/core/shape.ts'
import type { Kernel } from '../kernel/kernel.ts'

export type Region = 'constant' | 'param' | 'state' | 'input' | 'output' | 'arena'

/** Part of another buffer; at trips t its offset is that of the first trip + Σ advance · t (without moves, always that). */
export interface Slice {
  readonly of: number
  /** Index into the entry's loops, and bytes from one trip to the next; outer loops first. */
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
  /** Byte offset of the target's own scratch (packed panels), `scratchBytes` long; 0 where none is needed. */
  readonly scratch: number
  readonly scratchBytes: number
}

/** Steps `from` (inclusive) to `to` (exclusive) run `trips` times. Loops nest or are apart; outer ones come first. */
export interface PlanLoop {
  readonly from: number
  readonly to: number
  readonly trips: number
}

export interface PlanEntry {
  readonly name: string
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly steps: readonly PlanStep[]
  readonly loops: readonly PlanLoop[]
  readonly flops: number
  /** Bytes that the kernels read and write. */
  readonly traffic: number
  /** Peak of the arena in bytes while this entry runs. */
  readonly peak: number
}

export interface Plan {
  readonly kernels: readonly Kernel[]
  readonly buffers: readonly PlanBuffer[]
  readonly params: readonly Port[]
  readonly states: readonly Port[]
  readonly constants: readonly { readonly buffer: number; readonly bytes: Uint8Array }[]
  readonly entries: readonly PlanEntry[]
  readonly memoryBytes: number
}

/** The steps of an entry as a tree: `step` for each call, `loop` around what repeats. */
export const nestSteps = <A>(
  entry: Pick<PlanEntry, 'steps' | 'loops'>,
  step: (s: PlanStep) => A,
  loop: (index: number, trips: number, body: readonly A[]) => A,
): readonly A[] => {
  const { steps, loops } = entry
  /** Steps from … to, of which loops from the first-th on may be a part. */
  const run = (from: number, to: number, first: number): readonly A[] => {
    const out: A[] = []
    let at = from
    let next = first
    while (at < to) {
      const inner = loops[next]
      if (inner !== undefined && inner.from <= at && inner.from < inner.to) {
        out.push(loop(next, inner.trips, run(inner.from, inner.to, next + 1)))
        at = inner.to
        while (next < loops.length && (loops[next] as PlanLoop).from < at) next++
      } else if (inner !== undefined && inner.from <= at) next++
      else out.push(step(steps[at++] as PlanStep))
    }
    return out
  }
  return run(0, steps.length, 0)
}
