/**
 * Arithmetic ops: sums, products, signs, remainders. In: operands of one dtype, broadcast. Out: the same dtype.
 * Invariant: each op's derivative, identities and scalar meaning stand here and nowhere else.
 */
import * as modulo from './math/modulo.ts'
import { binary, broadcastConstraints, call, infix, lit, numberConstraint, paren, unary } from './common.ts'
import { defineOp, type Sig } from './signature.ts'

declare module './signature.ts' {
  interface OpSignatures {
    readonly neg: Sig<1, null, 'elementwise'>
    readonly abs: Sig<1, null, 'elementwise'>
    readonly sign: Sig<1, null, 'elementwise'>
    readonly square: Sig<1, null, 'elementwise'>
    readonly cube: Sig<1, null, 'elementwise'>
    readonly add: Sig<2, null, 'elementwise'>
    readonly sub: Sig<2, null, 'elementwise'>
    readonly mul: Sig<2, null, 'elementwise'>
    readonly div: Sig<2, null, 'elementwise'>
    readonly mod: Sig<2, null, 'elementwise'>
    readonly stopGradient: Sig<1, null, 'elementwise'>
    readonly copy: Sig<1, null, 'elementwise'>
  }
}

const floats = ['f32', 'f64'] as const
const numbers = ['f32', 'f64', 'i32'] as const
const special = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 1e-40]

export const neg = defineOp<'neg'>({
  ...unary('neg', 'number'),
  name: 'neg',
  doc: { summary: 'Negation.', constraints: numberConstraint, formula: '−x; derivative −1' },
  partials: [(b, _a, t) => b.neg([t])],
  identities: [
    { name: 'neg-neg', when: 'always', dtypes: numbers, rule: (b, _d, x) => [b.neg([b.neg([x])]), x] },
    {
      name: 'neg-sub',
      when: 'zeroSign',
      dtypes: numbers,
      rule: (b, _d, x, y) => [b.neg([b.sub([x, y])]), b.sub([y, x])],
    },
  ],
  lower: (m, [x]) => m.neg(x),
  print: ([x]) => ({ text: `−${paren(x, 2)}`, precedence: 2 }),
  sample: { domain: [[-2, 2]], special },
})

export const abs = defineOp<'abs'>({
  ...unary('abs', 'number'),
  name: 'abs',
  doc: { summary: 'Absolute value.', constraints: numberConstraint, formula: '|x|; derivative sign(x), 0 at 0' },
  partials: [(b, { ins: [x] }, t) => b.mul([t, b.sign([x])])],
  identities: [
    { name: 'abs-neg', when: 'always', dtypes: numbers, rule: (b, _d, x) => [b.abs([b.neg([x])]), b.abs([x])] },
    { name: 'abs-abs', when: 'always', dtypes: numbers, rule: (b, _d, x) => [b.abs([b.abs([x])]), b.abs([x])] },
    {
      name: 'abs-square',
      when: 'always',
      dtypes: ['f32', 'f64'],
      rule: (b, _d, x) => [b.abs([b.square([x])]), b.square([x])],
    },
  ],
  lower: (m, [x]) => m.abs(x),
  print: ([x]) => ({ text: `|${x.text}|`, precedence: 4 }),
  sample: { domain: [[0.1, 2]], special },
})

export const sign = defineOp<'sign'>({
  ...unary('sign', 'number'),
  name: 'sign',
  doc: { summary: '−1, 0 or 1; ±0 and NaN stay themselves.', constraints: numberConstraint },
  partials: [null],
  identities: [{ name: 'sign-sign', when: 'always', rule: (b, _d, x) => [b.sign([b.sign([x])]), b.sign([x])] }],
  lower: (m, [x]) => {
    const t = m.typeOf(x)
    const zero = m.lit(0, t)
    return m.select(m.lt(zero, x), m.lit(1, t), m.select(m.lt(x, zero), m.lit(-1, t), x))
  },
  sample: { domain: [[0.1, 2]], special },
})

export const square = defineOp<'square'>({
  ...unary('square', 'number'),
  name: 'square',
  doc: { summary: 'x times x.', constraints: numberConstraint, formula: 'x²; derivative 2·x' },
  partials: [(b, a, t) => b.mul([b.mul([lit(b, a, 2), a.ins[0]]), t])],
  identities: [
    {
      name: 'square-neg',
      when: 'always',
      dtypes: numbers,
      rule: (b, _d, x) => [b.square([b.neg([x])]), b.square([x])],
    },
    {
      name: 'square-abs',
      when: 'always',
      dtypes: numbers,
      rule: (b, _d, x) => [b.square([b.abs([x])]), b.square([x])],
    },
  ],
  lower: (m, [x]) => m.mul(x, x),
  print: ([x]) => ({ text: `${paren(x, 4)}²`, precedence: 3 }),
  sample: { domain: [[-2, 2]], special },
})

