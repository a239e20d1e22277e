/**
 * The cost that every rule lowers, so that rewriting ends. In: a node, and a value for each leaf. Out: a pair of numbers,
 * compared work first, then order; and such a pair for the indices, which counts where the rest is equal.
 *
 * `work` counts scalar work as if nothing were shared: for each application a weight for each element it walks, plus the
 * work of its operands. `order` ranks forms of equal work: signs stand outside of products, literals on their side of a
 * commutative op. Both are monotone in every operand (a rule of equal work never makes a literal, so what a literal's side
 * adds to `order` stays), and a rule lowers the pair whatever the leaves weigh; so a replacement lowers the cost of every
 * expression around it, and no endless sequence of rewritings exists: a lexicographic combination of two monotone
 * interpretations (Baader and Nipkow, Term rewriting and all that, 1998, section 5.3).
 *
 * The integers that say which rows to take are one tensor, however many ops take rows by it, so a rule that takes rows of
 * both operands in place of rows of their sum must not pay for them twice. They have a cost of their own, compared last; the
 * indices' indices again. No rule puts rows taken among the indices of another op, so there are no more such costs than
 * gathers stand within gathers at the start, and the order of these lists has no endless descent either.
 */
import { sizeOf } from '../../src/core/shape.ts'
import { condParts } from '../../src/expr/cond.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { type AnyOpDef, opDef } from '../../src/ops/registry.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { literalSide } from './rule.ts'

export interface Cost {
  readonly work: number
  readonly order: number
  /** The cost of what rows are taken by, all together; null where nothing is taken. */
  readonly indices: Cost | null
}

export const isLower = (a: Cost, b: Cost): boolean => {
  if (a.work !== b.work) return a.work < b.work
  if (a.order !== b.order) return a.order < b.order
  return b.indices !== null && (a.indices === null || isLower(a.indices, b.indices))
}

const together = (a: Cost | null, b: Cost | null): Cost | null =>
  a === null || b === null
    ? (a ?? b)
    : { work: a.work + b.work, order: a.order + b.order, indices: together(a.indices, b.indices) }

/** Work for each element: what differs from the weight of the op's kind. */
const weights: Partial<Readonly<Record<OpName, number>>> = {
  neg: 3,
  abs: 3,
  square: 3,
  cast: 3,
  logicalNot: 3,
  div: 10,
  sqrt: 8,
  rsqrt: 5,
  rsqrtOrZero: 5,
  exp: 16,
  exp2: 16,
  expm1: 16,
  log: 16,
  log2: 16,
  log1p: 16,
  sin: 18,
  cos: 18,
  tan: 18,
  asin: 18,
  acos: 18,
  atan: 18,
  sinh: 20,
  cosh: 20,
  tanh: 20,
  asinh: 20,
  acosh: 20,
  atanh: 20,
  erf: 20,
  erfc: 20,
  sigmoid: 20,
  softplus: 20,
  logSigmoid: 20,
  logAddExp: 24,
  logSubExp: 24,
  hypot: 11,
  atan2: 24,
  sigmoidCrossEntropy: 24,
  pow: 40,
  threefry: 60,
  reshape: 1,
  broadcastTo: 2,
  transpose: 3,
  slice: 2,
  reverse: 3,
  logSumExp: 16,
  softmax: 20,
  logSoftmax: 18,
  crossEntropy: 16,
  softCrossEntropy: 20,
  dotGeneral: 7,
}
const weightOf = (op: OpName): number => weights[op] ?? 4

/** Which operand holds the integers that say which rows, or which class. */
const indexOperand: Partial<Readonly<Record<OpName, number>>> = { gather: 1, crossEntropy: 1, oneHot: 0 }

/** The elements that an application walks: those of its result, of what it reduces, of all its products. */
const walked = (n: Node, kind: AnyOpDef['kind']): number => {
  if (kind === 'contraction') {
    const { contract } = paramsOf(n, 'dotGeneral')
    return sizeOf(n.shape) * contract[0].reduce((k, a) => k * ((n.ins[0] as Node).shape[a] as number), 1)
  }
  return Math.max(sizeOf(n.shape), kind === 'reduction' || kind === 'composite' ? sizeOf((n.ins[0] as Node).shape) : 0)
}

const workOf = (n: Node, ins: readonly Cost[]): number => {
  const operands = ins.reduce((sum, c) => sum + c.work, 0)
  const { kind } = opDef(n.op)
  // small powers use their operand more than once
  const weight = weightOf(n.op) + (n.op === 'reverse' ? paramsOf(n, 'reverse').axes.length : 0)
  return weight * (1 + walked(n, kind)) + operands + (n.op === 'pow' ? 3 * (ins[0] as Cost).work : 0)
}

const orderOf = (n: Node, ins: readonly Cost[]): number => {
  if (n.op === 'neg') return 1 + (ins[0] as Cost).order
  const side = literalSide(n.op)
  const misplaced = side !== null && n.ins[1 - side]?.op === 'full' ? 1 : 0
  return 2 + 2 * ins.reduce((sum, c) => sum + c.order, 0) + misplaced
}

/** All branches of a choice, over operands of these costs. */
const choiceOf = (n: Node, [predicate, ...ins]: readonly Cost[]): Cost => {
  const { params, branches } = condParts(n)
  const inside = new Map(params.map((p, i) => [p, ins[i] as Cost]))
  const results = branches.flat().map((r) => costWith(r, inside, () => 4))
  const all = [predicate as Cost, ...ins, ...results]
  return {
    work: 4 + all.reduce((sum, c) => sum + c.work, 0),
    order: orderOf(n, all),
    indices: all.reduce<Cost | null>((within, c) => together(within, c.indices), null),
  }
}

/** The cost of a node whose inputs, params and states cost what `leaf` says (at least 4). */
export const costOf = (root: Node, leaf: (node: Node) => number): Cost => costWith(root, new Map(), leaf)

const costWith = (root: Node, given: ReadonlyMap<Node, Cost>, leaf: (node: Node) => number): Cost => {
  const known = new Map<Node, Cost>(given)
  const stack = [root]
  while (stack.length > 0) {
    const n = stack.at(-1) as Node
    const missing = n.ins.filter((i) => !known.has(i))
    if (missing.length > 0) {
      stack.push(...missing)
      continue
    }
    stack.pop()
    const ins = n.ins.map((i) => known.get(i) as Cost)
    if (n.op === 'full') {
      const { value, shape } = paramsOf(n, 'full')
      known.set(n, { work: shape.length === 0 ? 1 : 2, order: value < 0 ? 2 : 1, indices: null })
    } else if (opDef(n.op).kind === 'leaf') known.set(n, { work: leaf(n), order: leaf(n), indices: null })
    else if (n.op === 'cond') known.set(n, choiceOf(n, ins))
    else {
      const at = indexOperand[n.op] ?? ins.length
      const computed = ins.toSpliced(at, 1)
      const within = computed.reduce<Cost | null>((all, c) => together(all, c.indices), ins[at] ?? null)
      known.set(n, { work: workOf(n, computed), order: orderOf(n, computed), indices: within })
    }
  }
  return known.get(root) as Cost
}
