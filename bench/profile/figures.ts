// What a profile consists of. A kernel's time is that of all its runs in one step.

export type KernelFigure = {
  /** Its place in the entry, counted from 0. */
  readonly at: number
  readonly name: string
  /** What it walks: rows x inner x columns of a product, behind its batch; else the extents of its loops. */
  readonly extents: string
  /** How often a step runs it. */
  readonly trips: number
  readonly milliseconds: number
  /** Of all its runs: operations, and bytes of distinct elements read and written by each of them. */
  readonly flops: number
  readonly bytes: number
  readonly isProduct: boolean
}

export type Profile = {
  readonly workload: string
  readonly variant: 'plain' | 'relaxed'
  /** Of the whole step, run as one. */
  readonly milliseconds: number
  readonly kernels: readonly KernelFigure[]
  /** GFLOP/s and GB/s of the machine, measured in the same rounds. */
  readonly peak: number
  readonly bandwidth: number
}
