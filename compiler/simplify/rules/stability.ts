/**
 * Stabilizing rules: naive text becomes the stable op. In: logarithms, exponentials and their sums, as users and derivatives
 * write them. Out: one op that neither overflows nor cancels. Invariant: the same real number for finite operands.
 * Sources: Blanchard, Higham, Higham, Accurately computing the log-sum-exp and softmax functions (2021); Mächler,
 * Accurately computing log(1 − exp(−|a|)) (2012).
 */
import { isFloat } from '../../../src/core/dtype.ts'
import { equalShapes, type Shape } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make, paramsOf } from '../../../src/expr/node.ts'
import { keptShape, reducedShape } from '../../../src/ops/reduction.ts'
import type { Identity, OpName } from '../../../src/ops/signature.ts'
import { lawRule } from '../pattern.ts'
import { bothWays, conform, ints, num, operand, pair, type Rule, valueOf, x } from '../rule.ts'

const refines = (name: string, rule: Identity['rule']): Identity => ({ name, when: 'refines', rule })

/** Laws that patterns can say. The more special one stands first. */
const laws: readonly Identity[] = [
  refines('log-exp', (b, _d, x) => [b.log([b.exp([x])]), x]),
  refines('log-sigmoid', (b, _d, x) => [b.log([b.sigmoid([x])]), b.logSigmoid([x])]),
  refines('log-one-minus-sigmoid', (b, d, x) => [
    b.log([b.sub([b.lit(1, d), b.sigmoid([x])])]),
    b.neg([b.softplus([x])]),
  ]),
  refines('log-one-plus-exp', (b, d, x) => [b.log([b.add([b.lit(1, d), b.exp([x])])]), b.softplus([x])]),
  refines('log-exp-plus-exp', (b, _d, x, y) => [b.log([b.add([b.exp([x]), b.exp([y])])]), b.logAddExp([x, y])]),
  refines('log-expm1', (b, d, x) => [b.log([b.expm1([x])]), b.logSubExp([x, b.lit(0, d)])]),
  refines('log-neg-expm1', (b, d, x) => [b.log([b.neg([b.expm1([x])])]), b.logSubExp([b.lit(0, d), x])]),
  refines('log1p-neg-exp', (b, d, x) => [b.log1p([b.neg([b.exp([x])])]), b.logSubExp([b.lit(0, d), x])]),
  refines('sigmoid-logit', (b, d, x) => [b.sigmoid([b.log([b.div([x, b.sub([b.lit(1, d), x])])])]), x]),
  refines('sigmoid-log-odds', (b, _d, x) => [b.sigmoid([b.sub([b.log([x]), b.log1p([b.neg([x])])])]), x]),
  refines('sigmoid-inverse-odds', (b, d, x) => [
    b.sigmoid([b.neg([b.log([b.sub([b.div([b.lit(1, d), x]), b.lit(1, d)])])])]),
    x,
  ]),
  refines('softplus-log', (b, _d, x) => [b.softplus([b.log([x])]), b.log1p([x])]),
  refines('log-one-plus', (b, d, x) => [b.log([b.add([b.lit(1, d), x])]), b.log1p([x])]),
  refines('log-one-minus', (b, d, x) => [b.log([b.sub([b.lit(1, d), x])]), b.log1p([b.neg([x])])]),
  refines('log-sqrt', (b, d, x) => [b.log([b.sqrt([x])]), b.mul([b.lit(0.5, d), b.log([x])])]),
  refines('log1p-exp', (b, _d, x) => [b.log1p([b.exp([x])]), b.softplus([x])]),
  refines('log1p-neg-sigmoid', (b, _d, x) => [b.log1p([b.neg([b.sigmoid([x])])]), b.neg([b.softplus([x])])]),
  refines('log1p-expm1', (b, _d, x) => [b.log1p([b.expm1([x])]), x]),
  refines('log2-exp2', (b, _d, x) => [b.log2([b.exp2([x])]), x]),
  refines('exp-minus-one', (b, d, x) => [b.sub([b.exp([x]), b.lit(1, d)]), b.expm1([x])]),
  refines('one-minus-exp', (b, d, x) => [b.sub([b.lit(1, d), b.exp([x])]), b.neg([b.expm1([x])])]),
  refines('exp-logSigmoid', (b, _d, x) => [b.exp([b.logSigmoid([x])]), b.sigmoid([x])]),
  refines('exp-neg-softplus', (b, _d, x) => [b.exp([b.neg([b.softplus([x])])]), b.sigmoid([b.neg([x])])]),
  refines('sub-softplus', (b, _d, x) => [b.sub([x, b.softplus([x])]), b.logSigmoid([x])]),
  refines('add-logSigmoid-softplus', (b, _d, x) => [b.add([b.logSigmoid([x]), b.softplus([x])]), x]),
  refines('softplus-sub', (b, _d, x) => [b.sub([b.softplus([x]), x]), b.neg([b.logSigmoid([x])])]),
  refines('one-minus-erf', (b, d, x) => [b.sub([b.lit(1, d), b.erf([x])]), b.erfc([x])]),
  refines('one-plus-erf', (b, d, x) => [b.add([b.lit(1, d), b.erf([x])]), b.erfc([b.neg([x])])]),
  refines('one-minus-erfc', (b, d, x) => [b.sub([b.lit(1, d), b.erfc([x])]), b.erf([x])]),
  refines('tanh-exponentials', (b, _d, x) => [
    b.div([b.sub([b.exp([x]), b.exp([b.neg([x])])]), b.add([b.exp([x]), b.exp([b.neg([x])])])]),
    b.tanh([x]),
  ]),
  refines('tanh-sigmoid', (b, d, x) => [
    b.sub([b.mul([b.lit(2, d), b.sigmoid([b.mul([b.lit(2, d), x])])]), b.lit(1, d)]),
    b.tanh([x]),
  ]),
  refines('sqrt-sum-squares', (b, _d, x, y) => [b.sqrt([b.add([b.square([x]), b.square([y])])]), b.hypot([x, y])]),
]

