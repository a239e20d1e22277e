/**
 * Transcendental ops of two operands. In: two floats of one dtype, broadcast. Out: the same dtype.
 * Invariant: partial derivatives are finite wherever the mathematics has a finite one-sided limit.
 */
import * as arc from './math/arc.ts'
import * as exponential from './math/exponential.ts'
import * as logarithm from './math/logarithm.ts'
import * as power from './math/power.ts'
import * as logExp from './math/softplus.ts'
import { binary, broadcastConstraints, lit, paren } from './common.ts'
import { defineOp, type Printed, type Sig } from './signature.ts'

declare module './signature.ts' {
  interface OpSignatures {
    readonly pow: Sig<2, null, 'elementwise'>
    readonly atan2: Sig<2, null, 'elementwise'>
    readonly hypot: Sig<2, null, 'elementwise'>
    readonly logAddExp: Sig<2, null, 'elementwise'>
    readonly logSubExp: Sig<2, null, 'elementwise'>
    readonly sigmoidCrossEntropy: Sig<2, null, 'elementwise'>
  }
}

const special = [0, -0, 1, -1, 0.5, 2, 3, Infinity, -Infinity, Number.NaN]
const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** A natural number raised; null for any other exponent. */
const superscript = (exponent: string): string | null =>
  /^\d+$/.test(exponent) ? [...exponent].map((d) => superscripts[Number(d)]).join('') : null

const two = (name: string, summary: string, formula: string) => ({
  ...binary(name, 'float'),
  doc: { summary, constraints: broadcastConstraints, formula },
})

export const pow = defineOp<'pow'>({
  ...two(
    'pow',
    'x to the power of y, with the special cases of IEEE 754.',
    'x^y; derivatives y·x^(y−1) and x^y·log x (0 where x ≤ 0)',
  ),
  name: 'pow',
  partials: [
    // at y = 0 the factor is 0 whatever x^(−1) would be
    (b, a, t) => {
      const [x, y] = a.ins
      const slope = b.mul([y, b.pow([x, b.sub([y, lit(b, a, 1)])])])
      return b.mul([b.where([b.equal([y, lit(b, a, 0)]), lit(b, a, 0), slope]), t])
    },
    // log of a positive stand-in, so that the masked branch is finite too
    (b, a, t) => {
      const [x] = a.ins
      const positive = b.greater([x, lit(b, a, 0)])
      const slope = b.mul([a.out, b.log([b.where([positive, x, lit(b, a, 1)])])])
      return b.mul([b.where([positive, slope, lit(b, a, 0)]), t])
    },
  ],
  identities: [
    { name: 'pow-one', when: 'always', rule: (b, d, x) => [b.pow([x, b.lit(1, d)]), x] },
    { name: 'pow-zero', when: 'always', rule: (b, d, x) => [b.pow([x, b.lit(0, d)]), b.lit(1, d)] },
    { name: 'pow-two', when: 'refines', rule: (b, d, x) => [b.pow([x, b.lit(2, d)]), b.square([x])] },
    {
      name: 'pow-three',
      when: 'reassociates',
      rule: (b, d, x) => [b.pow([x, b.lit(3, d)]), b.mul([x, b.square([x])])],
    },
    { name: 'pow-four', when: 'reassociates', rule: (b, d, x) => [b.pow([x, b.lit(4, d)]), b.square([b.square([x])])] },
    { name: 'pow-half', when: 'refines', rule: (b, d, x) => [b.pow([x, b.lit(0.5, d)]), b.sqrt([x])] },
    { name: 'pow-minus-half', when: 'reassociates', rule: (b, d, x) => [b.pow([x, b.lit(-0.5, d)]), b.rsqrt([x])] },
    {
      name: 'pow-minus-one',
      when: 'refines',
      rule: (b, d, x) => [b.pow([x, b.lit(-1, d)]), b.div([b.lit(1, d), x])],
    },
  ],
  lower: (m, [x, y]) => power.pow(m, x, y),
  print: ([x, y]: readonly [Printed, Printed]) => ({
    text: `${paren(x, 4)}${superscript(y.text) ?? `^${paren(y, 4)}`}`,
    precedence: 3,
  }),
  sample: {
    domain: [
      [0.5, 2],
      [-2, 2],
    ],
    special,
  },
})

