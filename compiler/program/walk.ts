/**
 * Walks over expression graphs. In: roots. Out: nodes in topological order, users, leaves.
 * Invariant: iterative (a chain of 100,000 nodes does not overflow the stack) and linear in the number of edges.
 */
import type { Node } from '../../src/expr/expr.ts'

/** Every node that the roots need, operands before users. */
export const topological = (roots: readonly Node[]): readonly Node[] => {
  const seen = new Set<Node>()
  const stack = [...roots]
  while (stack.length > 0) {
    const node = stack.pop() as Node
    if (seen.has(node)) continue
    seen.add(node)
    for (const i of node.ins) if (!seen.has(i)) stack.push(i)
  }
  // operands are made before their users, so ids are a topological order
  return [...seen].sort((a, b) => a.id - b.id)
}

/** How many times each node is used as an operand by the given nodes. */
export const useCounts = (order: readonly Node[]): ReadonlyMap<Node, number> => {
  const counts = new Map<Node, number>()
  for (const n of order) for (const i of n.ins) counts.set(i, (counts.get(i) ?? 0) + 1)
  return counts
}

/** The nodes of one op among what the roots need, in order of creation. */
export const leavesOf = (roots: readonly Node[], op: 'input' | 'param' | 'state'): readonly Node[] =>
  topological(roots).filter((n) => n.op === op)

/** Rebuilds the graph bottom up: `f` gets each node and its already mapped operands. */
export const mapGraph = (
  roots: readonly Node[],
  f: (node: Node, ins: readonly Node[]) => Node,
): ((node: Node) => Node) => {
  const done = new Map<Node, Node>()
  const get = (n: Node): Node => done.get(n) as Node
  for (const node of topological(roots)) done.set(node, f(node, node.ins.map(get)))
  return get
}
