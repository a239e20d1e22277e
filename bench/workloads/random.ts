// Deterministic numbers for initial parameters and batches: a seed in, f32 arrays out, the same on every engine. Only
// integer operations and one exact division decide a draw, so that no engine's mathematics library can change a bit.

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

/** `count` numbers, uniform over [low, high). */
export const uniform = (seed: number, count: number, low: number, high: number): Float32Array => {
  const draw = xorshift(seed)
  const values = new Float32Array(count)
  for (let index = 0; index < count; index += 1) values[index] = low + (high - low) * ((draw() >>> 8) / 0x1000000)
  return values
}

/** Glorot's uniform initialization of a weight [inputs, outputs]: within ±√(6 / (inputs + outputs)). */
export const glorotUniform = (seed: number, inputs: number, outputs: number): Float32Array => {
  const limit = Math.sqrt(6 / (inputs + outputs))
  return uniform(seed, inputs * outputs, -limit, limit)
}

/** `count` integers, uniform over 0 … classes - 1. */
export const labels = (seed: number, count: number, classes: number): Int32Array => {
  const draw = xorshift(seed)
  return Int32Array.from({ length: count }, () => Math.floor(((draw() >>> 8) / 0x1000000) * classes))
}
