// A fresh process that compiles one program of a given size once: a deep chain, or many parameters.
// Comes in: which, and how large; goes out: the time from the model's expressions to the artifact, and the artifact's bytes.

import { isLeft } from 'fp-ts/lib/Either.js'
import { compile } from 'nabla/compiler'
import { loadBinaryen } from '../../compiler/emit/wasm/load.ts'
import { stopwatch, tell } from './clock.ts'
import { type Curve, programs } from './curve-programs.ts'

export type CurvePoint = { readonly busy: number; readonly milliseconds: number; readonly bytes: number }

await loadBinaryen()
const [, , curve, size] = process.argv
const compiling = stopwatch()
const artifact = await compile(programs[curve as Curve](Number(size)))
const milliseconds = compiling.elapsed()
const busy = compiling.busy()
if (isLeft(artifact)) throw new Error(artifact.left.message)
tell({ busy, milliseconds, bytes: artifact.right.bytes.length } satisfies CurvePoint)
