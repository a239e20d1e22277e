/**
 * Transcendental ops of one operand. In: f32 or f64. Out: the same dtype.
 * Invariant: the scalar meaning is our own polynomial over Machine (src/ops/math), so every target gives the same bits;
 * the errors are in docs/generated/math.md. A rule reuses the saved output where the mathematics allows it.
 */
import * as arc from './math/arc.ts'
import * as error from './math/error.ts'
import * as exponential from './math/exponential.ts'
import * as hyperbolic from './math/hyperbolic.ts'
import * as logarithm from './math/logarithm.ts'
import * as power from './math/power.ts'
import * as logExp from './math/softplus.ts'
import * as trigonometric from './math/trigonometric.ts'
import { call, floatConstraint, lit, paren, unary } from './common.ts'
import { defineOp, type Sig } from './signature.ts'

declare module './signature.ts' {
  interface OpSignatures {
    readonly sqrt: Sig<1, null, 'elementwise'>
    readonly rsqrt: Sig<1, null, 'elementwise'>
    readonly rsqrtOrZero: Sig<1, null, 'elementwise'>
    readonly exp: Sig<1, null, 'elementwise'>
    readonly exp2: Sig<1, null, 'elementwise'>
    readonly expm1: Sig<1, null, 'elementwise'>
    readonly log: Sig<1, null, 'elementwise'>
    readonly log2: Sig<1, null, 'elementwise'>
    readonly log1p: Sig<1, null, 'elementwise'>
    readonly sin: Sig<1, null, 'elementwise'>
    readonly cos: Sig<1, null, 'elementwise'>
    readonly tan: Sig<1, null, 'elementwise'>
    readonly asin: Sig<1, null, 'elementwise'>
    readonly acos: Sig<1, null, 'elementwise'>
    readonly atan: Sig<1, null, 'elementwise'>
    readonly sinh: Sig<1, null, 'elementwise'>
    readonly cosh: Sig<1, null, 'elementwise'>
    readonly tanh: Sig<1, null, 'elementwise'>
    readonly asinh: Sig<1, null, 'elementwise'>
    readonly acosh: Sig<1, null, 'elementwise'>
    readonly atanh: Sig<1, null, 'elementwise'>
    readonly erf: Sig<1, null, 'elementwise'>
    readonly erfc: Sig<1, null, 'elementwise'>
    readonly sigmoid: Sig<1, null, 'elementwise'>
    readonly softplus: Sig<1, null, 'elementwise'>
    readonly logSigmoid: Sig<1, null, 'elementwise'>
    readonly relu: Sig<1, null, 'elementwise'>
  }
}

const special = [0, -0, 1, -1, 1e-40, -1e-40, 100, -100, Infinity, -Infinity, Number.NaN]

const smooth = (name: string, summary: string, formula: string, domain: readonly [number, number]) => ({
  ...unary(name, 'float'),
  doc: { summary, constraints: floatConstraint, formula },
  sample: { domain: [domain] as const, special },
})

export const sqrt = defineOp<'sqrt'>({
  ...smooth('sqrt', 'Square root; NaN below 0.', 'derivative 1/(2·√x), 0 · ∞ at 0', [0.2, 4]),
  name: 'sqrt',
  partials: [(b, a, t) => b.div([t, b.mul([lit(b, a, 2), a.out])])],
  identities: [{ name: 'sqrt-square', when: 'refines', rule: (b, _d, x) => [b.sqrt([b.square([x])]), b.abs([x])] }],
  lower: (m, [x]) => m.sqrt(x),
  print: ([x]) => ({ text: `√${paren(x, 4)}`, precedence: 3 }),
})

export const rsqrt = defineOp<'rsqrt'>({
  ...smooth('rsqrt', 'Reciprocal square root.', '1/√x; derivative −x^(−1/2)/(2·x)', [0.2, 4]),
  name: 'rsqrt',
  partials: [(b, a, t) => b.neg([b.div([b.mul([t, a.out]), b.mul([lit(b, a, 2), a.ins[0]])])])],
  identities: [],
  lower: (m, [x]) => power.rsqrt(m, x),
})