// ---- differences of exponentials

const logExpMinusExpLaw = lawRule(
  refines('log-exp-minus-exp', (b, _d, x, y) => [b.log([b.sub([b.exp([x]), b.exp([y])])]), b.logSubExp([x, y])]),
)
/** Tried where the difference has all its digits left. */
const logExpMinusExp: Rule = {
  ...logExpMinusExpLaw,
  examples: () => logExpMinusExpLaw.examples().map((e) => ({ ...e, domain: { v0: [1, 3], v1: [-3, 0.5] } })),
}

// ---- sigmoid

/** 1 − σ(x) cancels where σ(x) is near 1; but where σ(x) is in use anyway, the textbook's form costs nothing more. */
const oneMinusSigmoid: Rule = {
  name: 'one-minus-sigmoid',
  roots: ['sub'],
  when: 'refines',
  law: '1 − σ(x) → σ(−x) where nothing else uses σ(x)',
  apply: (node, { once }) => {
    const [one, p] = pair(node)
    if (valueOf(one) !== 1 || p.op !== 'sigmoid' || !once(p)) return null
    return conform(graph.sigmoid([graph.neg([operand(p)])]), node.shape)
  },
  examples: () => [{ node: graph.sub([num(1), graph.sigmoid([x('x', 2, 3)])]) }],
}

// ---- rows

const logSoftmax: Rule = {
  name: 'log-softmax',
  roots: ['log'],
  when: 'refines',
  law: 'log softmax(x) → logSoftmax(x)',
  apply: (node) => {
    const p = operand(node)
    return p.op === 'softmax' ? graph.logSoftmax([operand(p)], paramsOf(p, 'softmax')) : null
  },
  examples: () => [{ node: graph.log([graph.softmax([x('x', 2, 3)], { axis: 0 })]) }],
}

/** These show elements of their operand, each as it is. */
const moving: ReadonlySet<OpName> = new Set<OpName>([
  'slice',
  'reshape',
  'transpose',
  'reverse',
  'broadcastTo',
  'gather',
])

