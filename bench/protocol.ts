// What the harness and a subject's process say to each other, one JSON message at a time: `open` once, `slice` as often as
// the harness likes. Between two slices a subject's process sleeps, so that only one subject is ever at work.

import type { Variant } from './subject.ts'

export type Open = {
  readonly _tag: 'open'
  /** The subject's module, relative to this folder; undefined asks for the machine's own ceiling of that name. */
  readonly module: string | undefined
  readonly workload: string
  readonly variant: Variant
  /** 0: it shall not be timed at all. */
  readonly warmMilliseconds: number
  /** How many slices may be asked for, so that a workload's limit of steps can be shared out among them. */
  readonly slices: number
}

export type SliceRequest = { readonly _tag: 'slice'; readonly milliseconds: number }
export type Request = Open | SliceRequest

export type Opened = {
  readonly _tag: 'opened'
  /** Operations or bytes a run, 0 where only time counts. */
  readonly work: number
  /** The first five losses, in the order of the steps; empty for what is not training. */
  readonly losses: readonly number[]
  /** Milliseconds of one of those steps, in the mean: cold, and so no figure of its own. */
  readonly firstMilliseconds: number
}

export type Slice = {
  readonly _tag: 'slice'
  /** Milliseconds a run: the median and the least of this slice's samples. */
  readonly median: number
  readonly best: number
  /** Processor time over elapsed time: well under 1, another process had the core. */
  readonly busy: number
}

export type Reply =
  | Opened
  | Slice
  | { readonly _tag: 'absent'; readonly reason: string }
  | { readonly _tag: 'failed'; readonly message: string }
