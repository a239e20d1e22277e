/**
 * Reductions: of nothing, of reductions, of what repeats, of products with what stays the same. In: sums, means, products
 * and extremes. Out: fewer elements to walk. Invariant: a shared operand is not walked a second time (`once`).
 */
import { isFloat } from '../../../src/core/dtype.ts'
import { roundTo } from '../../../src/core/numeric.ts'
import { broadcastAxes, equalShapes, range, type Shape, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make, paramsOf } from '../../../src/expr/node.ts'
import { reducedShape } from '../../../src/ops/reduction.ts'
import { bothWays, conform, num, operand, pair, reshaped, type Rule, valueOf, x } from '../rule.ts'

type Reduced = 'sum' | 'mean' | 'prod' | 'max' | 'min' | 'logSumExp'
const axesOf = (n: Node): { readonly axes: readonly number[]; readonly keepDims: boolean } =>
  paramsOf(n, n.op as Reduced)
const reduce = (op: Reduced, n: Node, axes: readonly number[], keepDims = false): Node =>
  make(op, [n], { axes, keepDims })
const all = (n: Node): readonly number[] => range(n.shape.length)

const isTrivial = (n: Node): boolean => axesOf(n).axes.every((a) => operand(n).shape[a] === 1)

const nothingToReduce = (name: string, roots: readonly Reduced[], when: Rule['when']): Rule => ({
  name,
  roots,
  when,
  law: 'a reduction of axes of extent 1 → reshape',
  bookkeeping: true,
  apply: (node) => (isTrivial(node) ? reshaped(operand(node), node.shape) : null),
  examples: () =>
    roots.flatMap((op) => [
      { node: reduce(op, x('x', 2, 1), [1]) },
      { node: reduce(op, x('x', 3), []) },
      { node: reduce(op, x('x', 1), [0], true) },
    ]),
})

/** Σ of x and its reshape to or from the kept form: one reduction, where nobody else wants the other form. */
const reduceReshape: Rule = {
  name: 'reshape-reduce',
  bookkeeping: true,
  roots: ['reshape'],
  when: 'always',
  law: 'reshape(Σ x) → Σ x with or without the kept axes',
  apply: (node, { once }) => {
    const r = operand(node)
    if (!['sum', 'mean', 'prod', 'max', 'min', 'logSumExp'].includes(r.op) || !once(r)) return null
    const { axes } = axesOf(r)
    const { shape } = operand(r)
    for (const keepDims of [true, false])
      if (equalShapes(reducedShape(shape, { axes, keepDims }), node.shape))
        return reduce(r.op as Reduced, operand(r), axes, keepDims)
    return null
  },
  examples: () => [
    { node: graph.reshape([reduce('sum', x('x', 2, 3), [1])], { shape: [2, 1] }) },
    { node: graph.reshape([reduce('max', x('x', 2, 3), [1], true)], { shape: [2] }) },
  ],
}

const reduceReduce = (name: string, roots: readonly Reduced[], when: Rule['when']): Rule => ({
  name,
  roots,
  when,
  law: 'Σ₀(Σ₁ x) → Σ₀₁ x',
  apply: (node, { once }) => {
    const inner = operand(node)
    if (inner.op !== node.op || !once(inner)) return null
    const [p, q] = [axesOf(node), axesOf(inner)]
    const from = operand(inner)
    const left = q.keepDims ? all(from) : all(from).filter((a) => !q.axes.includes(a))
    const axes = all(from).filter((a) => q.axes.includes(a) || p.axes.includes(left.indexOf(a)))
    return reshaped(reduce(node.op as Reduced, from, axes, p.keepDims && q.keepDims), node.shape)
  },
  examples: () =>
    roots.flatMap((op) => [
      { node: reduce(op, reduce(op, x('x', 2, 3, 5), [1]), [1]) },
      { node: reduce(op, reduce(op, x('x', 2, 3, 5), [2], true), [0], true) },
      { node: reduce(op, reduce(op, x('x', 2, 3, 5), [0]), [0], true) },
    ]),
})

