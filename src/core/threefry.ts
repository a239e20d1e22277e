// Threefry-2x32 with 20 rounds: a counter-based random generator, for the host's side of the house.
// In: a key and a counter, each two unsigned 32-bit words. Out: two unsigned 32-bit words, or uniform numbers made of them.
// Invariant: everything is a pure function of key and counter, in integer arithmetic alone; the same key gives the same
// bits in every engine, and element i of a stream can be had without the elements before it.
//
// Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011),
// and the known-answer vectors of its library Random123.

/** A key, or a counter: two unsigned 32-bit words, the low one first. */
export type Words = readonly [number, number]

/** Skein's constant C240 in 32 bits: keeps the third subkey from being zero where both key words are. */
const parity = 0x1bd11bda

/** 2^-24: the top 24 bits of a word are exactly the mantissa of an f32 in [0, 1). */
const unit = 2 ** -24

/** Derived keys live where the counter's high word is this; streams stay below it, so the two never share a block. */
const derivation = 0xffffffff

/** Two words, or a row of them, that `writeBlock` may write to. */
type Sink = { [index: number]: number }

/** x0 and x1 rotated into each other; the eight rotations and five key injections of the paper, unrolled. */
const writeBlock = (out: Sink, at: number, k0: number, k1: number, c0: number, c1: number): void => {
  const k2 = k0 ^ k1 ^ parity
  let a = (c0 + k0) | 0
  let b = (c1 + k1) | 0
  for (let group = 0; group < 5; group++) {
    if ((group & 1) === 0) {
      a = (a + b) | 0
      b = ((b << 13) | (b >>> 19)) ^ a
      a = (a + b) | 0
      b = ((b << 15) | (b >>> 17)) ^ a
      a = (a + b) | 0
      b = ((b << 26) | (b >>> 6)) ^ a
      a = (a + b) | 0
      b = ((b << 6) | (b >>> 26)) ^ a
    } else {
      a = (a + b) | 0
      b = ((b << 17) | (b >>> 15)) ^ a
      a = (a + b) | 0
      b = ((b << 29) | (b >>> 3)) ^ a
      a = (a + b) | 0
      b = ((b << 16) | (b >>> 16)) ^ a
      a = (a + b) | 0
      b = ((b << 24) | (b >>> 8)) ^ a
    }
    // After group g the subkeys g+1 and g+2 (of three, in turn) are added, and g+1 itself.
    const turn = group % 3
    a = (a + (turn === 0 ? k1 : turn === 1 ? k2 : k0)) | 0
    b = (b + (turn === 0 ? k2 : turn === 1 ? k0 : k1) + group + 1) | 0
  }
  out[at] = a >>> 0
  out[at + 1] = b >>> 0
}

/** The random function itself: 64 bits of key and 64 bits of counter to 64 random bits. */
export const threefry2x32 = (key: Words, counter: Words): Words => {
  const out: [number, number] = [0, 0]
  writeBlock(out, 0, key[0] | 0, key[1] | 0, counter[0] | 0, counter[1] | 0)
  return out
}

/** A key from a number: both halves of a non-negative integer below 2^53. */
export const keyOf = (seed: number): Words => [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0]

/** The `index`-th key that follows from `key` (`index` below 2^32); independent of `key`'s own stream. */
export const deriveKey = (key: Words, index: number): Words => threefry2x32(key, [index >>> 0, derivation])

/**
 * Elements `first` to `first + length - 1` of the stream of random words of `key`: words 2b and 2b + 1 are the block at
 * counter b. `first + length` stays below 2^53.
 */
export const randomWords = (key: Words, length: number, first = 0): Uint32Array => {
  const skipped = first % 2
  const block = (first - skipped) / 2
  // Whole blocks are written; the word before `first` and the one after the end are cut off by the view.
  const words = new Uint32Array(skipped + length + ((skipped + length) % 2))
  const k0 = key[0] | 0
  const k1 = key[1] | 0
  for (let i = 0; i < words.length; i += 2) {
    const counter = block + i / 2
    writeBlock(words, i, k0, k1, counter | 0, Math.floor(counter / 2 ** 32) | 0)
  }
  return words.subarray(skipped, skipped + length)
}

/** Elements `first` to `first + length - 1` of the uniform stream of `key`: in [0, 1), multiples of 2^-24. */
export const uniforms = (key: Words, length: number, first = 0): Float32Array => {
  const words = randomWords(key, length, first)
  const out = new Float32Array(length)
  for (let i = 0; i < length; i++) out[i] = ((words[i] ?? 0) >>> 8) * unit
  return out
}
