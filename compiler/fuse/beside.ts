/**
 * Sums that a product makes beside itself. In: a lowered graph. Out: for a sum, the product of whose second operand it is
 * that of the columns: a bias' gradient beside that of the weights, for which the same memory is read.
 * Invariant: such a product has rows enough that one more, of ones, costs little, and its kernel needs no digits for them.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { type Shape, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import { productDims } from './epilogue.ts'
import { type Inlining, isFree } from './inline.ts'
import { collapse, resolve } from './view.ts'

/** A matrix in memory: columns side by side, rows that are summed some distance apart. */
interface Columns {
  readonly base: Node
  readonly offset: number
  readonly rows: number
  readonly columns: number
  readonly stride: number
}

/** The sums of the columns should cost a small part of the product, and be vectors. */
const LEAST_ROWS = 8
const LEAST_COLUMNS = 16

const columnsOf = (x: Node, summed: readonly number[], kept: readonly number[], inlining: Inlining): Columns | null => {
  const place = inlining.inlined(x) || isFree(x) ? null : resolve(x)
  if (place === null || inlining.inlined(place.base)) return null
  const { offset, strides } = place.view
  const extent = (axes: readonly number[]): number => sizeOf(axes.map((axis) => x.shape[axis] as number) as Shape)
  const [stride, across] = [summed, kept].map((axes) => collapse(x.shape, strides, axes))
  if (typeof stride !== 'number' || across !== 1) return null
  return { base: place.base, offset, rows: extent(summed), columns: extent(kept), stride }
}

const isWindows = (x: Node): boolean =>
  opDef(x.op).kind === 'movement' && (x.op === 'windows' || isWindows(x.ins[0] as Node))

/** The second operand of a product as its kernel would sum it; null where the kernel has no row of ones. */
const summedBy = (product: Node, inlining: Inlining): Columns | null => {
  const [x, y] = product.ins as readonly [Node, Node]
  const { wide, m, n, freeA, freeB } = productDims(product)
  const strides = resolve(x)?.view.strides
  if (wide.length > 0 || m < LEAST_ROWS || n < LEAST_COLUMNS || !isFloat(product.dtype) || strides === undefined)
    return null
  if (collapse(x.shape, strides, freeA) === null || isWindows(x) || isWindows(y)) return null
  return columnsOf(y, paramsOf(product, 'dotGeneral').contract[1], freeB, inlining)
}

const isSame = (a: Columns, b: Columns): boolean =>
  a.base === b.base &&
  a.offset === b.offset &&
  a.rows === b.rows &&
  a.columns === b.columns &&
  (a.stride === b.stride || a.rows === 1)

export const sumsBeside = (order: readonly Node[], inlining: Inlining): ReadonlyMap<Node, Node> => {
  const products = order.flatMap((product) => {
    const summed = opDef(product.op).kind === 'contraction' ? summedBy(product, inlining) : null
    return summed === null ? [] : [{ product, summed }]
  })
  const found = new Map<Node, Node>()
  const taken = new Set<Node>()
  for (const n of order) {
    if (n.op !== 'sum' || products.length === 0) continue
    const [x] = n.ins as readonly [Node]
    const { axes } = paramsOf(n, 'sum')
    const kept = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]))
    const own = columnsOf(x, axes, kept, inlining)
    const home = products.find(({ product, summed }) => own !== null && isSame(own, summed) && !taken.has(product))
    if (home === undefined) continue
    taken.add(home.product)
    found.set(n, home.product)
  }
  return found
}
