/**
 * What cancels beside something that reads it anyway. In: add or sub. Out: the sum without it. Invariant: u − u and u / u, which
 * are NaN for some u, go only where the rest of the sum is computed from u, and so still tells of a NaN.
 */
import { isFloat } from '../../../src/core/dtype.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph } from '../../../src/expr/node.ts'
import { conform, num, operand, pair, type Rule, valueOf, x } from '../rule.ts'
import { factorsOf, rewritten } from './factors.ts'

const lookLimit = 48

/** Whether a node is, or is computed from, another; looked for nearby only. */
const reads = (node: Node, wanted: Node): boolean => {
  const queue = [node]
  for (let at = 0; at < queue.length && at < lookLimit; at++) {
    const n = queue[at] as Node
    if (n === wanted) return true
    // operands are older than what is made of them
    if (n.id > wanted.id) queue.push(...n.ins)
  }
  return false
}

/** What a term is a multiple of. */
const coreOf = (n: Node): Node =>
  n.op === 'neg' ? coreOf(operand(n)) : n.op === 'mul' && valueOf(operand(n)) !== null ? coreOf(pair(n)[1]) : n

const isNothing = (n: Node): boolean => n.op === 'sub' && n.ins[0] === n.ins[1]

const cancelBeside: Rule = {
  name: 'sub-self-beside',
  roots: ['add', 'sub'],
  when: 'refines',
  law: '(x − x) + y → y, and y − (x − x) → y, where y is computed from x',
  apply: (node) => {
    const [p, q] = pair(node)
    if (!isFloat(node.dtype)) return null
    if (isNothing(p) && reads(q, coreOf(operand(p)))) return conform(node.op === 'add' ? q : graph.neg([q]), node.shape)
    return isNothing(q) && reads(p, coreOf(operand(q))) ? conform(p, node.shape) : null
  },
  examples: () => {
    const v = x('x', 2, 3)
    const nothing = graph.sub([graph.mul([num(3), v]), graph.mul([num(3), v])])
    const rest = graph.exp([v])
    return [
      { node: graph.add([nothing, rest]) },
      { node: graph.sub([nothing, rest]) },
      { node: graph.sub([graph.sub([rest, x('y', 3)]), nothing]) },
    ]
  },
}

const quotientBeside: Rule = {
  name: 'div-self-beside',
  roots: ['add', 'sub'],
  when: 'refines',
  law: 'z · x / x + y → z + y where y is computed from x',
  apply: (node, context) => {
    if (!isFloat(node.dtype)) return null
    for (const [i, term] of node.ins.entries()) {
      if (term.op !== 'div' && term.op !== 'mul') continue
      const factors = factorsOf(term, context, 'scaling').filter((f) => f.way === 'plain')
      for (const below of factors) {
        if (!below.inverse || !reads(node.ins[1 - i] as Node, below.atom)) continue
        const above = factors.find((f) => !f.inverse && f.atom === below.atom)
        if (above === undefined) continue
        const to = rewritten(term, [
          { path: above.path, to: null },
          { path: below.path, to: null },
        ])
        const [p, q] = node.ins.with(i, to) as readonly Node[] as readonly [Node, Node]
        return node.op === 'add' ? graph.add([p, q]) : graph.sub([p, q])
      }
    }
    return null
  },
  examples: () => {
    const v = x('x', 2, 3)
    const domain = { x: [0.5, 3] as const }
    return [
      { node: graph.add([graph.log([v]), graph.div([v, v])]), domain },
      { node: graph.sub([graph.log([v]), graph.mul([x('t', 3), graph.div([v, v])])]), domain },
      { node: graph.add([graph.mul([graph.div([x('t', 3), v]), v]), graph.square([v])]), domain },
    ]
  },
}

export const cancellingRules: readonly Rule[] = [cancelBeside, quotientBeside]
