/**
 * Roundings. In: floats. Out: floats with integer values. Invariant: their derivative is 0 wherever it exists, so none flows.
 */
import { floatConstraint, unary } from './common.ts'
import { defineOp, type Sig } from './signature.ts'

declare module './signature.ts' {
  interface OpSignatures {
    readonly floor: Sig<1, null, 'elementwise'>
    readonly ceil: Sig<1, null, 'elementwise'>
    readonly round: Sig<1, null, 'elementwise'>
    readonly trunc: Sig<1, null, 'elementwise'>
  }
}

const special = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 1e-40]

const rounding = (name: 'floor' | 'ceil' | 'round' | 'trunc', summary: string) => ({
  ...unary(name, 'float'),
  doc: { summary, constraints: floatConstraint },
  partials: [null] as const,
  sample: { domain: [[0.1, 0.4]] as const, special: [...special, 0.5, 1.5, -0.5, -2.5] },
})

export const floor = defineOp<'floor'>({
  ...rounding('floor', 'The greatest integer not above x.'),
  name: 'floor',
  identities: [{ name: 'floor-floor', when: 'always', rule: (b, _d, x) => [b.floor([b.floor([x])]), b.floor([x])] }],
  lower: (m, [x]) => m.floor(x),
  print: ([x]) => ({ text: `⌊${x.text}⌋`, precedence: 4 }),
})

export const ceil = defineOp<'ceil'>({
  ...rounding('ceil', 'The least integer not below x.'),
  name: 'ceil',
  identities: [{ name: 'ceil-ceil', when: 'always', rule: (b, _d, x) => [b.ceil([b.ceil([x])]), b.ceil([x])] }],
  lower: (m, [x]) => m.ceil(x),
  print: ([x]) => ({ text: `⌈${x.text}⌉`, precedence: 4 }),
})

export const round = defineOp<'round'>({
  ...rounding('round', 'The nearest integer; halves go to the even one.'),
  name: 'round',
  identities: [{ name: 'round-round', when: 'always', rule: (b, _d, x) => [b.round([b.round([x])]), b.round([x])] }],
  lower: (m, [x]) => m.nearest(x),
})

export const trunc = defineOp<'trunc'>({
  ...rounding('trunc', 'The integer part, towards zero.'),
  name: 'trunc',
  identities: [{ name: 'trunc-trunc', when: 'always', rule: (b, _d, x) => [b.trunc([b.trunc([x])]), b.trunc([x])] }],
  lower: (m, [x]) => m.trunc(x),
})
