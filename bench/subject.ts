// The contract between the harness and whatever is measured. A subject is one library in one variant, in a process of its
// own; its module prepares one workload and hands back something to run again and again.

import type { Convolution, Product } from './workloads/workload.ts'

export type Variant = 'plain' | 'relaxed' | 'javascript'

/** Takes one whole training step, on batch `index` modulo the number of batches, and reads its loss back. */
export type Step = (index: number) => number

/** One matrix product or convolution, run to its end by every call; `result` gives the last one, row by row. */
export type Multiplication = {
  readonly run: () => void | Promise<void>
  readonly result: () => Float32Array | Promise<Float32Array>
}

/**
 * What a subject's module exports. Batches may be brought into whatever form the subject likes beforehand; parameters
 * and optimizer state are those of the workload's beginning at the first step. `undefined`: it cannot do this workload.
 */
export type SubjectModule = {
  readonly train?: (workload: string, variant: Variant) => Promise<Step> | undefined
  readonly multiply?: (product: Product, variant: Variant) => Promise<Multiplication>
  readonly convolve?: (convolution: Convolution, variant: Variant) => Promise<Multiplication> | undefined
}

/** One measured thing: `work` is in the workload's own unit a run (operations, bytes), 0 where only time counts. */
export type Task = {
  readonly run: (times: number) => void | Promise<void>
  readonly work: number
  readonly losses: readonly number[]
  /** Milliseconds of a step while the losses were taken. */
  readonly firstMilliseconds: number
  readonly runLimit: number
}