export const cube = defineOp<'cube'>({
  ...unary('cube', 'number'),
  name: 'cube',
  doc: { summary: 'x times x times x.', constraints: numberConstraint, formula: 'x³; derivative 3·x²' },
  partials: [(b, a, t) => b.mul([b.mul([lit(b, a, 3), b.square([a.ins[0]])]), t])],
  identities: [
    { name: 'cube-neg', when: 'always', rule: (b, _d, x) => [b.cube([b.neg([x])]), b.neg([b.cube([x])])] },
    { name: 'mul-square-self', when: 'always', rule: (b, _d, x) => [b.mul([b.square([x]), x]), b.cube([x])] },
  ],
  lower: (m, [x]) => m.mul(m.mul(x, x), x),
  print: ([x]) => ({ text: `${paren(x, 4)}³`, precedence: 3 }),
  sample: { domain: [[-2, 2]], special },
})

export const add = defineOp<'add'>({
  ...binary('add', 'number'),
  name: 'add',
  doc: { summary: 'Sum.', constraints: broadcastConstraints, formula: 'x + y' },
  partials: [(_b, _a, t) => t, (_b, _a, t) => t],
  identities: [
    // x + 0 turns −0 into +0: the neutral element of floats is −0
    { name: 'add-neg-zero', when: 'always', dtypes: floats, rule: (b, d, x) => [b.add([x, b.lit(-0, d)]), x] },
    {
      name: 'add-zero',
      when: 'zeroSign',
      dtypes: numbers,
      bookkeeping: true,
      rule: (b, d, x) => [b.add([x, b.lit(0, d)]), x],
    },
    { name: 'add-self', when: 'always', dtypes: numbers, rule: (b, d, x) => [b.add([x, x]), b.mul([b.lit(2, d), x])] },
    {
      name: 'add-neg',
      when: 'always',
      dtypes: numbers,
      rule: (b, _d, x, y) => [b.add([x, b.neg([y])]), b.sub([x, y])],
    },
  ],
  lower: (m, [x, y]) => m.add(x, y),
  print: infix('+', 0, 0),
  sample: {
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    special,
  },
})

export const sub = defineOp<'sub'>({
  ...binary('sub', 'number'),
  name: 'sub',
  doc: { summary: 'Difference.', constraints: broadcastConstraints, formula: 'x − y' },
  partials: [(_b, _a, t) => t, (b, _a, t) => b.neg([t])],
  identities: [
    { name: 'sub-zero', when: 'always', dtypes: numbers, rule: (b, d, x) => [b.sub([x, b.lit(0, d)]), x] },
    { name: 'sub-self', when: 'finite', dtypes: numbers, rule: (b, d, x) => [b.sub([x, x]), b.lit(0, d)] },
    {
      name: 'sub-neg',
      when: 'always',
      dtypes: numbers,
      rule: (b, _d, x, y) => [b.sub([x, b.neg([y])]), b.add([x, y])],
    },
    // −0 − x is −x for every x; 0 − x differs at x = 0 by the sign of zero
    { name: 'neg-zero-sub', when: 'always', dtypes: floats, rule: (b, d, x) => [b.sub([b.lit(-0, d), x]), b.neg([x])] },
    { name: 'zero-sub', when: 'zeroSign', dtypes: numbers, rule: (b, d, x) => [b.sub([b.lit(0, d), x]), b.neg([x])] },
  ],
  lower: (m, [x, y]) => m.sub(x, y),
  print: infix('−', 0),
  sample: {
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    special,
  },
})

