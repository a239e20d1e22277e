// A process that compiles the gradient of one loop at several lengths, turn by turn, once everything is warm.
// Comes in: how many rounds, and the lengths; goes out: for each length the processor time of every compilation, and bytes.

import { isLeft } from 'fp-ts/lib/Either.js'
import { compile } from 'nabla/compiler'
import { loadBinaryen } from '../../compiler/emit/wasm/load.ts'
import { processorTime, tell } from './clock.ts'
import { programs } from './curve-programs.ts'

export type Lengths = { readonly milliseconds: readonly (readonly number[])[]; readonly bytes: readonly number[] }

/** Compilations before the first that counts, of each length: by then V8 has compiled what there is to compile. */
const warming = 10

const [, , rounds, ...sizes] = process.argv.map(Number) as readonly number[] as readonly [
  number,
  number,
  number,
  ...number[],
]
await loadBinaryen()
const milliseconds: number[][] = sizes.map(() => [])
const bytes: number[] = []
for (let round = -warming; round < rounds; round += 1)
  for (const [i, size] of sizes.entries()) {
    const before = processorTime()
    const artifact = await compile(programs.scan(size))
    const taken = processorTime() - before
    if (isLeft(artifact)) throw new Error(artifact.left.message)
    bytes[i] = artifact.right.bytes.length
    if (round >= 0) milliseconds[i]?.push(taken)
  }
tell({ milliseconds, bytes } satisfies Lengths)
