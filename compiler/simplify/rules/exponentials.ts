/**
 * Logarithms and quotients of what is made of exponentials. In: log, log1p, mul or div. Out: the same number by sums and
 * differences of the exponents, which neither overflow nor underflow. Invariant: every exponent is taken once.
 */
import { isFloat } from '../../../src/core/dtype.ts'
import { roundTo } from '../../../src/core/numeric.ts'
import { sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, paramsOf } from '../../../src/expr/node.ts'
import { conform, num, operand, pair, type Rule, valueOf, x } from '../rule.ts'
import { factorsOf, rewritten } from './factors.ts'
import { holdsQuotient } from './products.ts'

/** The logarithm of something positive, written without it. */
interface Known {
  readonly log: Node
  /** Whether an exponential is in it, which is spared: a literal, a σ or a softmax alone spares nothing. */
  readonly spares: boolean
}

const depthLimit = 6
/** Further terms would cost more, as pairs of log-add-exp, than the exponentials that they replace. */
const termLimit = 5

const logOfLiteral = (n: Node): Known | null => {
  const { dtype } = n
  const value = valueOf(n)
  if (value === null || !isFloat(dtype) || !(value > 0 && value < Infinity)) return null
  const log = graph.full([], { dtype, shape: [...n.shape], value: Math.log(roundTo[dtype](value)) })
  return { log, spares: false }
}

const isComplement = (n: Node): boolean => {
  const [one, p] = pair(n)
  return valueOf(one) === 1 && p.op === 'sigmoid'
}

/** log n of a product or quotient, of which both sides are known, or one that spares an exponential. */
const logOfProduct = (n: Node, depth: number): Known | null => {
  const [a, b] = pair(n)
  const [p, q] = [logOf(a, depth - 1), logOf(b, depth - 1)]
  const spares = p?.spares === true || q?.spares === true
  if ((p === null || q === null) && !spares) return null
  const ins = [p?.log ?? graph.log([a]), q?.log ?? graph.log([b])] as const
  return { log: n.op === 'mul' ? graph.add(ins) : graph.sub(ins), spares }
}

/** log n where n is an exponential, a literal above 0, a σ, a softmax, or made of such. */
const logOf = (n: Node, depth = depthLimit): Known | null => {
  if (depth === 0) return null
  switch (n.op) {
    case 'full':
      return logOfLiteral(n)
    case 'exp':
      return { log: operand(n), spares: true }
    case 'sigmoid':
      return { log: graph.logSigmoid([operand(n)]), spares: false }
    case 'softmax':
      return { log: graph.logSoftmax([operand(n)], paramsOf(n, 'softmax')), spares: false }
    case 'sub':
      return isComplement(n) ? { log: graph.neg([graph.softplus([operand(pair(n)[1])])]), spares: false } : null
    case 'mul':
    case 'div':
      return logOfProduct(n, depth)
    default:
      return logOfSum(n)
  }
}

/** The terms of a sum, as far as it is written in one. */
const termsOf = (n: Node): readonly Node[] => (n.op === 'add' ? n.ins.flatMap(termsOf) : [n])

/** log n where n adds exponentials, and perhaps literals. */
const logOfSum = (n: Node): Known | null => {
  if ((n.op === 'sum' || n.op === 'mean') && operand(n).op === 'exp') {
    const u = operand(operand(n))
    const p = n.op === 'sum' ? paramsOf(n, 'sum') : paramsOf(n, 'mean')
    const total = graph.logSumExp([u], p)
    const count = sizeOf(p.axes.map((a) => u.shape[a] as number))
    return { log: n.op === 'sum' ? total : graph.sub([total, graph.lit(Math.log(count), n.dtype)]), spares: true }
  }
  if (n.op !== 'add') return n.op === 'exp' || n.op === 'full' ? logOf(n) : null
  const terms = termsOf(n)
  if (terms.length > termLimit || !terms.every((t) => t.op === 'exp' || valueOf(t) !== null)) return null
  const [p, q] = n.ins.map((i) => logOfSum(i)) as [Known | null, Known | null]
  if (p === null || q === null || !(p.spares || q.spares)) return null
  return { log: graph.logAddExp([p.log, q.log]), spares: true }
}

