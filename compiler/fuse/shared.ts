/**
 * Products of which one operand stays the same along a batch. In: the lowered operands and the axes of a product. Out: the
 * same product in which those batch axes are rows of the other operand, so that it is one product and not one a batch point.
 * Invariant: the same sums in the same order, at the same places of the result; no operand needs a copy that needed none.
 */
import { range } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { type DotAxes, freeAxes } from '../../src/ops/contraction.ts'
import { collapse, resolve } from './view.ts'

export interface Product {
  readonly ins: readonly [Node, Node]
  readonly axes: DotAxes
}

interface Side {
  readonly node: Node
  readonly batch: readonly number[]
  readonly contract: readonly number[]
}

/** Whether the free axes of an operand have one stride, and the contracted ones too. */
export const isMatrix = ({ node, batch, contract }: Side): boolean => {
  const strides = resolve(node)?.view.strides
  const free = freeAxes(node.shape.length, batch, contract)
  return strides !== undefined && [free, contract].every((axes) => collapse(node.shape, strides, axes) !== null)
}

/** The operand with its batch axes from the `from`-th on as the first of its free axes. */
const withRows = ({ node, batch, contract }: Side, from: number): Side => {
  const [kept, rows] = [batch.slice(0, from), batch.slice(from)]
  const free = [...rows, ...freeAxes(node.shape.length, batch, contract)]
  if (free.every((axis, i) => i === 0 || axis > (free[i - 1] as number))) return { node, batch: kept, contract }
  const perm = [...kept, ...free, ...contract]
  return {
    node: b.transpose([node], { perm }),
    batch: range(from),
    contract: contract.map((_, i) => from + free.length + i),
  }
}

/** The operand without its batch axes from the `from`-th on, along which it is the same everywhere. */
const once = ({ node, batch, contract }: Side, from: number): Side => {
  const gone = batch.slice(from)
  const left = range(node.shape.length).filter((axis) => !gone.includes(axis))
  const limit = node.shape.map((extent, axis) => (gone.includes(axis) ? 1 : extent))
  const first = b.slice([node], { start: limit.map(() => 0), limit, step: limit.map(() => 1) })
  const moved = (axes: readonly number[]) => axes.map((axis) => left.indexOf(axis))
  return {
    node: b.reshape([first], { shape: left.map((axis) => node.shape[axis] as number) }),
    batch: moved(batch.slice(0, from)),
    contract: moved(contract),
  }
}

/** Moves as many of the last batch axes as may be into the rows of `x`. */
const folded = (x: Side, y: Side): Product | null => {
  const strides = resolve(y.node)?.view.strides ?? []
  const extents = y.batch.map((axis) => y.node.shape[axis] as number)
  const isShared = (i: number) => extents[i] === 1 || (extents[i] !== 0 && strides[y.batch[i] as number] === 0)
  // only the last ones: those stand beside the rows in the result
  const first = extents.findLastIndex((_, i) => !isShared(i)) + 1
  for (let from = first; extents.slice(from).some((extent) => extent !== 1); from++) {
    const [rows, rest] = [withRows(x, from), once(y, from)]
    if ((isMatrix(x) && !isMatrix(rows)) || (isMatrix(y) && !isMatrix(rest))) continue
    return {
      ins: [rows.node, rest.node],
      axes: { batch: [rows.batch, rest.batch], contract: [rows.contract, rest.contract] },
    }
  }
  return null
}

/**
 * The product without the batch axes along which an operand is shared, as far as they can go. Where it is the first that
 * is shared, the operands change places, which needs one of them to have a single row: then the result's elements stay in
 * their order, if not under the same shape.
 */
export const foldShared = (product: Product): Product => {
  const { ins, axes } = product
  const side = (i: 0 | 1): Side => ({ node: ins[i], batch: axes.batch[i], contract: axes.contract[i] })
  const [x, y] = [side(0), side(1)]
  const isVector = ({ node, batch, contract }: Side): boolean =>
    freeAxes(node.shape.length, batch, contract).every((axis) => node.shape[axis] === 1)
  return folded(x, y) ?? (isVector(x) || isVector(y) ? folded(y, x) : null) ?? product
}
