/**
 * Quotients that overflow or cancel, made stable: norms, roots, and quotients of exponentials. In: a mul or div. Out: the same
 * quotient as rsqrt, softmax or sigmoid. Invariant: what stands beside the quotient in the product stays as it is.
 */
import { isFloat } from '../../../src/core/dtype.ts'
import { equalShapes, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, paramsOf } from '../../../src/expr/node.ts'
import { keptShape } from '../../../src/ops/reduction.ts'
import { conform, negated, num, operand, pair, reshaped, type Rule, valueOf, x } from '../rule.ts'

import { type Factor, factorsOf, edited, rewritten } from './factors.ts'
import { shared, holdsQuotient } from './products.ts'

/** x / |x|, in which a gradient of √(x²) ends. */
const absQuotient: Rule = {
  name: 'div-abs',
  roots: ['mul', 'div'],
  when: 'refines',
  law: 'x / |x| → sign(x)',
  apply: (node, context) => {
    if (!isFloat(node.dtype) || !holdsQuotient(node)) return null
    const factors = factorsOf(node, context, 'scaling').filter((f) => f.way === 'plain')
    for (const below of factors) {
      if (!below.inverse || below.atom.op !== 'abs') continue
      const above = factors.find((f) => !f.inverse && f.atom === operand(below.atom))
      if (above !== undefined)
        return rewritten(node, [
          { path: above.path, to: graph.sign([above.atom]) },
          { path: below.path, to: null },
        ])
    }
    return null
  },
  examples: () => {
    const v = x('x', 2, 3)
    return [{ node: graph.div([v, graph.abs([v])]) }, { node: graph.div([graph.mul([v, x('t', 3)]), graph.abs([v])]) }]
  },
}

/** Whether the operand at a path is the whole divisor of a quotient. */
const dividesAlone = (root: Node, path: readonly number[]): boolean =>
  path.slice(0, -1).reduce((n, i) => n.ins[i] as Node, root).op === 'div'

/** x where a node is Σ x², perhaps times a number; null otherwise. */
const squared = (total: Node): Node | null => {
  let n = total
  while (n.op === 'reshape' || n.op === 'mul' || n.op === 'div') {
    if (n.op === 'mul' && valueOf(operand(n)) !== null) n = n.ins[1] as Node
    else if (n.op === 'reshape' || (n.op === 'div' && valueOf(n.ins[1] as Node) !== null)) n = operand(n)
    else return null
  }
  return (n.op === 'sum' || n.op === 'mean') && operand(n).op === 'square' ? operand(operand(n)) : null
}

/** Σ x² below a root, where x itself is a factor above it: a normalized vector, or the derivative of a norm. */
const normQuotient: Rule = {
  name: 'div-norm',
  roots: ['mul', 'div'],
  when: 'refines',
  law: 'x / √(Σ x²) → x · rsqrt₀(Σ x²), which is 0 at 0; Σ(x · y) / √(Σ x²) likewise',
  apply: (node, context) => {
    if (!isFloat(node.dtype) || !holdsQuotient(node)) return null
    const factors = factorsOf(node, context, 'scaling')
    for (const below of factors) {
      const total = below.atom.op === 'sqrt' && below.inverse ? operand(below.atom) : null
      const inner = total === null ? null : squared(total)
      if (total === null || inner === null) continue
      if (!factorsOf(node, shared, 'linear').some((f) => !f.inverse && f.atom === inner)) continue
      const to = graph.rsqrtOrZero([total])
      if (below.path.at(-1) === 1 && dividesAlone(node, below.path))
        return rewritten(node, [{ path: below.path, to, turned: true }])
      // a factor of a longer divisor is exchanged where that costs no larger product
      if (sizeOf(total.shape) < sizeOf(node.shape)) continue
      const rest = edited(node, [{ path: below.path, to: null }])
      return rest === null ? null : conform(graph.mul([rest, to]), node.shape)
    }
    return null
  },
  examples: () => {
    const v = x('x', 2, 3)
    const norm = graph.sqrt([graph.sum([graph.square([v])], { axes: [1], keepDims: true })])
    const all = { axes: [0, 1], keepDims: false }
    const whole = graph.sqrt([graph.sum([graph.square([v])], all)])
    return [
      { node: graph.div([v, norm]) },
      { node: graph.mul([v, graph.div([x('t', 2, 1), norm])]) },
      { node: graph.div([graph.mul([v, x('t')]), whole]) },
      { node: graph.div([graph.sum([graph.mul([v, x('t', 3)])], all), whole]) },
      { node: graph.div([v, graph.sqrt([graph.div([graph.sum([graph.square([v])], all), num(6)])])]) },
      { node: graph.div([graph.sum([graph.mul([v, x('t', 3)])], all), graph.mul([num(3), whole])]) },
    ]
  },
}

