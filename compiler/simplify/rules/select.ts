/**
 * Choices and conversions. In: where, cast and tests of nodes whose facts decide them. Out: what they choose.
 * Invariant: exact, NaN included.
 */
import type { DType } from '../../../src/core/dtype.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, paramsOf } from '../../../src/expr/node.ts'
import { bools, conform, ints, operand, type Rule, valueOf, x } from '../rule.ts'

const whereLiteral: Rule = {
  name: 'where-literal',
  roots: ['where'],
  when: 'always',
  law: 'where(true, x, y) → x; where(false, x, y) → y',
  apply: (node) => {
    const c = valueOf(operand(node))
    return c === null ? null : conform(node.ins[c === 0 ? 2 : 1] as Node, node.shape)
  },
  examples: () => [
    { node: graph.where([graph.lit(1, 'bool'), x('x', 3), x('y', 2, 3)]) },
    { node: graph.where([graph.lit(0, 'bool'), x('x', 3), x('y')]) },
  ],
}

const whereWhere: Rule = {
  name: 'where-where',
  roots: ['where'],
  when: 'always',
  law: 'where(c, where(c, x, y), z) → where(c, x, z)',
  apply: (node) => {
    const [c, a, b] = node.ins as readonly [Node, Node, Node]
    const chosen = (n: Node, i: 1 | 2): Node => (n.op === 'where' && operand(n) === c ? (n.ins[i] as Node) : n)
    const [p, q] = [chosen(a, 1), chosen(b, 2)]
    return p === a && q === b ? null : conform(graph.where([c, p, q]), node.shape)
  },
  examples: () => {
    const c = bools('c', 3)
    return [
      { node: graph.where([c, graph.where([c, x('x', 3), x('y', 2, 3)]), x('z', 3)]) },
      { node: graph.where([c, x('z', 3), graph.where([c, x('x', 3), x('y', 3)])]) },
    ]
  },
}

const finiteTest: Rule = {
  name: 'test-finite',
  roots: ['isFinite', 'isNan'],
  when: 'always',
  law: 'isFinite(x) → true and isNan(x) → false where x cannot be infinite or NaN',
  apply: (node, { facts }) =>
    facts.finite(operand(node)) ? conform(graph.lit(node.op === 'isFinite' ? 1 : 0, 'bool'), node.shape) : null,
  examples: () => {
    const y = graph.oneHot([ints('y', 3)], { depth: 4, dtype: 'f64' })
    return [{ node: graph.isFinite([y]) }, { node: graph.isNan([graph.tanh([y])]) }]
  },
}

/** Conversions that lose nothing. */
const lossless: Readonly<Record<DType, readonly DType[]>> = {
  bool: ['bool', 'i32', 'f32', 'f64'],
  i32: ['i32', 'f64'],
  f32: ['f32', 'f64'],
  f64: ['f64'],
}

const castSame: Rule = {
  name: 'cast-same',
  roots: ['cast'],
  when: 'always',
  law: 'cast to the own dtype → x',
  apply: (node) => (operand(node).dtype === node.dtype ? operand(node) : null),
  examples: () => [{ node: graph.cast([x('x', 3)], { dtype: 'f64' }) }],
}

const castCast: Rule = {
  name: 'cast-cast',
  roots: ['cast'],
  when: 'always',
  law: 'cast of a lossless cast → one cast',
  apply: (node) => {
    const inner = operand(node)
    if (inner.op !== 'cast') return null
    const first = operand(inner)
    return lossless[first.dtype].includes(inner.dtype) ? graph.cast([first], paramsOf(node, 'cast')) : null
  },
  examples: () => [
    { node: graph.cast([graph.cast([ints('y', 3)], { dtype: 'f64' })], { dtype: 'f32' }), only: 'f64' },
    { node: graph.cast([graph.cast([bools('c', 3)], { dtype: 'i32' })], { dtype: 'f64' }) },
    { node: graph.cast([graph.cast([x32('x', 3)], { dtype: 'f64' })], { dtype: 'i32' }), only: 'f64' },
  ],
}

const x32 = (name: string, ...shape: readonly number[]): Node => graph.input([], { name, dtype: 'f32', shape })

const reluKnown: Rule = {
  name: 'relu-known',
  roots: ['relu', 'abs'],
  when: 'zeroSign',
  law: 'relu(x) → x and |x| → x where x ≥ 0',
  apply: (node, { facts }) => (facts.nonNegative(operand(node)) ? operand(node) : null),
  examples: () => [{ node: graph.relu([graph.exp([x('x', 3)])]) }, { node: graph.abs([graph.sqrt([x('x', 3)])]) }],
}

const expLog: Rule = {
  name: 'exp-log',
  roots: ['exp'],
  when: 'refines',
  law: 'exp(log x) → x where x ≥ 0',
  apply: (node, { facts }) => {
    const l = operand(node)
    return l.op === 'log' && facts.nonNegative(operand(l)) ? operand(l) : null
  },
  examples: () => [{ node: graph.exp([graph.log([graph.square([x('x', 3)])])]) }],
}

const squareSqrt: Rule = {
  name: 'square-sqrt',
  roots: ['square'],
  when: 'refines',
  law: '(√x)² → x where x ≥ 0',
  apply: (node, { facts }) => {
    const r = operand(node)
    return r.op === 'sqrt' && facts.nonNegative(operand(r)) ? operand(r) : null
  },
  examples: () => [{ node: graph.square([graph.sqrt([graph.exp([x('x', 3)])])]) }],
}

export const selectRules: readonly Rule[] = [
  whereLiteral,
  whereWhere,
  finiteTest,
  castSame,
  castCast,
  reluKnown,
  expLog,
  squareSqrt,
]
