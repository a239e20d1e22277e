/**
 * Signs and like terms. In: sums, differences, and the products that are their terms. Out: fewer signs, literals and terms.
 * Invariant: a sum keeps its association; a rule that would compute a shared value twice asks `once` first.
 */
import { isFloat } from '../../../src/core/dtype.ts'
import { roundTo } from '../../../src/core/numeric.ts'
import { sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make } from '../../../src/expr/node.ts'
import { conform, type Context, negated, num, operand, pair, type Rule, valueOf, x } from '../rule.ts'

// ---- signs

const flipDepth = 8

/** −n at no more work: a sign taken away, a literal or a difference turned round; null where there is none. */
const flipped = (n: Node, { once }: Context, depth = flipDepth): Node | null => {
  if (!isFloat(n.dtype)) return null
  if (n.op === 'neg') return operand(n)
  const value = valueOf(n)
  if (value !== null && n.shape.length === 0) return graph.lit(-value, n.dtype)
  if (depth === 0 || !once(n)) return null
  switch (n.op) {
    case 'sub':
      return graph.sub([n.ins[1] as Node, operand(n)])
    case 'mul':
    case 'div':
      for (const [i, child] of n.ins.entries()) {
        const f = flipped(child, { once } as Context, depth - 1)
        if (f !== null) return make(n.op, n.ins.toSpliced(i, 1, f))
      }
      return null
    case 'reshape':
    case 'transpose':
    case 'slice':
    case 'reverse':
    case 'broadcastTo':
    case 'sum':
    case 'mean': {
      const f = flipped(operand(n), { once } as Context, depth - 1)
      return f === null ? null : make(n.op, [f], n.params)
    }
    default:
      return null
  }
}

const negFlip: Rule = {
  name: 'neg-flip',
  roots: ['neg'],
  when: 'zeroSign',
  law: '−(c · x) → (−c) · x; −((x − y) · z) → (y − x) · z',
  apply: (node, context) => flipped(operand(node), context),
  examples: () => [
    { node: graph.neg([graph.mul([num(2), x('x', 3)])]) },
    { node: graph.neg([graph.div([graph.mul([graph.sub([x('x', 3), x('y', 3)]), x('z', 2, 3)]), x('w', 3)])]) },
    { node: graph.neg([graph.sum([graph.neg([x('x', 3)])], { axes: [0], keepDims: false })]) },
  ],
}

/** −(c·x) with c·x in use elsewhere: still one product instead of a sign. */
const mulNegLiteral: Rule = {
  name: 'mul-neg-literal',
  roots: ['mul', 'div'],
  when: 'always',
  law: 'c · (−x) → (−c) · x; (−x) / c → x / (−c); c / (−x) → (−c) / x',
  apply: (node) => {
    const [a, b] = pair(node)
    const minus = (c: Node): Node => graph.lit(-(valueOf(c) as number), c.dtype)
    if (valueOf(a) !== null && b.op === 'neg') return make(node.op, [minus(a), operand(b)])
    if (valueOf(b) !== null && a.op === 'neg') return make(node.op, [operand(a), minus(b)])
    return null
  },
  examples: () => [
    { node: graph.mul([num(3), graph.neg([x('x', 3)])]) },
    { node: graph.div([graph.neg([x('x', 3)]), num(3)]) },
    { node: graph.div([num(3), graph.neg([x('x', 3)])]) },
  ],
}

const negOutward: Rule = {
  name: 'neg-outward',
  roots: ['mul', 'div', 'reshape', 'transpose', 'slice', 'reverse'],
  when: 'always',
  law: '(−x) · y → −(x · y); x / (−y) → −(x / y); (−x)ᵀ → −(xᵀ)',
  apply: (node, { once }) => {
    const i = node.ins.findIndex((n) => n.op === 'neg' && once(n) && sizeOf(n.shape) >= sizeOf(node.shape))
    if (i < 0) return null
    return graph.neg([make(node.op, node.ins.toSpliced(i, 1, operand(node.ins[i] as Node)), node.params)])
  },
  examples: () => [
    { node: graph.mul([x('y', 3), graph.neg([x('x', 2, 3)])]) },
    { node: graph.mul([graph.neg([x('x', 2, 3)]), x('y', 3)]) },
    { node: graph.div([x('x', 3), graph.neg([x('y', 3)])]) },
    { node: graph.transpose([graph.neg([x('x', 2, 3)])], { perm: [1, 0] }) },
  ],
}

/** −n for a product with a sign or a negative literal among its factors, none of them shared; else null. */
const withoutSign = (n: Node, once: Context['once'], depth = flipDepth): Node | null => {
  const value = valueOf(n)
  if (value !== null) return value < 0 && depth < flipDepth ? graph.lit(-value, n.dtype) : null
  if (!once(n) || depth === 0) return null
  if (n.op === 'neg') return operand(n)
  if (n.op !== 'mul' && n.op !== 'div') return null
  for (const [i, child] of n.ins.entries()) {
    const f = withoutSign(child, once, depth - 1)
    if (f !== null) return make(n.op, n.ins.toSpliced(i, 1, f))
  }
  return null
}

