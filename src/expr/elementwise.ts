/**
 * Elementwise arithmetic. In: expressions of one dtype, or literals beside one. Out: an expression of that dtype.
 * Invariant: every function is one op of the table, or a short composition of such; operands broadcast as in NumPy.
 * All work data-first, `sub(x, y)`, and data-last, `pipe(x, sub(y))` = x − y. A literal takes the dtype of the expression
 * beside it. A ShapeError tells operands that do not broadcast (E_SHAPE_BROADCAST), differ in dtype (E_DTYPE_MISMATCH) or have
 * one that the function does not take (E_DTYPE).
 */
import type { Expr } from './expr.ts'
import { graph, literal } from './node.ts'
import {
  type Binary,
  binary,
  type CheckUnary,
  composed,
  composedPair,
  dataLast,
  typed,
  type Unary,
  unary,
} from './typed.ts'

// ---- two operands

/**
 * x + y. f32, f64, i32 (wraps).
 * @example
 * const x = input('x', [3])
 * print(add(x, 1)) // x + 1
 * print(pipe(x, add(param('b', [3], 0)))) // x + b
 */
export const add: Binary<'add', 'number'> = binary('add')

/**
 * x − y; data-last, `pipe(x, sub(y))` is x − y.
 * @example
 * const x = input('x', [3])
 * print(sub(1, x)) // 1 − x
 * print(pipe(x, sub(1))) // x − 1
 */
export const sub: Binary<'sub', 'number'> = binary('sub')

/**
 * x · y, element by element; `matmul` is the matrix product.
 * @example print(mul(input('x', [3]), 0.5)) // ½ · x
 */
export const mul: Binary<'mul', 'number'> = binary('mul')

/**
 * x / y of floats, as IEEE 754 says: 1/0 is ∞, 0/0 is NaN.
 * @example
 * const x = input('x', [3])
 * print(div(x, norm(x))) // x / ‖x‖
 */
export const div: Binary<'div', 'float'> = binary('div')

/**
 * The remainder x − y·⌊x/y⌋, with the sign of the divisor as in NumPy.
 * @example print(mod(input('x', [3]), 2)) // mod(x, 2)
 */
export const mod: Binary<'mod', 'float'> = binary('mod')

/**
 * x to the power of y, with the special cases of IEEE 754; negative x wants an integer y.
 * @example print(pow(input('x', [3]), 1.5)) // x^1.5
 */
export const pow: Binary<'pow', 'float'> = binary('pow')

/**
 * The angle of the point (x, y), given as atan2(y, x), in [−π, π].
 * @example print(atan2(input('y', []), input('x', []))) // atan2(y, x)
 */
export const atan2: Binary<'atan2', 'float'> = binary('atan2')

/**
 * √(x² + y²) without overflow; its derivative at 0 is 0.
 * @example print(hypot(input('x', []), input('y', []))) // hypot(x, y)
 */
export const hypot: Binary<'hypot', 'float'> = binary('hypot')

/**
 * log(exp(x) + exp(y)), stable for every x and y.
 * @example print(logAddExp(input('x', []), input('y', []))) // logAddExp(x, y)
 */
export const logAddExp: Binary<'logAddExp', 'float'> = binary('logAddExp')

/**
 * log(exp(x) − exp(y)), stable for every x ≥ y; −∞ where they are equal, NaN where x < y. With 0 for x it is log(1 − exp(y)),
 * with 0 for y the inverse of softplus.
 * @example print(logSubExp(input('x', []), input('y', []))) // logSubExp(x, y)
 */
export const logSubExp: Binary<'logSubExp', 'float'> = binary('logSubExp')

/**
 * The greater operand; NaN if either is NaN. A tie shares the cotangent evenly.
 * @example print(maximum(input('x', [3]), 0)) // max(x, 0)
 */
export const maximum: Binary<'maximum', 'number'> = binary('maximum')

/**
 * The lesser operand; NaN if either is NaN. A tie shares the cotangent evenly.
 * @example print(minimum(input('x', [3]), 1)) // min(x, 1)
 */
export const minimum: Binary<'minimum', 'number'> = binary('minimum')

/**
 * (x − y)².
 * @example print(squaredDifference(input('y', [3]), input('t', [3]))) // (y − t)²
 */
export const squaredDifference: Binary<'squaredDifference', 'number'> = composedPair(
  'squaredDifference',
  'number',
  (x, y) => graph.square([graph.sub([x, y])]),
)

// ---- one operand

/** −x. */
export const neg: Unary<'neg', 'number'> = unary('neg')

/** |x|; its derivative at 0 is 0. */
export const abs: Unary<'abs', 'number'> = unary('abs')

/** −1, 0 or 1; ±0 and NaN stay themselves. No derivative flows. */
export const sign: Unary<'sign', 'number'> = unary('sign')

/** x². */
export const square: Unary<'square', 'number'> = unary('square')

/**
 * x³.
 * @example print(cube(input('x', [3]))) // x³
 */
