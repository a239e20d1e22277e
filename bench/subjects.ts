// Who is measured, and how its process is started. Comes in: which peers were asked for and what this engine offers;
// goes out: the subjects of a run, Nabla first, so that its figures are the ones the others stand beside.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { relaxedByDefault, relaxedFlag } from './engine.ts'
import type { Variant } from './subject.ts'
import type { Workload } from './workloads/workload.ts'

/** `hand` is what a person writes; `interpreter` is Nabla's slow evaluator, which only says what is right. */
export type SubjectName = 'nabla' | 'jax-js' | 'tfjs-wasm' | 'peak' | 'interpreter' | 'hand'

export type Subject = {
  readonly name: SubjectName
  readonly variant: Variant
  readonly threads: number
  /** V8's flags for its process, beyond those of the harness. */
  readonly flags: readonly string[]
  /** The module, relative to this folder, that can do this workload; undefined where there is none. */
  readonly module: (workload: Workload) => string | undefined
}

export type PeerName = 'jax-js' | 'tfjs-wasm'
export const peerNames: readonly PeerName[] = ['jax-js', 'tfjs-wasm']

const relaxedFlags = relaxedByDefault ? [] : [relaxedFlag]

// One file a workload under nabla/, found by its name: w2.ts for W2, matmul.ts for every product, conv.ts for every convolution.
const nablaModule = (workload: Workload): string | undefined => {
  const file = { product: 'matmul', convolution: 'conv', training: workload.name.toLowerCase() }[workload._tag]
  const path = `./nabla/${file}.ts`
  return existsSync(fileURLToPath(new URL(path, import.meta.url))) ? path : undefined
}

const nabla = (variant: Variant, threads = 1): Subject => ({
  name: 'nabla',
  variant,
  threads,
  flags: variant === 'relaxed' ? relaxedFlags : [],
  // Scalar JavaScript has nothing to say about matrix products that its training steps do not say.
  module: (workload) => (variant === 'javascript' && workload._tag !== 'training' ? undefined : nablaModule(workload)),
})

// jax-js takes relaxed SIMD wherever the engine has it and cannot be told otherwise, so an engine that has it without a
// flag leaves no plain variant to measure.
const jaxjs = (variant: 'plain' | 'relaxed'): Subject => ({
  name: 'jax-js',
  variant,
  threads: 1,
  flags: variant === 'relaxed' ? relaxedFlags : [],
  module: () => './peers/jaxjs.ts',
})

const tfjs: Subject = {
  name: 'tfjs-wasm',
  variant: 'plain',
  threads: 1,
  flags: [],
  module: () => './peers/tfjs.ts',
}

/** The machine's own limits, measured in the same rounds as everything else; its module is `peak.ts`. */
export const peakOf = (variant: 'plain' | 'relaxed'): Subject => ({
  name: 'peak',
  variant,
  threads: 1,
  flags: variant === 'relaxed' ? relaxedFlags : [],
  module: () => undefined,
})

/** Trains along for the losses alone: nothing is fused, planned or emitted. */
export const interpreter: Subject = {
  name: 'interpreter',
  variant: 'javascript',
  threads: 1,
  flags: [],
  module: (workload) => (workload._tag === 'training' ? './nabla/interpreter.ts' : undefined),
}

// Scalar JavaScript takes up to seconds for a step whose time is that of its products.
const small = (subject: Subject): Subject => ({
  ...subject,
  module: (workload) =>
    workload._tag === 'training' && workload.productFlops > 0 ? undefined : subject.module(workload),
})

/** Multiplications of a step that threads could share. */
const WORTH_SHARING = 1e8

const shared = (subject: Subject): Subject => ({
  ...subject,
  module: (workload) =>
    workload._tag === 'training' && workload.productFlops > WORTH_SHARING ? subject.module(workload) : undefined,
})

/** Every subject of a run, for the peers asked for; in a quick one JavaScript does small workloads alone. */
export const subjectsOf = (peers: readonly PeerName[], quick = false, threads = 1): readonly Subject[] => [
  nabla('plain'),
  ...(threads > 1 ? [shared(nabla('plain', threads))] : []),
  nabla('relaxed'),
  quick ? small(nabla('javascript')) : nabla('javascript'),
  ...(peers.includes('jax-js') ? [...(relaxedByDefault ? [] : [jaxjs('plain')]), jaxjs('relaxed')] : []),
  ...(peers.includes('tfjs-wasm') ? [tfjs] : []),
]
