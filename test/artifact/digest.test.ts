import { describe, expect, it } from 'vitest'
import { digestOf, equalBytes } from '../../src/artifact/digest.ts'

describe('digest', () => {
  it('has the verification value of MurmurHash3 x86_128', () => {
    // Appleby's own test: keys of 0 to 255 bytes 0, 1, 2 …, each with seed 256 − length; then the digest of all digests.
    const all = new Uint8Array(256 * 16)
    for (let n = 0; n < 256; n++) {
      const key = Uint8Array.from({ length: n }, (_, i) => i)
      all.set(digestOf(key, 256 - n), n * 16)
    }
    const final = digestOf(all, 0)
    expect(new DataView(final.buffer).getUint32(0, true).toString(16)).toBe('b3ece62a')
  })

  it('changes with every single bit, at any alignment', () => {
    const whole = Uint8Array.from({ length: 67 }, (_, i) => (i * 37) & 255)
    const bytes = whole.subarray(3)
    const before = digestOf(bytes, 7)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = bytes.slice()
      altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(equalBytes(digestOf(altered, 7), before)).toBe(false)
    }
    expect(equalBytes(digestOf(bytes.slice(), 7), before)).toBe(true)
    expect(equalBytes(digestOf(bytes, 8), before)).toBe(false)
  })
})
