/**
 * Lowers a graph to what kernels are made of. In: any graph. Out: leaves, elementwise ops, reductions, contractions whose
 * operands have one stride a group of axes, movement whose views strides can say, regions.
 * Invariant: values are unchanged; composite ops are expanded; every view that `resolve` meets is sayable.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { equalShapes, range, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { functionOf } from '../../src/expr/scan.ts'
import { freeAxes } from '../../src/ops/contraction.ts'
import { opDef } from '../../src/ops/registry.ts'
import { topological } from '../program/walk.ts'
import { windowed } from './edges.ts'
import { type Part, productOfWindows } from './overlap.ts'
import { isScatter } from './indexing.ts'
import { foldShared, isMatrix, type Product } from './shared.ts'
import { lastRun, isContiguous, resolve } from './view.ts'

/** Expands composites until none is left. */
const expandAll = (roots: readonly Node[]): ((n: Node) => Node) => {
  const done = new Map<Node, Node>()
  const finish = (root: Node): void => {
    const stack = [root]
    while (stack.length > 0) {
      const node = stack.at(-1) as Node
      if (done.has(node)) {
        stack.pop()
        continue
      }
      const waiting = node.ins.filter((i) => !done.has(i))
      if (waiting.length > 0) {
        stack.push(...waiting)
        continue
      }
      const ins = node.ins.map((i) => done.get(i) as Node)
      const product = overlapping(node, (n) => done.get(n) as Node)
      if (product !== null) {
        done.set(node, product)
        stack.pop()
        continue
      }
      const def = opDef(node.op)
      if (def.kind !== 'composite') {
        done.set(node, rebuild(node, ins))
        stack.pop()
        continue
      }
      const expanded = derivedFrom(node, () =>
        def.expand(b, { ins, params: node.params, types: node.ins, outType: node }),
      )
      const known = done.get(expanded)
      if (known !== undefined || expanded === node) done.set(node, known ?? expanded)
      else stack.push(expanded)
    }
  }
  for (const r of roots) finish(r)
  return (n) => done.get(n) as Node
}

/** An overlapAdd of a product, or a part of one: products of windows. */
const overlapping = (node: Node, expanded: (n: Node) => Node): Node | null => {
  const of = (overlap: Node, part: Part | null): Node | null =>
    derivedFrom(node, () => productOfWindows(overlap, expanded(overlap.ins[0] as Node), part))
  if (node.op === 'overlapAdd') return of(node, null)
  const inner = node.op === 'slice' ? (node.ins[0] as Node) : null
  if (inner?.op !== 'overlapAdd') return null
  const { start, limit, step } = paramsOf(node, 'slice')
  const { axes } = paramsOf(inner, 'overlapAdd')
  // parts of other axes stay slices
  const isPart = inner.shape.every((d, a) => step[a] === 1 && (axes.includes(a) || (start[a] === 0 && limit[a] === d)))
  return isPart && sizeOf(node.shape) > 0 ? of(inner, { start, limit }) : null
}

const rebuild = (node: Node, ins: readonly Node[]): Node =>
  ins.every((n, i) => n === node.ins[i]) ? node : derivedFrom(node, () => remake(node, ins))

const remake = (node: Node, ins: readonly Node[]): Node =>
  (b[node.op] as (ins: readonly Node[], p: unknown) => Node)(ins, node.params)

const copied = (x: Node): Node => derivedFrom(x, () => b.copy([x]))

/** A reduction over extents of 1 only moves its operand; argmax and argmin of one element are 0. */
const trivialReduction = (node: Node, x: Node): Node | null => {
  const position = node.op === 'argmax' || node.op === 'argmin'
  const axes = position ? [paramsOf(node, node.op as 'argmax').axis] : paramsOf(node, node.op as 'sum').axes
  if (axes.some((a) => x.shape[a] !== 1)) return null
  return position ? b.full([], { dtype: 'i32', shape: node.shape, value: 0 }) : b.reshape([x], { shape: node.shape })
}

/** So many neighbours fill a vector. */
const NEIGHBOURS = 4

/**
 * Whether the points of a batch lie side by side and the numbers that each sums do not, in more operands than the other
 * way round: then the sums are those of columns, not of rows. The first `batch` axes are the batch, those from `kept` on summed.
 */
const liesAcross = (operands: readonly Node[], batch: number, kept: number): boolean => {
  const votes = operands.map((x): number => {
    const strides = resolve(x)?.view.strides ?? []
    const last = (from: number, to: number): number => x.shape.slice(from, to).findLastIndex((d) => d !== 1) + from
    const [point, k] = [last(0, batch), last(kept, x.shape.length)]
    if (k < kept || point < 0 || strides[k] === 1) return -1
    return strides[point] === 1 && (x.shape[point] as number) >= NEIGHBOURS ? 1 : 0
  })
  return votes.reduce((sum, vote) => sum + vote, 0) > 0
}

/** The operands of a product over all of its axes: the batch, those of the one, those of the other, what is summed. */
interface Spread {
  readonly wide: readonly [Node, Node]
  readonly batch: number
  /** Axes ahead of the summed ones. */
  readonly kept: number
}

