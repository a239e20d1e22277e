/**
 * How a tensor of a product's shape is walked in its epilogue. In: the product and a view over its stripped shape.
 * Out: strides over [...batch, row, column], or null where the free axes of one side share no stride or columns are not
 * contiguous. Invariant: what this accepts, a contraction kernel can load with one vector instruction.
 */
import { range, type Shape, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { freeAxes } from '../../src/ops/contraction.ts'
import type { View } from '../../src/ops/signature.ts'
import { collapse } from './view.ts'

export interface ProductDims {
  /** Extents of the batch axes that are not 1. */
  readonly batch: Shape
  /** Which batch axes these are, among all of them. */
  readonly wide: readonly number[]
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
  const all = extents(a, batch[0])
  const wide = range(all.length).filter((i) => all[i] !== 1)
  return {
    batch: wide.map((i) => all[i] as number),
    wide,
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
  const nb = product.shape.length - dims.freeA.length - dims.freeB.length
  const rows = dims.freeA.map((_, i) => nb + i)
  const cols = dims.freeB.map((_, i) => nb + dims.freeA.length + i)
  const row = collapse(product.shape, strides, rows)
  const col = collapse(product.shape, strides, cols)
  return row === null || col === null || (col !== 0 && col !== 1)
    ? null
    : [...dims.wide.map((i) => strides[i] as number), row, col]
}

/** Strides over the whole shape of a view over its stripped one. */
const unstrip = (shape: Shape, view: View): readonly number[] => {
  let k = 0
  return shape.map((d) => (d === 1 ? 0 : (view.strides[k++] as number)))
}
