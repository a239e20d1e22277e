/**
 * Scalar mathematics of our own: one function over Machine for every target. Errors: docs/generated/math.md.
 */
export { acos, asin, atan, atan2 } from './arc.ts'
export { erf, erfc } from './error.ts'
export { exp, exp2, expm1, sigmoid } from './exponential.ts'
export { acosh, asinh, atanh, cosh, sinh, tanh } from './hyperbolic.ts'
export { log, log1p, log2 } from './logarithm.ts'
export { mod } from './modulo.ts'
export { hypot, pow, rsqrt } from './power.ts'
export { logAddExp, logSigmoid, softplus } from './softplus.ts'
export { cos, sin, tan } from './trigonometric.ts'
