/**
 * How a tensor of a product's shape is walked in its epilogue. In: the product and a view over its stripped shape.
 * Out: strides over [...batch, row, column], or null where the free axes of one side share no stride or columns are not
 * contiguous. Invariant: what this accepts, a contraction kernel can load with one vector instruction.
 */
import { type Shape, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { freeAxes } from '../../src/ops/contraction.ts'
import type { View } from '../../src/ops/signature.ts'
import { collapse } from './view.ts'

export interface ProductDims {
  readonly batch: Shape
  readonly m: number
  readonly n: number
  readonly k: number
  readonly freeA: readonly number[]
  readonly freeB: readonly number[]
}

export const productDims = (product: Node): ProductDims => {
  const { batch, contract } = paramsOf(product, 'dotGeneral')
  const [a, b] = product.ins as readonly [Node, Node]
  const freeA = freeAxes(a.shape.length, batch[0], contract[0])
  const freeB = freeAxes(b.shape.length, batch[1], contract[1])
  const extents = (t: Node, axes: readonly number[]) => axes.map((i) => t.shape[i] as number)
  return {
    batch: extents(a, batch[0]),
    m: sizeOf(extents(a, freeA)),
    n: sizeOf(extents(b, freeB)),
    k: sizeOf(extents(a, contract[0])),
    freeA,
    freeB,
  }
}

export const epilogueStrides = (product: Node, view: View): readonly number[] | null => {
  const dims = productDims(product)
  const strides = unstrip(product.shape, view)
  const nb = dims.batch.length
  const rows = dims.freeA.map((_, i) => nb + i)
  const cols = dims.freeB.map((_, i) => nb + dims.freeA.length + i)
  const row = collapse(product.shape, strides, rows)
  const col = collapse(product.shape, strides, cols)
  return row === null || col === null || (col !== 0 && col !== 1) ? null : [...strides.slice(0, nb), row, col]
}

/** Strides over the whole shape of a view over its stripped one. */
const unstrip = (shape: Shape, view: View): readonly number[] => {
  let k = 0
  return shape.map((d) => (d === 1 ? 0 : (view.strides[k++] as number)))
}
