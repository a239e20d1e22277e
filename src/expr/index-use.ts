/**
 * What an index means to the user. In: nodes as the constructors make them. Out: the function that the user called, and what its
 * indices name. Invariant: kept beside the node like a name, and never decides identity; a node made on behalf of one that has a
 * note is known by it. A `clip` has a note where a constructor moves an index into its range.
 */
import type { Node } from './expr.ts'
import { originOf } from './origin.ts'

export interface IndexUse {
  /** The function that the user called. */
  readonly op: string
  /** The tensor whose rows the indices name, and the axis of the rows. */
  readonly of: Node
  readonly axis: number
}

const uses = new WeakMap<Node, IndexUse>()

/** The first note stays. */
export const noteUse = (node: Node, use: IndexUse): Node => {
  if (!uses.has(node)) uses.set(node, use)
  return node
}

export const useOf = (node: Node): IndexUse | undefined => {
  const own = uses.get(node)
  if (own !== undefined) return own
  const origin = originOf(node)
  return origin.op === node.op ? uses.get(origin) : undefined
}
