/**
 * Scalar mathematics of our own: one function over Machine for every target. Errors: docs/generated/math.md.
 */
export * from './arc.ts'
export * from './error.ts'
export * from './exponential.ts'
export * from './hyperbolic.ts'
export * from './logarithm.ts'
export * from './modulo.ts'
export * from './power.ts'
export * from './softplus.ts'
export * from './trigonometric.ts'
