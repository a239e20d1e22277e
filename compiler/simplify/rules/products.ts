/**
 * Products as lists of factors. In: a mul or div. Out: the same product with literals merged, factors cancelled, or a
 * quotient of exponentials made stable. Invariant: factors are changed in place; the association of all others stays, so
 * their roundings do too.
 */
import { isFloat } from '../../../src/core/dtype.ts'
import { roundTo } from '../../../src/core/numeric.ts'
import { equalShapes, type Shape, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make, paramsOf } from '../../../src/expr/node.ts'
import { keptShape } from '../../../src/ops/reduction.ts'
import { type Context, conform, negated, num, operand, pair, reshaped, type Rule, valueOf, x } from '../rule.ts'

interface Factor {
  readonly atom: Node
  /** Whether it divides. */
  readonly inverse: boolean
  /** Which operand to take, from the root down. */
  readonly path: readonly number[]
  /** Plain: only products, quotients and signs above; linear: a movement, sum or contraction too. */
  readonly way: 'plain' | 'reshaped' | 'linear'
  /** The shape in which the root sees the atom, where one reshape stands above it. */
  readonly seen: Shape
}

/** What stands above a factor: scalar products alone, movements too, or everything linear. */
type Reach = 'scaling' | 'linear'

const scaling = new Set<string>(['mul', 'div', 'neg', 'reshape'])
const linear = new Set<string>([
  ...scaling,
  'broadcastTo',
  'transpose',
  'slice',
  'reverse',
  'sum',
  'mean',
  'dotGeneral',
])
const opened = { scaling, linear } as const
const depthLimit = 8
const sizeLimit = 24

const wayThrough = (f: Factor, n: Node): Pick<Factor, 'way' | 'seen'> => {
  if (n.op === 'mul' || n.op === 'div' || n.op === 'neg') return f
  return n.op === 'reshape' && f.way === 'plain' ? { way: 'reshaped', seen: n.shape } : { way: 'linear', seen: [] }
}

/** The factors of a product, nearest first; a product that is used elsewhere too counts as one factor. */
const factorsOf = (root: Node, { once }: Pick<Context, 'once'>, reach: Reach): readonly Factor[] => {
  const found: Factor[] = []
  const queue: Factor[] = [{ atom: root, inverse: false, path: [], way: 'plain', seen: [] }]
  for (let at = 0; at < queue.length; at++) {
    const f = queue[at] as Factor
    const n = f.atom
    const enters = opened[reach].has(n.op) && isFloat(n.dtype) && (n === root || once(n))
    if (!enters || f.path.length >= depthLimit || queue.length > sizeLimit) {
      found.push(f)
      continue
    }
    for (const [i, atom] of n.ins.entries())
      queue.push({
        ...f,
        ...wayThrough(f, n),
        atom,
        path: [...f.path, i],
        inverse: f.inverse !== (n.op === 'div' && i === 1),
      })
  }
  return found
}

interface Edit {
  readonly path: readonly number[]
  /** null takes the factor away. */
  readonly to: Node | null
  /** `to` multiplies where the factor divided. */
  readonly turned?: boolean
}

/** The product with factors exchanged or taken away; null where nothing is left. */
const edited = (n: Node, edits: readonly Edit[]): Node | null => {
  if (edits.length === 0) return n
  const here = edits.find((e) => e.path.length === 0)
  if (here !== undefined) return here.to
  const ins = n.ins.map((child, i) =>
    edited(
      child,
      edits.flatMap((e) => (e.path[0] === i ? [{ ...e, path: e.path.slice(1) }] : [])),
    ),
  )
  const [a = null, b = null] = ins
  if (n.op === 'mul') return a === null ? b : b === null ? a : graph.mul([a, b])
  if (n.op === 'div') {
    if (b === null) return a
    const turned = edits.some((e) => e.turned === true && e.path.length === 1 && e.path[0] === 1)
    if (turned) return a === null || valueOf(a) === 1 ? b : graph.mul([a, b])
    return graph.div([a ?? graph.lit(1, n.dtype), b])
  }
  return make(
    n.op,
    ins.map((i, k) =>
      conform(i ?? graph.lit(1, n.dtype), n.op === 'neg' && i !== null ? i.shape : (n.ins[k] as Node).shape),
    ),
    n.params,
  )
}

const rewritten = (root: Node, edits: readonly Edit[]): Node =>
  conform(edited(root, edits) ?? graph.lit(1, root.dtype), root.shape)

// ---- literals

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
    const [first] = literals
    if (first === undefined || literals.length < 2) return null
    const keep = literals.find((f) => !f.inverse) ?? first
    const value = literals.reduce((product, f) => {
      const c = roundTo[dtype](valueOf(f.atom) as number)
      return f.inverse === keep.inverse ? product * c : product / c
    }, 1)
    const rounded = roundTo[dtype](value)
    if (!isNormal(rounded, dtype)) return null
    return rewritten(
      node,
      literals.map((f) => ({ path: f.path, to: f === keep && rounded !== 1 ? graph.lit(rounded, dtype) : null })),
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
const shared: Pick<Context, 'once'> = { once: () => true }

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

const holdsQuotient = (n: Node): boolean =>
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
    for (const [y, terms] of [pair(node), pair(node).toReversed() as unknown as readonly [Node, Node]]) {
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

export const productRules: readonly Rule[] = [
  absQuotient,
  normQuotient,
  rootQuotient,
  sigmoidQuotient,
  sigmoidTimesExp,
  softmaxQuotient,
  distributePositive,
  cancelPositive,
  mergeLiterals,
]
