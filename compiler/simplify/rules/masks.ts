/**
 * Sums of two choices by one condition. In: what the derivative of a piecewise function adds up to. Out: one choice.
 * Invariant: exact but for the sign of a zero; a factor is pulled in only where it is a finite number.
 */
import type { Node } from '../../../src/expr/expr.ts'
import { graph } from '../../../src/expr/node.ts'
import { bools, conform, num, pair, type Rule, valueOf, x } from '../rule.ts'

interface Choice {
  readonly condition: Node
  /** What is chosen where the condition holds, and where not; null for 0. */
  readonly held: Node | null
  readonly missed: Node | null
}

const orZero = (n: Node): Node | null => (valueOf(n) === 0 ? null : n)

const scaled = (n: Node | null, factor: Node): Node | null => (n === null ? null : graph.mul([factor, n]))

/** A choice with 0 on one side, perhaps times a number. */
const choiceOf = (n: Node): Choice | null => {
  if (n.op === 'where') {
    const [condition, a, b] = n.ins as readonly [Node, Node, Node]
    const [held, missed] = [orZero(a), orZero(b)]
    return (held === null) === (missed === null) ? null : { condition, held, missed }
  }
  if (n.op !== 'mul') return null
  const [p, q] = pair(n)
  const [factor, rest] = valueOf(p) === null ? [q, p] : [p, q]
  if (!Number.isFinite(valueOf(factor) ?? Number.NaN) || rest.op !== 'where') return null
  const c = choiceOf(rest)
  return c === null ? null : { ...c, held: scaled(c.held, factor), missed: scaled(c.missed, factor) }
}

const addWhere: Rule = {
  name: 'add-where',
  roots: ['add'],
  when: 'zeroSign',
  law: 'where(c, x, 0) + k · where(c, 0, y) → where(c, x, k · y)',
  apply: (node, { once }) => {
    const [a, b] = pair(node)
    const [p, q] = [choiceOf(a), choiceOf(b)]
    if (p === null || q === null || p.condition !== q.condition || !once(a) || !once(b)) return null
    const [held, missed] = [p.held ?? q.held, p.missed ?? q.missed]
    return held === null || missed === null ? null : conform(graph.where([p.condition, held, missed]), node.shape)
  },
  examples: () => {
    const [c, zero] = [bools('c', 3), num(0)]
    const held = graph.where([c, x('x', 3), zero])
    const missed = graph.where([c, zero, x('y', 2, 3)])
    return [
      { node: graph.add([held, missed]) },
      { node: graph.add([missed, graph.mul([num(-2), held])]) },
      { node: graph.add([held, graph.mul([graph.where([c, zero, num(1)]), num(0.1)])]) },
    ]
  },
}

export const maskRules: readonly Rule[] = [addWhere]
