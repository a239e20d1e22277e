/**
 * Factors that merge or cancel. In: a mul or div. Out: the same product with literals merged, factors cancelled, or a positive
 * factor taken into a sum. Invariant: the association of all other factors stays, so their roundings do too.
 */
import { isFloat } from '../../../src/core/dtype.ts'
import { roundTo } from '../../../src/core/numeric.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph } from '../../../src/expr/node.ts'
import { bothWays, type Context, conform, num, pair, type Rule, valueOf, x } from '../rule.ts'

import { type Factor, linear, factorsOf, edited, rewritten } from './factors.ts'

const normalRange = { f32: [2 ** -126, 2 ** 127], f64: [2 ** -1022, 2 ** 1023] } as const

/** Whether a literal is a number by which one may multiply or divide without losing anything but the last bit. */
const isNormal = (value: number, dtype: 'f32' | 'f64'): boolean =>
  Math.abs(value) >= normalRange[dtype][0] && Math.abs(value) <= normalRange[dtype][1]

const mergeLiterals: Rule = {
  name: 'product-literals',
  roots: ['mul', 'div'],
  when: 'refines',
  law: 'c₁ · (c₂ · x) → (c₁ · c₂) · x, also through quotients, sums, products of matrices and movements',
  apply: (node, context) => {
    const { dtype } = node
    if (!isFloat(dtype)) return null
    if (
      valueOf(node.ins[0] as Node) === null &&
      valueOf(node.ins[1] as Node) === null &&
      !mayHoldLiterals(node, context)
    )
      return null
    const literals = factorsOf(node, context, 'linear').filter((f) => {
      const value = valueOf(f.atom)
      return value !== null && isNormal(value, dtype)
    })
    // a literal that is divided leaves a 1 behind: it stays, and takes the others up
    const isDivided = (f: Factor): boolean =>
      f.path.at(-1) === 0 && f.path.slice(0, -1).reduce((n, i) => n.ins[i] as Node, node).op === 'div'
    const keep = literals.find(isDivided) ?? literals.find((f) => !f.inverse) ?? literals[0]
    const merged = literals.filter((f) => f === keep || !isDivided(f))
    if (keep === undefined || merged.length < 2) return null
    const value = merged.reduce((product, f) => {
      const c = roundTo[dtype](valueOf(f.atom) as number)
      return f.inverse === keep.inverse ? product * c : product / c
    }, 1)
    const rounded = roundTo[dtype](value)
    if (!isNormal(rounded, dtype)) return null
    return rewritten(
      node,
      merged.map((f) => ({ path: f.path, to: f === keep && rounded !== 1 ? graph.lit(rounded, dtype) : null })),
    )
  },
  examples: () => [
    { node: graph.mul([num(3), graph.mul([num(0.7), x('x', 2, 3)])]) },
    { node: graph.mul([graph.mul([num(2), x('x', 5)]), graph.mul([num(0.5), x('y', 5)])]) },
    { node: graph.div([graph.mul([num(2), x('x', 3)]), num(7)]) },
    { node: graph.div([graph.div([x('x', 3), num(3)]), num(7)]) },
    { node: graph.mul([num(3), graph.sum([graph.mul([num(0.7), x('x', 2, 3)])], { axes: [1], keepDims: false })]) },
    { node: graph.mul([num(0.5), graph.reshape([graph.mul([x('x', 2, 3), num(2)])], { shape: [6] })]) },
  ],
}

const mayHoldLiterals = (node: Node, context: Context): boolean =>
  node.ins.every(
    (i) =>
      context.once(i) && i.ins.length > 0 && (i.op === 'mul' || i.op === 'div' || i.op === 'neg' || linear.has(i.op)),
  )

// ---- factors that cancel

/** A quotient that can underflow is taken apart even where somebody else computes it too. */
export const shared: Pick<Context, 'once'> = { once: () => true }

const cancelPositive: Rule = {
  name: 'product-cancel',
  roots: ['mul', 'div'],
  when: 'refines',
  law: 'y · (x / y) → x where y > 0 (an exponential, a sigmoid, a softmax)',
  apply: (node, context) => {
    if (!isFloat(node.dtype) || !holdsQuotient(node)) return null
    const factors = factorsOf(node, shared, 'scaling').filter((f) => f.way === 'plain')
    for (const below of factors) {
      if (!below.inverse) continue
      const above = factors.find((f) => !f.inverse && f.atom === below.atom)
      if (above !== undefined && (context.fastMath || context.facts.positive(below.atom)))
        return rewritten(node, [
          { path: above.path, to: null },
          { path: below.path, to: null },
        ])
    }
    return null
  },
  examples: () => {
    const y = graph.sigmoid([x('y', 2, 3)])
    return [
      { node: graph.mul([y, graph.div([x('x', 3), y])]) },
      { node: graph.mul([graph.mul([graph.div([x('x', 2, 3), y]), x('z', 3)]), y]) },
      { node: graph.div([y, y]) },
    ]
  },
}

export const holdsQuotient = (n: Node): boolean =>
  n.op === 'div' ||
  n.ins.some((i) => i.op === 'div' || ((i.op === 'mul' || i.op === 'neg' || i.op === 'reshape') && i.ins.length > 0))

/** A term without a factor that it divides by; null where it does not. */
const undivided = (term: Node, by: Node): Node | null => {
  if (term.op !== 'div' && term.op !== 'mul' && term.op !== 'neg') return null
  const below = factorsOf(term, shared, 'scaling').find((f) => f.inverse && f.way === 'plain' && f.atom === by)
  return below === undefined ? null : (edited(term, [{ path: below.path, to: null }]) ?? graph.lit(1, term.dtype))
}

/** y · (x / y − z) = x − y · z: a gradient through log and softmax (or sigmoid) where the user wrote both. */
const distributePositive: Rule = {
  name: 'product-distribute',
  roots: ['mul'],
  when: 'refines',
  law: 'y · (x / y ± z) → x ± y · z where y > 0',
  apply: (node, context) => {
    for (const [y, terms] of bothWays(node)) {
      if ((terms.op !== 'add' && terms.op !== 'sub') || !context.once(terms) || !context.facts.positive(y)) continue
      const [p, q] = pair(terms)
      const free = [undivided(p, y), undivided(q, y)] as const
      if (free[0] === null && free[1] === null) continue
      const ins = [free[0] ?? graph.mul([y, p]), free[1] ?? graph.mul([y, q])] as const
      return conform(terms.op === 'add' ? graph.add(ins) : graph.sub(ins), node.shape)
    }
    return null
  },
  examples: () => {
    const y = graph.softmax([x('y', 2, 3)], { axis: 1 })
    const p = graph.sigmoid([x('y', 2, 3)])
    return [
      { node: graph.mul([y, graph.sub([graph.div([x('x', 2, 3), y]), x('z', 2, 1)])]) },
      { node: graph.mul([graph.sub([x('z', 2, 1), graph.div([x('x', 2, 3), y])]), y]) },
      { node: graph.mul([graph.add([graph.mul([graph.div([x('x', 3), p]), x('w', 3)]), x('z', 2, 3)]), p]) },
    ]
  },
}

// ---- singular quotients

export const productRules: readonly Rule[] = [distributePositive, cancelPositive, mergeLiterals]