const ofBroadcast = (name: string, roots: readonly Reduced[], when: Rule['when']): Rule => ({
  name,
  roots,
  when,
  law: 'Σ(broadcast x) → n · Σ x; max(broadcast x) → max x',
  apply: (node) => {
    const b = operand(node)
    if (b.op !== 'broadcastTo') return null
    const small = operand(b)
    const { axes, keepDims } = axesOf(node)
    const gone = broadcastAxes(small.shape, b.shape).filter((a) => axes.includes(a))
    const count = gone.reduce((n, a) => n * (b.shape[a] as number), 1)
    if (gone.length === 0 || count === 0) return null
    const wide = reshaped(small, [...new Array<number>(b.shape.length - small.shape.length).fill(1), ...small.shape])
    // what repetition alone made long is one element
    const single = axes.every((a) => wide.shape[a] === 1)
    const bare = reducedShape(wide.shape, { axes, keepDims })
    const inner = single ? reshaped(small, bare) : reduce(node.op as Reduced, wide, axes, keepDims)
    const scaled = node.op === 'sum' ? graph.mul([graph.lit(count, node.dtype), inner]) : inner
    return conform(scaled, node.shape)
  },
  examples: () =>
    roots.flatMap((op) => [
      { node: reduce(op, graph.broadcastTo([x('x', 3)], { shape: [2, 3] }), [0]) },
      { node: reduce(op, graph.broadcastTo([x('x', 3)], { shape: [2, 3] }), [0, 1]) },
      { node: reduce(op, graph.broadcastTo([x('x')], { shape: [7] }), [0], true) },
      { node: reduce(op, graph.broadcastTo([x('x', 2, 1)], { shape: [5, 2, 3] }), [0, 1]) },
    ]),
})

const ofTranspose = (name: string, roots: readonly Reduced[], when: Rule['when']): Rule => ({
  name,
  roots,
  when,
  law: 'Σ(xᵀ) → Σ x over the axes where they came from',
  apply: (node) => {
    const t = operand(node)
    if (t.op !== 'transpose') return null
    const { perm } = paramsOf(t, 'transpose')
    const { axes } = axesOf(node)
    const from = axes.map((a) => perm[a] as number).toSorted((i, j) => i - j)
    const kept = perm.filter((_, i) => !axes.includes(i))
    const order = kept.toSorted((i, j) => i - j)
    const inner = reduce(node.op as Reduced, operand(t), from)
    const moved = kept.every((p, i) => p === order[i])
      ? inner
      : graph.transpose([inner], { perm: kept.map((p) => order.indexOf(p)) })
    return reshaped(moved, node.shape)
  },
  examples: () =>
    roots.flatMap((op) => [
      { node: reduce(op, graph.transpose([x('x', 2, 3)], { perm: [1, 0] }), [0]) },
      { node: reduce(op, graph.transpose([x('x', 2, 3, 5)], { perm: [2, 1, 0] }), [1]) },
      { node: reduce(op, graph.transpose([x('x', 2, 3)], { perm: [1, 0] }), [0, 1]) },
    ]),
})

const withoutOnes = (shape: Shape): Shape => shape.filter((d) => d !== 1)

const ofReshape = (name: string, roots: readonly Reduced[], when: Rule['when']): Rule => ({
  name,
  roots,
  when,
  law: 'Σ(reshape x) → Σ x where all is summed, or only axes of extent 1 come or go',
  apply: (node) => {
    const r = operand(node)
    if (r.op !== 'reshape') return null
    const from = operand(r)
    const { axes } = axesOf(node)
    const op = node.op as Reduced
    if (sizeOf(node.shape) === 1) return reshaped(reduce(op, from, all(from)), node.shape)
    if (!equalShapes(withoutOnes(r.shape), withoutOnes(from.shape))) return null
    const places = all(from).filter((a) => from.shape[a] !== 1)
    const back = all(r)
      .filter((a) => r.shape[a] !== 1)
      .flatMap((a, i) => (axes.includes(a) ? [places[i] as number] : []))
    return reshaped(reduce(op, from, back), node.shape)
  },
  examples: () =>
    roots.flatMap((op) => [
      { node: reduce(op, graph.reshape([x('x', 2, 3)], { shape: [6] }), [0]) },
      { node: reduce(op, graph.reshape([x('x', 2, 3)], { shape: [2, 1, 3] }), [2]) },
      { node: reduce(op, graph.reshape([x('x', 2, 3)], { shape: [2, 1, 3] }), [0], true) },
    ]),
})