export const mul = defineOp<'mul'>({
  ...binary('mul', 'number'),
  name: 'mul',
  doc: { summary: 'Product.', constraints: broadcastConstraints, formula: 'x · y; derivatives y and x' },
  partials: [(b, { ins: [, y] }, t) => b.mul([y, t]), (b, { ins: [x] }, t) => b.mul([x, t])],
  identities: [
    {
      name: 'mul-one',
      when: 'always',
      dtypes: numbers,
      bookkeeping: true,
      rule: (b, d, x) => [b.mul([x, b.lit(1, d)]), x],
    },

    { name: 'mul-zero', when: 'finite', dtypes: numbers, rule: (b, d, x) => [b.mul([x, b.lit(0, d)]), b.lit(0, d)] },

    {
      name: 'mul-minus-one',
      bookkeeping: true,
      when: 'always',
      dtypes: numbers,
      rule: (b, d, x) => [b.mul([x, b.lit(-1, d)]), b.neg([x])],
    },
    { name: 'mul-self', when: 'always', dtypes: numbers, rule: (b, _d, x) => [b.mul([x, x]), b.square([x])] },

    {
      name: 'mul-neg-neg',
      when: 'always',
      dtypes: numbers,
      rule: (b, _d, x, y) => [b.mul([b.neg([x]), b.neg([y])]), b.mul([x, y])],
    },
    { name: 'mul-sign-abs', when: 'always', dtypes: floats, rule: (b, _d, x) => [b.mul([b.sign([x]), b.abs([x])]), x] },
  ],
  lower: (m, [x, y]) => m.mul(x, y),
  print: infix('·', 1, 1),
  sample: {
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    special,
  },
})

export const div = defineOp<'div'>({
  ...binary('div', 'float'),
  name: 'div',
  doc: { summary: 'Quotient.', constraints: broadcastConstraints, formula: 'x / y; derivatives 1/y and −(x/y)/y' },
  partials: [
    (b, { ins: [, y] }, t) => b.div([t, y]),
    (b, { ins: [, y], out }, t) => b.neg([b.div([b.mul([t, out]), y])]),
  ],
  identities: [
    { name: 'div-one', when: 'always', rule: (b, d, x) => [b.div([x, b.lit(1, d)]), x] },
    { name: 'div-neg-neg', when: 'always', rule: (b, _d, x, y) => [b.div([b.neg([x]), b.neg([y])]), b.div([x, y])] },
    { name: 'div-minus-one', when: 'always', rule: (b, d, x) => [b.div([x, b.lit(-1, d)]), b.neg([x])] },
    { name: 'div-sqrt', when: 'refines', rule: (b, _d, x) => [b.div([x, b.sqrt([x])]), b.sqrt([x])] },
    {
      name: 'one-div-sqrt',
      when: 'always',
      rule: (b, d, x) => [b.div([b.lit(1, d), b.sqrt([x])]), b.rsqrt([x])],
    },
  ],
  lower: (m, [x, y]) => m.div(x, y),
  print: infix('/', 1, 2),
  sample: {
    domain: [
      [-2, 2],
      [0.5, 2],
    ],
    special,
  },
})

export const mod = defineOp<'mod'>({
  ...binary('mod', 'float'),
  name: 'mod',
  doc: {
    summary: 'Remainder with the sign of the divisor, as in NumPy.',
    constraints: broadcastConstraints,
    formula: 'x − y·⌊x/y⌋; derivatives 1 and −⌊x/y⌋',
  },
  partials: [(_b, _a, t) => t, (b, { ins: [x, y] }, t) => b.neg([b.mul([b.floor([b.div([x, y])]), t])])],
  identities: [],
  lower: (m, [x, y]) => modulo.mod(m, x, y),
  print: (ins) => call('mod', ins),
  sample: {
    domain: [
      [4.1, 4.9],
      [1.9, 2.1],
    ],
    special,
  },
})

/** The whole cotangent to the greater operand, half to each of a tie. */
export const stopGradient = defineOp<'stopGradient'>({
  ...unary('stopGradient', 'any'),
  name: 'stopGradient',
  doc: { summary: 'x, through which no derivative flows.', constraints: {} },
  partials: [null],
  identities: [
    {
      name: 'stopGradient-twice',
      when: 'always',
      rule: (b, _d, x) => [b.stopGradient([b.stopGradient([x])]), b.stopGradient([x])],
    },
  ],
  lower: (_m, [x]) => x,
  sample: { domain: [[-2, 2]], special },
})

export const copy = defineOp<'copy'>({
  ...unary('copy', 'any'),
  name: 'copy',
  doc: { summary: 'x, row by row at a place of its own in memory.', constraints: {}, formula: 'derivative 1' },
  partials: [(_b, _a, t) => t],
  identities: [],
  lower: (_m, [x]) => x,
  print: ([x]) => x,
  sample: { domain: [[-2, 2]], special },
})
