/**
 * A block added to zeros, and then to something: added to that something at once, so that a loop whose steps each take a
 * block carries its cotangent in place. In: sums. Out: the same sums.
 * Invariant: there is one block (for each point of the batch), so no order of additions changes.
 */
import { equalShapes } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, paramsOf } from '../../../src/expr/node.ts'
import { type Context, ints, pair, type Rule, valueOf, x } from '../rule.ts'

/** Whether a node is one block added to zeros, needed here alone. */
const isBlock = (n: Node, { once }: Context): boolean => {
  if (n.op !== 'withBlocks' || !once(n) || valueOf(n.ins[0] as Node) !== 0) return false
  const { batch, combine } = paramsOf(n, 'withBlocks')
  return combine === 'sum' && (n.ins[1] as Node).shape.length === batch
}

const addedTo = (into: Node, block: Node): Node =>
  graph.withBlocks([into, block.ins[1] as Node, block.ins[2] as Node], paramsOf(block, 'withBlocks'))

const zeros = graph.full([], { dtype: 'f64', shape: [5, 3], value: 0 })
const sizes = [2, 3]
const block = graph.withBlocks([zeros, ints('at'), x('u', 2, 3)], { batch: 0, sizes, combine: 'sum' })

export const blockRules: readonly Rule[] = [
  {
    name: 'add-block',
    roots: ['add'],
    when: 'zeroSign',
    law: 'x + addBlock(0, i, u) → addBlock(x, i, u)',
    apply: (node, context) => {
      const [p, q] = pair(node)
      if (!equalShapes(p.shape, q.shape)) return null
      if (isBlock(q, context)) return addedTo(p, q)
      return isBlock(p, context) ? addedTo(q, p) : null
    },
    examples: () => [{ node: graph.add([x('a', 5, 3), block]) }, { node: graph.add([block, x('a', 5, 3)]) }],
  },
]