const logMovedSoftmax: Rule = {
  name: 'log-moved-softmax',
  roots: ['log'],
  when: 'refines',
  law: 'log(softmax(x)[i]) → logSoftmax(x)[i] of a slice or rows taken, and through other movements',
  apply: (node) => {
    const moves: Node[] = []
    for (let n = operand(node); moving.has(n.op); n = operand(n)) moves.push(n)
    const last = moves.at(-1)
    const p = last === undefined ? null : operand(last)
    if (p === null || p.op !== 'softmax') return null
    const rows = graph.logSoftmax([operand(p)], paramsOf(p, 'softmax'))
    return moves.reduceRight((n, move) => make(move.op, [n, ...move.ins.slice(1)], move.params), rows)
  },
  examples: () => {
    const p = graph.softmax([x('x', 2, 3)], { axis: 1 })
    const column = graph.slice([p], { start: [0, 1], limit: [2, 2], step: [1, 1] })
    return [
      { node: graph.log([column]) },
      { node: graph.log([graph.reshape([column], { shape: [2] })]) },
      { node: graph.log([graph.transpose([p], { perm: [1, 0] })]) },
      { node: graph.log([graph.gather([p, ints('i')], { axis: 1, batch: 0 })]) },
    ]
  },
}

const expLogSoftmax: Rule = {
  name: 'exp-logSoftmax',
  roots: ['exp'],
  when: 'refines',
  law: 'exp logSoftmax(x) → softmax(x)',
  apply: (node) => {
    const p = operand(node)
    return p.op === 'logSoftmax' ? graph.softmax([operand(p)], paramsOf(p, 'logSoftmax')) : null
  },
  examples: () => [{ node: graph.exp([graph.logSoftmax([x('x', 2, 3)], { axis: 1 })]) }],
}

const softmaxTwice: Rule = {
  name: 'softmax-logSoftmax',
  roots: ['softmax', 'logSoftmax'],
  when: 'refines',
  law: 'softmax(logSoftmax x) → softmax(x); logSoftmax(logSoftmax x) → logSoftmax(x)',
  apply: (node) => {
    const p = operand(node)
    if (p.op !== 'logSoftmax') return null
    const { axis } = paramsOf(node, node.op as 'softmax')
    return paramsOf(p, 'logSoftmax').axis === axis ? make(node.op, [operand(p)], node.params) : null
  },
  examples: () => [
    { node: graph.softmax([graph.logSoftmax([x('x', 2, 3)], { axis: 1 })], { axis: 1 }) },
    { node: graph.logSoftmax([graph.logSoftmax([x('x', 2, 3)], { axis: 1 })], { axis: 1 }) },
  ],
}

const logSumExp: Rule = {
  name: 'log-sum-exp',
  roots: ['log'],
  when: 'refines',
  law: 'log Σ exp(x) → logsumexp(x)',
  apply: (node) => {
    const s = operand(node)
    if (s.op !== 'sum' || operand(s).op !== 'exp') return null
    return graph.logSumExp([operand(operand(s))], paramsOf(s, 'sum'))
  },
  examples: () => {
    const e = graph.exp([x('x', 2, 3)])
    return [
      { node: graph.log([graph.sum([e], { axes: [1], keepDims: true })]) },
      { node: graph.log([graph.sum([e], { axes: [0, 1], keepDims: false })]) },
    ]
  },
}

/** The operand below one reshape, and the shape in which it is seen, with leading ones up to a rank. */
const seenAs = (n: Node, rank: number): { readonly node: Node; readonly shape: Shape } => ({
  node: n.op === 'reshape' ? operand(n) : n,
  shape: [...new Array<number>(Math.max(0, rank - n.shape.length)).fill(1), ...n.shape],
})

const subLogSumExp: Rule = {
  name: 'sub-logsumexp',
  roots: ['sub'],
  when: 'refines',
  law: 'x − logsumexp(x) → logSoftmax(x)',
  apply: (node) => {
    const [a, b] = pair(node)
    const { node: l, shape } = seenAs(b, a.shape.length)
    if (l.op !== 'logSumExp' || operand(l) !== a) return null
    const { axes } = paramsOf(l, 'logSumExp')
    if (axes.length !== 1 || !equalShapes(shape, keptShape(a.shape, axes))) return null
    return graph.logSoftmax([a], { axis: axes[0] as number })
  },
  examples: () => {
    const v = x('x', 2, 3)
    const l = graph.logSumExp([v], { axes: [1], keepDims: false })
    return [
      { node: graph.sub([v, graph.logSumExp([v], { axes: [1], keepDims: true })]) },
      { node: graph.sub([v, graph.reshape([l], { shape: [2, 1] })]) },
    ]
  },
}

