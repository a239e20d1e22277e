/**
 * Numbers for the operands of a case. In: an op, the shape of an operand, a stream. Out: a tensor.
 * Invariant: numbers lie in the op's own domain; the same on every run.
 */
import type { DType } from '../../src/core/dtype.ts'
import { range, type Shape, sizeOf } from '../../src/core/shape.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { OpName, Sample } from '../../src/ops/signature.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'

export const sampleOf = (op: OpName): Sample => {
  const def = opDef(op)
  return 'sample' in def ? def.sample : { domain: [[-2, 2]] }
}

/** Values for operand i from the op's own domain; `float` decides the precision of float operands. */
export const drawOperand = (op: OpName, i: number, shape: Shape, float: 'f32' | 'f64', next: () => number): Tensor => {
  const { domain, dtypes } = sampleOf(op)
  const [lo, hi] = domain[Math.min(i, domain.length - 1)] ?? [-2, 2]
  const own = dtypes?.[i] ?? 'f64'
  const dtype: DType = own === 'f64' || own === 'f32' ? (own === 'f32' ? 'f32' : float) : own
  const values = range(sizeOf(shape)).map(() => {
    const x = lo + (hi - lo) * next()
    return dtype === 'bool'
      ? x < (lo + hi) / 2
        ? 0
        : 1
      : dtype === 'i32'
        ? Math.floor(lo + (hi - lo + 1) * next())
        : x
  })
  return tensor(dtype, shape, values)
}
