import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COMPILER_VERSION, manifestOf } from '../../compiler/manifest.ts'
import type { Plan } from '../../compiler/plan/plan.ts'
import { decodeManifest } from '../../src/artifact/manifest.ts'
import { InternalError } from '../../src/core/errors.ts'
import { rightOf } from './outcome.ts'

const plan: Plan = {
  kernels: [],
  buffers: [
    { dtype: 'f32', elements: 4, region: 'constant', offset: 0, label: 'c' },
    { dtype: 'f32', elements: 6, region: 'param', offset: 32, label: 'w' },
    { dtype: 'i32', elements: 1, region: 'state', offset: 80, label: 'n' },
    { dtype: 'f32', elements: 2, region: 'input', offset: 112, label: 'x' },
    { dtype: 'f64', elements: 1, region: 'output', offset: 144, label: 'y' },
  ],
  params: [{ name: 'w', dtype: 'f32', shape: [2, 3], buffer: 1 }],
  states: [{ name: 'n', dtype: 'i32', shape: [], buffer: 2 }],
  constants: [{ buffer: 0, bytes: new Uint8Array(16) }],
  entries: [
    {
      name: 'step',
      inputs: [{ name: 'x', dtype: 'f32', shape: [2], buffer: 3 }],
      outputs: [{ name: 'y', dtype: 'f64', shape: [], buffer: 4 }],
      steps: [],
      ranges: [],
      flops: 12,
      traffic: 100,
      peak: 64,
    },
  ],
  memoryBytes: 176,
}

describe('manifestOf', () => {
  it('says of a plan what the world sees of it', () => {
    const manifest = manifestOf(plan, { target: 'wasm', simd: 'relaxed' })
    expect(manifest).toEqual({
      schema: 1,
      compiler: COMPILER_VERSION,
      target: 'wasm',
      simd: 'relaxed',
      memoryBytes: 176,
      params: [{ name: 'w', dtype: 'f32', shape: [2, 3], offset: 32 }],
      states: [{ name: 'n', dtype: 'i32', shape: [], offset: 80 }],
      entries: [
        {
          name: 'step',
          inputs: [{ name: 'x', dtype: 'f32', shape: [2], offset: 112 }],
          outputs: [{ name: 'y', dtype: 'f64', shape: [], offset: 144 }],
          flops: 12,
          bytes: 100,
          peak: 64,
        },
      ],
      constants: [{ offset: 0, bytes: 16 }],
    })
    expect(rightOf(decodeManifest(JSON.parse(JSON.stringify(manifest))))).toEqual(manifest)
  })

  it('calls the JavaScript target plain, which has no fused multiply-add', () => {
    expect(manifestOf(plan, { target: 'javascript', simd: 'relaxed' }).simd).toBe('plain')
  })

  it('carries the version of the package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    expect(COMPILER_VERSION).toBe(version)
  })

  it.each<[string, Partial<Plan>]>([
    ['names a buffer that is not planned', { params: [{ name: 'w', dtype: 'f32', shape: [], buffer: 9 }] }],
    ['reaches past its memory', { memoryBytes: 150 }],
    ['has two parameters of one name', { params: [...plan.params, ...plan.params] }],
  ])('throws for a plan that %s', (_, changes) => {
    expect(() => manifestOf({ ...plan, ...changes }, { target: 'wasm', simd: 'plain' })).toThrow(InternalError)
  })
})
