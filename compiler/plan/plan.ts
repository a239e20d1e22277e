/**
 * The Plan: order, memory and donation, the third of the three representations.
 * In: nothing. Out: its types. Invariant: every buffer of every step lies inside memory, 16-byte aligned and padded by
 * 16 bytes behind (a vector load may read past the end), and no two buffers alive at once overlap except by donation.
 */
import type { DType } from '../../src/core/dtype.ts'
import type { Shape } from '../../src/core/shape.ts'
import type { Kernel } from '../kernel/kernel.ts'

export type Region = 'constant' | 'param' | 'state' | 'input' | 'output' | 'arena'

export interface PlanBuffer {
  readonly dtype: DType
  readonly elements: number
  readonly region: Region
  /** Byte offset in memory. */
  readonly offset: number
  readonly label: string
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

export interface PlanEntry {
  readonly name: string
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly steps: readonly PlanStep[]
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