const logExponentials: Rule = {
  name: 'log-exponentials',
  roots: ['log'],
  when: 'refines',
  law: 'log(y · exp(x) / z) → x + log y − log z; log(exp(x) + exp(y) + c), log mean exp(x), log(softmax(x) / σ(y)) likewise',
  apply: (node) => {
    const n = operand(node)
    const found = n.op === 'mul' || n.op === 'div' || n.op === 'add' || n.op === 'mean' ? logOf(n) : null
    return found === null ? null : conform(found.log, node.shape)
  },
  examples: () => {
    const [u, v] = [x('u', 2, 3), x('v', 3)]
    const [e, f] = [graph.exp([u]), graph.exp([v])]
    const positive = { y: [0.5, 3] as const }
    return [
      { node: graph.log([graph.mul([x('y', 2, 3), e])]), domain: positive },
      { node: graph.log([graph.div([graph.mul([num(0.4), e]), x('y', 3)])]), domain: positive },
      { node: graph.log([graph.div([x('y', 2, 3), graph.sum([e], { axes: [1], keepDims: true })])]), domain: positive },
      { node: graph.log([graph.add([graph.add([e, f]), graph.exp([x('w')])])]) },
      { node: graph.log([graph.add([num(2.5), e])]) },
      { node: graph.log([graph.mean([e], { axes: [1], keepDims: false })]) },
      { node: graph.log([graph.div([graph.softmax([u], { axis: 1 }), graph.sigmoid([v])])]) },
      { node: graph.log([graph.div([graph.softmax([u], { axis: 1 }), graph.softmax([x('q', 2, 3)], { axis: 1 })])]) },
      { node: graph.log([graph.mul([graph.sigmoid([u]), graph.sub([num(1), graph.sigmoid([v])])])]) },
    ]
  },
}

const log1pExponentials: Rule = {
  name: 'log1p-exponentials',
  roots: ['log1p'],
  when: 'refines',
  law: 'log(1 + c · exp(x)) → softplus(log c + x); log(1 + exp(x) + exp(y)) and log(1 + Σ exp(x)) likewise',
  apply: (node) => {
    const n = operand(node)
    const isScaled = (n.op === 'mul' || n.op === 'div') && n.ins.every((i) => i.op === 'exp' || valueOf(i) !== null)
    const found = isScaled ? logOf(n) : logOfSum(n)
    return found?.spares === true && n.op !== 'exp' ? conform(graph.softplus([found.log]), node.shape) : null
  },
  examples: () => {
    const [e, f] = [graph.exp([x('u', 2, 3)]), graph.exp([x('v', 3)])]
    return [
      { node: graph.log1p([graph.mul([num(3), e])]) },
      { node: graph.log1p([graph.div([e, f])]) },
      { node: graph.log1p([graph.add([e, f])]) },
      { node: graph.log1p([graph.sum([e], { axes: [1], keepDims: false })]) },
    ]
  },
}

/** A quotient of an exponential by a sum of few. */
const divAddExp: Rule = {
  name: 'div-add-exp',
  roots: ['mul', 'div'],
  when: 'refines',
  law: 'exp(x) / (exp(x) + exp(y)) → σ(x − y); exp(x) / (exp(x) + exp(y) + exp(z)) likewise',
  apply: (node, context) => {
    if (!isFloat(node.dtype) || !holdsQuotient(node)) return null
    const factors = factorsOf(node, context, 'scaling').filter((f) => f.way === 'plain')
    for (const below of factors) {
      if (!below.inverse || below.atom.op !== 'add') continue
      const above = factors.find((f) => !f.inverse && f.atom.op === 'exp' && termsOf(below.atom).includes(f.atom))
      const total = above === undefined ? null : logOfSum(below.atom)
      if (above === undefined || total === null) continue
      const u = operand(above.atom)
      const rest = pair(below.atom).find((_, i) => below.atom.ins[1 - i] === above.atom)
      const other = rest === undefined ? null : logOfSum(rest)
      const to = other === null ? graph.exp([graph.sub([u, total.log])]) : graph.sigmoid([graph.sub([u, other.log])])
      return rewritten(node, [
        { path: above.path, to },
        { path: below.path, to: null },
      ])
    }
    return null
  },
  examples: () => {
    const [e, f, g] = [graph.exp([x('u', 2, 3)]), graph.exp([x('v', 3)]), graph.exp([x('w', 2, 3)])]
    return [
      { node: graph.div([e, graph.add([e, f])]) },
      { node: graph.mul([x('t', 3), graph.div([e, graph.add([num(2.5), e])])]) },
      { node: graph.div([e, graph.add([graph.add([e, f]), g])]) },
      { node: graph.div([g, graph.add([graph.add([e, f]), g])]) },
    ]
  },
}

// ---- σ beside what mirrors it