/** The identity x / √x = √x of the op, wherever the two stand in a product. */
const rootQuotient: Rule = {
  name: 'product-div-sqrt',
  roots: ['mul', 'div'],
  when: 'refines',
  law: 'x · y / (√x · z) → √x · y / z, which is 0 at 0',
  apply: (node, context) => {
    if (!isFloat(node.dtype) || !holdsQuotient(node)) return null
    const factors = factorsOf(node, context, 'scaling').filter((f) => f.way === 'plain')
    for (const below of factors) {
      if (!below.inverse || below.atom.op !== 'sqrt') continue
      const above = factors.find((f) => !f.inverse && f.atom === operand(below.atom))
      if (above !== undefined)
        return rewritten(node, [
          { path: above.path, to: below.atom },
          { path: below.path, to: null },
        ])
    }
    return null
  },
  examples: () => {
    const v = x('x', 2, 3)
    const domain = { x: [0.1, 3] as const }
    return [
      { node: graph.div([v, graph.mul([num(2), graph.sqrt([v])])]), domain },
      { node: graph.mul([v, graph.div([x('t', 3), graph.sqrt([v])])]), domain },
    ]
  },
}

/** A factor that divides as an inverse, made one division. */
const mulReciprocal: Rule = {
  name: 'mul-reciprocal',
  roots: ['mul'],
  when: 'refines',
  law: 'x · (1 / y) → x / y where y has as many elements as the product',
  apply: (node, { once }) => {
    const i = node.ins.findIndex((n) => n.op === 'div' && valueOf(operand(n)) === 1 && once(n))
    if (i < 0 || !isFloat(node.dtype)) return null
    const y = (node.ins[i] as Node).ins[1] as Node
    return sizeOf(y.shape) === sizeOf(node.shape) ? graph.div([node.ins[1 - i] as Node, y]) : null
  },
  examples: () => {
    const domain = { y: [0.5, 3] as const }
    return [
      { node: graph.mul([x('x', 3), graph.div([num(1), x('y', 2, 3)])]), domain },
      { node: graph.mul([graph.div([num(1), x('y', 5)]), x('x', 5)]), domain },
    ]
  },
}

// ---- exponentials over sums of exponentials

/** The axes that Σ exp(u) sums, where it stands under exp(u) as a row's total does. */
const totalAxes = (below: Factor, u: Node): readonly number[] | null => {
  const total = below.atom
  // seen through a reshape, the total must be all that was reshaped
  if (below.way === 'reshaped' && sizeOf(total.shape) !== sizeOf(below.seen)) return null
  if (total.op !== 'sum' || operand(total).op !== 'exp' || operand(operand(total)) !== u) return null
  const { axes } = paramsOf(total, 'sum')
  const seen = below.way === 'reshaped' ? below.seen : total.shape
  const aligned = [...new Array<number>(Math.max(0, u.shape.length - seen.length)).fill(1), ...seen]
  return equalShapes(aligned, keptShape(u.shape, axes)) ? axes : null
}

/** softmax over neighbouring axes, as one axis. */
const softmaxOver = (u: Node, axes: readonly number[]): Node | null => {
  const [first] = axes
  if (first === undefined || axes.some((a, i) => a !== first + i)) return null
  if (axes.length === 1) return graph.softmax([u], { axis: first })
  const merged = [
    ...u.shape.slice(0, first),
    sizeOf(axes.map((a) => u.shape[a] as number)),
    ...u.shape.slice(first + axes.length),
  ]
  return reshaped(graph.softmax([reshaped(u, merged)], { axis: first }), u.shape)
}

