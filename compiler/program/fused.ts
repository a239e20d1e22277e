/**
 * What fusion gives to planning. In: nothing. Out: the type. Invariant: each kernel's slots name the value they hold; every
 * value is written by one kernel, before the kernels that read it.
 */
import type { Node } from '../../src/expr/expr.ts'
import type { Kernel } from '../kernel/kernel.ts'

/** A value in memory: a node, and which of its copies (an output may want one of its own). */
export interface Slot {
  readonly node: Node
  readonly role: 'read' | 'write' | 'scratch'
}

export interface FusedKernel {
  readonly kernel: Kernel
  /** What each of the kernel's buffers holds. */
  readonly slots: readonly Slot[]
  /** The anchors that the kernel computes, in order: what inspection shows. */
  readonly anchors: readonly Node[]
}

export interface FusedProgram {
  readonly kernels: readonly FusedKernel[]
}
