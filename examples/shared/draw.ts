// Numbers for examples that need some. In: a shape, a seed. Out: numbers, the same wherever and whenever they are drawn.
// Invariant: drawn by the language's own generator, so that no example has one of its own.

import { key, type Shape, uniform } from 'nabla'
import { interpret } from 'nabla/compiler'

/** Uniform in [lo, hi). */
export const drawUniform = (shape: Shape, seed: number, lo = -1, hi = 1): readonly number[] =>
  interpret([uniform(key(seed), shape, lo, hi)], new Map()).flatMap((t) => Array.from(t.data))