const softmaxQuotient: Rule = {
  name: 'div-sum-exp',
  roots: ['mul', 'div'],
  when: 'refines',
  law: 'exp(x) / Σ exp(x) → softmax(x)',
  apply: (node, context) => {
    if (!isFloat(node.dtype) || !holdsQuotient(node)) return null
    const factors = factorsOf(node, context, 'scaling')
    for (const below of factors) {
      if (!below.inverse || below.way === 'linear' || below.atom.op !== 'sum') continue
      for (const above of factors) {
        if (above.inverse || above.way !== 'plain' || above.atom.op !== 'exp') continue
        const axes = totalAxes(below, operand(above.atom))
        const to = axes === null ? null : softmaxOver(operand(above.atom), axes)
        if (to !== null)
          return rewritten(node, [
            { path: above.path, to },
            { path: below.path, to: null },
          ])
      }
    }
    return null
  },
  examples: () => {
    const e = graph.exp([x('x', 2, 3)])
    const all = graph.exp([x('x', 3)])
    return [
      { node: graph.div([e, graph.sum([e], { axes: [1], keepDims: true })]) },
      { node: graph.div([all, graph.sum([all], { axes: [0], keepDims: false })]) },
      { node: graph.div([e, graph.sum([e], { axes: [0, 1], keepDims: true })]) },
      {
        node: graph.mul([
          graph.reshape([graph.div([x('t', 2), graph.sum([e], { axes: [1], keepDims: false })])], { shape: [2, 1] }),
          e,
        ]),
      },
    ]
  },
}

const sigmoidQuotient: Rule = {
  name: 'div-one-plus-exp',
  roots: ['div'],
  when: 'refines',
  law: 'x / (1 + exp(y)) → x · σ(−y); exp(y) / (1 + exp(y)) → σ(y)',
  apply: (node) => {
    const [a, d] = pair(node)
    if (d.op !== 'add' || valueOf(operand(d)) !== 1) return null
    const e = d.ins[1] as Node
    if (e.op !== 'exp') return null
    const u = operand(e)
    if (a === e) return graph.sigmoid([u])
    const p = graph.sigmoid([negated(u)])
    return conform(valueOf(a) === 1 ? p : graph.mul([a, p]), node.shape)
  },
  examples: () => {
    const e = graph.exp([x('y', 2, 3)])
    const d = graph.add([num(1), e])
    return [
      { node: graph.div([num(1), d]) },
      { node: graph.div([x('x', 3), d]) },
      { node: graph.div([e, d]) },
      { node: graph.div([num(1), graph.add([num(1), graph.exp([graph.neg([x('y', 3)])])])]) },
    ]
  },
}

const sigmoidTimesExp: Rule = {
  name: 'mul-sigmoid-exp',
  roots: ['mul'],
  when: 'refines',
  law: 'σ(−x) · exp(x) → σ(x)',
  apply: (node, context) => {
    if (!isFloat(node.dtype)) return null
    if (node.ins.every((i) => i.op !== 'exp' && i.op !== 'sigmoid')) return null
    const factors = factorsOf(node, context, 'scaling').filter((f) => f.way === 'plain' && !f.inverse)
    for (const p of factors) {
      if (p.atom.op !== 'sigmoid') continue
      const v = operand(p.atom)
      const e = factors.find(
        ({ atom }) => atom.op === 'exp' && (operand(atom) === negatedOf(v) || negatedOf(operand(atom)) === v),
      )
      if (e !== undefined)
        return rewritten(node, [
          { path: e.path, to: graph.sigmoid([operand(e.atom)]) },
          { path: p.path, to: null },
        ])
    }
    return null
  },
  examples: () => {
    const v = x('x', 2, 3)
    return [
      { node: graph.mul([graph.sigmoid([graph.neg([v])]), graph.exp([v])]) },
      { node: graph.mul([graph.mul([x('t', 3), graph.sigmoid([v])]), graph.exp([graph.neg([v])])]) },
    ]
  },
}

/** What a node negates, if it does. */
const negatedOf = (n: Node): Node | null => (n.op === 'neg' ? operand(n) : null)

export const quotientRules: readonly Rule[] = [
  mulReciprocal,
  absQuotient,
  normQuotient,
  rootQuotient,
  sigmoidQuotient,
  sigmoidTimesExp,
  softmaxQuotient,
]