export const cube: Unary<'cube', 'number'> = unary('cube')

/** 1/x of floats. */
export const reciprocal: Unary<'reciprocal', 'float'> = composed('reciprocal', 'float', (x) =>
  graph.div([literal(1, x.dtype), x]),
)

/** The greatest integer not above x. No derivative flows. */
export const floor: Unary<'floor', 'float'> = unary('floor')

/** The least integer not below x. No derivative flows. */
export const ceil: Unary<'ceil', 'float'> = unary('ceil')

/** The nearest integer; halves go to the even one. No derivative flows. */
export const round: Unary<'round', 'float'> = unary('round')

/** The integer part, towards 0. No derivative flows. */
export const trunc: Unary<'trunc', 'float'> = unary('trunc')

/** √x; NaN below 0. */
export const sqrt: Unary<'sqrt', 'float'> = unary('sqrt')

/** 1/√x. */
export const rsqrt: Unary<'rsqrt', 'float'> = unary('rsqrt')

/** 1/√x, and 0 at 0: the derivative of a norm beside the norm, which is 0 where all is 0. */
export const rsqrtOrZero: Unary<'rsqrtOrZero', 'float'> = unary('rsqrtOrZero')

/** eˣ. */
export const exp: Unary<'exp', 'float'> = unary('exp')

/** 2ˣ. */
export const exp2: Unary<'exp2', 'float'> = unary('exp2')

/** eˣ − 1 without cancellation near 0. */
export const expm1: Unary<'expm1', 'float'> = unary('expm1')

/** The natural logarithm; −∞ at 0, NaN below. */
export const log: Unary<'log', 'float'> = unary('log')

/** The logarithm to base 2. */
export const log2: Unary<'log2', 'float'> = unary('log2')

/** log(1 + x) without cancellation near 0. */
export const log1p: Unary<'log1p', 'float'> = unary('log1p')

/** Sine of radians. */
export const sin: Unary<'sin', 'float'> = unary('sin')

/** Cosine of radians. */
export const cos: Unary<'cos', 'float'> = unary('cos')

/** Tangent of radians. */
export const tan: Unary<'tan', 'float'> = unary('tan')

/** Arc sine, in [−π/2, π/2]. */
export const asin: Unary<'asin', 'float'> = unary('asin')

/** Arc cosine, in [0, π]. */
export const acos: Unary<'acos', 'float'> = unary('acos')

/** Arc tangent, in [−π/2, π/2]. */
export const atan: Unary<'atan', 'float'> = unary('atan')

/** Hyperbolic sine. */
export const sinh: Unary<'sinh', 'float'> = unary('sinh')

/** Hyperbolic cosine. */
export const cosh: Unary<'cosh', 'float'> = unary('cosh')

/** Hyperbolic tangent; derivative 1 − tanh²(x) over the saved output. */
export const tanh: Unary<'tanh', 'float'> = unary('tanh')

/** Inverse hyperbolic sine. */
export const asinh: Unary<'asinh', 'float'> = unary('asinh')

/** Inverse hyperbolic cosine; NaN below 1. */
export const acosh: Unary<'acosh', 'float'> = unary('acosh')

/** Inverse hyperbolic tangent; NaN outside [−1, 1]. */
export const atanh: Unary<'atanh', 'float'> = unary('atanh')

/** The error function 2/√π · ∫₀ˣ exp(−t²) dt. */
export const erf: Unary<'erf', 'float'> = unary('erf')

/** 1 − erf(x) without cancellation for large x. */
export const erfc: Unary<'erfc', 'float'> = unary('erfc')

/** σ(x) = 1/(1 + exp(−x)); derivative σ(x) · (1 − σ(x)) over the saved output. */
export const sigmoid: Unary<'sigmoid', 'float'> = unary('sigmoid')

/** log(1 + exp(x)), stable for every x; derivative σ(x). */
export const softplus: Unary<'softplus', 'float'> = unary('softplus')

/** log σ(x), stable for every x. */
export const logSigmoid: Unary<'logSigmoid', 'float'> = unary('logSigmoid')

/** max(x, 0); derivative 0 at 0. NaN stays NaN. */
export const relu: Unary<'relu', 'float'> = unary('relu')

/** The clipped range of a `clip`. */
export interface Clip {
  <X extends Expr>(x: X & CheckUnary<'clip', 'number', X>, lo: number, hi: number): X
  (lo: number, hi: number): <X extends Expr>(x: X & CheckUnary<'clip', 'number', X>) => X
}

/**
 * x limited to [lo, hi]; derivative 1 inside and at the bounds, else 0. NaN stays NaN.
 * @example print(pipe(input('x', [3]), clip(0, 6))) // clip(x, 0, 6)
 */
export const clip: Clip = typed(dataLast((x, lo: number, hi: number) => graph.clip([x], { lo, hi })))

/** x, through which no derivative flows. Any dtype. */
export const stopGradient: Unary<'stopGradient', 'any'> = unary('stopGradient')