/** What the simplifier makes of 1/√Σx² beside x, so that a normalized vector and the gradient of a norm are 0 at 0. */
export const rsqrtOrZero = defineOp<'rsqrtOrZero'>({
  ...smooth(
    'rsqrtOrZero',
    'Reciprocal square root, 0 at 0.',
    '1/√x; derivative −y³/2 over the saved output y',
    [0.2, 4],
  ),
  name: 'rsqrtOrZero',
  // from the left, so that y³ does not overflow where t is small
  partials: [(b, a, t) => b.mul([b.mul([b.mul([b.mul([lit(b, a, -0.5), t]), a.out]), a.out]), a.out])],
  identities: [],
  lower: (m, [x]) => m.select(m.eq(x, m.lit(0, m.typeOf(x))), m.lit(0, m.typeOf(x)), power.rsqrt(m, x)),
  print: ([x]) => call('rsqrt₀', [x]),
})

export const exp = defineOp<'exp'>({
  ...smooth('exp', 'Exponential function.', 'derivative exp(x), the saved output', [-2, 2]),
  name: 'exp',
  partials: [(b, a, t) => b.mul([t, a.out])],
  identities: [],
  lower: (m, [x]) => exponential.exp(m, x),
})

export const exp2 = defineOp<'exp2'>({
  ...smooth('exp2', 'Two to the power of x.', 'derivative ln 2 · 2^x', [-2, 2]),
  name: 'exp2',
  partials: [(b, a, t) => b.mul([b.mul([lit(b, a, Math.LN2), a.out]), t])],
  identities: [],
  lower: (m, [x]) => exponential.exp2(m, x),
})

export const expm1 = defineOp<'expm1'>({
  ...smooth('expm1', 'exp(x) − 1 without cancellation near 0.', 'derivative exp(x)', [-2, 2]),
  name: 'expm1',
  partials: [(b, a, t) => b.mul([t, b.exp([a.ins[0]])])],
  identities: [],
  lower: (m, [x]) => exponential.expm1(m, x),
})

export const log = defineOp<'log'>({
  ...smooth('log', 'Natural logarithm; −∞ at 0, NaN below.', 'derivative 1/x', [0.2, 4]),
  name: 'log',
  partials: [(b, a, t) => b.div([t, a.ins[0]])],
  identities: [],
  lower: (m, [x]) => logarithm.log(m, x),
})

export const log2 = defineOp<'log2'>({
  ...smooth('log2', 'Logarithm to base 2.', 'derivative 1/(x · ln 2)', [0.2, 4]),
  name: 'log2',
  partials: [(b, a, t) => b.div([t, b.mul([lit(b, a, Math.LN2), a.ins[0]])])],
  identities: [],
  lower: (m, [x]) => logarithm.log2(m, x),
})

export const log1p = defineOp<'log1p'>({
  ...smooth('log1p', 'log(1 + x) without cancellation near 0.', 'derivative 1/(1 + x)', [-0.5, 2]),
  name: 'log1p',
  partials: [(b, a, t) => b.div([t, b.add([lit(b, a, 1), a.ins[0]])])],
  identities: [],
  lower: (m, [x]) => logarithm.log1p(m, x),
})

export const sin = defineOp<'sin'>({
  ...smooth('sin', 'Sine of radians.', 'derivative cos(x)', [-3, 3]),
  name: 'sin',
  partials: [(b, a, t) => b.mul([t, b.cos([a.ins[0]])])],
  identities: [{ name: 'sin-neg', when: 'always', rule: (b, _d, x) => [b.sin([b.neg([x])]), b.neg([b.sin([x])])] }],
  lower: (m, [x]) => trigonometric.sin(m, x),
})

export const cos = defineOp<'cos'>({
  ...smooth('cos', 'Cosine of radians.', 'derivative −sin(x)', [-3, 3]),
  name: 'cos',
  partials: [(b, a, t) => b.neg([b.mul([t, b.sin([a.ins[0]])])])],
  identities: [
    { name: 'cos-neg', when: 'always', rule: (b, _d, x) => [b.cos([b.neg([x])]), b.cos([x])] },
    { name: 'cos-abs', when: 'always', rule: (b, _d, x) => [b.cos([b.abs([x])]), b.cos([x])] },
  ],
  lower: (m, [x]) => trigonometric.cos(m, x),
})

export const tan = defineOp<'tan'>({
  ...smooth('tan', 'Tangent of radians.', 'derivative 1 + tan²(x)', [-1, 1]),
  name: 'tan',
  partials: [(b, a, t) => b.mul([t, b.add([lit(b, a, 1), b.square([a.out])])])],
  identities: [{ name: 'tan-neg', when: 'always', rule: (b, _d, x) => [b.tan([b.neg([x])]), b.neg([b.tan([x])])] }],
  lower: (m, [x]) => trigonometric.tan(m, x),
})