const sumNeg: Rule = {
  name: 'sum-neg',
  roots: ['sum', 'mean'],
  when: 'zeroSign',
  law: 'Σ(−x) → −Σ x',
  apply: (node, { once }) => {
    const n = operand(node)
    return n.op === 'neg' && once(n) && isFloat(n.dtype) ? graph.neg([make(node.op, [operand(n)], node.params)]) : null
  },
  examples: () => [
    { node: reduce('sum', graph.neg([x('x', 2, 3)]), [1]) },
    { node: reduce('mean', graph.neg([x('x', 2, 3)]), [0, 1]) },
  ],
}

const maxNeg: Rule = {
  name: 'max-neg',
  roots: ['max', 'min'],
  when: 'always',
  law: 'max(−x) → −min x; min(−x) → −max x',
  apply: (node, { once }) => {
    const n = operand(node)
    if (n.op !== 'neg' || !once(n) || !isFloat(n.dtype)) return null
    return graph.neg([make(node.op === 'max' ? 'min' : 'max', [operand(n)], node.params)])
  },
  examples: () => [{ node: reduce('max', graph.neg([x('x', 2, 3)]), [1]) }],
}

/** A factor as the reduced result sees it, where it is the same along all reduced axes; else null. */
const alongside = (factor: Node, node: Node): Node | null => {
  const { shape } = operand(node)
  const { axes, keepDims } = axesOf(node)
  const wide = [...new Array<number>(shape.length - factor.shape.length).fill(1), ...factor.shape]
  if (axes.some((a) => wide[a] !== 1)) return null
  return factor.shape.length === 0 ? factor : reshaped(factor, reducedShape(wide, { axes, keepDims }))
}

const sumFactor: Rule = {
  name: 'sum-factor',
  roots: ['sum', 'mean'],
  when: 'refines',
  law: 'Σ(c · x) → c · Σ x; Σ(x / c) → Σ x / c, where c is the same for every term',
  apply: (node, { once }) => {
    const p = operand(node)
    if ((p.op !== 'mul' && p.op !== 'div') || !isFloat(p.dtype) || !once(p) || isTrivial(node)) return null
    const [a, b] = pair(p)
    for (const [factor, rest] of p.op === 'div'
      ? [[b, a]]
      : ([
          [a, b],
          [b, a],
        ] as const)) {
      if (factor === undefined || rest === undefined || valueOf(rest) !== null) continue
      const outside = alongside(factor, node)
      if (outside === null) continue
      // a factor that alone had all the elements leaves a repetition behind
      const repeats = 5 * (sizeOf(node.shape) + 1) + sizeOf(factor.shape)
      if (!equalShapes(rest.shape, p.shape) && 2 * sizeOf(p.shape) < repeats) continue
      const inner = make(node.op, [conform(rest, p.shape)], node.params)
      return conform(p.op === 'div' ? graph.div([inner, outside]) : graph.mul([outside, inner]), node.shape)
    }
    return null
  },
  examples: () => [
    { node: reduce('sum', graph.mul([num(3), x('x', 2, 3)]), [1]) },
    { node: reduce('mean', graph.mul([x('x', 2, 3), x('y', 2, 1)]), [1]) },
    { node: reduce('sum', graph.mul([x('x', 2, 3), x('y', 3)]), [0], true) },
    { node: reduce('sum', graph.div([x('x', 2, 3), num(7)]), [0, 1]) },
  ],
}

/** Rows that sum to 1. */
const isDistribution = (n: Node, axis: number): boolean =>
  (n.op === 'oneHot' && axis === n.shape.length - 1) || (n.op === 'softmax' && paramsOf(n, 'softmax').axis === axis)

/** What rows that hold a distribution sum to: it alone, a multiple of it, with a number added; null where that is not known. */
const rowTotal = (n: Node, axis: number): number | null => {
  if (isDistribution(n, axis)) return 1
  if (n.op !== 'mul' && n.op !== 'add') return null
  const [literal, rest] = pair(n)
  const value = valueOf(literal)
  const total = value === null || !equalShapes(rest.shape, n.shape) ? null : rowTotal(rest, axis)
  if (total === null || value === null) return null
  return n.op === 'mul' ? value * total : value * (n.shape[axis] as number) + total
}

