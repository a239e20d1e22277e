/**
 * a·b + c of vectors. In: a function in the making, three values. Out: their value.
 * Invariant: it rounds twice in plain SIMD and once in relaxed SIMD, never otherwise.
 */
import type binaryen from 'binaryen'
import type { Float } from '../../../src/core/dtype.ts'
import type { FunctionBuilder, Node, Value } from './function.ts'

/** Binaryen's C interface, which alone makes the fused multiply-add. */
interface WithTernary {
  readonly _BinaryenSIMDTernary: (module: number, op: binaryen.Operations, a: Node, b: Node, c: Node) => Node
}

/** sum + a·b */
export const multiplyAdd = (fn: FunctionBuilder, dtype: Float, a: Value, b: Value, sum: Value): Value => {
  const { binaryen: lib, module: m, simd } = fn.context
  const ops = dtype === 'f64' ? m.f64x2 : m.f32x4
  if (simd === 'plain')
    return fn.value('v128', [a, b, sum], ([x, y, s]) => ops.add(s as Node, ops.mul(x as Node, y as Node)))
  const op = dtype === 'f64' ? lib.RelaxedMaddVecF64x2 : lib.RelaxedMaddVecF32x4
  const { _BinaryenSIMDTernary: ternary } = lib as unknown as WithTernary
  return fn.value('v128', [a, b, sum], ([x, y, s]) => ternary(m.ptr, op, x as Node, y as Node, s as Node))
}