const spread = (node: Node, [x, y]: readonly [Node, Node]): Spread => {
  const { batch, contract } = paramsOf(node, 'dotGeneral')
  const fx = freeAxes(x.shape.length, batch[0], contract[0])
  const fy = freeAxes(y.shape.length, batch[1], contract[1])
  const bx = b.transpose([x], { perm: [...batch[0], ...fx, ...contract[0]] })
  const by = b.transpose([y], { perm: [...batch[1], ...fy, ...contract[1]] })
  const at = (t: Node, from: number, to: number) => t.shape.slice(from, to)
  const nb = batch[0].length
  const wideX = [...at(bx, 0, nb + fx.length), ...fy.map(() => 1), ...at(bx, nb + fx.length, bx.shape.length)]
  const wideY = [...at(by, 0, nb), ...fx.map(() => 1), ...at(by, nb, by.shape.length)]
  const wide = [b.reshape([bx], { shape: wideX }), b.reshape([by], { shape: wideY })] as const
  return { wide, batch: nb, kept: wideX.length - contract[0].length }
}

/** A product whose result is one number a batch, or whose dtype has no matrix kernel, as multiply and sum. */
const asMultiplyAndSum = ({ wide, batch, kept }: Spread): Node => {
  const rank = wide[0].shape.length
  const summed = range(rank - kept)
  const behind = summed.map((i) => kept + i)
  const ahead = liesAcross(wide, batch, kept)
  const perm = [...behind, ...range(kept)]
  const turned = (t: Node): Node => (ahead ? b.transpose([t], { perm }) : t)
  const product = b.mul([turned(wide[0]), turned(wide[1])])
  const total = b.sum([product], { axes: ahead ? summed : behind, keepDims: false })
  return trivialReduction(total, product) ?? total
}

/**
 * A product with one number a batch on one side, whose points of the batch lie side by side (a convolution with a filter a channel):
 * vectors run along the batch, innermost, and not along what a matrix kernel would find there. Null for any other product.
 */
const asColumns = (node: Node, ins: readonly [Node, Node], sizes: readonly [number, number]): Node | null => {
  if (!sizes.includes(1)) return null
  const { wide, batch, kept } = spread(node, ins)
  if (!liesAcross(wide, batch, kept)) return null
  const order = [...range(kept).slice(batch), ...range(batch)]
  const behind = range(wide[0].shape.length).slice(kept)
  const perm = [...behind, ...order]
  const product = b.mul([b.transpose([wide[0]], { perm }), b.transpose([wide[1]], { perm })])
  const total = b.sum([product], { axes: range(behind.length), keepDims: false })
  return b.transpose([total], { perm: range(kept).map((a) => order.indexOf(a)) })
}

interface Side {
  readonly node: Node
  readonly batch: readonly number[]
  readonly contract: readonly number[]
}

/** So many neighbours are worth reading where they lie, one run of them after the other. */
const RUN = 8

/**
 * Whether a kernel of products had better read an operand where it lies, though its axes have no single stride: where a copy
 * would hold more elements than there are (windows that overlap), or where it lies in runs that are long enough.
 */
const readsInPlace = (x: Node, axes: readonly (readonly number[])[]): boolean => {
  const place = resolve(x)
  if (place === null) return false
  const { strides } = place.view
  const walked = x.shape.filter((_, axis) => strides[axis] !== 0)
  if (sizeOf(walked) > sizeOf(place.base.shape)) return true
  const runs = axes.map((list) => lastRun(x.shape, strides, list))
  return runs.some((r) => r.stride === 1) && runs.every((r) => r.isWhole || r.extent >= RUN)
}

/**
 * An operand as a matrix: itself, where its free and contracted axes have one stride each or where it is read in place; else
 * its axes put in order and copied.
 */
const contiguousSide = (given: Node, batch: readonly number[], contract: readonly number[]): Side => {
  // a literal is no memory
  const x = resolve(given)?.base.op === 'full' ? copied(given) : given
  const own = freeAxes(x.shape.length, batch, contract)
  if (isMatrix({ node: x, batch, contract }) || readsInPlace(x, [own, contract])) return { node: x, batch, contract }
  const perm = [...batch, ...own, ...contract]
  return {
    node: copied(b.transpose([x], { perm })),
    batch: range(batch.length),
    contract: range(contract.length).map((i) => batch.length + own.length + i),
  }
}

/** A product for the matrix kernels, in the shape of the one that it stands for. */
const asProduct = (node: Node, { ins: [x, y], axes: { batch, contract } }: Product): Node => {
  const sides = [contiguousSide(x, batch[0], contract[0]), contiguousSide(y, batch[1], contract[1])] as const
  const beside = ({ node: n, batch: wide, contract: summed }: Side): number =>
    sizeOf(freeAxes(n.shape.length, wide, summed).map((axis) => n.shape[axis] as number))
  const [p, q] = sides
  const windows = ({ node: n, batch: wide, contract: summed }: Side, other: Side): Node | null =>
    windowed(n, freeAxes(n.shape.length, wide, summed), summed, beside(other))
  // one of them alone may have edges
  const first = windows(p, q)
  const ins = [first ?? p.node, first === null ? (windows(q, p) ?? q.node) : q.node] as const
  const made = b.dotGeneral(ins, { batch: [p.batch, q.batch], contract: [p.contract, q.contract] })
  return equalShapes(made.shape, node.shape) ? made : b.reshape([made], { shape: node.shape })
}

