import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/artifact/digest.ts'
import { decodeWeights, encodeWeights, type WeightTensor } from '../../src/artifact/weights.ts'
import { codeOf, leftOf, rightOf } from './outcome.ts'
import { assertProperty } from '../properties.ts'

const tensors: readonly WeightTensor[] = [
  { kind: 'param', name: 'w', dtype: 'f32', shape: [3, 5], data: Float32Array.from({ length: 15 }, (_, i) => i / 7) },
  { kind: 'param', name: 'none', dtype: 'f32', shape: [0], data: new Float32Array(0) },
  { kind: 'state', name: 'w', dtype: 'f64', shape: [2], data: Float64Array.of(Number.NaN, -0) },
  { kind: 'state', name: 'step', dtype: 'i32', shape: [], data: Int32Array.of(-7) },
  { kind: 'state', name: 'mask', dtype: 'bool', shape: [3], data: Int32Array.of(1, 0, 1) },
]

const file = encodeWeights(tensors)
const headerAt = 32

/** A file with `json` for a header and `dataBytes` of data, with the digest that a forger would write. */
const forged = (json: string, dataBytes: number): Uint8Array => {
  const header = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 16) * 16))
  const bytes = new Uint8Array(headerAt + header.length + dataBytes)
  bytes.set(file.subarray(0, 8))
  const view = new DataView(bytes.buffer)
  view.setUint32(8, bytes.length, true)
  view.setUint32(12, header.length, true)
  bytes.set(header, headerAt)
  bytes.set(digestOf(bytes.subarray(headerAt), header.length), 16)
  return bytes
}

const one = (changes: object): string =>
  JSON.stringify({ tensors: [{ kind: 'param', name: 'w', dtype: 'f32', shape: [4], offset: 0, ...changes }] })

describe('weights', () => {
  it('come back as they were, bit for bit', () => {
    expect(rightOf(decodeWeights(file))).toEqual(tensors)
  })

  it('are views of the file, not copies', () => {
    const decoded = rightOf(decodeWeights(file))
    for (const tensor of decoded) expect(tensor.data.buffer).toBe(file.buffer)
  })

  it('come back at any alignment', () => {
    for (let shift = 0; shift < 9; shift++) {
      const shifted = Buffer.alloc(file.length + shift)
      shifted.set(file, shift)
      expect(rightOf(decodeWeights(shifted.subarray(shift)))).toEqual(tensors)
    }
  })

  it('hold every tensor, whatever its size', () => {
    assertProperty(
      fc.property(fc.array(fc.float32Array({ maxLength: 9 }), { maxLength: 6 }), (arrays) => {
        const some = arrays.map(
          (data, i): WeightTensor => ({ kind: 'param', name: `p${i}`, dtype: 'f32', shape: [data.length], data }),
        )
        expect(rightOf(decodeWeights(encodeWeights(some)))).toEqual(some)
      }),
      { numRuns: 50 },
    )
  })

  it('are refused cut short, at every length', () => {
    for (let length = 0; length < file.length; length++)
      expect(codeOf(decodeWeights(file.subarray(0, length)))).toBe('E_WEIGHTS_TRUNCATED')
  })

  it('are refused with any one bit altered', () => {
    const codes = new Set<string>()
    for (let bit = 0; bit < file.length * 8; bit++) {
      const altered = file.slice()
      altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7))
      codes.add(codeOf(decodeWeights(altered)))
    }
    expect([...codes].sort()).toEqual([
      'E_WEIGHTS_DIGEST',
      'E_WEIGHTS_FORMAT',
      'E_WEIGHTS_SCHEMA_NEWER',
      'E_WEIGHTS_TRUNCATED',
    ])
  })

  it('are refused from a newer version', () => {
    const newer = file.slice()
    newer[4] = 2
    expect(leftOf(decodeWeights(newer))).toMatchObject({
      code: 'E_WEIGHTS_SCHEMA_NEWER',
      message: 'the checkpoint has schema 2, this version reads up to 1',
    })
  })

  it.each([
    ['is no JSON', '{', 0, 'header: expected JSON'],
    ['has an unknown key', '{"tensors":[],"x":1}', 0, 'header.x: expected no key but tensors, found 1'],
    ['states too much', one({ shape: [4096, 4096] }), 16, 'ends at byte 67108864 of the data, which has 16'],
    ['is misaligned', one({ offset: 4 }), 32, 'param w (f32[4]) lies at 4, not a multiple of 16'],
    ['has a wrong dtype', one({ dtype: 'f8' }), 16, 'header.tensors[0].dtype: expected one of f32, f64, i32, bool'],
    [
      'names a tensor twice',
      JSON.stringify({ tensors: [...JSON.parse(one({})).tensors, ...JSON.parse(one({})).tensors] }),
      16,
      'param w (f32[4]) occurs twice',
    ],
  ])('are refused where the header %s', (_, json, dataBytes, words) => {
    const error = leftOf(decodeWeights(forged(json, dataBytes)))
    expect(error.code).toBe('E_WEIGHTS_FORMAT')
    expect(error.message).toContain(words)
  })

  it('are refused where the header reaches past the end', () => {
    const bytes = forged(one({}), 16)
    new DataView(bytes.buffer).setUint32(12, 2 ** 20, true)
    bytes.set(digestOf(bytes.subarray(headerAt), 2 ** 20), 16)
    expect(leftOf(decodeWeights(bytes)).message).toBe('a header of 1048576 bytes cannot be')
  })
})