/** Whether an operand is the same along the axes of a shape to which it broadcasts. */
const isConstantAlong = (n: Node, shape: Shape, axes: readonly number[]): boolean => {
  const lead = shape.length - n.shape.length
  return lead >= 0 && axes.every((a) => a < lead || n.shape[a - lead] === 1)
}

/** x below x − m or x + m where m is the same along the axes; null otherwise. */
const unshifted = (n: Node, axes: readonly number[]): { readonly inner: Node; readonly shift: Node } | null => {
  if (n.op !== 'sub') return null
  const [inner, shift] = pair(n)
  return equalShapes(inner.shape, n.shape) && isConstantAlong(shift, n.shape, axes) ? { inner, shift } : null
}

const softmaxShift: Rule = {
  name: 'softmax-shift',
  roots: ['softmax', 'logSoftmax'],
  when: 'refines',
  law: 'softmax(x − m) → softmax(x) where m is the same for the whole row',
  apply: (node) => {
    const found = unshifted(operand(node), [paramsOf(node, node.op as 'softmax').axis])
    return found === null ? null : make(node.op, [found.inner], node.params)
  },
  examples: () => [
    { node: graph.softmax([graph.sub([x('x', 2, 3), x('m', 2, 1)])], { axis: 1 }) },
    { node: graph.logSoftmax([graph.sub([x('x', 2, 3), x('m')])], { axis: 0 }) },
  ],
}

const logSumExpShift: Rule = {
  name: 'logsumexp-shift',
  roots: ['add'],
  when: 'refines',
  law: 'm + logsumexp(x − m) → logsumexp(x) where m is the same for the whole row',
  apply: (node) => {
    for (const [l, m] of bothWays(node)) {
      if (l.op !== 'logSumExp') continue
      const p = paramsOf(l, 'logSumExp')
      const found = unshifted(operand(l), p.axes)
      if (found === null) continue
      const { shape } = found.inner
      // m as the reduced row sees it: itself where axes are kept, else without the reduced axes
      const [outer, inner] = [seenAs(m, node.shape.length), seenAs(found.shift, shape.length)]
      const same = outer.node === inner.node || m === found.shift
      const fits = m.shape.length === 0 || equalShapes(reducedShape(inner.shape, p), outer.shape)
      if (same && fits) return conform(graph.logSumExp([found.inner], p), node.shape)
    }
    return null
  },
  examples: () => {
    const v = x('x', 2, 3)
    const m = graph.max([v], { axes: [1], keepDims: true })
    return [
      { node: graph.add([m, graph.logSumExp([graph.sub([v, m])], { axes: [1], keepDims: true })]) },
      { node: graph.add([graph.logSumExp([graph.sub([v, x('m')])], { axes: [0], keepDims: false }), x('m')]) },
    ]
  },
}

// ---- cross-entropies

const oneHotLogSoftmax: Rule = {
  name: 'onehot-logSoftmax',
  roots: ['sum'],
  when: 'refines',
  law: 'Σ onehot(y) · logSoftmax(z) → −crossEntropy(z, y) (labels in range)',
  apply: (node) => {
    const p = operand(node)
    const { axes } = paramsOf(node, 'sum')
    const last = p.shape.length - 1
    if (p.op !== 'mul' || !axes.includes(last)) return null
    for (const [h, l] of bothWays(p)) {
      if (h.op !== 'oneHot' || l.op !== 'logSoftmax' || !equalShapes(h.shape, l.shape)) continue
      if (paramsOf(l, 'logSoftmax').axis !== last) continue
      const rows = graph.crossEntropy([operand(l), operand(h)])
      const others = axes.slice(0, -1)
      const total = others.length === 0 ? rows : graph.sum([rows], { axes: others, keepDims: false })
      return graph.neg([equalShapes(total.shape, node.shape) ? total : graph.reshape([total], { shape: node.shape })])
    }
    return null
  },
  examples: () => {
    const h = graph.oneHot([ints('label', 5)], { depth: 4, dtype: 'f64' })
    const p = graph.mul([h, graph.logSoftmax([x('z', 5, 4)], { axis: 1 })])
    return [
      { node: graph.sum([p], { axes: [1], keepDims: false }) },
      { node: graph.sum([p], { axes: [1], keepDims: true }) },
      { node: graph.sum([p], { axes: [0, 1], keepDims: false }) },
    ]
  },
}

