/**
 * Random bits. In: a key of two i32 words and a counter. Out: i32 words with uniformly random bits.
 * Invariant: counter-based and pure: the same key and counter give the same bits on every target.
 */
import { call, binary, unary } from './common.ts'
import { defineOp, type Printed, type Sig } from './signature.ts'
import { threefryWord } from './math/threefry.ts'

declare module './signature.ts' {
  interface OpSignatures {
    /** One word of Threefry-2x32 of key (k0, k1) and counter (c, `stream`). */
    readonly threefry: Sig<3, { readonly word: 0 | 1; readonly stream: number }, 'elementwise'>
    /** The top 23 bits of a word as an f32 in [0, 1). */
    readonly unitFloat: Sig<1, null, 'elementwise'>
    /** Sums and shifts of i32 words, for what is built on random bits. */
    readonly bitXor: Sig<2, null, 'elementwise'>
  }
}

export const threefry = defineOp<'threefry'>({
  ...binary('threefry', 'i32'),
  arity: 3,
  name: 'threefry',
  doc: {
    summary: 'One word of Threefry-2x32-20 of the key (k0, k1) and the counter (c, stream).',
    constraints: { C1: 'key words and counter are i32', C2: 'they broadcast' },
    source: 'Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011)',
  },
  partials: [null, null, null],
  identities: [],
  lower: (m, [k0, k1, c], { word, stream }) => threefryWord(m, k0, k1, c, m.lit(stream, 'i32'), word),
  print: ([, , c]: readonly [Printed, Printed, Printed]) => call('random', [c]),
  sample: {
    domain: [
      [-1e9, 1e9],
      [-1e9, 1e9],
      [0, 1e6],
    ],
    dtypes: ['i32', 'i32', 'i32'],
  },
})

export const unitFloat = defineOp<'unitFloat'>({
  ...unary('unitFloat', 'i32', 'f32'),
  name: 'unitFloat',
  doc: { summary: 'The top 23 bits of a random word as an f32 in [0, 1).', constraints: { C1: 'dtype(x) is i32' } },
  partials: [null],
  identities: [],
  // an exponent of 0 with random significand bits is in [1, 2)
  lower: (m, [x]) => m.sub(m.bitcast(m.or(m.ushr(x, 9), m.lit(0x3f800000, 'i32')), 'f32'), m.lit(1, 'f32')),
  print: ([x]) => call('unit', [x]),
  sample: { domain: [[-2e9, 2e9]], dtypes: ['i32'] },
})

export const bitXor = defineOp<'bitXor'>({
  ...binary('bitXor', 'i32'),
  name: 'bitXor',
  doc: { summary: 'Exclusive or of the bits of two i32.', constraints: { C1: 'both are i32', C2: 'they broadcast' } },
  partials: [null, null],
  identities: [
    { name: 'bitXor-zero', when: 'always', dtypes: ['i32'], rule: (b, d, x) => [b.bitXor([x, b.lit(0, d)]), x] },
    { name: 'bitXor-self', when: 'always', dtypes: ['i32'], rule: (b, d, x) => [b.bitXor([x, x]), b.lit(0, d)] },
  ],
  lower: (m, [x, y]) => m.xor(x, y),
  print: (ins) => call('xor', ins),
  sample: {
    domain: [
      [-2e9, 2e9],
      [-2e9, 2e9],
    ],
    dtypes: ['i32', 'i32'],
  },
})
