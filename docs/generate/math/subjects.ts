/**
 * What is measured: each scalar function with two references. In: nothing. Out: the table.
 * Invariant: `quick` is right to about 2⁻⁵⁰ and has the right special values (NaN, infinities, signs of zeros);
 * `precise` is right to about 2⁻⁹⁰ wherever `quick` is finite and not zero.
 */
import type { Machine } from '../../../src/core/machine.ts'
import * as arcFunctions from '../../../src/ops/math/arc.ts'
import * as errorFunctions from '../../../src/ops/math/error.ts'
import * as exponentialFunctions from '../../../src/ops/math/exponential.ts'
import * as hyperbolicFunctions from '../../../src/ops/math/hyperbolic.ts'
import * as logarithmFunctions from '../../../src/ops/math/logarithm.ts'
import * as moduloFunctions from '../../../src/ops/math/modulo.ts'
import * as powerFunctions from '../../../src/ops/math/power.ts'
import * as softplusFunctions from '../../../src/ops/math/softplus.ts'
import * as trigonometricFunctions from '../../../src/ops/math/trigonometric.ts'
import { add, type DD, div, exact, mul, neg, scale, sqrt, sub } from './doubleDouble.ts'
import * as real from './elementary.ts'

const math = {
  ...arcFunctions,
  ...errorFunctions,
  ...exponentialFunctions,
  ...hyperbolicFunctions,
  ...logarithmFunctions,
  ...moduloFunctions,
  ...powerFunctions,
  ...softplusFunctions,
  ...trigonometricFunctions,
}

type Scalar = <R>(m: Machine<R>, x: R) => R
type Scalar2 = <R>(m: Machine<R>, x: R, y: R) => R

/** An interval in which points lie evenly, beside the even sampling of all bit patterns. */
export type Focus = readonly [least: number, greatest: number]

export interface Unary {
  readonly arity: 1
  readonly apply: Scalar
  /** `own`: the f64 function itself, which `precise` measures, is the reference of f32. */
  readonly quick: ((x: number) => number) | 'own'
  readonly precise: (x: number) => DD
  readonly focus: readonly Focus[]
}

export interface Binary {
  readonly arity: 2
  readonly apply: Scalar2
  readonly quick: (x: number, y: number) => number
  readonly precise: (x: number, y: number) => DD
  /** The number whose ulp is the unit; the result itself where absent. */
  readonly unit?: (x: number, y: number) => number
  readonly focus: readonly (readonly [Focus, Focus])[]
}

const one = exact(1)
const odd =
  (f: (x: DD) => DD) =>
  (x: number): DD =>
    x < 0 ? neg(f(exact(-x))) : f(exact(x))

const logOnePlusExp = (d: DD): DD => real.log1p(real.exp(neg(d)))
const softplus = (x: number): DD =>
  x > 0
    ? add(exact(x), x > 200 ? exact(Math.exp(-x)) : logOnePlusExp(exact(x)))
    : x < -200
      ? real.exp(exact(x))
      : logOnePlusExp(exact(-x))
const quickSoftplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const floorMod = (x: number, y: number): number => {
  const rest = x % y
  if (rest === 0) return y < 0 || Object.is(y, -0) ? -0 : 0
  return rest < 0 === y < 0 ? rest : rest + y
}
const isOddInteger = (y: number): boolean => Math.abs(y % 2) === 1
const power = (x: number, y: number): DD => {
  const size = real.exp(mul(real.log(exact(Math.abs(x))), exact(y)))
  return x < 0 && isOddInteger(y) ? neg(size) : size
}
/** Both operands times the power of two that brings the larger to about 1. */
const scaled = (x: number, y: number): readonly [DD, DD, number] => {
  const n = Math.floor(Math.log2(Math.max(Math.abs(x), Math.abs(y))))
  return [scale(exact(x), -n), scale(exact(y), -n), n]
}
const angle = (y: number, x: number): DD => {
  const [p, q] = scaled(Math.abs(x), Math.abs(y))
  const first = p[0] < 1e-30 ? scale(real.pi, -1) : real.atan(div(q, p))
  const size = x < 0 ? sub(real.pi, first) : first
  return y < 0 ? neg(size) : size
}
const length = (x: number, y: number): DD => {
  const [a, b, n] = scaled(x, y)
  return scale(sqrt(add(mul(a, a), mul(b, b))), n)
}
const logAddExp = (x: number, y: number): DD => {
  const larger = exact(Math.max(x, y))
  return Math.abs(x - y) > 700 ? larger : add(larger, logOnePlusExp(sub(larger, exact(Math.min(x, y)))))
}

const quickLogSubExp = (x: number, y: number): number => {
  if (x === y) return x - Number.POSITIVE_INFINITY
  return x + (x - y > Math.LN2 ? Math.log1p(-Math.exp(y - x)) : Math.log(-Math.expm1(y - x)))
}
const logSubExp = (x: number, y: number): DD => {
  const d = sub(exact(y), exact(x))
  if (d[0] < -700) return exact(x)
  return add(exact(x), d[0] < -Math.LN2 ? real.log1p(neg(real.exp(d))) : real.log(neg(real.expm1(d))))
}

const unary = (apply: Scalar, quick: Unary['quick'], precise: Unary['precise'], ...focus: Focus[]): Unary => ({
  arity: 1,
  apply,
  quick,
  precise,
  focus,
})

const range: Focus = [-20, 20]
const circle: Focus = [-1, 1]
const turns: readonly Focus[] = [
  [-7, 7],
  [8000, 8400],
  [1e5, 1e5 + 1000],
  [2 ** 26 - 1000, 2 ** 26 + 1000],
]

