// A fresh process that takes W1's steps one in a call and many in a call, in turns. Comes in: how many in one call; goes out:
// milliseconds a step of either way, the median of many turns.

import { median } from '../measure.ts'
import { programOf, writeParameters } from '../nabla/program.ts'
import { entries } from '../nabla/w1.ts'
import { w1 } from '../workloads/w1.ts'
import { stopwatch, tell } from './clock.ts'

export type Queued = { readonly busy: number; readonly single: number; readonly together: number }

const runs = Number(process.argv[2])
const training = w1()
const program = await programOf(entries(), 'plain', { queue: { step: runs } })
writeParameters(program, training)
const { step } = program.entries
if (step === undefined) throw new Error('there is no entry step')
const { batches, optimizer } = training
for (let run = 0; run < runs; run += 1) {
  const batch = Object.entries(batches[run % batches.length] ?? {}).map(([name, { data }]) => [name, data])
  const put = step.queue.put(run, { ...Object.fromEntries(batch), learningRate: optimizer.learningRate })
  if (put._tag === 'Left') throw new Error(put.left.message)
}
const losses = step.queue.outputs['loss'] as Float32Array

/** Milliseconds a step, its loss read, over so many calls of `inOne` steps each. */
const timed = (calls: number, inOne: number): number => {
  let sum = 0
  const start = performance.now()
  for (let call = 0; call < calls; call += 1) {
    step.run(inOne)
    for (let run = 0; run < inOne; run += 1) sum += losses[run] as number
  }
  const milliseconds = (performance.now() - start) / (calls * inOne)
  if (!Number.isFinite(sum)) throw new Error(`the losses sum up to ${sum}`)
  return milliseconds
}

const steps = 1 << 14
const turn = () => ({ single: timed(steps, 1), together: timed(steps / runs, runs) })
const watch = stopwatch()
const turns = Array.from({ length: 60 }, turn).slice(20)
tell({
  busy: watch.busy(),
  single: median(turns.map((t) => t.single)),
  together: median(turns.map((t) => t.together)),
} satisfies Queued)
