/**
 * Which nodes own memory or a place in a kernel (anchors) and which are computed where they are used (inlined).
 * In: a lowered graph and its roots. Out: the anchors. Invariant: an inlined node is elementwise or a gather, every user walks
 * it at its own shape, and it is used once, or is cheap and reads no more memory than its result would, or is a gather that is
 * as well taken twice as kept; inlining never grows
 * an expression beyond `sizeLimit`, so a kernel's body stays bounded however long a chain is. What a scatterAdd adds to is
 * not read by its own kernel, so that it may add in place.
 */
import { bytesOf } from '../../src/core/dtype.ts'
import { equalShapes, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import { effortOf } from '../kernel/effort.ts'
import { indexedShape, isScatter } from './indexing.ts'
import { strip } from './shape.ts'
import { resolve } from './view.ts'

const sizeLimit = 48
const cheapLimit = 4
/** An index kept inside of the rows, an address made of it, a load that waits for both. */
const gatherEffort = 4

/** Bytes that stay in a near cache until they are read again. */
const nearBytes = 2 ** 20
/** Elements of a row that are worth the way to it. */
const rowLimit = 16

/**
 * Whether the rows that a gather takes are as well taken a second time: a copy of them would have left the near caches before it
 * is read, while they lie there in runs and nobody had to write them.
 */
const isFarCopy = (gather: Node): boolean => {
  const x = gather.ins[0] as Node
  const row = x.shape.slice(paramsOf(gather, 'gather').axis + 1)
  const isRun = resolve(x)?.view.strides.at(-1) === 1 && sizeOf(row) >= rowLimit
  return isRun && sizeOf(gather.shape) * bytesOf(gather.dtype) >= nearBytes
}

/** A value that costs no memory access: a literal, or the affine position itself. */
export const isFree = (node: Node): boolean => {
  const place = resolve(node)
  return place !== null && (place.base.op === 'full' || place.base.op === 'iota')
}

export interface Inlining {
  /** Whether the node is computed where it is used. */
  readonly inlined: (node: Node) => boolean
  /** Instructions to compute an inlined node from anchors and leaves. */
  readonly cost: (node: Node) => number
}

/** The inlined gathers that read, on the way to the updates of a scatterAdd, the memory that it adds to. */
const gathersOf = (scatter: Node, inlined: ReadonlySet<Node>): readonly Node[] => {
  const target = resolve(scatter.ins[0] as Node)?.base
  const found: Node[] = []
  const seen = new Set<Node>()
  const stack = scatter.ins.slice(1)
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n) || !inlined.has(n)) continue
    seen.add(n)
    if (n.op === 'gather' && resolve(n.ins[0] as Node)?.base === target) found.push(n)
    stack.push(...n.ins)
  }
  return found
}

export const decideInlining = (order: readonly Node[], roots: ReadonlySet<Node>): Inlining => {
  const users = new Map<Node, Node[]>()
  for (const n of order)
    for (const i of n.ins) {
      const list = users.get(i)
      if (list === undefined) users.set(i, [n])
      else list.push(n)
    }
  const cost = new Map<Node, number>()
  const size = new Map<Node, number>()
  const reads = new Map<Node, ReadonlySet<Node>>()
  const inlined = new Set<Node>()
  const walksWhole = (user: Node, node: Node): boolean => {
    const def = opDef(user.op)
    if (user.op === 'gather' || isScatter(user))
      return user.ins[0] !== node && equalShapes(strip(indexedShape(user)), strip(node.shape))
    if (def.kind === 'elementwise') return equalShapes(strip(user.shape), strip(node.shape))
    return def.kind === 'reduction'
  }
  for (const node of order) {
    if (opDef(node.op).kind !== 'elementwise' && node.op !== 'gather') continue
    const ins = node.ins.filter((i) => !isFree(i))
    const inside = ins.filter((i) => inlined.has(i))
    const sum = (m: ReadonlyMap<Node, number>) => inside.reduce((n, i) => n + (m.get(i) ?? 0), 0)
    cost.set(node, (node.op === 'gather' ? gatherEffort : effortOf(node)) + sum(cost))
    size.set(node, 1 + sum(size))
    const sources = new Set(ins.flatMap((i) => (inlined.has(i) ? [...(reads.get(i) ?? [])] : [i])))
    reads.set(node, sources)
    const mine = users.get(node) ?? []
    const cheap = sources.size <= 1 && (cost.get(node) as number) <= cheapLimit
    if (
      !roots.has(node) &&
      (mine.length === 1 || cheap || (node.op === 'gather' && mine.length === 2 && isFarCopy(node))) &&
      (size.get(node) as number) <= sizeLimit &&
      mine.every((u) => walksWhole(u, node))
    )
      inlined.add(node)
  }
  for (const n of order) if (isScatter(n)) for (const g of gathersOf(n, inlined)) inlined.delete(g)
  return { inlined: (n) => inlined.has(n), cost: (n) => cost.get(n) ?? 0 }
}