export const asin = defineOp<'asin'>({
  ...smooth('asin', 'Arc sine, in [−π/2, π/2].', 'derivative 1/√(1 − x²)', [-0.8, 0.8]),
  name: 'asin',
  partials: [(b, a, t) => b.div([t, b.sqrt([b.sub([lit(b, a, 1), b.square([a.ins[0]])])])])],
  identities: [{ name: 'asin-neg', when: 'always', rule: (b, _d, x) => [b.asin([b.neg([x])]), b.neg([b.asin([x])])] }],
  lower: (m, [x]) => arc.asin(m, x),
})

export const acos = defineOp<'acos'>({
  ...smooth('acos', 'Arc cosine, in [0, π].', 'derivative −1/√(1 − x²)', [-0.8, 0.8]),
  name: 'acos',
  partials: [(b, a, t) => b.neg([b.div([t, b.sqrt([b.sub([lit(b, a, 1), b.square([a.ins[0]])])])])])],
  identities: [],
  lower: (m, [x]) => arc.acos(m, x),
})

export const atan = defineOp<'atan'>({
  ...smooth('atan', 'Arc tangent, in [−π/2, π/2].', 'derivative 1/(1 + x²)', [-2, 2]),
  name: 'atan',
  partials: [(b, a, t) => b.div([t, b.add([lit(b, a, 1), b.square([a.ins[0]])])])],
  identities: [{ name: 'atan-neg', when: 'always', rule: (b, _d, x) => [b.atan([b.neg([x])]), b.neg([b.atan([x])])] }],
  lower: (m, [x]) => arc.atan(m, x),
})

export const sinh = defineOp<'sinh'>({
  ...smooth('sinh', 'Hyperbolic sine.', 'derivative cosh(x)', [-2, 2]),
  name: 'sinh',
  partials: [(b, a, t) => b.mul([t, b.cosh([a.ins[0]])])],
  identities: [{ name: 'sinh-neg', when: 'always', rule: (b, _d, x) => [b.sinh([b.neg([x])]), b.neg([b.sinh([x])])] }],
  lower: (m, [x]) => hyperbolic.sinh(m, x),
})

export const cosh = defineOp<'cosh'>({
  ...smooth('cosh', 'Hyperbolic cosine.', 'derivative sinh(x)', [-2, 2]),
  name: 'cosh',
  partials: [(b, a, t) => b.mul([t, b.sinh([a.ins[0]])])],
  identities: [{ name: 'cosh-neg', when: 'always', rule: (b, _d, x) => [b.cosh([b.neg([x])]), b.cosh([x])] }],
  lower: (m, [x]) => hyperbolic.cosh(m, x),
})

export const tanh = defineOp<'tanh'>({
  ...smooth('tanh', 'Hyperbolic tangent.', 'derivative 1 − tanh²(x), over the saved output', [-2, 2]),
  name: 'tanh',
  partials: [(b, a, t) => b.mul([t, b.sub([lit(b, a, 1), b.square([a.out])])])],
  identities: [{ name: 'tanh-neg', when: 'always', rule: (b, _d, x) => [b.tanh([b.neg([x])]), b.neg([b.tanh([x])])] }],
  lower: (m, [x]) => hyperbolic.tanh(m, x),
})

export const asinh = defineOp<'asinh'>({
  ...smooth('asinh', 'Inverse hyperbolic sine.', 'derivative 1/√(1 + x²)', [-2, 2]),
  name: 'asinh',
  partials: [(b, a, t) => b.div([t, b.sqrt([b.add([lit(b, a, 1), b.square([a.ins[0]])])])])],
  identities: [
    { name: 'asinh-neg', when: 'always', rule: (b, _d, x) => [b.asinh([b.neg([x])]), b.neg([b.asinh([x])])] },
  ],
  lower: (m, [x]) => hyperbolic.asinh(m, x),
})

export const acosh = defineOp<'acosh'>({
  ...smooth('acosh', 'Inverse hyperbolic cosine; NaN below 1.', 'derivative 1/√(x² − 1)', [1.2, 3]),
  name: 'acosh',
  partials: [(b, a, t) => b.div([t, b.sqrt([b.sub([b.square([a.ins[0]]), lit(b, a, 1)])])])],
  identities: [],
  lower: (m, [x]) => hyperbolic.acosh(m, x),
})

