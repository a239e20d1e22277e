// A fresh process that imports binaryen and then compiles a workload's step once, from the model's expressions to the artifact.

import { isLeft } from 'fp-ts/lib/Either.js'
import { compile } from 'nabla/compiler'
import { loadBinaryen } from '../../compiler/emit/wasm/load.ts'
import { heldModels, isHeld } from '../nabla/held.ts'
import { stopwatch, tell } from './clock.ts'

export type Compiled = {
  readonly busy: number
  readonly importMilliseconds: number
  readonly milliseconds: number
  /** Milliseconds of each pass; `grad` is everything from the model's expressions to those of the step. */
  readonly passes: Readonly<Record<string, number>>
}

const [name = ''] = process.argv.slice(2)
if (!isHeld(name)) throw new Error(`no workload ${name}`)
const importing = stopwatch()
await loadBinaryen()
const importMilliseconds = importing.elapsed()

const compiling = stopwatch()
const step = heldModels[name].entries()
const passes: Record<string, number> = { grad: compiling.elapsed() }
const artifact = await compile(step)
const milliseconds = compiling.elapsed()
const busy = compiling.busy()
if (isLeft(artifact)) throw new Error(artifact.left.message)
for (const time of artifact.right.times) passes[time.pass] = (passes[time.pass] ?? 0) + time.milliseconds
tell({ busy, importMilliseconds, milliseconds, passes } satisfies Compiled)
