// A fresh process that trains W2 for a long time, a quarter of its hidden units dead after the first steps. Comes in: the
// number of steps; goes out: the processor time of a step, its median and its 90th percentile.
// Dead units get no gradient, so their moments decay: after some 830 steps those of Adam would be subnormal numbers, on
// which processors are many times slower (0.9^830 < 2^-126).

import { holdWorkload } from '../nabla/held.ts'
import { writeBatch } from '../nabla/program.ts'
import { stopwatch, tell } from './clock.ts'

export type LongRun = {
  readonly busy: number
  readonly median: number
  readonly p90: number
  readonly dead: number
  readonly subnormal: number
}

const ordinarySteps = 10

const { step, program, training } = await holdWorkload('W2')
const times: number[] = []

// Processor time, for what another process takes of the core says nothing about a step.
const processor = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const bury = (): number => {
  let dead = 0
  for (const name of ['b1', 'b2']) {
    const bias = program.params[name] as Float32Array
    for (let unit = 0; unit < bias.length; unit += 4, dead += 1) bias[unit] = -1e4
  }
  return dead
}

let dead = 0
const watch = stopwatch()
const steps = Number(process.argv[2])
for (let index = 0; index < steps; index += 1) {
  if (index === ordinarySteps) dead = bury()
  writeBatch(step, training, index)
  const start = processor()
  step.run()
  times.push(processor() - start)
}

const smallestNormal = 2 ** -126
const subnormal = Object.values(program.state)
  .filter((view) => view instanceof Float32Array)
  .reduce((count, view) => count + view.filter((x) => x !== 0 && Math.abs(x) < smallestNormal).length, 0)
const sorted = times.slice(ordinarySteps).sort((a, b) => a - b)
const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
tell({ busy: watch.busy(), median: at(0.5), p90: at(0.9), dead, subnormal } satisfies LongRun)
