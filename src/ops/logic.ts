/**
 * Comparisons, truth, selection and conversion. In: operands of one dtype. Out: bool, or the chosen operand's dtype.
 * Invariant: no derivative flows through a comparison; `where` passes it to the chosen branch alone.
 */
import { right } from 'fp-ts/lib/Either.js'
import type { DType } from '../core/dtype.ts'
import { isFloat } from '../core/dtype.ts'
import type { TensorType } from '../core/shape.ts'
import {
  binary,
  broadcastConstraints,
  call,
  floatConstraint,
  inferBroadcast,
  infix,
  lit,
  mixedDtypes,
  paren,
  unary,
  violation,
} from './common.ts'
import { defineOp, type Printed, type Sig } from './signature.ts'

declare module './signature.ts' {
  interface OpSignatures {
    readonly greater: Sig<2, null, 'elementwise'>
    readonly greaterEqual: Sig<2, null, 'elementwise'>
    readonly less: Sig<2, null, 'elementwise'>
    readonly lessEqual: Sig<2, null, 'elementwise'>
    readonly equal: Sig<2, null, 'elementwise'>
    readonly notEqual: Sig<2, null, 'elementwise'>
    readonly logicalAnd: Sig<2, null, 'elementwise'>
    readonly logicalOr: Sig<2, null, 'elementwise'>
    readonly logicalXor: Sig<2, null, 'elementwise'>
    readonly logicalNot: Sig<1, null, 'elementwise'>
    readonly isNan: Sig<1, null, 'elementwise'>
    readonly isFinite: Sig<1, null, 'elementwise'>
    readonly where: Sig<3, null, 'elementwise'>
    readonly cast: Sig<1, { readonly dtype: DType }, 'elementwise'>
    readonly bitcast: Sig<1, { readonly dtype: 'f32' | 'i32' }, 'elementwise'>
  }
}

const numbers = ['f32', 'f64', 'i32'] as const
const any = ['f32', 'f64', 'i32', 'bool'] as const
const special = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN]
const twoNumbers = {
  domain: [
    [-2, 2],
    [-2, 2],
  ] as const,
  special,
}

const comparison = (name: string, sign: string, summary: string) => ({
  ...binary(name, 'number', 'bool'),
  doc: { summary, constraints: broadcastConstraints },
  partials: [null, null] as const,
  print: infix(sign, -1, 0),
  sample: twoNumbers,
})

export const greater = defineOp<'greater'>({
  ...comparison('greater', '>', 'x > y; false where either is NaN.'),
  name: 'greater',
  identities: [
    {
      name: 'greater-self',
      when: 'always',
      dtypes: numbers,
      rule: (b, _d, x) => [b.greater([x, x]), b.lit(0, 'bool')],
    },
  ],
  lower: (m, [x, y]) => m.lt(y, x),
})
export const greaterEqual = defineOp<'greaterEqual'>({
  ...comparison('greaterEqual', '≥', 'x ≥ y; false where either is NaN.'),
  name: 'greaterEqual',
  identities: [],
  lower: (m, [x, y]) => m.le(y, x),
})
export const less = defineOp<'less'>({
  ...comparison('less', '<', 'x < y; false where either is NaN.'),
  name: 'less',
  identities: [
    { name: 'less-self', when: 'always', dtypes: numbers, rule: (b, _d, x) => [b.less([x, x]), b.lit(0, 'bool')] },
  ],
  lower: (m, [x, y]) => m.lt(x, y),
})
export const lessEqual = defineOp<'lessEqual'>({
  ...comparison('lessEqual', '≤', 'x ≤ y; false where either is NaN.'),
  name: 'lessEqual',
  identities: [],
  lower: (m, [x, y]) => m.le(x, y),
})
export const equal = defineOp<'equal'>({
  ...comparison('equal', '=', 'x = y; false where either is NaN.'),
  name: 'equal',
  identities: [
    { name: 'equal-self', when: 'finite', dtypes: numbers, rule: (b, _d, x) => [b.equal([x, x]), b.lit(1, 'bool')] },
  ],
  lower: (m, [x, y]) => m.eq(x, y),
})
export const notEqual = defineOp<'notEqual'>({
  ...comparison('notEqual', '≠', 'x ≠ y; true where either is NaN.'),
  name: 'notEqual',
  identities: [],
  lower: (m, [x, y]) => m.not(m.eq(x, y)),
})

const truth = (name: string, sign: string, summary: string) => ({
  ...binary(name, 'bool'),
  doc: { summary, constraints: { ...broadcastConstraints, C1: 'both operands are bool' } },
  partials: [null, null] as const,
  print: infix(sign, -2, -2),
  sample: {
    domain: [
      [0, 1],
      [0, 1],
    ] as const,
    dtypes: ['bool', 'bool'] as const,
  },
})