/** Whether b is −a, by their text. */
const isMirror = (a: Node, b: Node): boolean => {
  if (a.op === 'neg' || b.op === 'neg')
    return (a.op === 'neg' && operand(a) === b) || (b.op === 'neg' && operand(b) === a)
  if (a.op === 'sub' && b.op === 'sub') return a.ins[0] === b.ins[1] && a.ins[1] === b.ins[0]
  if (a.op !== b.op || (a.op !== 'mul' && a.op !== 'div')) return false
  const [c, d] = [a.op === 'mul' ? 0 : 1, a.op === 'mul' ? 1 : 0]
  const [p, q] = [valueOf(a.ins[c] as Node), valueOf(b.ins[c] as Node)]
  return p !== null && q !== null && p === -q && a.ins[d] === b.ins[d]
}

const expm1Sigmoid: Rule = {
  name: 'mul-expm1-sigmoid',
  roots: ['mul'],
  when: 'refines',
  law: '(exp(x) − 1) · σ(−x) → tanh(x / 2)',
  apply: (node, context) => {
    if (!isFloat(node.dtype) || node.ins.every((i) => i.op !== 'expm1' && i.op !== 'sigmoid')) return null
    const factors = factorsOf(node, context, 'scaling').filter((f) => f.way === 'plain' && !f.inverse)
    for (const e of factors) {
      if (e.atom.op !== 'expm1') continue
      const u = operand(e.atom)
      const p = factors.find((f) => f.atom.op === 'sigmoid' && isMirror(operand(f.atom), u))
      if (p !== undefined)
        return rewritten(node, [
          { path: e.path, to: graph.tanh([graph.mul([graph.lit(0.5, u.dtype), u])]) },
          { path: p.path, to: null },
        ])
    }
    return null
  },
  examples: () => {
    const u = x('u', 2, 3)
    const twice = (c: number): Node => graph.mul([num(c), u])
    return [
      { node: graph.mul([graph.expm1([u]), graph.sigmoid([graph.neg([u])])]) },
      { node: graph.mul([graph.mul([x('t', 3), graph.sigmoid([twice(2)])]), graph.expm1([twice(-2)])]) },
    ]
  },
}

const sinhCosh: Rule = {
  name: 'div-sinh-cosh',
  roots: ['mul', 'div'],
  when: 'refines',
  law: 'sinh(x) / cosh(x) → tanh(x)',
  apply: (node, context) => {
    if (!isFloat(node.dtype) || !holdsQuotient(node)) return null
    const factors = factorsOf(node, context, 'scaling').filter((f) => f.way === 'plain')
    for (const below of factors) {
      if (!below.inverse || below.atom.op !== 'cosh') continue
      const u = operand(below.atom)
      const above = factors.find((f) => !f.inverse && f.atom.op === 'sinh' && operand(f.atom) === u)
      if (above !== undefined)
        return rewritten(node, [
          { path: above.path, to: graph.tanh([u]) },
          { path: below.path, to: null },
        ])
    }
    return null
  },
  examples: () => {
    const [s, c] = [graph.sinh([x('u', 2, 3)]), graph.cosh([x('u', 2, 3)])]
    return [{ node: graph.div([s, c]) }, { node: graph.div([graph.mul([x('t', 3), s]), c]) }]
  },
}

// ---- exp over log

/** The derivative of exp(log x), which is 1 at 0 too. */
const expLogQuotient: Rule = {
  name: 'div-exp-log',
  roots: ['mul', 'div'],
  when: 'refines',
  law: 'exp(log x) / x → where(x ≥ 0, 1, NaN)',
  apply: (node, context) => {
    if (!isFloat(node.dtype) || !holdsQuotient(node)) return null
    const factors = factorsOf(node, context, 'scaling').filter((f) => f.way === 'plain')
    for (const { atom, path } of factors) {
      if (atom.op !== 'exp' || operand(atom).op !== 'log') continue
      const v = operand(operand(atom))
      const below = factors.find((f) => f.inverse && f.atom === v)
      if (below === undefined) continue
      const isThere = graph.greaterEqual([v, graph.lit(0, v.dtype)])
      return rewritten(node, [
        { path, to: graph.where([isThere, graph.lit(1, v.dtype), graph.lit(Number.NaN, v.dtype)]) },
        { path: below.path, to: null },
      ])
    }
    return null
  },
  examples: () => {
    const v = x('x', 2, 3)
    const e = graph.exp([graph.log([v])])
    return [{ node: graph.div([e, v]) }, { node: graph.mul([graph.mul([x('t', 3), e]), graph.div([num(1), v])]) }]
  },
}

export const exponentialRules: readonly Rule[] = [logExponentials, log1pExponentials]
/** Tried once factors have cancelled. */
export const exponentialFactorRules: readonly Rule[] = [divAddExp, expm1Sigmoid, sinhCosh, expLogQuotient]
