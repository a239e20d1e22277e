/**
 * Choices that meet: by one condition, or between the same values. In: `where` of nodes. Out: one choice, and one computation
 * instead of two. Invariant: exact, NaN included: each element is computed from the operands that it chose.
 */
import { equalShapes, sizeOf } from '../../../src/core/shape.ts'
import { paramsKey } from '../../../src/expr/key.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make } from '../../../src/expr/node.ts'
import { opDef } from '../../../src/ops/registry.ts'
import { bools, conform, type Rule, valueOf, x } from '../rule.ts'

type Choice = readonly [condition: Node, held: Node, missed: Node]
const choice = (n: Node): Choice => n.ins as unknown as Choice

/** Two conditions under which one value is chosen. */
const whereEither: Rule = {
  name: 'where-either',
  roots: ['where'],
  when: 'always',
  law: 'where(c, x, where(d, x, y)) → where(c ∨ d, x, y); where(c, where(d, x, y), y) → where(c ∧ d, x, y)',
  apply: (node, { once }) => {
    const [c, held, missed] = choice(node)
    // the joint condition must not be wider than the inner choice was
    const isWhole = (n: Node): boolean => n.op === 'where' && once(n) && sizeOf(n.shape) === sizeOf(node.shape)
    if (isWhole(missed)) {
      const [d, p, q] = choice(missed)
      if (p === held) return conform(graph.where([graph.logicalOr([c, d]), held, q]), node.shape)
    }
    if (isWhole(held)) {
      const [d, p, q] = choice(held)
      if (q === missed) return conform(graph.where([graph.logicalAnd([c, d]), p, missed]), node.shape)
    }
    return null
  },
  examples: () => {
    const [c, d, v, w] = [bools('c', 3), bools('d', 3), x('x', 2, 3), x('y', 3)]
    return [
      { node: graph.where([c, v, graph.where([d, v, w])]) },
      { node: graph.where([c, graph.where([d, v, w]), w]) },
    ]
  },
}

/** Which operand differs, where two applications of one op have all others in common. */
const onlyDifference = (a: Node, b: Node): number | null => {
  if (a.op !== b.op || opDef(a.op).kind !== 'elementwise' || a.op === 'copy' || a.op === 'stopGradient') return null
  if (a.ins.length !== b.ins.length || paramsKey(a.params) !== paramsKey(b.params)) return null
  const differ = a.ins.flatMap((n, i) => (n === b.ins[i] ? [] : [i]))
  return differ.length === 1 ? (differ[0] as number) : null
}

const whereSameOp: Rule = {
  name: 'where-same-op',
  roots: ['where'],
  when: 'always',
  law: 'where(c, f(x, z), f(y, z)) → f(where(c, x, y), z)',
  apply: (node, { once }) => {
    const [c, held, missed] = choice(node)
    const i = onlyDifference(held, missed)
    if (i === null || !once(held) || !once(missed)) return null
    const [p, q] = [held.ins[i] as Node, missed.ins[i] as Node]
    // nothing is computed for more elements than before, and the choice is not wider than it was
    const whole = equalShapes(held.shape, node.shape) && equalShapes(missed.shape, node.shape)
    if (!whole || p.dtype !== q.dtype || sizeOf(p.shape) !== sizeOf(node.shape)) return null
    if (p.dtype === 'bool' || valueOf(p) !== null) return null
    return conform(make(held.op, held.ins.toSpliced(i, 1, graph.where([c, p, q])), held.params), node.shape)
  },
  examples: () => {
    const [c, v, w, z] = [bools('c', 3), x('x', 2, 3), x('y', 2, 3), x('z', 3)]
    return [
      { node: graph.where([c, graph.exp([v]), graph.exp([w])]) },
      { node: graph.where([c, graph.mul([v, z]), graph.mul([w, z])]) },
      { node: graph.where([c, graph.sub([z, v]), graph.sub([z, w])]) },
    ]
  },
}

/** A choice between true and false is the condition. */
const whereTruth: Rule = {
  name: 'where-truth',
  roots: ['where'],
  when: 'always',
  law: 'where(c, true, false) → c; where(c, false, true) → ¬c',
  apply: (node) => {
    const [c, held, missed] = choice(node)
    const [p, q] = [valueOf(held), valueOf(missed)]
    if (node.dtype !== 'bool' || p === null || q === null || p === q) return null
    return conform(p === 0 ? graph.logicalNot([c]) : c, node.shape)
  },
  examples: () => {
    const [yes, no] = [graph.lit(1, 'bool'), graph.lit(0, 'bool')]
    return [{ node: graph.where([bools('c', 3), yes, no]) }, { node: graph.where([bools('c', 3), no, yes]) }]
  },
}

export const choiceRules: readonly Rule[] = [whereEither, whereSameOp, whereTruth]