/** Σ over the classes of a one-hot row, of a softmax, of one that is smoothed. */
const sumDistribution: Rule = {
  name: 'sum-distribution',
  roots: ['sum'],
  when: 'refines',
  law: 'Σ onehot(y) → 1, Σ softmax(x) → 1, Σ(c + d · onehot(y)) → n · c + d over the n classes (labels in range)',
  apply: (node) => {
    const { axes } = paramsOf(node, 'sum')
    const h = operand(node)
    if (sizeOf(h.shape) === 0) return null
    for (const classes of axes) {
      const total = rowTotal(h, classes)
      if (total === null) continue
      const rows = axes.reduce((n, a) => (a === classes ? n : n * (h.shape[a] as number)), 1)
      return conform(graph.lit(roundTo[node.dtype](rows * total), node.dtype), node.shape)
    }
    return null
  },
  examples: () => {
    const h = graph.oneHot([labels(3)], { depth: 4, dtype: 'f64' })
    const smoothed = graph.add([num(0.025), graph.mul([num(0.9), h])])
    return [h, smoothed].flatMap((rows) => [
      { node: reduce('sum', rows, [1]) },
      { node: reduce('sum', rows, [1], true) },
      { node: reduce('sum', rows, [0, 1]) },
    ])
  },
}

const sumScaledDistribution: Rule = {
  name: 'sum-factor-distribution',
  roots: ['sum'],
  when: 'refines',
  law: 'Σ(c · onehot(y)) → c and Σ(c · softmax(x)) → c over the classes (labels in range), where c is the same for every class',
  apply: (node) => {
    const p = operand(node)
    const { axes } = paramsOf(node, 'sum')
    if (p.op !== 'mul' || axes.length !== 1 || sizeOf(p.shape) === 0) return null
    for (const [h, c] of bothWays(p)) {
      if (!isDistribution(h, axes[0] as number) || !equalShapes(h.shape, p.shape)) continue
      const outside = alongside(c, node)
      if (outside !== null) return conform(outside, node.shape)
    }
    return null
  },
  examples: () => {
    const h = graph.oneHot([labels(3)], { depth: 4, dtype: 'f64' })
    return [
      { node: reduce('sum', graph.mul([num(0.3), h]), [1]) },
      { node: reduce('sum', graph.mul([h, x('x', 3, 1)]), [1], true) },
      { node: reduce('sum', graph.mul([graph.softmax([x('z', 2, 3)], { axis: 0 }), x('x', 3)]), [0]) },
    ]
  },
}

/** Labels for examples: an i32 input whose name begins with `label` is drawn from 0, 1, 2, 3. */
const labels = (n: number): Node => graph.input([], { name: 'label', dtype: 'i32', shape: [n] })

const argmaxSoftmax: Rule = {
  name: 'argmax-softmax',
  roots: ['argmax', 'argmin'],
  when: 'refines',
  law: 'argmax softmax(x) → argmax x',
  apply: (node) => {
    const p = operand(node)
    if (p.op !== 'softmax' && p.op !== 'logSoftmax') return null
    return paramsOf(p, p.op).axis === paramsOf(node, node.op as 'argmax').axis
      ? make(node.op, [operand(p)], node.params)
      : null
  },
  examples: () => [{ node: graph.argmax([graph.softmax([x('x', 2, 3)], { axis: 1 })], { axis: 1 }) }],
}

export const reductionRules: readonly Rule[] = [
  nothingToReduce('sum-nothing-left', ['sum', 'mean'], 'zeroSign'),
  nothingToReduce('max-nothing-left', ['max', 'min', 'prod'], 'always'),
  reduceReshape,
  sumDistribution,
  sumScaledDistribution,
  reduceReduce('sum-sum', ['sum', 'mean', 'prod'], 'refines'),
  reduceReduce('max-max', ['max', 'min'], 'always'),
  ofBroadcast('sum-broadcast', ['sum', 'mean'], 'refines'),
  ofBroadcast('max-broadcast', ['max', 'min'], 'always'),
  ofTranspose('sum-transpose', ['sum', 'mean', 'prod'], 'refines'),
  ofTranspose('max-transpose', ['max', 'min'], 'always'),
  ofReshape('sum-reshape', ['sum', 'mean', 'prod'], 'refines'),
  ofReshape('max-reshape', ['max', 'min'], 'always'),
  sumNeg,
  maxNeg,
  sumFactor,
  argmaxSoftmax,
]