/** A negative literal factor beside a difference or in a term of a sum. */
const negativeLiteral: Rule = {
  name: 'negative-literal',
  roots: ['mul', 'add', 'sub'],
  when: 'zeroSign',
  law: '(−c) · (x − y) → c · (y − x); x + (−c) · y → x − c · y; x − (−c) · y → x + c · y; −c + x → x − c',
  apply: (node, { once }) => {
    if (!isFloat(node.dtype)) return null
    const [a, b] = pair(node)
    const minus = (c: Node): Node => graph.lit(-(valueOf(c) as number), c.dtype)
    const isNegative = (n: Node): boolean => (valueOf(n) ?? 0) < 0
    const positive = (n: Node): Node | null => withoutSign(n, once)
    if (node.op === 'mul')
      return isNegative(a) && b.op === 'sub' && once(b)
        ? graph.mul([minus(a), graph.sub([b.ins[1] as Node, operand(b)])])
        : null
    if (node.op === 'add' && isNegative(a)) return graph.sub([b, minus(a)])
    if (node.op === 'sub' && isNegative(b)) return graph.add([minus(b), a])
    const q = positive(b)
    if (q !== null) return node.op === 'add' ? graph.sub([a, q]) : graph.add([a, q])
    const p = node.op === 'add' ? positive(a) : null
    return p === null ? null : graph.sub([b, p])
  },
  examples: () => [
    { node: graph.mul([num(-2), graph.sub([x('x', 3), x('y', 3)])]) },
    { node: graph.add([x('x', 3), graph.mul([num(-2), x('y', 3)])]) },
    { node: graph.add([graph.mul([num(-2), x('y', 3)]), x('x', 3)]) },
    { node: graph.sub([x('x', 3), graph.mul([num(-2), x('y', 3)])]) },
    { node: graph.add([num(-1), x('x', 3)]) },
    { node: graph.sub([x('x', 3), num(-1)]) },
  ],
}

/** −x − y: the sign goes outside, where a sum or a factor may take it up. */
const subNegLeft: Rule = {
  name: 'sub-neg-left',
  roots: ['sub'],
  when: 'zeroSign',
  law: '(−x) − y → −(x + y)',
  apply: (node, { once }) => {
    const [a, b] = pair(node)
    const isOuter = a.op === 'neg' && once(a) && sizeOf(a.shape) >= sizeOf(node.shape)
    return isOuter && isFloat(node.dtype) ? graph.neg([graph.add([operand(a), b])]) : null
  },
  examples: () => [{ node: graph.sub([graph.neg([x('x', 3)]), x('y', 3)]) }],
}

// ---- like terms

interface Term {
  readonly c: number
  readonly core: Node
}

const termOf = (n: Node): Term => {
  if (n.op === 'neg') return { c: -1, core: operand(n) }
  const c = n.op === 'mul' ? valueOf(operand(n)) : null
  return c === null ? { c: 1, core: n } : { c, core: n.ins[1] as Node }
}

const scaledBy = (c: number, core: Node): Node =>
  c === 1 ? core : c === -1 ? negated(core) : graph.mul([graph.lit(c, core.dtype), core])

const likeTerms: Rule = {
  name: 'like-terms',
  roots: ['add', 'sub'],
  when: 'refines',
  law: 'a · x + b · x → (a + b) · x',
  apply: (node) => {
    const { dtype } = node
    if (!isFloat(dtype)) return null
    const [p, q] = [termOf(node.ins[0] as Node), termOf(node.ins[1] as Node)]
    if (p.core !== q.core || p.core.op === 'full') return null
    const round = roundTo[dtype]
    const c = round(round(p.c) + (node.op === 'add' ? 1 : -1) * round(q.c))
    return c === 0 || !Number.isFinite(c) ? null : conform(scaledBy(c, p.core), node.shape)
  },
  examples: () => {
    const v = x('x', 2, 3)
    return [
      { node: graph.add([v, graph.mul([num(2), v])]) },
      { node: graph.sub([graph.mul([num(3), v]), graph.mul([num(0.5), v])]) },
      { node: graph.sub([graph.mul([num(2), v]), v]) },
    ]
  },
}

