// Memory in bytes that no machine changes, and that of a process. Comes in: a workload; goes out: the bytes of its plan over
// those that have to be there at the worst moment, and how far a process that trains it grows beyond them.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isLeft } from 'fp-ts/lib/Either.js'
import { compile } from 'nabla/compiler'
import { compileWhole } from '../../compiler/compile.ts'
import { bytesNeeded } from '../../compiler/plan/plan.ts'
import { type Measurement, median } from '../measure.ts'
import { type HeldName, heldModels } from '../nabla/held.ts'
import { bundledRuntime } from './artifacts.ts'
import { runFresh } from './fresh.ts'
import { countLine } from './lines.ts'

/** Bytes of the plan, and of what has to be there at its worst moment: parameters, states, inputs, saved values. */
export const plannedBytes = async (name: HeldName): Promise<{ readonly plan: number; readonly needed: number }> => {
  const whole = await compileWhole(heldModels[name].entries())
  if (isLeft(whole)) throw new Error(whole.left.message)
  const { plan } = whole.right
  return { plan: plan.memoryBytes, needed: bytesNeeded(plan) }
}

export const measurePlan = async (name: HeldName): Promise<readonly Measurement[]> => {
  const { plan, needed } = await plannedBytes(name)
  return [countLine(`memory-${name}`, 'ratio', plan / needed)]
}

type Peak = { readonly bytes: number }

/**
 * The most that a process has held by its end. Linux counts in `maxRSS` what the process held that started this one, and says
 * elsewhere what is its own.
 */
const report = `const { readFileSync, existsSync } = await import('node:fs')
const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : ''
const own = /VmHWM:\\s*(\\d+)/.exec(status)?.[1]
console.log(JSON.stringify({ bytes: 1024 * Number(own ?? process.resourceUsage().maxRSS) }))`

const bare = `await import('./runtime.mjs')
${report}
`

// Every page of the memory is written: parameters drawn, inputs filled, three steps run.
const training = `const { load } = await import('./runtime.mjs')
const loaded = await load(new URL('./step.wasm', import.meta.url))
if (loaded._tag === 'Left') throw new Error(loaded.left.message)
const { step } = loaded.right.entries
for (const view of Object.values(step.inputs)) view.fill(view instanceof Int32Array ? 1 : 0.01)
for (let k = 0; k < 3; k++) step.run()
${report}
`

const processes = 3

/** Bytes of a process that trains, beyond those of one that has but loaded the runtime, and beyond what the step needs. */
export const measureProcess = async (name: HeldName): Promise<readonly Measurement[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'nabla-memory-'))
  const place = (file: string): string => join(folder, file)
  const peakOf = async (file: string): Promise<number> => {
    const peaks: number[] = []
    for (let k = 0; k < processes; k++) peaks.push((await runFresh<Peak>(place(file), [])).bytes)
    return median(peaks)
  }
  try {
    const artifact = await compile(heldModels[name].entries())
    if (isLeft(artifact)) throw new Error(artifact.left.message)
    await writeFile(place('step.wasm'), artifact.right.bytes)
    await writeFile(place('runtime.mjs'), await bundledRuntime('node'))
    await writeFile(place('bare.mjs'), bare)
    await writeFile(place('training.mjs'), training)
    const { needed } = await plannedBytes(name)
    const beyond = (await peakOf('training.mjs')) - (await peakOf('bare.mjs')) - needed
    return [countLine(`process-${name}`, 'bytes', Math.round(beyond))]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
