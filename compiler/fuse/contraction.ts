/**
 * A contraction group as a ContractionKernel. In: the group. Out: one matrix product with its epilogue.
 * Invariant: free and contracted axes of each operand share one stride each (lowering saw to it), so A is rows by k and B
 * is k by columns; the epilogue runs on finished elements only.
 */
import { InternalError } from '../../src/core/errors.ts'
import { isFloat } from '../../src/core/dtype.ts'
import { stridesOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import type { ContractionKernel, Operand, Store, Value } from '../kernel/kernel.ts'
import { splitK } from '../kernel/pieces.ts'
import { freeValue, makeBody, makeBuffers, storeOf } from './body.ts'
import { epilogueStrides, productDims } from './epilogue.ts'
import type { FusedKernel } from '../program/fused.ts'
import { type Group, useOf, walkedShape } from './group.ts'
import { type Inlining, isFree } from './inline.ts'
import { prune } from './prune.ts'
import { stripView } from './shape.ts'
import { collapse, resolve, rowMajor } from './view.ts'

/** An operand of the product: batch strides, then the two strides of its matrix. */
const operandOf = (
  x: Node,
  buffer: number,
  batch: readonly number[],
  rows: readonly number[],
  cols: readonly number[],
): Operand => {
  const place = resolve(x)
  const strides = place?.view.strides ?? []
  const row = collapse(x.shape, strides, rows)
  const col = collapse(x.shape, strides, cols)
  if (place === null || row === null || col === null) throw new InternalError('a product operand was not lowered')
  return { buffer, offset: place.view.offset, batch: batch.map((i) => strides[i] as number), row, col }
}

export const contractionKernel = (
  group: Group,
  inlining: Inlining,
  stored: (n: Node) => boolean,
  name: string,
): FusedKernel => {
  const product = [...group.anchors.keys()][0] as Node
  if (!isFloat(product.dtype)) throw new InternalError('a product of integers was not lowered')
  const buffers = makeBuffers()
  const { batch: batchAxes, contract } = paramsOf(product, 'dotGeneral')
  const dims = productDims(product)
  const [x, y] = product.ins as readonly [Node, Node]
  const baseOf = (n: Node): Node => (resolve(n) as NonNullable<ReturnType<typeof resolve>>).base
  const wideOf = (axes: readonly number[]): readonly number[] => dims.wide.map((i) => axes[i] as number)
  const a = operandOf(x, buffers.read(baseOf(x)), wideOf(batchAxes[0]), dims.freeA, contract[0])
  const b = operandOf(y, buffers.read(baseOf(y)), wideOf(batchAxes[1]), contract[1], dims.freeB)

  const body = makeBody()
  const memo = new Map<Node, Value>()
  const valueOf = (n: Node): Value => {
    const known = memo.get(n)
    if (known !== undefined) return known
    const value =
      n === product
        ? body.emit({ tag: 'accumulator', dtype: n.dtype as 'f32' | 'f64' })
        : body.apply(
            n,
            n.ins.map((i) => operand(i, n)),
          )
    memo.set(n, value)
    return value
  }
  const operand = (i: Node, user: Node): Value => {
    if (inlining.inlined(i) && !isFree(i)) return valueOf(i)
    const { base, view } = useOf(i, walkedShape(user))
    if (group.anchors.has(base)) return valueOf(base)
    const strides = epilogueStrides(product, view)
    if (strides === null && !isFree(i)) throw new InternalError('an epilogue operand has no row and column stride')
    const access = { offset: view.offset, strides: strides ?? [] }
    return isFree(i) ? freeValue(body, base, access) : body.load(buffers.read(base), base.dtype, access)
  }

  const place =
    epilogueStrides(product, stripView(rowMajor(product.shape))) ?? stridesOf([...dims.batch, dims.m, dims.n])
  const stores: Store[] = []
  for (const n of group.anchors.keys()) {
    // in order, so that no chain of anchors is followed by recursion
    valueOf(n)
    if (stored(n)) stores.push(storeOf(buffers.write(n), { offset: 0, strides: place }, valueOf(n)))
  }

  const pieces = splitK(dims.k)
  const partial = pieces.length > 1 ? buffers.scratch(product, dims.m * dims.n) : -1
  const { body: wanted, at } = prune(
    body.instrs(),
    stores.map((x) => x.value),
  )
  const kernel: ContractionKernel = {
    tag: 'contraction',
    name,
    dtype: product.dtype,
    batch: dims.batch,
    m: dims.m,
    n: dims.n,
    k: dims.k,
    pieces,
    a,
    b,
    body: wanted,
    stores: stores.map((x) => ({ ...x, value: at(x.value) })),
    partial,
    buffers: buffers.list(),
  }
  return { tag: 'kernel', kernel, slots: buffers.slots(), anchors: [...group.anchors.keys()] }
}
