// Deterministic numbers for initial parameters and batches: a seed in, f32 arrays out, the same on every engine. Only
// integer operations and one exact division decide a draw, so that no engine's mathematics library can change a bit.

import type { Tensor } from './workload.ts'

/** Marsaglia's xorshift32 (Xorshift RNGs, 2003), seeded through a multiplicative hash so that near seeds part at once. */
const xorshift = (seed: number): (() => number) => {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1)

/** Numbers, uniform over [low, high). */
export const uniform = (seed: number, shape: readonly number[], low: number, high: number): Tensor => {
  const draw = xorshift(seed)
  const data = new Float32Array(sizeOf(shape))
  for (let index = 0; index < data.length; index += 1) data[index] = low + (high - low) * ((draw() >>> 8) / 0x1000000)
  return { shape, data }
}

/** Glorot's uniform initialization of a weight [inputs, outputs]: within ±√(6 / (inputs + outputs)). */
export const glorotUniform = (seed: number, inputs: number, outputs: number): Tensor => {
  const limit = Math.sqrt(6 / (inputs + outputs))
  return uniform(seed, [inputs, outputs], -limit, limit)
}

/** Integers, uniform over 0 … classes - 1. */
export const labels = (seed: number, shape: readonly number[], classes: number): Tensor => {
  const draw = xorshift(seed)
  return {
    shape,
    data: Int32Array.from({ length: sizeOf(shape) }, () => Math.floor(((draw() >>> 8) / 0x1000000) * classes)),
  }
}

/** A vector of one value. */
export const filled = (extent: number, value = 0): Tensor => ({
  shape: [extent],
  data: new Float32Array(extent).fill(value),
})