export const unarySubjects = {
  exp: unary(math.exp, Math.exp, (x) => real.exp(exact(x)), range, [-104, -87], [-746, -708], [88, 89]),
  exp2: unary(
    math.exp2,
    (x) => 2 ** x,
    (x) => real.exp(mul(real.ln2, exact(x))),
    range,
    [-150, -126],
    [-1075, -1022],
  ),
  expm1: unary(math.expm1, Math.expm1, (x) => real.expm1(exact(x)), range, circle, [88, 89]),
  log: unary(math.log, Math.log, (x) => real.log(exact(x)), [0, 3], [0.99, 1.01]),
  log2: unary(math.log2, Math.log2, (x) => div(real.log(exact(x)), real.ln2), [0, 3], [0.99, 1.01]),
  log1p: unary(math.log1p, Math.log1p, (x) => real.log1p(exact(x)), [-1, 3], [-0.01, 0.01]),
  sin: unary(math.sin, Math.sin, real.sin, ...turns),
  cos: unary(math.cos, Math.cos, real.cos, ...turns),
  tan: unary(math.tan, Math.tan, (x) => div(real.sin(x), real.cos(x)), ...turns),
  asin: unary(
    math.asin,
    Math.asin,
    odd((x) => (x[0] === 1 ? scale(real.pi, -1) : real.atan(div(x, sqrt(sub(one, mul(x, x))))))),
    circle,
  ),
  acos: unary(
    math.acos,
    Math.acos,
    (x) => (x === -1 ? real.pi : scale(real.atan(sqrt(div(sub(one, exact(x)), add(one, exact(x))))), 1)),
    circle,
  ),
  atan: unary(math.atan, Math.atan, (x) => real.atan(exact(x)), [-5, 5]),
  sinh: unary(math.sinh, Math.sinh, odd(real.sinh), range, circle, [88, 90]),
  cosh: unary(math.cosh, Math.cosh, (x) => real.cosh(exact(Math.abs(x))), range, circle, [88, 90]),
  tanh: unary(math.tanh, Math.tanh, odd(real.tanh), range, circle, [0.05, 0.07]),
  asinh: unary(math.asinh, Math.asinh, odd(real.asinh), range, circle),
  acosh: unary(math.acosh, Math.acosh, (x) => real.acosh(exact(x)), [1, 2], [1, 20]),
  atanh: unary(math.atanh, Math.atanh, odd(real.atanh), circle),
  sigmoid: unary(
    math.sigmoid,
    (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
    (x) => {
      const e = real.exp(exact(-Math.abs(x)))
      return div(x < 0 ? e : one, add(one, e))
    },
    range,
    [-104, -80],
  ),
  softplus: unary(math.softplus, quickSoftplus, softplus, range, [-104, -80]),
  logSigmoid: unary(
    math.logSigmoid,
    (x) => -quickSoftplus(-x),
    (x) => neg(softplus(-x)),
    range,
    [80, 104],
  ),
  erf: unary(math.erf, 'own', odd(real.erf), [-4, 4], circle),
  erfc: unary(
    math.erfc,
    'own',
    (x) => (x < 0 ? add(one, real.erf(exact(-x))) : real.erfc(exact(x))),
    [-4, 11],
    [8, 27.5],
    [1.4, 1.7],
  ),
  rsqrt: unary(
    math.rsqrt,
    (x) => 1 / Math.sqrt(x),
    (x) => div(one, sqrt(exact(x))),
    [0.5, 4],
  ),
} as const satisfies Readonly<Record<string, Unary>>

const wide: Focus = [-100, 100]

export const binarySubjects = {
  pow: {
    arity: 2,
    apply: math.pow,
    // C99 and IEEE 754 give 1 where JavaScript gives NaN
    quick: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y),
    precise: power,
    focus: [
      [[0, 3], wide],
      [
        [0.9, 1.1],
        [-1000, 1000],
      ],
      [
        [0, 100],
        [-3, 3],
      ],
    ],
  },
  atan2: {
    arity: 2,
    apply: math.atan2,
    quick: Math.atan2,
    precise: angle,
    focus: [
      [circle, circle],
      [wide, circle],
    ],
  },
  hypot: {
    arity: 2,
    apply: math.hypot,
    quick: Math.hypot,
    precise: length,
    focus: [
      [circle, circle],
      [wide, circle],
    ],
  },
  mod: {
    arity: 2,
    apply: math.mod,
    quick: floorMod,
    precise: (x, y) => {
      const rest = x % y
      return rest < 0 === y < 0 ? exact(rest) : add(exact(rest), exact(y))
    },
    focus: [
      [wide, circle],
      [wide, wide],
    ],
  },
  logAddExp: {
    arity: 2,
    apply: math.logAddExp,
    quick: (x, y) => (x === y ? x + Math.LN2 : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y)))),
    precise: logAddExp,
    // near the zero of the function its two terms cancel: the unit is the ulp of the larger of them
    unit: (x, y) => Math.max(Math.abs(Math.max(x, y)), Math.log1p(Math.exp(-Math.abs(x - y)))),
    focus: [
      [wide, wide],
      [circle, circle],
      [
        [-10, 0],
        [-0.5, 0],
      ],
    ],
  },
  logSubExp: {
    arity: 2,
    apply: math.logSubExp,
    quick: quickLogSubExp,
    precise: logSubExp,
    // as for logAddExp
    unit: (x, y) => Math.max(Math.abs(x), Math.abs(quickLogSubExp(x, y) - x)),
    focus: [
      [wide, wide],
      [
        [0, 1],
        [-1, 0],
      ],
      [
        [-1, 1],
        [-30, -1],
      ],
      [
        [0, 0],
        [-3, 0],
      ],
    ],
  },
} as const satisfies Readonly<Record<string, Binary>>
