/**
 * Vectors of a product's operands. In: a function in the making. Out: loads, splats, sums, and 4x4 (f64: 2x2) blocks turned in
 * registers.
 */
import type { Float } from '../../../../src/core/dtype.ts'
import type { FunctionBuilder, Node, Value } from '../function.ts'
import { displaced } from './pointers.ts'

export const loadVector = (fn: FunctionBuilder, pointer: Value, bytes: number): Value => {
  const at = displaced(fn, pointer, bytes)
  return fn.value('v128', [at.pointer], ([p]) => fn.module.v128.load(at.offset, 4, p as Node))
}

export const loadSplat = (fn: FunctionBuilder, dtype: Float, pointer: Value, bytes: number): Value => {
  const { v128 } = fn.module
  const at = displaced(fn, pointer, bytes)
  return fn.value('v128', [at.pointer], ([p]) =>
    dtype === 'f64' ? v128.load64_splat(at.offset, 8, p as Node) : v128.load32_splat(at.offset, 4, p as Node),
  )
}

export const add = (fn: FunctionBuilder, dtype: Float, x: Value, y: Value): Value => {
  const { f32x4, f64x2 } = fn.module
  return fn.value('v128', [x, y], ([a, b]) => (dtype === 'f64' ? f64x2 : f32x4).add(a as Node, b as Node))
}

/** Row r of the result is what lane r of the vectors held. */
export const transpose = (fn: FunctionBuilder, dtype: Float, vectors: readonly Value[]): readonly Value[] => {
  const pick = (x: Value, y: Value, words: readonly number[]): Value =>
    fn.value('v128', [x, y], ([a, b]) =>
      fn.module.i8x16.shuffle(
        a as Node,
        b as Node,
        words.flatMap((w) => [4 * w, 4 * w + 1, 4 * w + 2, 4 * w + 3]),
      ),
    )
  const [x0, x1, x2, x3] = vectors as readonly [Value, Value, Value, Value]
  if (dtype === 'f64') return [pick(x0, x1, [0, 1, 4, 5]), pick(x0, x1, [2, 3, 6, 7])]
  const low = [pick(x0, x1, [0, 4, 1, 5]), pick(x2, x3, [0, 4, 1, 5])] as const
  const high = [pick(x0, x1, [2, 6, 3, 7]), pick(x2, x3, [2, 6, 3, 7])] as const
  return [
    pick(low[0], low[1], [0, 1, 4, 5]),
    pick(low[0], low[1], [2, 3, 6, 7]),
    pick(high[0], high[1], [0, 1, 4, 5]),
    pick(high[0], high[1], [2, 3, 6, 7]),
  ]
}
