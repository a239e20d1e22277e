/**
 * Rows added to zeros, and then to something: added to that something at once. In: sums and differences. Out: the same
 * sums, with repeated rows added in another order, which is why only fast mathematics does it; cotangents of lookups, which
 * are no zeros, go this way in any case (compiler/sparse).
 */
import { equalShapes, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, paramsOf } from '../../../src/expr/node.ts'
import { type Context, ints, negated, pair, type Rule, valueOf, x } from '../rule.ts'

/** Whether a node is rows added to zeros, needed here alone. */
const isAdded = (n: Node, { once }: Context): boolean =>
  n.op === 'scatterAdd' && valueOf(n.ins[0] as Node) === 0 && once(n)

/** `into` with the rows of another one added to it. */
const addedInto = (into: Node, added: Node, change: (updates: Node) => Node): Node => {
  const [, indices, updates] = added.ins as readonly [Node, Node, Node]
  return graph.scatterAdd([into, indices, change(updates)], paramsOf(added, 'scatterAdd'))
}

const zeros = graph.full([], { dtype: 'f64', shape: [5, 3], value: 0 })
const sums = graph.scatterAdd([zeros, ints('at', 4), x('u', 4, 3)], { axis: 0, batch: 0 })

export const scatteringRules: readonly Rule[] = [
  {
    name: 'add-scatterAdd',
    roots: ['add'],
    when: 'reassociates',
    law: 'x + scatterAdd(0, i, u) → scatterAdd(x, i, u)',
    apply: (node, context) => {
      const [p, q] = pair(node)
      if (!equalShapes(p.shape, q.shape)) return null
      if (isAdded(q, context)) return addedInto(p, q, (u) => u)
      return isAdded(p, context) ? addedInto(q, p, (u) => u) : null
    },
    examples: () => [{ node: graph.add([x('a', 5, 3), sums]) }, { node: graph.add([sums, x('a', 5, 3)]) }],
  },
  {
    name: 'sub-scatterAdd',
    roots: ['sub'],
    when: 'reassociates',
    law: 'x − scatterAdd(0, i, u) → scatterAdd(x, i, −u), where there are no more updates than elements',
    apply: (node, context) => {
      const [p, q] = pair(node)
      const fits = equalShapes(p.shape, q.shape) && isAdded(q, context)
      return fits && sizeOf((q.ins[2] as Node).shape) <= sizeOf(q.shape) ? addedInto(p, q, negated) : null
    },
    examples: () => [{ node: graph.sub([x('a', 5, 3), sums]) }],
  },
]
