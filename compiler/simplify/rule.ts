/**
 * What a rewriting rule is. In: nothing. Out: Rule, the Context it may ask, and small ways to read and build nodes.
 * Invariant: a rule is a value without state; its replacement has the node's own shape and dtype and a lower cost (cost.ts).
 */
import { equalShapes, type Shape } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph, paramsOf } from '../../src/expr/node.ts'
import type { Label, OpName } from '../../src/ops/signature.ts'
import type { Facts } from './facts.ts'

/** What a rule may know beside the node itself. */
export interface Context {
  readonly facts: Facts
  /** Whether at most one node, or one root, needs this one: rewriting it away then saves its work. */
  readonly once: (node: Node) => boolean
  readonly fastMath: boolean
}

/** A left side for the proof tests, and the ranges from which they draw its inputs by name ([−3, 3] when left out). */
export interface Example {
  readonly node: Node
  readonly domain?: Readonly<Record<string, readonly [lo: number, hi: number]>>
  /** Only as written: the rule does not fire on the same program in f32. */
  readonly only?: 'f64'
}

export interface Rule {
  /** `op-law`: `mul-one`, `reshape-reshape`. */
  readonly name: string
  readonly roots: readonly OpName[]
  readonly when: Label
  /** The law as mathematics writes it. */
  readonly law: string
  /** It only puts numbers, axes and operands where they are written: on paper nobody does it, so a derivation is silent on it. */
  readonly bookkeeping?: true
  readonly apply: (node: Node, context: Context) => Node | null
  readonly examples: () => readonly Example[]
}

/** The two operands of a node that has two. */
export const pair = (node: Node): readonly [Node, Node] => node.ins as readonly [Node, Node]

/** The operands of a node with two, the second first. */
export const swapped = (node: Node): readonly [Node, Node] => {
  const [first, second] = pair(node)
  return [second, first]
}

/** The operands of a node with two, in both orders. */
export const bothWays = (node: Node): readonly (readonly [Node, Node])[] => [pair(node), swapped(node)]

/** The first operand. */
export const operand = (node: Node): Node => node.ins[0] as Node

/** The value of a `full` of any shape; null for other nodes. */
export const valueOf = (node: Node): number | null => (node.op === 'full' ? paramsOf(node, 'full').value : null)

/** The node repeated to a shape, or itself where it has that shape. */
export const conform = (node: Node, shape: Shape): Node =>
  equalShapes(node.shape, shape) ? node : graph.broadcastTo([node], { shape })

/** The node under another shape of as many elements, or itself. */
export const reshaped = (node: Node, shape: Shape): Node =>
  equalShapes(node.shape, shape) ? node : graph.reshape([node], { shape })

export const negated = (node: Node): Node => (node.op === 'neg' ? operand(node) : graph.neg([node]))

/** Ops whose operands may change places, bit for bit (the payload of a NaN aside). */
const commutative: ReadonlySet<OpName> = new Set<OpName>([
  'add',
  'mul',
  'maximum',
  'minimum',
  'hypot',
  'logAddExp',
  'equal',
  'notEqual',
  'logicalAnd',
  'logicalOr',
  'logicalXor',
  'bitXor',
])
export const isCommutative = (op: OpName): boolean => commutative.has(op)

const ordering: ReadonlySet<OpName> = new Set<OpName>(['greater', 'greaterEqual', 'less', 'lessEqual'])

/** Where a literal operand of an op of two stands: `2 · x`, `1 + x`, but `max(x, 0)`; null where it has no side. */
export const literalSide = (op: OpName): 0 | 1 | null => {
  if (op === 'add' || op === 'mul') return 0
  return commutative.has(op) || ordering.has(op) ? 1 : null
}

/** A rule of one op that changes no element. */
export const exact = (
  name: string,
  root: OpName,
  law: string,
  apply: (node: Node) => Node | null,
  examples: () => readonly Node[],
): Rule => ({ name, roots: [root], when: 'always', law, apply, examples: () => examples().map((node) => ({ node })) })

// ---- inputs for examples

/** An f64 input for an example. */
export const x = (name: string, ...shape: readonly number[]): Node => graph.input([], { name, dtype: 'f64', shape })
export const num = (value: number): Node => graph.lit(value, 'f64')
export const bools = (name: string, ...shape: readonly number[]): Node =>
  graph.input([], { name, dtype: 'bool', shape })
export const ints = (name: string, ...shape: readonly number[]): Node => graph.input([], { name, dtype: 'i32', shape })
