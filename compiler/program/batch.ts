/**
 * Roots over a batch, as engines hand them to one another. In: roots over some nodes, and those nodes with a batch axis in front.
 * Out: the roots' values; one that does not depend on the batch comes back without the axis. Invariant: what comes back is made of
 * the batch alone and of nothing that it has replaced.
 */
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'

export type Batch = (roots: readonly Node[], batched: ReadonlyMap<Node, Node>, size: number) => readonly Node[]

/** Whether the value that a node has over the batch has the batch's axis. */
export const isWide = (value: Node, of: Node): boolean => value.shape.length > of.shape.length

/** A value over the batch with the axis, whether or not it depends on it. */
export const widened = (value: Node, of: Node, size: number): Node =>
  isWide(value, of) ? value : b.broadcastTo([value], { shape: [size, ...value.shape] })