const commonLiteral: Rule = {
  name: 'common-literal',
  roots: ['add', 'sub'],
  when: 'refines',
  law: 'c · x ± c · y → c · (x ± y); x / c ± y / c → (x ± y) / c',
  apply: (node, { once }) => {
    const [a, b] = pair(node)
    if (!isFloat(node.dtype) || a.op !== b.op || !once(a) || !once(b)) return null
    const at = a.op === 'mul' ? 0 : a.op === 'div' ? 1 : null
    if (at === null) return null
    const [c, d] = [valueOf(a.ins[at] as Node), valueOf(b.ins[at] as Node)]
    if (c === null || d === null || Math.abs(c) !== Math.abs(d) || c === 0 || !Number.isFinite(c)) return null
    const same = (c === d) === (node.op === 'add')
    const [p, q] = [a.ins[1 - at] as Node, b.ins[1 - at] as Node]
    const inner = same ? graph.add([p, q]) : graph.sub([p, q])
    return a.op === 'mul' ? graph.mul([operand(a), inner]) : graph.div([inner, a.ins[1] as Node])
  },
  examples: () => [
    { node: graph.sub([graph.mul([num(0.1), x('x', 2, 3)]), graph.mul([num(0.1), x('y', 3)])]) },
    { node: graph.add([graph.mul([num(0.1), x('x', 2, 3)]), graph.mul([num(-0.1), x('y', 3)])]) },
    { node: graph.add([graph.div([x('x', 3), num(3)]), graph.div([x('y', 3), num(3)])]) },
  ],
}

const commonDivisor: Rule = {
  name: 'common-divisor',
  roots: ['add', 'sub'],
  when: 'refines',
  law: 'x / z ± y / z → (x ± y) / z',
  apply: (node, { once }) => {
    const [a, b] = pair(node)
    if (a.op !== 'div' || b.op !== 'div' || a.ins[1] !== b.ins[1] || !once(a) || !once(b)) return null
    const ins = [operand(a), operand(b)] as const
    return conform(graph.div([node.op === 'add' ? graph.add(ins) : graph.sub(ins), a.ins[1] as Node]), node.shape)
  },
  examples: () => [{ node: graph.sub([graph.div([x('x', 2, 3), x('z', 3)]), graph.div([x('y', 3), x('z', 3)])]) }],
}

// ---- fast mathematics

const commonFactor: Rule = {
  name: 'common-factor',
  roots: ['add', 'sub'],
  when: 'reassociates',
  law: 'x · z ± y · z → (x ± y) · z',
  apply: (node, { once }) => {
    const [a, b] = pair(node)
    if (a.op !== 'mul' || b.op !== 'mul' || !once(a) || !once(b)) return null
    for (const i of [0, 1] as const)
      for (const j of [0, 1] as const)
        if (a.ins[i] === b.ins[j]) {
          const rest = [a.ins[1 - i] as Node, b.ins[1 - j] as Node] as const
          return conform(
            graph.mul([a.ins[i] as Node, node.op === 'add' ? graph.add(rest) : graph.sub(rest)]),
            node.shape,
          )
        }
    return null
  },
  examples: () => [{ node: graph.add([graph.mul([x('x', 3), x('z', 3)]), graph.mul([x('z', 3), x('y', 3)])]) }],
}

const addCancel: Rule = {
  name: 'add-cancel',
  roots: ['add', 'sub'],
  when: 'reassociates',
  law: '(x − y) + y → x; (x + y) − y → x',
  apply: (node) => {
    const [a, b] = pair(node)
    if (node.op === 'add') {
      if (a.op === 'sub' && a.ins[1] === b) return conform(operand(a), node.shape)
      return b.op === 'sub' && b.ins[1] === a ? conform(operand(b), node.shape) : null
    }
    const i = a.op === 'add' ? a.ins.indexOf(b) : -1
    return i < 0 ? null : conform(a.ins[1 - i] as Node, node.shape)
  },
  examples: () => [
    { node: graph.add([graph.sub([x('x', 3), x('y', 3)]), x('y', 3)]) },
    { node: graph.sub([graph.add([x('x', 3), x('y', 3)]), x('y', 3)]) },
  ],
}

const sumLiterals: Rule = {
  name: 'sum-literals',
  roots: ['add', 'sub'],
  when: 'reassociates',
  law: 'c₁ + (c₂ + x) → (c₁ + c₂) + x',
  apply: (node) => {
    const [a, b] = pair(node)
    const c = valueOf(a)
    const d = b.op === 'add' ? valueOf(operand(b)) : null
    if (node.op !== 'add' || c === null || d === null || !isFloat(node.dtype)) return null
    return graph.add([graph.lit(roundTo[node.dtype](c + d), node.dtype), b.ins[1] as Node])
  },
  examples: () => [{ node: graph.add([num(0.1), graph.add([num(0.2), x('x', 3)])]) }],
}

export const sumRules: readonly Rule[] = [
  mulNegLiteral,
  negFlip,
  negOutward,
  subNegLeft,
  negativeLiteral,
  likeTerms,
  commonLiteral,
  commonDivisor,
  commonFactor,
  addCancel,
  sumLiterals,
]
