/**
 * Artifacts and checkpoints that cannot be taken, one a code. In: nothing. Out: programs and their words.
 * Invariant: every one is made from a sound artifact by one change.
 */
import { load } from '../../runtime/load.ts'
import { checkFeatures } from '../../runtime/features.ts'
import type { loadErrorCodes } from '../../runtime/codes.ts'
import type { artifactErrorCodes } from '../../src/artifact/codes.ts'
import { decodeWeights, encodeWeights, type WeightTensor } from '../../src/artifact/weights.ts'
import { rightOf } from '../artifact/outcome.ts'
import { moduleOf, toyArtifact, toyCode, toyJavaScript, toyManifest, unreachable } from '../artifact/toy.ts'
import type { FailingPrograms } from './program.ts'

const artifact = toyArtifact()

const changed = (bytes: Uint8Array, change: (copy: Uint8Array<ArrayBuffer>) => void): Uint8Array<ArrayBuffer> => {
  const copy = new Uint8Array(bytes)
  change(copy)
  return copy
}

/** Where the artifact's manifest section states its schema. */
const schemaAt = (() => {
  const name = [...new TextEncoder().encode('nabla')]
  return artifact.findIndex((_, i) => name.every((c, k) => artifact[i + k] === c)) + name.length
})()

const w: WeightTensor = { kind: 'param', name: 'w', dtype: 'f32', shape: [2, 1], data: Float32Array.of(1, 2) }
const b: WeightTensor = { kind: 'param', name: 'b', dtype: 'f32', shape: [], data: Float32Array.of(0) }
const steps: WeightTensor = { kind: 'state', name: 'steps', dtype: 'i32', shape: [], data: Int32Array.of(3) }
const checkpoint = encodeWeights([w, b, steps])

const restored = async (tensors: readonly WeightTensor[]) =>
  rightOf(await load(artifact)).restore(encodeWeights(tensors))

const features = { wasm: true, simd: true, relaxedSimd: false, threads: true }

export const artifacts: FailingPrograms<keyof typeof artifactErrorCodes> = {
  E_ARTIFACT_NOT_WASM: {
    message: 'the bytes do not begin as a WebAssembly module does (00 61 73 6d 01 00 00 00)',
    run: () => load(new TextEncoder().encode('<!doctype html>')),
  },
  E_ARTIFACT_NO_MANIFEST: {
    message: 'the WebAssembly module has no section nabla: it is not an artifact',
    run: () => load(moduleOf()),
  },
  E_ARTIFACT_TRUNCATED: {
    message: `the artifact is truncated: ${artifact.length - 7} of ${artifact.length} bytes`,
    run: () => load(artifact.subarray(0, artifact.length - 7)),
  },
  E_ARTIFACT_DIGEST: {
    message: 'the artifact was altered: its digest is not that of its bytes',
    run: () =>
      load(
        changed(artifact, (c) => {
          c[c.length - 3] = 0
        }),
      ),
  },
  E_ARTIFACT_SCHEMA_NEWER: {
    message: 'the artifact has schema 2, this runtime reads up to 1',
    run: () =>
      load(
        changed(artifact, (c) => {
          c[schemaAt] = 2
        }),
      ),
  },
  E_ARTIFACT_MANIFEST: {
    message: 'manifest.target: expected one of wasm, javascript, found "metal"',
    run: () => load(toyArtifact({ target: 'metal' as never })),
  },
  E_ARTIFACT_LAYOUT: {
    message: 'the manifest contradicts itself: w and steps overlap',
    run: () => load(toyArtifact({ states: [{ name: 'steps', dtype: 'i32', shape: [], offset: 4 }] })),
  },
  E_ARTIFACT_CODE: {
    message: 'the module is not as its manifest says: it has no function for the entry step',
    run: () => load(toyArtifact({}, { code: { init: toyCode['init'] ?? [] } })),
  },
  E_MEMORY_LIMIT: {
    message: 'the program asks for 144 bytes of memory, the limit is 100 bytes',
    run: () => load(artifact, { memoryLimit: 100 }),
  },
  E_WEIGHTS_FORMAT: {
    message: 'the bytes do not begin as a checkpoint does (6e 62 6c 77)',
    run: () => decodeWeights(new TextEncoder().encode('not a checkpoint, but long enough for one')),
  },
  E_WEIGHTS_TRUNCATED: {
    message: 'the checkpoint is truncated: 301 of 304 bytes',
    run: () => decodeWeights(checkpoint.subarray(0, checkpoint.length - 3)),
  },
  E_WEIGHTS_DIGEST: {
    message: 'the checkpoint was altered: its digest is not that of its bytes',
    run: () =>
      decodeWeights(
        changed(checkpoint, (c) => {
          c[c.length - 1] = 9
        }),
      ),
  },
  E_WEIGHTS_SCHEMA_NEWER: {
    message: 'the checkpoint has schema 2, this version reads up to 1',
    run: () =>
      decodeWeights(
        changed(checkpoint, (c) => {
          c[4] = 2
        }),
      ),
  },
  E_WEIGHTS_MISSING: { message: 'the checkpoint has no parameter w (f32[2,1])', run: () => restored([b, steps]) },
  E_WEIGHTS_SURPLUS: {
    message: 'the program has no parameter c (f32[])',
    run: () => restored([w, b, { ...b, name: 'c' }, steps]),
  },
  E_WEIGHTS_TYPE: {
    message: 'parameter w is f32[2,1] in the program and f32[1,2] in the checkpoint',
    run: () => restored([{ ...w, shape: [1, 2] }, b, steps]),
  },
}

export const loads: FailingPrograms<keyof typeof loadErrorCodes> = {
  E_LOAD_SOURCE: {
    message:
      'bytes, a Response, a URL, a WebAssembly.Module or the module of a JavaScript artifact can be loaded, not string',
    run: () => load('model.wasm' as never),
  },
  E_LOAD_READ: {
    message: 'the response was answered with status 404',
    run: () => load(new Response('gone', { status: 404 })),
  },
  E_LOAD_MODULE: {
    message: 'the JavaScript module states the target wasm',
    run: () => load({ ...toyJavaScript, manifest: toyManifest }),
  },
  E_LOAD_INIT: {
    message: 'init: the engine stopped the program: unreachable',
    run: () => load(toyArtifact({}, { code: { ...toyCode, init: unreachable } })),
  },
  E_FEATURE_WASM: {
    message: 'this engine does not run WebAssembly, or the page forbids it',
    run: () => checkFeatures(toyManifest, { ...features, wasm: false }),
  },
  E_FEATURE_SIMD: {
    message: 'the artifact uses WebAssembly SIMD, which this engine does not run',
    run: () => checkFeatures(toyManifest, { ...features, simd: false }),
  },
  E_FEATURE_THREADS: {
    message: 'the artifact was compiled for threads, which this engine does not run',
    run: () => checkFeatures({ ...toyManifest, threads: { most: 2, control: 64 } }, { ...features, threads: false }),
  },
  E_FEATURE_RELAXED_SIMD: {
    message: 'the artifact was compiled for relaxed SIMD, which this engine does not run',
    run: () => checkFeatures({ ...toyManifest, simd: 'relaxed' }, features),
  },
}
