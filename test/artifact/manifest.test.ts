import { describe, expect, it } from 'vitest'
import { decodeManifest, encodeManifest } from '../../src/artifact/manifest.ts'
import type { Manifest, ManifestPort } from '../../src/artifact/types.ts'
import { codeOf, leftOf, rightOf } from './outcome.ts'
import { toyManifest } from './toy.ts'

type Loose = Record<string, unknown>

/** The manifest as JSON gives it, with the value at `path` replaced, or removed where it is undefined. */
const altered = (path: readonly (string | number)[], value: unknown): unknown => {
  const copy = JSON.parse(encodeManifest(toyManifest)) as Loose
  const last = path.at(-1) as string
  const parent = path.slice(0, -1).reduce((node, key) => node[key] as Loose, copy)
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return copy
}

const port = (changes: Partial<ManifestPort>): ManifestPort => ({
  name: 'p',
  dtype: 'f32',
  shape: [2],
  offset: 0,
  ...changes,
})

describe('manifest', () => {
  it('is what it was after encoding and decoding', () => {
    expect(rightOf(decodeManifest(JSON.parse(encodeManifest(toyManifest))))).toEqual(toyManifest)
    const { certificate, ...uncertified } = toyManifest
    expect(certificate).toBeDefined()
    expect(rightOf(decodeManifest(uncertified))).toEqual(uncertified)
  })

  it.each([
    [['memoryBytes'], undefined, 'manifest.memoryBytes: expected a whole number from 0 to 4294967296, found nothing'],
    [['memoryBytes'], -1, 'manifest.memoryBytes: expected a whole number from 0 to 4294967296, found -1'],
    [['schema'], 0, 'manifest.schema: expected 1, found 0'],
    [['target'], 'wgsl', 'manifest.target: expected one of wasm, javascript, found "wgsl"'],
    [['params', 0, 'dtype'], 'f16', 'manifest.params[0].dtype: expected one of f32, f64, i32, bool, found "f16"'],
    [
      ['entries', 1, 'inputs', 0, 'shape', 1],
      1.5,
      'manifest.entries[1].inputs[0].shape[1]: expected a whole number from 0 to 2147483647, found 1.5',
    ],
    [['entries', 0, 'flops'], null, 'manifest.entries[0].flops: expected a number, not negative, found null'],
    [
      ['entries', 0, 'name'],
      'a\u0000b',
      'manifest.entries[0].name: expected a string of 1 to 200 printing characters, found "a\\u0000b"',
    ],
    [
      ['entries', 0, 'name'],
      '__proto__',
      'manifest.entries[0].name: expected a string of 1 to 200 printing characters, found "__proto__"',
    ],
    [
      ['certificate', 'colour'],
      'red',
      'manifest.certificate.colour: expected no key but program, tolerance, variables, found "red"',
    ],
    [['params'], { length: 3 }, 'manifest.params: expected a list of at most 100000, found an object'],
    [
      ['params'],
      new Array(100_001).fill(0),
      'manifest.params: expected a list of at most 100000, found a list of 100001',
    ],
    [
      ['params', 0, 'shape'],
      new Array(33).fill(1),
      'manifest.params[0].shape: expected a list of at most 32, found a list of 33',
    ],
  ])('names path, expected and found: %j = %j', (path, value, sentence) => {
    const error = leftOf(decodeManifest(altered(path, value)))
    expect(error).toMatchObject({ _tag: 'LoadError', code: 'E_ARTIFACT_MANIFEST', message: sentence })
  })

  it.each([null, undefined, 3, 'manifest', [], () => 1])('refuses %j', (u) => {
    expect(codeOf(decodeManifest(u))).toBe('E_ARTIFACT_MANIFEST')
  })

  it('refuses a newer schema before it looks at anything else', () => {
    const error = leftOf(decodeManifest({ schema: 2, novelty: true }))
    expect(error.code).toBe('E_ARTIFACT_SCHEMA_NEWER')
    expect(error.message).toBe('the artifact has schema 2, this runtime reads up to 1')
  })

  it.each<[string, Partial<Manifest>, string]>([
    [
      'past the memory',
      { params: [port({ offset: 140 })] },
      'param p (f32[2]) ends at byte 148, but the memory has 144',
    ],
    [
      'huge',
      { params: [port({ shape: [2 ** 30, 2 ** 30, 4] })] },
      'ends at byte 18446744073709552000, but the memory has 144',
    ],
    ['misaligned', { params: [port({ offset: 2 })] }, 'param p (f32[2]) lies at 2, not a multiple of its element size'],
    ['misaligned for f64', { states: [port({ dtype: 'f64', offset: 4 })] }, 'lies at 4, not a multiple'],
    ['named twice', { params: [port({}), port({ offset: 8 })] }, 'param: the name p occurs twice'],
    ['overlapping', { params: [port({})], states: [port({ name: 's', offset: 4 })] }, 'p and s overlap'],
    ['a constant outside', { constants: [{ offset: 100, bytes: 45 }] }, 'a constant ends at byte 145'],
    ['an entry twice', { entries: [...toyManifest.entries, ...toyManifest.entries] }, 'the entry init occurs twice'],
    [
      'a queue without room',
      {
        entries: [
          {
            name: 'f',
            inputs: [port({ offset: 128 })],
            outputs: [],
            flops: 0,
            bytes: 0,
            peak: 0,
            queue: { length: 3, count: 0 },
          },
        ],
      },
      'f: input p (f32[2]) ends at byte 152',
    ],
    [
      'a count outside',
      {
        entries: [
          { name: 'f', inputs: [], outputs: [], flops: 0, bytes: 0, peak: 0, queue: { length: 3, count: 142 } },
        ],
      },
      'the count of f lies at 142',
    ],
    [
      'an entry with the name of the memory',
      { entries: [{ name: 'memory', inputs: [], outputs: [], flops: 0, bytes: 0, peak: 0 }] },
      'an entry may not be named memory',
    ],
    [
      'an init with another input',
      { entries: [{ name: 'init', inputs: [port({})], outputs: [], flops: 0, bytes: 0, peak: 0 }] },
      'the entry init may have no input but key of i32[2]',
    ],
    [
      'an output outside',
      { entries: [{ name: 'f', inputs: [], outputs: [port({ offset: 2 ** 32 })], flops: 0, bytes: 0, peak: 0 }] },
      'f: output p (f32[2]) ends at byte 4294967304',
    ],
  ])('refuses a port or entry that is %s', (_, changes, words) => {
    const error = leftOf(decodeManifest({ ...toyManifest, ...changes }))
    expect(error.code).toBe('E_ARTIFACT_LAYOUT')
    expect(error.message).toContain(words)
  })

  it('takes ports without elements, wherever they lie', () => {
    const params = [port({ shape: [0, 7], offset: 144 }), port({ name: 'q', shape: [0] })]
    expect(codeOf(decodeManifest({ ...toyManifest, params }))).toBe('right')
  })

  it('refuses more memory than the limit', () => {
    const error = leftOf(decodeManifest({ ...toyManifest, memoryBytes: 3 * 2 ** 20 }, { memoryBytes: 2 ** 20 }))
    expect(error.code).toBe('E_MEMORY_LIMIT')
    expect(error.message).toBe('the program asks for 3.0 MiB of memory, the limit is 1.0 MiB')
    expect(codeOf(decodeManifest({ ...toyManifest, memoryBytes: 2 ** 30 + 1 }))).toBe('E_MEMORY_LIMIT')
    expect(codeOf(decodeManifest({ ...toyManifest, memoryBytes: 2 ** 30 }))).toBe('right')
  })
})
