/**
 * The greater and the lesser of two, and a range. In: operands of one dtype, broadcast. Out: the same dtype.
 * Invariant: NaN stays NaN; where operands are equal each gets half of the cotangent, and the bounds of a range belong to it.
 */
import {
  binary,
  broadcastConstraints,
  call,
  inferElementwise,
  lit,
  numberConstraint,
  unary,
  violation,
} from './common.ts'
import { showNumber } from './leaf.ts'
import { defineOp, type Builder, type RuleArgs, type Sample, type Sig } from './signature.ts'

declare module './signature.ts' {
  interface OpSignatures {
    readonly maximum: Sig<2, null, 'elementwise'>
    readonly minimum: Sig<2, null, 'elementwise'>
    readonly clip: Sig<1, { readonly lo: number; readonly hi: number }, 'elementwise'>
  }
}

const numbers = ['f32', 'f64', 'i32'] as const
const special = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 1e-40]

/** What both operands get: the one that wins the cotangent, and each half of it where they are equal. */
const partials = (wins: 'greater' | 'less') => {
  const of = <R>(b: Builder<R>, a: RuleArgs<'maximum' | 'minimum', R>, t: R, mine: R, other: R): R => {
    const tie = b.where([b.equal([mine, other]), b.mul([lit(b, a, 0.5), t]), lit(b, a, 0)])
    return b.where([b[wins]([mine, other]), t, tie])
  }
  return [
    <R>(b: Builder<R>, a: RuleArgs<'maximum' | 'minimum', R>, t: R): R => of(b, a, t, a.ins[0], a.ins[1]),
    <R>(b: Builder<R>, a: RuleArgs<'maximum' | 'minimum', R>, t: R): R => of(b, a, t, a.ins[1], a.ins[0]),
  ] as const
}

const apart: Sample = {
  domain: [
    [-2, -0.1],
    [0.1, 2],
  ],
  special,
}

export const maximum = defineOp<'maximum'>({
  ...binary('maximum', 'number'),
  name: 'maximum',
  doc: {
    summary: 'The greater operand; NaN if either is NaN.',
    constraints: broadcastConstraints,
    formula: 'max(x, y); a tie shares the cotangent evenly',
  },
  partials: partials('greater'),
  identities: [
    { name: 'maximum-self', when: 'always', dtypes: numbers, rule: (b, _d, x) => [b.maximum([x, x]), x] },
    {
      name: 'maximum-maximum',
      when: 'always',
      dtypes: numbers,
      rule: (b, _d, x, y) => [b.maximum([x, b.maximum([x, y])]), b.maximum([x, y])],
    },
  ],
  lower: (m, [x, y]) => m.max(x, y),
  print: (ins) => call('max', ins),
  sample: apart,
})

export const minimum = defineOp<'minimum'>({
  ...binary('minimum', 'number'),
  name: 'minimum',
  doc: {
    summary: 'The lesser operand; NaN if either is NaN.',
    constraints: broadcastConstraints,
    formula: 'min(x, y); a tie shares the cotangent evenly',
  },
  partials: partials('less'),
  identities: [
    { name: 'minimum-self', when: 'always', dtypes: numbers, rule: (b, _d, x) => [b.minimum([x, x]), x] },
    {
      name: 'minimum-minimum',
      when: 'always',
      dtypes: numbers,
      rule: (b, _d, x, y) => [b.minimum([x, b.minimum([x, y])]), b.minimum([x, y])],
    },
  ],
  lower: (m, [x, y]) => m.min(x, y),
  print: (ins) => call('min', ins),
  sample: apart,
})

export const clip = defineOp<'clip'>({
  ...unary('clip', 'number'),
  name: 'clip',
  doc: {
    summary: 'x limited to [lo, hi]; NaN stays NaN.',
    constraints: { ...numberConstraint, C2: 'lo ≤ hi' },
    formula: 'min(max(x, lo), hi); derivative 1 inside and at the bounds, else 0',
  },
  infer: ([x], { lo, hi }) =>
    lo <= hi
      ? inferElementwise('clip', 'number')([x])
      : violation('C2', 'E_RANGE', `clip: ${lo} to ${hi} is not a range`, 'the lower bound comes first'),
  partials: [
    (b, a, t) => {
      const [x] = a.ins
      const inside = b.logicalAnd([b.lessEqual([lit(b, a, a.params.lo), x]), b.lessEqual([x, lit(b, a, a.params.hi)])])
      return b.where([inside, t, lit(b, a, 0)])
    },
  ],
  identities: [],
  lower: (m, [x], { lo, hi }) => {
    const t = m.typeOf(x)
    return t === 'i32' ? m.min(m.max(x, m.lit(lo, t)), m.lit(hi, t)) : m.pmin(m.pmax(x, m.lit(lo, t)), m.lit(hi, t))
  },
  print: ([x], { lo, hi }) => call('clip', [x], showNumber(lo), showNumber(hi)),
  sample: { domain: [[-0.9, 0.9]], special },
})
