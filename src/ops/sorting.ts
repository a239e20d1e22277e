/**
 * Orders. In: numbers, the last axis being the one put in order. Out: i32 positions.
 * Invariant: an order is found once, for i32 keys (`order`); numbers of every dtype become such keys first, in two words
 * where one is too short, so that equal numbers, +0 and −0 among them, have equal keys and stay in the order they have.
 */
import { right } from 'fp-ts/lib/Either.js'
import type { DType } from '../core/dtype.ts'
import type { Machine } from '../core/machine.ts'
import { showShape, type TensorType } from '../core/shape.ts'
import { call, type Inferred, numberConstraint, unary, violation, wrongDtype } from './common.ts'
import { type Builder, defineOp, type Sig } from './signature.ts'

export interface Ordering {
  /** The greatest first. */
  readonly descending: boolean
  /** Where NaN stands, whatever the direction. */
  readonly nan: 'first' | 'last'
}

export interface KeyWord extends Ordering {
  /** Of an f64 the key has two words; of others `low` is 0. */
  readonly word: 'high' | 'low'
}

declare module './signature.ts' {
  interface OpSignatures {
    readonly sortKey: Sig<1, KeyWord, 'elementwise'>
    readonly order: Sig<1, null, 'sorting'>
    readonly argsort: Sig<1, Ordering, 'composite'>
  }
}

const SIGN = -(2 ** 31)

/** The words of a float whose order as integers, the high one signed and the low one unsigned, is that of the floats. */
const floatWords = <R>(m: Machine<R>, x: R): { readonly high: R; readonly low: R | null } => {
  // −0 + 0 is +0
  const plain = m.add(x, m.lit(0, m.typeOf(x)))
  const isWide = m.typeOf(x) === 'f64'
  const bits = isWide ? m.word(plain, 'high') : m.bitcast(plain, 'i32')
  // of negative floats the greater magnitude is less: all bits but the sign are turned
  const negative = m.shr(bits, 31)
  return {
    high: m.xor(bits, m.ushr(negative, 1)),
    low: isWide ? m.xor(m.word(plain, 'low'), negative) : null,
  }
}

const keyWord = <R>(m: Machine<R>, x: R, { descending, nan, word }: KeyWord): R => {
  const turned = (k: R): R => (descending ? m.not(k) : k)
  if (m.typeOf(x) === 'i32') return word === 'high' ? turned(x) : m.lit(0, 'i32')
  const { high, low } = floatWords(m, x)
  const isNumber = m.eq(x, x)
  if (word === 'high') return m.select(isNumber, turned(high), m.lit(nan === 'last' ? -1 - SIGN : SIGN, 'i32'))
  if (low === null) return m.lit(0, 'i32')
  return m.select(isNumber, turned(m.xor(low, m.lit(SIGN, 'i32'))), m.lit(0, 'i32'))
}

const showOrdering = ({ descending, nan }: Ordering): readonly string[] => [
  ...(descending ? ['descending'] : []),
  ...(nan === 'first' ? ['NaN first'] : []),
]

export const sortKey = defineOp<'sortKey'>({
  ...unary('sortKey', 'number', 'i32'),
  name: 'sortKey',
  doc: {
    summary: 'A word of the key by which a number is sorted: keys as i32 are ordered as the numbers are.',
    constraints: numberConstraint,
    source: 'the bits of an IEEE 754 float, read as an integer, are in order but for the sign (section 3.4)',
  },
  partials: [null],
  identities: [],
  lower: (m, [x], params) => keyWord(m, x, params),
  print: ([x], p) => call('key', [x], ...showOrdering(p), ...(p.word === 'low' ? ['low word'] : [])),
  sample: { domain: [[-2, 2]], special: [0, -0, Infinity, -Infinity, Number.NaN, 1e-40, -1e-40] },
})

/** A row to be put in order. */
const inferOrder = (name: string, [x]: readonly [TensorType], accepted: (dtype: DType) => boolean): Inferred => {
  if (!accepted(x.dtype)) return wrongDtype(name, 'C1', name === 'order' ? 'i32' : 'number', x.dtype)
  if (x.shape.length === 0)
    return violation('C2', 'E_RANK', `${name}: ${showShape(x.shape)} has no axis to be put in order`)
  return right({ dtype: 'i32', shape: x.shape })
}

export const order = defineOp<'order'>({
  kind: 'sorting',
  arity: 1,
  name: 'order',
  doc: {
    summary:
      'The positions along the last axis that put i32 keys in ascending order; equal keys stay in the order they have.',
    constraints: { C1: 'dtype(x) is i32', C2: 'x has an axis' },
    source: 'Knuth, The Art of Computer Programming, volume 3, 5.2.5: distribution by digits, the least first',
  },
  infer: (ins) => inferOrder('order', ins, (t) => t === 'i32'),
  vjp: 'zero',
  jvp: 'zero',
  batch: (b, { ins }) => b.order(ins),
  identities: [],
  print: (ins) => call('order', ins),
  sample: { domain: [[-3, 3]], dtypes: ['i32'] },
})

/** The positions that put rows in order by two words: by the low one first, then, keeping that order, by the high one. */
const byTwoWords = <R>(b: Builder<R>, high: R, low: R, rank: number): R => {
  const last = { axis: rank - 1, batch: rank - 1 }
  const first = b.order([low])
  return b.gather([first, b.order([b.gather([high, first], last)])], last)
}

export const argsort = defineOp<'argsort'>({
  kind: 'composite',
  arity: 1,
  name: 'argsort',
  doc: {
    summary:
      'The positions along the last axis that put its elements in order; equal elements stay in the order they have.',
    constraints: { ...numberConstraint, C2: 'x has an axis' },
  },
  infer: (ins) => inferOrder('argsort', ins, (t) => t !== 'bool'),
  vjp: 'zero',
  jvp: 'zero',
  batch: (b, { ins, params }) => b.argsort(ins, params),
  expand: (b, { ins, params, types: [x] }) => {
    const key = (word: KeyWord['word']) => b.sortKey(ins, { ...params, word })
    if (x.dtype === 'f64') return byTwoWords(b, key('high'), key('low'), x.shape.length)
    return b.order(x.dtype === 'i32' && !params.descending ? ins : [key('high')])
  },
  identities: [],
  print: (ins, p) => call('argsort', ins, ...showOrdering(p)),
  sample: { domain: [[-2, 2]], special: [0, -0, 1, Number.NaN, 1, Infinity, -Infinity, 1] },
})
