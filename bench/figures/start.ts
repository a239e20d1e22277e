// From an artifact on the disk to the end of its first training step, in fresh processes that know nothing of the
// compiler. Comes in: how many; goes out: `start-W2` by the bundled runtime and `start-W2-wrapper` by the generated
// wrapper, both from before their import on, and with `-process` the whole process, what Node itself needs included.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Effort } from '../effort.ts'
import type { Measurement } from '../measure.ts'
import { artifactFile, bundledRuntime, compiledStep, wrapperText } from './artifacts.ts'
import { repeatFresh, runFresh } from './fresh.ts'
import { timeLine } from './lines.ts'

type Started = { readonly busy: number; readonly milliseconds: number; readonly whole: number }

// `performance.now()` counts from the start of the process. What is printed comes after the clock has been read.
const script = (program: string): string => `const start = performance.now()
${program}
const { step } = program.entries
step.inputs.x.fill(0.5)
step.inputs.learningRate[0] = 1e-3
step.run()
const loss = step.outputs.loss[0]
const whole = performance.now()
const { user, system } = process.cpuUsage()
if (!(loss > 0)) throw new Error('the loss of the first step is ' + loss)
console.log(JSON.stringify({ milliseconds: whole - start, whole, busy: (user + system) / 1000 / whole }))
`

const byRuntime = script(`const { load } = await import('./runtime.mjs')
const loaded = await load(new URL('./${artifactFile}', import.meta.url))
if (loaded._tag === 'Left') throw new Error(loaded.left.message)
const program = loaded.right`)

const byWrapper = script(`const { load } = await import('./wrapper.mjs')
const program = await load()`)

const measured = async (name: string, file: string, effort: Effort): Promise<readonly Measurement[]> => {
  const told = await repeatFresh(effort, () => runFresh<Started>(file, []))
  return [
    timeLine(
      name,
      told.map((t) => t.milliseconds),
    ),
    timeLine(
      `${name}-process`,
      told.map((t) => t.whole),
    ),
  ]
}

export const measureStart = async (effort: Effort): Promise<readonly Measurement[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'nabla-start-'))
  const place = (name: string): string => join(folder, name)
  try {
    const artifact = await compiledStep()
    await writeFile(place(artifactFile), artifact.bytes)
    await writeFile(place('wrapper.mjs'), wrapperText(artifact))
    await writeFile(place('runtime.mjs'), await bundledRuntime('node'))
    await writeFile(place('by-runtime.mjs'), byRuntime)
    await writeFile(place('by-wrapper.mjs'), byWrapper)
    return [
      ...(await measured('start-W2', place('by-runtime.mjs'), effort)),
      ...(await measured('start-W2-wrapper', place('by-wrapper.mjs'), effort)),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
