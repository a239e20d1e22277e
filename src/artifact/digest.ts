/**
 * The digest of artifacts and checkpoints: MurmurHash3 x86_128, which tells damage, not forgery (whoever can alter a file
 * can also write its digest, so a slower hash would protect nothing more).
 * In: bytes and a seed. Out: 16 bytes. Invariant: the same bytes give the same digest on every machine.
 *
 * Source: A. Appleby, MurmurHash3 (public domain), variant x86_128; checked by its verification value 0xB3ECE62A.
 */

export const DIGEST_BYTES = 16

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/** The finalizer: every bit of the word reaches every other. */
const avalanche = (word: number): number => {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const multipliers = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const
const rotations = [15, 16, 17, 18] as const

/** A word of the key, mixed: multiplied, rotated, multiplied by the next lane's constant. */
const mixed = (word: number, lane: 0 | 1 | 2 | 3): number =>
  Math.imul(rotate(Math.imul(word, multipliers[lane]), rotations[lane]), multipliers[((lane + 1) & 3) as 0 | 1 | 2 | 3])

const little = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) |
  ((bytes[at + 1] as number) << 8) |
  ((bytes[at + 2] as number) << 16) |
  ((bytes[at + 3] as number) << 24)

/**
 * Whole blocks of 16 bytes, four lanes that feed one another in turn. Written out, because an artifact is hashed once, by
 * code that the engine has not compiled yet: a call a word would take three times as long.
 */
const hashBlocks = (h: Int32Array, bytes: Uint8Array, blocks: number): void => {
  const { imul } = Math
  const view = new DataView(bytes.buffer, bytes.byteOffset, blocks * 16)
  let h0 = h[0] as number
  let h1 = h[1] as number
  let h2 = h[2] as number
  let h3 = h[3] as number
  let k = 0
  for (let at = 0; at < blocks * 16; at += 16) {
    k = imul(view.getInt32(at, true), 0x239b961b)
    h0 ^= imul((k << 15) | (k >>> 17), 0xab0e9789)
    h0 = (imul(((h0 << 19) | (h0 >>> 13)) + h1, 5) + 0x561ccd1b) | 0
    k = imul(view.getInt32(at + 4, true), 0xab0e9789)
    h1 ^= imul((k << 16) | (k >>> 16), 0x38b34ae5)
    h1 = (imul(((h1 << 17) | (h1 >>> 15)) + h2, 5) + 0x0bcaa747) | 0
    k = imul(view.getInt32(at + 8, true), 0x38b34ae5)
    h2 ^= imul((k << 17) | (k >>> 15), 0xa1e38b93)
    h2 = (imul(((h2 << 15) | (h2 >>> 17)) + h3, 5) + 0x96cd1c35) | 0
    k = imul(view.getInt32(at + 12, true), 0xa1e38b93)
    h3 ^= imul((k << 18) | (k >>> 14), 0x239b961b)
    h3 = (imul(((h3 << 13) | (h3 >>> 19)) + h0, 5) + 0x32ac3b17) | 0
  }
  h.set([h0, h1, h2, h3])
}

/** The rest of fewer than 16 bytes, as if padded with zeros; lanes without a byte stay as they are. */
const hashTail = (h: Int32Array, tail: Uint8Array): void => {
  const padded = new Uint8Array(16)
  padded.set(tail)
  for (const lane of [0, 1, 2, 3] as const)
    if (tail.length > lane * 4) h[lane] = (h[lane] as number) ^ mixed(little(padded, lane * 4), lane)
}

const addAcross = (h: Int32Array): void => {
  h[0] = (h[0] as number) + (h[1] as number) + (h[2] as number) + (h[3] as number)
  for (const lane of [1, 2, 3]) h[lane] = (h[lane] as number) + h[0]
}

/** 16 bytes that depend on every bit of `bytes`, on their number and on `seed` (32 bits). */
export const digestOf = (bytes: Uint8Array, seed: number): Uint8Array => {
  const h = new Int32Array(4).fill(seed)
  const blocks = Math.floor(bytes.length / 16)
  hashBlocks(h, bytes, blocks)
  hashTail(h, bytes.subarray(blocks * 16))
  for (let lane = 0; lane < 4; lane++) h[lane] = (h[lane] as number) ^ bytes.length
  addAcross(h)
  for (let lane = 0; lane < 4; lane++) h[lane] = avalanche(h[lane] as number)
  addAcross(h)
  const out = new Uint8Array(DIGEST_BYTES)
  const view = new DataView(out.buffer)
  for (let lane = 0; lane < 4; lane++) view.setInt32(lane * 4, h[lane] as number, true)
  return out
}

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])
