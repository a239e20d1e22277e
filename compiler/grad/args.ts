/**
 * What a derivative rule sees of a node. In: a node. Out: the rule's arguments, over the graph itself.
 * Invariant: a node is its own saved output; no copy of it is made.
 */
import type { Node } from '../../src/expr/expr.ts'
import type { AnyArgs } from '../../src/ops/registry.ts'

export const ruleArgs = (node: Node): AnyArgs<Node> => ({
  ins: node.ins,
  out: node,
  params: node.params,
  types: node.ins,
  outType: node,
})

/** How engines rewrite what they made: the identity, or the simplifier. */
export type Rewrite = (roots: readonly Node[]) => readonly Node[]
