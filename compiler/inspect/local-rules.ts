/**
 * The rules of differentiation by name. In: a variable's formula and one of the variables in it. Out: the rules by which an error
 * goes back from the one to the other, as a lecturer would say them.
 * Invariant: what is said of an op is said in one place; an op without a saying of its own is named.
 */
import type { Node } from '../../src/expr/expr.ts'
import { sizeOf } from '../../src/core/shape.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { topological } from '../program/walk.ts'
import { isSame } from './behind.ts'

export interface LocalRule {
  readonly said: string
  /** The node whose slope, by its operand at this place, belongs behind the words. */
  readonly slope?: { readonly node: Node; readonly by: number }
  /** Needs no word where another rule has one. */
  readonly plain?: true
}

const functions: Partial<Record<OpName, string>> = {
  sigmoid: 'the logistic function',
  logSigmoid: 'the logarithm of the logistic function',
  exp: 'the exponential function',
  log: 'the logarithm',
  cube: 'power rule',
  sqrt: 'the root',
  abs: 'the absolute value',
  pow: 'power rule',
  square: 'power rule',
}

const sentences: Partial<Record<OpName, string>> = {
  add: 'sum rule',
  sub: 'sum rule',
  neg: 'the sign stays',
  dotGeneral: 'product of matrices',
  sum: 'every term of a sum receives its error',
  crossEntropy: 'cross-entropy: the softmax less the one-hot vector of the class',
  sigmoidCrossEntropy: 'cross-entropy: the logistic function less the target',
  firstMax: 'maximum: the greatest receives the error',
  max: 'maximum: the greatest receives the error',
  where: 'choice: what was chosen receives the error',
  gather: 'lookup: the rows that were looked up receive their errors, which add up',
  concat: 'each part receives its part of the error',
  slice: 'the error goes where the part was taken',
  scan: 'loop: the error goes back from the last step to the first',
}

const moves = new Set<string>(['reshape', 'transpose', 'broadcastTo', 'result', 'cast'])

const isNumber = (n: Node): boolean => topological([n]).every((m) => m.op === 'full' || isSame(m))

const productRule = (n: Node, on: ReadonlySet<Node>): LocalRule => {
  const [x, y] = n.ins as readonly [Node, Node]
  if (on.has(x) && on.has(y)) return { said: n.op === 'mul' ? 'product rule' : 'quotient rule' }
  if (n.op === 'div' && on.has(y)) return { said: 'quotient rule' }
  const other = on.has(x) ? y : x
  return isNumber(other) ? { said: 'a factor stays', plain: true } : { said: 'product rule' }
}

const ruleOf = (n: Node, on: ReadonlySet<Node>): LocalRule | null => {
  if (moves.has(n.op)) return null
  if (n.op === 'mul' || n.op === 'div') return productRule(n, on)
  if (n.op === 'mean') {
    const from = n.ins[0] as Node
    const { axes } = paramsOf(n, 'mean')
    const count = axes.reduce((k, a) => k * (from.shape[a] as number), 1)
    return { said: `mean of ${count}: each receives 1/${count}` }
  }
  if (n.op === 'windows') return null
  if (n.op === 'dotGeneral' && n.ins[0]?.op === 'windows') return { said: 'convolution' }
  if (n.op === 'add' || n.op === 'sub' || n.op === 'neg') return { said: sentences[n.op] as string, plain: true }
  const said = functions[n.op] ?? sentences[n.op]
  const { kind } = opDef(n.op)
  const by = n.ins.findIndex((i) => on.has(i))
  const unary = n.ins.length === 1 && kind === 'elementwise' && sentences[n.op] === undefined
  return { said: said ?? n.op, ...(unary ? { slope: { node: n, by } } : {}) }
}

/** What is repeated along an axis receives the sum along it. */
const repeated = (n: Node, on: ReadonlySet<Node>): LocalRule | null => {
  const grows = n.ins.find((i) => on.has(i) && sizeOf(i.shape) > 0 && sizeOf(i.shape) < sizeOf(n.shape))
  if (grows === undefined || (opDef(n.op).kind !== 'elementwise' && n.op !== 'broadcastTo')) return null
  const times = sizeOf(n.shape) / sizeOf(grows.shape)
  return n.shape[0] === times
    ? { said: `the sum over the ${times} examples that share it` }
    : { said: `the sum over the ${times} places that share it` }
}

/** The sum of all squares. */
const isNorm = (n: Node): boolean => {
  const [x] = n.ins
  return n.op === 'sum' && n.shape.length === 0 && x?.op === 'square' && x.shape.length > 0
}

/** The rules on the way from a variable to the formula, the outermost first, each once. */
export const localRules = (formula: Node, by: Node): readonly LocalRule[] => {
  const order = topological([formula])
  const on = new Set<Node>()
  for (const n of order) if (n === by || n.ins.some((i) => on.has(i))) on.add(n)
  const way = order.filter((n) => on.has(n) && n !== by).toReversed()
  const inNorm = new Set(way.flatMap((n) => (isNorm(n) ? [n.ins[0] as Node] : [])))
  const all = way.flatMap((n): readonly LocalRule[] => {
    if (isNorm(n)) return [{ said: 'squared norm', slope: { node: n.ins[0] as Node, by: 0 } }]
    return inNorm.has(n) ? [] : [ruleOf(n, on) ?? [], repeated(n, on) ?? []].flat()
  })
  const told = all.filter((r, i) => all.findIndex((q) => q.said === r.said) === i)
  const worth = told.filter((r) => r.plain !== true)
  return worth.length > 0 ? worth : told
}
