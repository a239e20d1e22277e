// A fresh process (with --expose-gc and --single-threaded-gc) that runs a workload's step so many times. Comes in: the workload, the number of steps;
// goes out: bytes that the heap, and memory outside of it such as Wasm's, have grown by in them, nothing collected.

import { median } from '../measure.ts'
import { holdWorkload, isHeld } from '../nabla/held.ts'
import { tell } from './clock.ts'

export type Allocated = { readonly bytes: number; readonly rounds: readonly number[] }

const collect = (globalThis as { readonly gc?: () => void }).gc
if (collect === undefined) throw new Error('--expose-gc is missing')

const [name = '', times = ''] = process.argv.slice(2)
if (!isHeld(name)) throw new Error(`no workload ${name}`)
const { step, program, training } = await holdWorkload(name)
const loss = step.outputs['loss'] as Float32Array
const last = new Float64Array(1)

const repeat = (count: number): void => {
  for (let index = 0; index < count; index += 1) step.run()
  last[0] = loss[0] as number
}

const held = (): number => {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

// In one turn of the event loop, so that nothing else runs meanwhile.
const growth = (count: number): number => {
  collect()
  const before = held()
  repeat(count)
  return held() - before
}

// The optimizing compiler, which has work of its own on the heap, comes to its end first.
const steps = Number(times)
const memory = program.memory.byteLength
repeat(Math.min(steps, training.stepLimit))
// Asking allocates too; what it costs with no step between is taken off.
const rounds = Array.from({ length: 5 }, () => -growth(0) + growth(steps))
// The first rounds still see the engine settle; a step that allocated would do so in every one.
const bytes = median(rounds.slice(-3))
if (!Number.isFinite(last[0] as number)) throw new Error(`the loss is ${last[0]}`)
// A memory that grew would have left this buffer detached.
if (program.memory.byteLength !== memory) throw new Error('the Wasm memory has grown')
tell({ bytes, rounds } satisfies Allocated)