export const atanh = defineOp<'atanh'>({
  ...smooth('atanh', 'Inverse hyperbolic tangent; NaN outside [−1, 1].', 'derivative 1/(1 − x²)', [-0.8, 0.8]),
  name: 'atanh',
  partials: [(b, a, t) => b.div([t, b.sub([lit(b, a, 1), b.square([a.ins[0]])])])],
  identities: [
    { name: 'atanh-neg', when: 'always', rule: (b, _d, x) => [b.atanh([b.neg([x])]), b.neg([b.atanh([x])])] },
  ],
  lower: (m, [x]) => hyperbolic.atanh(m, x),
})

export const erf = defineOp<'erf'>({
  ...smooth('erf', 'Error function.', 'derivative 2/√π · exp(−x²)', [-2, 2]),
  name: 'erf',
  partials: [
    (b, a, t) => b.mul([b.mul([lit(b, a, 2 / Math.sqrt(Math.PI)), b.exp([b.neg([b.square([a.ins[0]])])])]), t]),
  ],
  identities: [{ name: 'erf-neg', when: 'always', rule: (b, _d, x) => [b.erf([b.neg([x])]), b.neg([b.erf([x])])] }],
  lower: (m, [x]) => error.erf(m, x),
})

export const erfc = defineOp<'erfc'>({
  ...smooth('erfc', '1 − erf(x) without cancellation for large x.', 'derivative −2/√π · exp(−x²)', [-2, 2]),
  name: 'erfc',
  partials: [
    (b, a, t) => b.mul([b.mul([lit(b, a, -2 / Math.sqrt(Math.PI)), b.exp([b.neg([b.square([a.ins[0]])])])]), t]),
  ],
  identities: [],
  lower: (m, [x]) => error.erfc(m, x),
})

export const sigmoid = defineOp<'sigmoid'>({
  ...smooth(
    'sigmoid',
    'Logistic function 1/(1 + exp(−x)).',
    'derivative σ(x) · (1 − σ(x)), over the saved output',
    [-3, 3],
  ),
  name: 'sigmoid',
  partials: [(b, a, t) => b.mul([b.mul([t, a.out]), b.sub([lit(b, a, 1), a.out])])],
  identities: [],
  lower: (m, [x]) => exponential.sigmoid(m, x),
  print: ([x]) => ({ text: `σ(${x.text})`, precedence: 4 }),
})

export const softplus = defineOp<'softplus'>({
  ...smooth('softplus', 'log(1 + exp(x)), stable for every x.', 'derivative σ(x)', [-3, 3]),
  name: 'softplus',
  partials: [(b, a, t) => b.mul([t, b.sigmoid([a.ins[0]])])],
  identities: [
    {
      name: 'softplus-neg',
      when: 'always',
      rule: (b, _d, x) => [b.softplus([b.neg([x])]), b.neg([b.logSigmoid([x])])],
    },
  ],
  lower: (m, [x]) => logExp.softplus(m, x),
})

export const logSigmoid = defineOp<'logSigmoid'>({
  ...smooth('logSigmoid', 'log σ(x) = −softplus(−x), stable for every x.', 'derivative σ(−x) = 1 − σ(x)', [-3, 3]),
  name: 'logSigmoid',
  partials: [(b, a, t) => b.mul([t, b.sigmoid([b.neg([a.ins[0]])])])],
  identities: [
    {
      name: 'logSigmoid-neg',
      when: 'always',
      rule: (b, _d, x) => [b.logSigmoid([b.neg([x])]), b.neg([b.softplus([x])])],
    },
  ],
  lower: (m, [x]) => logExp.logSigmoid(m, x),
  print: ([x]) => ({ text: `log σ(${x.text})`, precedence: 4 }),
})

export const relu = defineOp<'relu'>({
  ...smooth('relu', 'max(x, 0); NaN stays NaN.', 'derivative 1 where x > 0, else 0 (also at 0)', [0.1, 2]),
  name: 'relu',
  // the saved output decides: relu(x) > 0 exactly where x > 0
  partials: [(b, a, t) => b.where([b.greater([a.out, lit(b, a, 0)]), t, lit(b, a, 0)])],
  identities: [
    { name: 'relu-relu', when: 'always', rule: (b, _d, x) => [b.relu([b.relu([x])]), b.relu([x])] },
    { name: 'relu-abs', when: 'always', rule: (b, _d, x) => [b.relu([b.abs([x])]), b.abs([x])] },
  ],
  lower: (m, [x]) => m.pmax(x, m.lit(0, m.typeOf(x))),
})
