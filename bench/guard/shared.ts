// How much of a step several threads share. Comes in: a workload's name, the number of threads; goes out: which share of its
// operations and bytes lies in kernels that are run in parts, and how often the threads have to agree. No machine changes it.

import { isLeft } from 'fp-ts/lib/Either.js'
import { compileWhole } from '../../compiler/compile.ts'
import { costOf } from '../../compiler/kernel/cost.ts'
import type { Kernel } from '../../compiler/kernel/kernel.ts'
import { heldModels, type HeldName } from '../nabla/held.ts'

export type SharedWork = {
  /** Kernels that a step starts, and how many of them are run in parts. */
  readonly kernels: number
  readonly jobs: number
  /** Shares of the step's operations and of the bytes that it moves. */
  readonly flops: number
  readonly bytes: number
}

export const sharedWork = async (name: HeldName, threads: number): Promise<SharedWork> => {
  const compiled = await compileWhole(heldModels[name].entries(), { threads })
  if (isLeft(compiled)) throw new Error(compiled.left.message)
  const { plan } = compiled.right
  const step = plan.entries.find((entry) => entry.name === 'step')
  if (step === undefined) throw new Error('there is no entry step')
  const runs = step.steps.map(({ kernel }, at) => {
    const trips = step.ranges.reduce((n, r) => (r.tag === 'loop' && r.from <= at && at < r.to ? n * r.trips : n), 1)
    const { flops, bytes } = costOf(plan.kernels[kernel] as Kernel)
    return { trips, flops, bytes, cut: (plan.threads?.splits[kernel] ?? null) !== null }
  })
  const total = (of: (run: (typeof runs)[number]) => number): number =>
    runs.reduce((n, run) => n + run.trips * of(run), 0)
  const share = (of: (run: (typeof runs)[number]) => number): number =>
    total((run) => (run.cut ? of(run) : 0)) / total(of)
  return {
    kernels: total(() => 1),
    jobs: total(({ cut }) => (cut ? 1 : 0)),
    flops: share(({ flops }) => flops),
    bytes: share(({ bytes }) => bytes),
  }
}
