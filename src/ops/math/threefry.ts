/**
 * Threefry-2x32 with 20 rounds over Machine. In: key words, counter words (i32). Out: one word of the block.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), table 2.
 */
import type { Machine } from '../../core/machine.ts'

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const
const parity = 0x1bd11bda

export const threefryWord = <R>(m: Machine<R>, k0: R, k1: R, c0: R, c1: R, word: 0 | 1): R => {
  const keys = [k0, k1, m.xor(m.xor(k0, k1), m.lit(parity, 'i32'))] as const
  const rotl = (x: R, by: number): R => m.or(m.shl(x, by), m.ushr(x, 32 - by))
  let x0 = m.add(c0, k0)
  let x1 = m.add(c1, k1)
  for (let group = 0; group < 5; group++) {
    for (let i = 0; i < 4; i++) {
      x0 = m.add(x0, x1)
      x1 = m.xor(rotl(x1, rotations[(group % 2) * 4 + i] as number), x0)
    }
    x0 = m.add(x0, keys[(group + 1) % 3] as R)
    x1 = m.add(m.add(x1, keys[(group + 2) % 3] as R), m.lit(group + 1, 'i32'))
  }
  return word === 0 ? x0 : x1
}
