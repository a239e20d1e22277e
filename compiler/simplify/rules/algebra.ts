/**
 * Elementwise algebra that patterns cannot say: operands that are only broadcast, literals on their side.
 * In: elementwise nodes. Out: cheaper ones. Invariant: a sum or product keeps its association.
 */
import { isFloat } from '../../../src/core/dtype.ts'
import { roundTo } from '../../../src/core/numeric.ts'
import { equalShapes, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make, paramsOf } from '../../../src/expr/node.ts'
import { elementwiseOps } from '../fold.ts'
import { conform, literalSide, num, operand, pair, reshaped, type Rule, valueOf, x } from '../rule.ts'

// ---- broadcasting

/** What stands below a broadcast: elementwise ops repeat their operands of themselves. */
const beneath = (n: Node): Node => {
  if (n.op === 'broadcastTo') return operand(n)
  if (n.op === 'full' && n.shape.length > 0) return graph.lit(valueOf(n) as number, n.dtype)
  return n
}

const elementwiseBroadcast: Rule = {
  name: 'elementwise-broadcast',
  bookkeeping: true,
  roots: elementwiseOps,
  when: 'always',
  law: 'f(broadcast x, y) → broadcast f(x, y)',
  apply: (node) => {
    const ins = node.ins.map(beneath)
    if (ins.every((n, i) => n === node.ins[i])) return null
    const small = make(node.op, ins, node.params)
    return sizeOf(small.shape) === sizeOf(node.shape) ? reshaped(small, node.shape) : conform(small, node.shape)
  },
  examples: () => [
    { node: graph.mul([x('x', 2, 3), graph.full([], { dtype: 'f64', shape: [2, 1], value: 3 })]) },
    { node: graph.add([x('x', 2, 3), graph.broadcastTo([x('y', 3)], { shape: [2, 3] })]) },
    { node: graph.exp([graph.broadcastTo([x('x', 3)], { shape: [2, 3] })]) },
    { node: graph.add([graph.full([], { dtype: 'f64', shape: [5], value: 1 }), x('x')]) },
  ],
}

/** The operand without leading axes of extent 1, where the shape of the result does not need them. */
const elementwiseLead: Rule = {
  name: 'elementwise-lead',
  bookkeeping: true,
  roots: elementwiseOps,
  when: 'always',
  law: 'f(x [1,…,n], y) → f(x [n], y)',
  apply: (node) => {
    if (node.ins.length < 2) return null
    for (const [i, n] of node.ins.entries()) {
      if (n.op !== 'reshape') continue
      const bare = operand(n)
      const lead = n.shape.length - bare.shape.length
      const onlyLeads =
        lead > 0 && equalShapes(n.shape.slice(lead), bare.shape) && n.shape.slice(0, lead).every((d) => d === 1)
      if (!onlyLeads) continue
      const out = make(node.op, node.ins.toSpliced(i, 1, bare), node.params)
      if (equalShapes(out.shape, node.shape)) return out
    }
    return null
  },
  examples: () => [{ node: graph.add([x('x', 2, 3), graph.reshape([x('y', 3)], { shape: [1, 3] })]) }],
}

// ---- literals

const mirrored = { greater: 'less', less: 'greater', greaterEqual: 'lessEqual', lessEqual: 'greaterEqual' } as const
type Mirrored = keyof typeof mirrored

const literalPlace: Rule = {
  name: 'literal-side',
  bookkeeping: true,
  roots: [
    'add',
    'mul',
    'maximum',
    'minimum',
    'equal',
    'notEqual',
    'logicalAnd',
    'logicalOr',
    'logicalXor',
    'logAddExp',
  ],
  when: 'always',
  law: 'x + c → c + x; x · c → c · x; max(c, x) → max(x, c)',
  apply: (node) => {
    const side = literalSide(node.op)
    if (side === null) return null
    const [mine, other] = [node.ins[side] as Node, node.ins[1 - side] as Node]
    return valueOf(other) !== null && valueOf(mine) === null ? make(node.op, node.ins.toReversed()) : null
  },
  examples: () => [
    { node: graph.add([x('x', 3), num(2)]) },
    { node: graph.mul([x('x', 3), num(2)]) },
    { node: graph.maximum([num(0), x('x', 3)]) },
  ],
}

const comparisonSide: Rule = {
  name: 'comparison-side',
  roots: ['greater', 'less', 'greaterEqual', 'lessEqual'],
  when: 'always',
  law: 'c < x → x > c',
  apply: (node) => {
    const [a, b] = pair(node)
    return valueOf(a) !== null && valueOf(b) === null ? make(mirrored[node.op as Mirrored], [b, a]) : null
  },
  examples: () => [{ node: graph.less([num(0), x('x', 3)]) }, { node: graph.greaterEqual([num(1), x('x', 3)]) }],
}

/** 1/c without rounding: c is a power of two and neither is subnormal. */
const exactReciprocal = (c: number, dtype: 'f32' | 'f64'): number | null => {
  const limit = dtype === 'f32' ? 126 : 1022
  const e = Math.log2(Math.abs(c))
  return Number.isInteger(e) && Math.abs(e) <= limit && 2 ** e === Math.abs(c) ? 1 / c : null
}

const divLiteral: Rule = {
  name: 'div-literal',
  bookkeeping: true,
  roots: ['div'],
  when: 'always',
  law: 'x / 2ⁿ → 2⁻ⁿ · x',
  apply: (node) => {
    const [a, b] = pair(node)
    const c = valueOf(b)
    if (c === null || !isFloat(node.dtype)) return null
    const reciprocal = exactReciprocal(roundTo[node.dtype](c), node.dtype)
    return reciprocal === null ? null : graph.mul([graph.lit(reciprocal, node.dtype), a])
  },
  examples: () => [{ node: graph.div([x('x', 3), num(8)]) }, { node: graph.div([x('x', 3), num(-0.25)]) }],
}

