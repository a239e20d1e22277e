/**
 * What this engine can run. In: its WebAssembly object, if it has one. Out: the features, or what an artifact misses.
 * Invariant: a feature is present where the engine validates a module that uses it, and nowhere else.
 */
import { type Either, right } from 'fp-ts/lib/Either.js'
import type { Manifest } from '../src/artifact/types.ts'
import type { LoadError } from '../src/core/errors.ts'
import { refuseLoad } from './codes.ts'

export interface Features {
  readonly wasm: boolean
  readonly simd: boolean
  readonly relaxedSimd: boolean
  readonly threads: boolean
}

/** A module of one function whose body is `code`, of type [] -> []. */
const probe = (code: readonly number[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00], // types: [] -> []
    ...[0x03, 0x02, 0x01, 0x00], // functions: one of type 0
    ...[0x0a, code.length + 4, 0x01, code.length + 2, 0x00, ...code, 0x0b], // code: no locals, code, end
  ])

/** i32.const 0, i8x16.splat */
const splat = [0x41, 0x00, 0xfd, 0x0f]
const drop = 0x1a

const simdProbe = probe([...splat, drop])

/** f32x4.relaxed_madd of three splats (0xfd, 0x105 as LEB128). */
const relaxedProbe = probe([...splat, ...splat, ...splat, 0xfd, 0x85, 0x02, drop])

/** atomic.fence, which belongs to threads. */
const threadsProbe = probe([0xfe, 0x03, 0x00])

/** The features of an engine; `undefined` where it has no WebAssembly, or a security policy took it away. */
export const detectFeatures = (wasm: Pick<typeof WebAssembly, 'validate'> | undefined): Features => ({
  wasm: wasm !== undefined,
  simd: wasm?.validate(simdProbe) ?? false,
  relaxedSimd: wasm?.validate(relaxedProbe) ?? false,
  threads: wasm?.validate(threadsProbe) ?? false,
})

export const refuseWasm = (): Either<LoadError, never> =>
  refuseLoad(
    'E_FEATURE_WASM',
    'this engine does not run WebAssembly, or the page forbids it',
    "allow 'wasm-unsafe-eval' in the page's security policy, or compile with { target: 'javascript' }",
  )

/** Whether modules may be compiled at all: a page's security policy shows only when one is. */
export const mayCompile = async (wasm: Pick<typeof WebAssembly, 'compile'>): Promise<boolean> =>
  wasm.compile(new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00])).then(
    () => true,
    () => false,
  )

export const checkFeatures = (
  manifest: Pick<Manifest, 'target' | 'simd' | 'threads'>,
  has: Features,
): Either<LoadError, void> => {
  if (manifest.target === 'javascript') return right(undefined)
  if (!has.wasm) return refuseWasm()
  if (!has.simd)
    return refuseLoad(
      'E_FEATURE_SIMD',
      'the artifact uses WebAssembly SIMD, which this engine does not run',
      "use a newer engine, or compile with { target: 'javascript' }",
    )
  if (manifest.simd === 'relaxed' && !has.relaxedSimd)
    return refuseLoad(
      'E_FEATURE_RELAXED_SIMD',
      'the artifact was compiled for relaxed SIMD, which this engine does not run',
      "use Node 22 or newer (or --experimental-wasm-relaxed-simd), or compile with { simd: 'plain' }",
    )
  if (manifest.threads !== undefined && !has.threads)
    return refuseLoad(
      'E_FEATURE_THREADS',
      'the artifact was compiled for threads, which this engine does not run',
      'use a newer engine, or compile with { threads: 1 }',
    )
  return right(undefined)
}