/** The factor of a product of two beside a given one. */
const other = (product: Node, factor: Node): Node => product.ins[product.ins[0] === factor ? 1 : 0] as Node

const isComplement = (n: Node, t: Node): boolean => n.op === 'sub' && valueOf(operand(n)) === 1 && n.ins[1] === t
const isMinusComplement = (n: Node, t: Node): boolean =>
  n.op === 'sub' && n.ins[1] !== undefined && valueOf(n.ins[1]) === 1 && operand(n) === t

/** t · log σ(z) − (1 − t) · softplus(z), what the rules above make of the binary cross-entropy of σ(z). */
const binaryCrossEntropy: Rule = {
  name: 'binary-cross-entropy',
  roots: ['sub', 'add'],
  when: 'refines',
  law: 't · log σ(z) − (1 − t) · softplus(z) → −sigmoidCrossEntropy(z, t)',
  apply: (node) => {
    if (!isFloat(node.dtype)) return null
    const [a, b] = pair(node)
    for (const [hit, miss] of [
      [a, b],
      [b, a],
    ] as const) {
      if (hit.op !== 'mul' || miss.op !== 'mul') continue
      const l = hit.ins.find((n) => n.op === 'logSigmoid')
      const sp = miss.ins.find((n) => n.op === 'softplus' && operand(n) === (l === undefined ? null : operand(l)))
      if (l === undefined || sp === undefined) continue
      const [t, rest] = [other(hit, l), other(miss, sp)]
      const fits = node.op === 'sub' ? isComplement(rest, t) : isMinusComplement(rest, t)
      if (!fits) continue
      const loss = graph.sigmoidCrossEntropy([operand(l), t])
      return conform(node.op === 'sub' && hit === b ? loss : graph.neg([loss]), node.shape)
    }
    return null
  },
  examples: () => {
    const [t, z] = [x('t', 3), x('z', 2, 3)]
    const hit = graph.mul([t, graph.logSigmoid([z])])
    const miss = graph.mul([graph.sub([num(1), t]), graph.softplus([z])])
    const domain = { t: [0, 1] as const }
    return [
      { node: graph.sub([hit, miss]), domain },
      { node: graph.sub([miss, hit]), domain },
      { node: graph.add([graph.mul([graph.sub([t, num(1)]), graph.softplus([z])]), hit]), domain },
    ]
  },
}

/** What is left of a binary cross-entropy that was differentiated through σ and both logarithms. */
const complementProducts: Rule = {
  name: 'complement-products',
  roots: ['sub'],
  when: 'refines',
  law: '(1 − t) · p − t · (1 − p) → p − t',
  apply: (node) => {
    const [a, b] = pair(node)
    if (a.op !== 'mul' || b.op !== 'mul' || !isFloat(node.dtype)) return null
    for (const p of a.ins)
      for (const t of b.ins)
        if (isComplement(other(a, p), t) && isComplement(other(b, t), p)) return conform(graph.sub([p, t]), node.shape)
    return null
  },
  examples: () => {
    const [t, p] = [x('t', 3), x('p', 2, 3)]
    const hit = graph.mul([graph.sub([num(1), p]), t])
    return [{ node: graph.sub([graph.mul([p, graph.sub([num(1), t])]), hit]) }]
  },
}

export const stabilityRules: readonly Rule[] = [
  ...laws.map(lawRule),
  logExpMinusExp,
  oneMinusSigmoid,
  logSoftmax,
  logMovedSoftmax,
  expLogSoftmax,
  softmaxTwice,
  logSumExp,
  subLogSumExp,
  softmaxShift,
  logSumExpShift,
  oneHotLogSoftmax,
  binaryCrossEntropy,
  complementProducts,
]
