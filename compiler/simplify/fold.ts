/**
 * Constant folding. In: nodes over `full` operands. Out: one `full`.
 * Invariant: an elementwise op is folded by its own `lower` on the number machine, so the folded bits are those that every
 * target would have computed.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { numericMachine, roundTo } from '../../src/core/numeric.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph, paramsOf } from '../../src/expr/node.ts'
import { elementwiseDef, opDef, opNames } from '../../src/ops/registry.ts'
import { ints, num, operand, type Rule, valueOf, x } from './rule.ts'

const machine = numericMachine()

/** `copy` is a place in memory, not a value to be computed. */
export const elementwiseOps = opNames.filter((op) => opDef(op).kind === 'elementwise' && op !== 'copy')

const filled = (like: Node, value: number): Node =>
  like.shape.length === 0
    ? graph.lit(value, like.dtype)
    : graph.full([], { dtype: like.dtype, shape: like.shape, value })

const foldElementwise: Rule = {
  name: 'fold-elementwise',
  roots: elementwiseOps,
  when: 'always',
  law: 'f(c₁, c₂) → its value',
  apply: (node) => {
    const values = node.ins.map(valueOf)
    if (!values.every((v) => v !== null)) return null
    const ins = values.map((value, i) => machine.lit(value, (node.ins[i] as Node).dtype))
    return filled(node, elementwiseDef(node.op).lower(machine, ins, node.params).value)
  },
  examples: () => [
    { node: graph.add([num(0.1), num(0.2)]) },
    { node: graph.exp([graph.lit(0.3, 'f32')]) },
    { node: graph.mul([graph.full([], { dtype: 'f32', shape: [3, 1], value: 0.1 }), graph.lit(3, 'f32')]) },
    { node: graph.where([graph.lit(0, 'bool'), num(1), num(Number.NaN)]) },
    { node: graph.pow([num(2), num(-0.5)]) },
    { node: graph.cast([num(2.7)], { dtype: 'i32' }) },
  ],
}

const foldConstant: Rule = {
  name: 'constant-uniform',
  roots: ['constant'],
  when: 'always',
  law: 'elements all equal → one value',
  apply: (node) => {
    const { data } = paramsOf(node, 'constant')
    const [first] = data
    if (first === undefined || !data.every((v) => Object.is(v, first))) return null
    return filled(node, first)
  },
  examples: () => [
    { node: graph.constant([], { dtype: 'f64', shape: [2, 2], data: Float64Array.of(3, 3, 3, 3) }) },
    { node: graph.constant([], { dtype: 'f32', shape: [], data: Float32Array.of(-0) }) },
  ],
}

/** What is made of one value alone, in another shape, is that value. */
const ofOneValue = (node: Node): Node | null => {
  const value = valueOf(operand(node))
  return value === null ? null : filled(node, value)
}

const movements = ['reshape', 'broadcastTo', 'transpose', 'slice', 'reverse', 'gather'] as const

const foldMovement: Rule = {
  name: 'fold-movement',
  roots: movements,
  when: 'always',
  law: 'a moved constant → the constant',
  apply: ofOneValue,
  examples: () => {
    const c = graph.full([], { dtype: 'f64', shape: [2, 3], value: 5 })
    return [
      { node: graph.reshape([c], { shape: [3, 2] }) },
      { node: graph.broadcastTo([num(2)], { shape: [4] }) },
      { node: graph.transpose([c], { perm: [1, 0] }) },
      { node: graph.slice([c], { start: [0, 1], limit: [2, 3], step: [1, 1] }) },
      { node: graph.reverse([c], { axes: [0] }) },
      { node: graph.gather([c, ints('i', 3)], { axis: 1, batch: 0 }) },
    ]
  },
}

const foldAssembly: Rule = {
  name: 'fold-assembly',
  roots: ['pad', 'concat'],
  when: 'always',
  law: 'equal constants put together → the constant',
  apply: (node) => {
    const value = node.op === 'pad' ? paramsOf(node, 'pad').value : valueOf(operand(node))
    return value !== null && node.ins.every((i) => i.op === 'full' && Object.is(valueOf(i), value))
      ? filled(node, value)
      : null
  },
  examples: () => {
    const c = (n: number): Node => graph.full([], { dtype: 'f64', shape: [n], value: 0 })
    return [
      { node: graph.pad([c(2)], { low: [1], high: [0], interior: [0], value: 0 }) },
      { node: graph.concat([c(2), c(3)], { axis: 0 }) },
    ]
  },
}

const foldExtreme: Rule = {
  name: 'fold-extreme',
  roots: ['max', 'min'],
  when: 'always',
  law: 'max c → c',
  apply: ofOneValue,
  examples: () => {
    const c = graph.full([], { dtype: 'f64', shape: [2, 3], value: 5 })
    return [
      { node: graph.max([c], { axes: [1], keepDims: false }) },
      { node: graph.min([c], { axes: [0], keepDims: true }) },
    ]
  },
}

const foldSum: Rule = {
  name: 'fold-sum',
  roots: ['sum', 'mean'],
  when: 'refines',
  law: 'Σ c → n · c; mean c → c',
  apply: (node) => {
    const c = operand(node)
    const value = valueOf(c)
    if (value === null || sizeOf(c.shape) === 0) return null
    if (node.op === 'mean') return filled(node, value)
    const count = sizeOf(c.shape) / Math.max(1, sizeOf(node.shape))
    const one = roundTo[c.dtype](value)
    const total = isFloat(c.dtype) ? roundTo[c.dtype](one * count) : Math.imul(one, count)
    return sizeOf(node.shape) === 0 ? null : filled(node, total)
  },
  examples: () => {
    const c = graph.full([], { dtype: 'f64', shape: [2, 3], value: 0.1 })
    const axes = { axes: [1], keepDims: false }
    return [{ node: graph.sum([c], axes) }, { node: graph.mean([c], { axes: [0], keepDims: true }) }]
  },
}

const foldNothing: Rule = {
  name: 'sum-nothing',
  roots: ['sum', 'prod'],
  when: 'always',
  law: 'Σ over nothing → 0; Π over nothing → 1',
  apply: (node) => (sizeOf(operand(node).shape) === 0 ? filled(node, node.op === 'sum' ? 0 : 1) : null),
  examples: () => [
    { node: graph.sum([x('x', 0, 2)], { axes: [0], keepDims: false }) },
    { node: graph.prod([x('x', 2, 0)], { axes: [1], keepDims: true }) },
  ],
}

export const foldRules: readonly Rule[] = [
  foldElementwise,
  foldConstant,
  foldMovement,
  foldAssembly,
  foldExtreme,
  foldSum,
  foldNothing,
]