export const logicalAnd = defineOp<'logicalAnd'>({
  ...truth('logicalAnd', '∧', 'Both.'),
  name: 'logicalAnd',
  identities: [
    { name: 'and-self', when: 'always', dtypes: ['bool'], rule: (b, _d, x) => [b.logicalAnd([x, x]), x] },
    {
      name: 'and-or',
      when: 'always',
      dtypes: ['bool'],
      rule: (b, _d, x, y) => [b.logicalAnd([x, b.logicalOr([x, y])]), x],
    },
    { name: 'and-true', when: 'always', dtypes: ['bool'], rule: (b, d, x) => [b.logicalAnd([x, b.lit(1, d)]), x] },
    {
      name: 'and-false',
      when: 'always',
      dtypes: ['bool'],
      rule: (b, d, x) => [b.logicalAnd([x, b.lit(0, d)]), b.lit(0, d)],
    },
    {
      name: 'and-not-self',
      when: 'always',
      dtypes: ['bool'],
      rule: (b, d, x) => [b.logicalAnd([x, b.logicalNot([x])]), b.lit(0, d)],
    },
  ],
  lower: (m, [x, y]) => m.and(x, y),
})
export const logicalOr = defineOp<'logicalOr'>({
  ...truth('logicalOr', '∨', 'Either or both.'),
  name: 'logicalOr',
  identities: [
    { name: 'or-self', when: 'always', dtypes: ['bool'], rule: (b, _d, x) => [b.logicalOr([x, x]), x] },
    {
      name: 'or-and',
      when: 'always',
      dtypes: ['bool'],
      rule: (b, _d, x, y) => [b.logicalOr([x, b.logicalAnd([x, y])]), x],
    },
    { name: 'or-false', when: 'always', dtypes: ['bool'], rule: (b, d, x) => [b.logicalOr([x, b.lit(0, d)]), x] },
    {
      name: 'or-true',
      when: 'always',
      dtypes: ['bool'],
      rule: (b, d, x) => [b.logicalOr([x, b.lit(1, d)]), b.lit(1, d)],
    },
    {
      name: 'or-not-self',
      when: 'always',
      dtypes: ['bool'],
      rule: (b, d, x) => [b.logicalOr([x, b.logicalNot([x])]), b.lit(1, d)],
    },
  ],
  lower: (m, [x, y]) => m.or(x, y),
})
export const logicalXor = defineOp<'logicalXor'>({
  ...truth('logicalXor', '⊻', 'One and not the other.'),
  name: 'logicalXor',
  identities: [
    { name: 'xor-false', when: 'always', dtypes: ['bool'], rule: (b, d, x) => [b.logicalXor([x, b.lit(0, d)]), x] },
    {
      name: 'xor-true',
      when: 'always',
      dtypes: ['bool'],
      rule: (b, d, x) => [b.logicalXor([x, b.lit(1, d)]), b.logicalNot([x])],
    },
    { name: 'xor-self', when: 'always', dtypes: ['bool'], rule: (b, d, x) => [b.logicalXor([x, x]), b.lit(0, d)] },
    {
      name: 'xor-nots',
      when: 'always',
      dtypes: ['bool'],
      rule: (b, _d, x, y) => [b.logicalXor([b.logicalNot([x]), b.logicalNot([y])]), b.logicalXor([x, y])],
    },
  ],
  lower: (m, [x, y]) => m.xor(x, y),
})
export const logicalNot = defineOp<'logicalNot'>({
  ...unary('logicalNot', 'bool'),
  name: 'logicalNot',
  doc: { summary: 'The opposite.', constraints: { C1: 'dtype(x) is bool' } },
  partials: [null],
  identities: [
    { name: 'not-not', when: 'always', dtypes: ['bool'], rule: (b, _d, x) => [b.logicalNot([b.logicalNot([x])]), x] },
    {
      name: 'not-equal',
      when: 'always',
      dtypes: numbers,
      rule: (b, _d, x, y) => [b.logicalNot([b.equal([x, y])]), b.notEqual([x, y])],
    },
    {
      name: 'not-not-equal',
      when: 'always',
      dtypes: numbers,
      rule: (b, _d, x, y) => [b.logicalNot([b.notEqual([x, y])]), b.equal([x, y])],
    },
    {
      name: 'not-and-nots',
      when: 'always',
      dtypes: ['bool'],
      rule: (b, _d, x, y) => [
        b.logicalNot([b.logicalAnd([b.logicalNot([x]), b.logicalNot([y])])]),
        b.logicalOr([x, y]),
      ],
    },
    {
      name: 'not-or-nots',
      when: 'always',
      dtypes: ['bool'],
      rule: (b, _d, x, y) => [
        b.logicalNot([b.logicalOr([b.logicalNot([x]), b.logicalNot([y])])]),
        b.logicalAnd([x, y]),
      ],
    },
    // of floats, both sides of these are false where one is NaN
    {
      name: 'not-greater',
      when: 'always',
      dtypes: ['i32'],
      rule: (b, _d, x, y) => [b.logicalNot([b.greater([x, y])]), b.lessEqual([x, y])],
    },
    {
      name: 'not-greaterEqual',
      when: 'always',
      dtypes: ['i32'],
      rule: (b, _d, x, y) => [b.logicalNot([b.greaterEqual([x, y])]), b.less([x, y])],
    },
    {
      name: 'not-less',
      when: 'always',
      dtypes: ['i32'],
      rule: (b, _d, x, y) => [b.logicalNot([b.less([x, y])]), b.greaterEqual([x, y])],
    },
    {
      name: 'not-lessEqual',
      when: 'always',
      dtypes: ['i32'],
      rule: (b, _d, x, y) => [b.logicalNot([b.lessEqual([x, y])]), b.greater([x, y])],
    },
  ],
  lower: (m, [x]) => m.not(x),
  print: ([x]) => ({ text: `¬${paren(x, 2)}`, precedence: 2 }),
  sample: { domain: [[0, 1]], dtypes: ['bool'] },
})