export const atan2 = defineOp<'atan2'>({
  ...two('atan2', 'The angle of the point (y, x) given as atan2(y, x).', 'derivatives x/(x² + y²) and −y/(x² + y²)'),
  name: 'atan2',
  partials: [
    (b, { ins: [y, x] }, t) => b.div([b.mul([t, x]), b.add([b.square([x]), b.square([y])])]),
    (b, { ins: [y, x] }, t) => b.neg([b.div([b.mul([t, y]), b.add([b.square([x]), b.square([y])])])]),
  ],
  identities: [],
  lower: (m, [y, x]) => arc.atan2(m, y, x),
  sample: {
    domain: [
      [0.2, 2],
      [0.2, 2],
    ],
    special,
  },
})

export const hypot = defineOp<'hypot'>({
  ...two('hypot', '√(x² + y²) without overflow.', 'derivatives x/h and y/h, 0 where h = 0'),
  name: 'hypot',
  partials: [
    (b, a, t) => b.where([b.equal([a.out, lit(b, a, 0)]), lit(b, a, 0), b.div([b.mul([t, a.ins[0]]), a.out])]),
    (b, a, t) => b.where([b.equal([a.out, lit(b, a, 0)]), lit(b, a, 0), b.div([b.mul([t, a.ins[1]]), a.out])]),
  ],
  identities: [],
  lower: (m, [x, y]) => power.hypot(m, x, y),
  sample: {
    domain: [
      [0.2, 2],
      [-2, -0.2],
    ],
    special,
  },
})

export const logAddExp = defineOp<'logAddExp'>({
  ...two('logAddExp', 'log(exp(x) + exp(y)), stable for every x and y.', 'derivatives σ(x − y) and σ(y − x)'),
  name: 'logAddExp',
  partials: [
    (b, { ins: [x, y] }, t) => b.mul([t, b.sigmoid([b.sub([x, y])])]),
    (b, { ins: [x, y] }, t) => b.mul([t, b.sigmoid([b.sub([y, x])])]),
  ],
  identities: [],
  lower: (m, [x, y]) => logExp.logAddExp(m, x, y),
  sample: {
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    special,
  },
})

export const logSubExp = defineOp<'logSubExp'>({
  ...two(
    'logSubExp',
    'log(exp(x) − exp(y)) for x ≥ y, stable for every x and y; −∞ where they are equal, NaN where x < y.',
    'derivatives −1/expm1(y − x) and exp(y − x)/expm1(y − x)',
  ),
  name: 'logSubExp',
  partials: [
    (b, { ins: [x, y] }, t) => b.div([t, b.neg([b.expm1([b.sub([y, x])])])]),
    (b, { ins: [x, y] }, t) => {
      const d = b.sub([y, x])
      return b.mul([t, b.div([b.exp([d]), b.expm1([d])])])
    },
  ],
  identities: [],
  lower: (m, [x, y]) => logExp.logSubExp(m, x, y),
  sample: {
    domain: [
      [1, 3],
      [-2, 0.5],
    ],
    special,
  },
})

export const sigmoidCrossEntropy = defineOp<'sigmoidCrossEntropy'>({
  ...two(
    'sigmoidCrossEntropy',
    'Binary cross-entropy of the logit z against the target t in [0, 1], stable for every z.',
    'softplus(z) − z·t; derivatives σ(z) − t and −z',
  ),
  name: 'sigmoidCrossEntropy',
  partials: [
    (b, { ins: [z, y] }, t) => b.mul([t, b.sub([b.sigmoid([z]), y])]),
    (b, { ins: [z] }, t) => b.neg([b.mul([t, z])]),
  ],
  identities: [],
  // max(z, 0) − z·t + log(1 + exp(−|z|)): no term overflows
  lower: (m, [z, t]) => {
    const zero = m.lit(0, m.typeOf(z))
    return m.add(m.sub(m.pmax(z, zero), m.mul(z, t)), logarithm.log1p(m, exponential.exp(m, m.neg(m.abs(z)))))
  },
  sample: {
    domain: [
      [-3, 3],
      [0, 1],
    ],
  },
})