const divLiteralRounded: Rule = {
  name: 'div-literal-rounded',
  bookkeeping: true,
  roots: ['div'],
  when: 'reassociates',
  law: 'x / c → (1/c) · x',
  apply: (node) => {
    const [a, b] = pair(node)
    const c = valueOf(b)
    if (c === null || !isFloat(node.dtype) || !Number.isFinite(1 / c) || c === Infinity || c === -Infinity) return null
    return graph.mul([graph.lit(roundTo[node.dtype](1 / c), node.dtype), a])
  },
  examples: () => [{ node: graph.div([x('x', 3), num(3)]) }],
}

/** A divisor of fewer elements is turned once, and multiplied with everywhere. */
const divShared: Rule = {
  name: 'div-shared',
  roots: ['div'],
  when: 'reassociates',
  law: 'x / y → x · (1 / y) where y has fewer elements',
  apply: (node) => {
    const [a, b] = pair(node)
    if (!isFloat(node.dtype) || valueOf(a) !== null || valueOf(b) !== null) return null
    if (2 * sizeOf(b.shape) + 2 > sizeOf(node.shape)) return null
    return graph.mul([a, graph.div([graph.lit(1, node.dtype), b])])
  },
  examples: () => [
    { node: graph.div([x('x', 5, 7), x('y', 5, 1)]), domain: { y: [0.5, 3] } },
    { node: graph.div([x('x', 5), x('y')]), domain: { y: [-3, -0.5] } },
  ],
}

const expProduct: Rule = {
  name: 'exp-product',
  roots: ['mul', 'div'],
  when: 'reassociates',
  law: 'exp(x) · exp(y) → exp(x + y); exp(x) / exp(y) → exp(x − y)',
  apply: (node, { once }) => {
    const [a, b] = pair(node)
    if (a.op !== 'exp' || b.op !== 'exp' || !once(a) || !once(b) || !equalShapes(a.shape, b.shape)) return null
    const ins = [operand(a), operand(b)] as const
    return graph.exp([node.op === 'mul' ? graph.add(ins) : graph.sub(ins)])
  },
  examples: () => [
    { node: graph.mul([graph.exp([x('x', 3)]), graph.exp([x('y', 3)])]) },
    { node: graph.div([graph.exp([x('x', 3)]), graph.exp([x('y', 3)])]) },
  ],
}

const extremeLiterals: Rule = {
  name: 'extreme-literals',
  roots: ['maximum', 'minimum'],
  when: 'always',
  law: 'max(max(x, c₁), c₂) → max(x, max(c₁, c₂))',
  apply: (node) => {
    const [a, b] = pair(node)
    const [c, d] = [valueOf(b), a.op === node.op ? valueOf(a.ins[1] as Node) : null]
    if (c === null || d === null) return null
    const both = node.op === 'maximum' ? Math.max(c, d) : Math.min(c, d)
    return conform(make(node.op, [operand(a), graph.lit(both, node.dtype)]), node.shape)
  },
  examples: () => [
    { node: graph.maximum([graph.maximum([x('x', 3), num(-0)]), num(0)]) },
    { node: graph.minimum([graph.minimum([x('x', 3), num(2)]), num(1)]) },
  ],
}

const clipClip: Rule = {
  name: 'clip-clip',
  roots: ['clip'],
  when: 'always',
  law: 'clip(clip(x, a, b), c, d) → clip(x, …)',
  apply: (node) => {
    const inner = operand(node)
    if (inner.op !== 'clip') return null
    const [p, q] = [paramsOf(node, 'clip'), paramsOf(inner, 'clip')]
    if (p.lo > p.hi || q.lo > q.hi) return null
    const within = (v: number): number => Math.min(Math.max(v, p.lo), p.hi)
    return graph.clip([operand(inner)], { lo: within(q.lo), hi: within(q.hi) })
  },
  examples: () => [
    { node: graph.clip([graph.clip([x('x', 5)], { lo: -1, hi: 1 })], { lo: -2, hi: 0.5 }) },
    { node: graph.clip([graph.clip([x('x', 5)], { lo: -1, hi: 1 })], { lo: 1.5, hi: 2 }) },
  ],
}

/** A clamp of a clamp: of numbers, or by max and min. */
const extremeClip: Rule = {
  name: 'extreme-clip',
  roots: ['maximum', 'minimum'],
  when: 'zeroSign',
  law: 'max(clip(x, a, b), c) → clip(x, max(a, c), max(b, c)), and of min',
  apply: (node) => {
    const [a, b] = pair(node)
    const c = valueOf(b)
    if (a.op !== 'clip' || c === null || Number.isNaN(c)) return null
    const { lo, hi } = paramsOf(a, 'clip')
    if (lo > hi) return null
    const extreme = node.op === 'maximum' ? Math.max : Math.min
    return conform(graph.clip([operand(a)], { lo: extreme(lo, c), hi: extreme(hi, c) }), node.shape)
  },
  examples: () => {
    const inner = graph.clip([x('x', 5)], { lo: -1, hi: 1 })
    return [
      { node: graph.maximum([inner, num(0)]) },
      { node: graph.maximum([inner, num(2)]) },
      { node: graph.minimum([inner, num(0.5)]) },
      { node: graph.minimum([inner, num(-2)]) },
    ]
  },
}

export const algebraRules: readonly Rule[] = [
  elementwiseBroadcast,
  elementwiseLead,
  literalPlace,
  comparisonSide,
  clipClip,
  extremeLiterals,
  extremeClip,
  expProduct,
  divLiteral,
  divLiteralRounded,
  divShared,
]