export const isNan = defineOp<'isNan'>({
  ...unary('isNan', 'float', 'bool'),
  name: 'isNan',
  doc: { summary: 'Whether x is NaN.', constraints: floatConstraint },
  partials: [null],
  identities: [],
  lower: (m, [x]) => m.not(m.eq(x, x)),
  sample: { domain: [[-2, 2]], special },
})
export const isFiniteOp = defineOp<'isFinite'>({
  ...unary('isFinite', 'float', 'bool'),
  name: 'isFinite',
  doc: { summary: 'Whether x is neither infinite nor NaN.', constraints: floatConstraint },
  partials: [null],
  identities: [],
  lower: (m, [x]) => m.lt(m.abs(x), m.lit(Number.POSITIVE_INFINITY, m.typeOf(x))),
  sample: { domain: [[-2, 2]], special },
})

export const where = defineOp<'where'>({
  kind: 'elementwise',
  arity: 3,
  name: 'where',
  doc: {
    summary: 'The second operand where the first is true, else the third.',
    constraints: { C1: 'the condition is bool', C2: 'the branches have one dtype', C3: 'all three broadcast' },
  },
  infer: ([c, x, y]: readonly [TensorType, TensorType, TensorType]) => {
    if (c.dtype !== 'bool') return violation('C1', 'E_DTYPE', `where: the condition must be bool, not ${c.dtype}`)
    if (x.dtype !== y.dtype) return mixedDtypes('where', 'C2', x.dtype, y.dtype, ' of the branches')
    const shape = inferBroadcast('where', 'C3', [c.shape, x.shape, y.shape])
    return shape._tag === 'Left' ? shape : right({ dtype: x.dtype, shape: shape.right })
  },
  partials: [
    null,
    (b, a, t) => b.where([a.ins[0], t, lit(b, a, 0)]),
    (b, a, t) => b.where([a.ins[0], lit(b, a, 0), t]),
  ],
  identities: [
    {
      name: 'where-same',
      when: 'always',
      dtypes: any,
      conditions: [2],
      rule: (b, _d, x, _y, z) => [b.where([z, x, x]), x],
    },
    {
      name: 'where-not',
      when: 'always',
      dtypes: any,
      conditions: [2],
      rule: (b, _d, x, y, z) => [b.where([b.logicalNot([z]), x, y]), b.where([z, y, x])],
    },
  ],
  lower: (m, [c, x, y]) => m.select(c, x, y),
  print: ([c, x, y]: readonly [Printed, Printed, Printed]) => call('where', [c, x, y]),
  sample: {
    domain: [
      [0, 1],
      [-2, 2],
      [-2, 2],
    ],
    special,
    dtypes: ['bool', 'f64', 'f64'],
  },
})

export const cast = defineOp<'cast'>({
  kind: 'elementwise',
  arity: 1,
  name: 'cast',
  doc: {
    summary:
      'Conversion of values: float to i32 truncates and saturates (NaN gives 0), bool becomes 0 or 1, to bool is "not 0".',
    constraints: {},
  },
  infer: ([x]: readonly [TensorType], { dtype }) => right({ dtype, shape: x.shape }),
  partials: [
    (b, a, t) => (isFloat(a.types[0].dtype) && isFloat(a.params.dtype) ? b.cast([t], { dtype: a.types[0].dtype }) : t),
  ],
  identities: [],
  lower: (m, [x], { dtype }) => m.convert(x, dtype),
  print: ([x], { dtype }) => call(dtype, [x]),
  sample: { domain: [[-2, 2]], special },
})

export const bitcast = defineOp<'bitcast'>({
  kind: 'elementwise',
  arity: 1,
  name: 'bitcast',
  doc: { summary: 'The bits of an f32 as i32, or of an i32 as f32.', constraints: { C1: 'f32 to i32, or i32 to f32' } },
  infer: ([x]: readonly [TensorType], { dtype }) =>
    (x.dtype === 'f32' && dtype === 'i32') || (x.dtype === 'i32' && dtype === 'f32')
      ? right({ dtype, shape: x.shape })
      : violation('C1', 'E_DTYPE', `bitcast: from ${x.dtype} to ${dtype}; only f32 and i32 exchange their bits`),
  partials: [null],
  identities: [],
  lower: (m, [x], { dtype }) => m.bitcast(x, dtype),
  print: ([x], { dtype }) => call(`bits_${dtype}`, [x]),
  sample: { domain: [[-2, 2]], dtypes: ['f32'] },
})