/** Positions along an axis, as a view of the positions of a vector: there, value and address are one. */
const vectorIota = (node: Node): Node => {
  const { shape, axis } = paramsOf(node, 'iota')
  if (shape.length === 1) return node
  const extent = shape[axis] as number
  const vector = b.iota([], { shape: [extent], axis: 0 })
  return b.broadcastTo([b.reshape([vector], { shape: shape.map((_, i) => (i === axis ? extent : 1)) })], { shape })
}

/** Loops and sorts take their operands from memory in which they lie whole and in order. */
const inMemory = (x: Node): Node => {
  const place = resolve(x)
  const isWhole = place !== null && isContiguous(place.view) && opDef(place.base.op).kind !== 'movement'
  return isWhole && place.base.op !== 'full' && place.base.op !== 'iota' ? x : copied(x)
}

/** Rows of nothing, of one number, or of memory. */
const lowerGather = (node: Node, [x, indices]: readonly [Node, Node]): Node => {
  const base = resolve(x)?.base
  const value = base?.op === 'full' ? paramsOf(base, 'full').value : 0
  if (base?.op === 'full' || sizeOf(node.shape) === 0)
    return b.full([], { dtype: node.dtype, shape: node.shape, value })
  return rebuild(node, [base?.op === 'iota' ? copied(x) : x, indices])
}

/** Where no row can be hit, nothing is added. */
const lowerScatter = (node: Node, ins: readonly Node[]): Node =>
  ins.some((x) => sizeOf(x.shape) === 0) ? copied(ins[0] as Node) : rebuild(node, ins)

/** Of at most one index a batch, the last is the first. */
const lowerPositions = (node: Node, indices: Node): Node =>
  sizeOf(node.shape) === 0 || node.shape.at(-1) === 1
    ? b.full([], { dtype: 'i32', shape: node.shape, value: 0 })
    : rebuild(node, [
        resolve(indices)?.base.op === 'full' || resolve(indices)?.base.op === 'iota' ? copied(indices) : indices,
      ])

/** Rows of one key are in order; others are sorted where they lie row-major. */
const lowerSort = (node: Node, keys: Node): Node =>
  (node.shape.at(-1) as number) <= 1 || sizeOf(node.shape) === 0
    ? b.full([], { dtype: 'i32', shape: node.shape, value: 0 })
    : rebuild(node, [inMemory(keys)])

const lowerNode = (node: Node, ins: readonly Node[]): Node => {
  const def = opDef(node.op)
  if (node.op === 'iota') return vectorIota(node)
  if (functionOf(node) !== null) return rebuild(node, ins.map(inMemory))
  if (node.op === 'gather') return lowerGather(node, ins as readonly [Node, Node])
  if (isScatter(node)) return lowerScatter(node, ins)
  if (node.op === 'lastEqual') return lowerPositions(node, ins[0] as Node)
  if (def.kind === 'sorting') return lowerSort(node, ins[0] as Node)
  if (def.kind === 'reduction') return trivialReduction(node, ins[0] as Node) ?? rebuild(node, ins)
  if (def.kind === 'contraction') {
    const [x, y] = ins as readonly [Node, Node]
    const { batch, contract } = paramsOf(node, 'dotGeneral')
    const fx = freeAxes(x.shape.length, batch[0], contract[0])
    const fy = freeAxes(y.shape.length, batch[1], contract[1])
    const sizes = [sizeOf(fx.map((i) => x.shape[i] as number)), sizeOf(fy.map((i) => y.shape[i] as number))] as const
    const isSingle = sizes[0] === 1 && sizes[1] === 1
    if (!isFloat(node.dtype) || isSingle || contract[0].length === 0) return asMultiplyAndSum(spread(node, [x, y]))
    const columns = asColumns(node, [x, y], sizes)
    if (columns !== null) return columns
    return asProduct(node, foldShared({ ins: [x, y], axes: { batch, contract } }))
  }
  const made = rebuild(node, ins)
  if (def.kind !== 'movement' || def.move.tag !== 'view' || resolve(made) !== null) return made
  return remake(node, [copied(ins[0] as Node)])
}

/** Lowers the graph under the roots; the answer maps a root to its lowered node. */
export const lowerGraph = (roots: readonly Node[]): ((n: Node) => Node) => {
  const expanded = expandAll(roots)
  const done = new Map<Node, Node>()
  for (const node of topological(roots.map(expanded)))
    done.set(
      node,
      derivedFrom(node, () =>
        lowerNode(
          node,
          node.ins.map((i) => done.get(i) as Node),
        ),
      ),
    )
  return (n) => done.get(expanded(n)) as Node
}
