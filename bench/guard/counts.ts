// What a step costs, in counts that no machine changes. Comes in: a workload's name; goes out: its counts, and whether they
// have grown beside those that were kept.

import { readFileSync } from 'node:fs'
import { isLeft } from 'fp-ts/lib/Either.js'
import { type Artifact, compile } from 'nabla/compiler'
import type { HeldName } from '../nabla/held.ts'
import { heldModels } from '../nabla/held.ts'
import { placeFirst } from '../nabla/place.ts'
import type { Training } from '../workloads/workload.ts'
import { type CountedKind, countedKinds, counterName, instrument } from './instrument.ts'

/** Counts of one workload by name; each is better when it is smaller. */
export type Counts = Readonly<Record<string, number>>

/** A count may grow by as much before anybody is told. */
const allowedGrowth = 0.05

export const guardFile = new URL('../guard.json', import.meta.url)

type Exports = Readonly<Record<string, unknown>> & { readonly memory: WebAssembly.Memory }

/** Instructions that the first step executes on the workload's own data, by kind. */
const executed = async (artifact: Artifact, training: Training): Promise<Readonly<Record<CountedKind, number>>> => {
  const { instance } = await WebAssembly.instantiate(instrument(artifact.bytes))
  const exports = instance.exports as Exports
  placeFirst(exports.memory, artifact.manifest, training)
  ;(exports['step'] as () => void)()
  const counter = (kind: CountedKind): number => Number((exports[counterName(kind)] as WebAssembly.Global).value)
  return Object.fromEntries(countedKinds.map((kind) => [kind, counter(kind)])) as Record<CountedKind, number>
}

export const countsOf = async (name: HeldName): Promise<Counts> => {
  const { training, entries } = heldModels[name]
  const compiled = await compile(entries())
  if (isLeft(compiled)) throw new Error(compiled.left.message)
  const artifact: Artifact = compiled.right
  const step = artifact.manifest.entries.find((entry) => entry.name === 'step')
  const kinds = Object.entries(await executed(artifact, training())).map(
    ([kind, n]) => [`executed.${kind}`, n] as const,
  )
  return {
    kernels: artifact.kernels['step'] ?? Number.NaN,
    bytesMoved: step?.bytes ?? Number.NaN,
    flops: step?.flops ?? Number.NaN,
    memoryBytes: artifact.manifest.memoryBytes,
    artifactBytes: artifact.bytes.length,
    ...Object.fromEntries(kinds),
  }
}

export const keptCounts = (): Readonly<Record<string, Counts>> =>
  JSON.parse(readFileSync(guardFile, 'utf8')) as Readonly<Record<string, Counts>>

/** Each count that has grown by more than it may, or that one of both sides lacks. */
export const grown = (kept: Counts, found: Counts): readonly string[] =>
  [...new Set([...Object.keys(kept), ...Object.keys(found)])].flatMap((name) => {
    const [before, after] = [kept[name] ?? Number.NaN, found[name] ?? Number.NaN]
    return after <= before * (1 + allowedGrowth) ? [] : [`${name}: ${before} before, ${after} now`]
  })
