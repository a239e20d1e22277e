/**
 * Movements: chains become one, what does nothing goes, repetition is put off. In: movement nodes. Out: fewer or smaller
 * ones. Invariant: exact; no element changes.
 */
import { equalShapes, type Shape, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make, paramsOf } from '../../../src/expr/node.ts'
import { opDef } from '../../../src/ops/registry.ts'
import { conform, exact, num, operand, reshaped, type Rule, x } from '../rule.ts'

const isIdentity = (perm: readonly number[]): boolean => perm.every((p, i) => p === i)
const withoutOnes = (shape: Shape): Shape => shape.filter((d) => d !== 1)

// ---- reshape

const reshapeReshape = exact(
  'reshape-reshape',
  'reshape',
  'reshape(reshape x) → reshape x',
  (node) => (operand(node).op === 'reshape' ? reshaped(operand(operand(node)), node.shape) : null),
  () => [graph.reshape([graph.reshape([x('x', 2, 3)], { shape: [6] })], { shape: [3, 2] })],
)

const reshapeSame = exact(
  'reshape-same',
  'reshape',
  'reshape to the own shape → x',
  (node) => (equalShapes(operand(node).shape, node.shape) ? operand(node) : null),
  () => [graph.reshape([x('x', 2, 3)], { shape: [2, 3] })],
)

/** A reshape that only adds or drops axes of extent 1 goes below a repetition. */
const reshapeBroadcast = exact(
  'reshape-broadcast',
  'reshape',
  'reshape(broadcast x) → broadcast(reshape x) where only axes of extent 1 come or go',
  (node) => {
    const b = operand(node)
    if (b.op !== 'broadcastTo' || !equalShapes(withoutOnes(b.shape), withoutOnes(node.shape))) return null
    const small = operand(b)
    if (sizeOf(small.shape) >= sizeOf(b.shape)) return null
    const lead = b.shape.length - small.shape.length
    const extents = b.shape.flatMap((d, i) => (d === 1 ? [] : [i < lead ? 1 : (small.shape[i - lead] as number)]))
    let next = 0
    const shape = node.shape.map((d) => (d === 1 ? 1 : (extents[next++] as number)))
    return conform(reshaped(small, shape), node.shape)
  },
  () => [
    graph.reshape([graph.broadcastTo([x('x', 3)], { shape: [2, 3] })], { shape: [2, 1, 3] }),
    graph.reshape([graph.broadcastTo([x('x', 2, 1)], { shape: [1, 2, 5] })], { shape: [2, 5] }),
  ],
)

/** Two reshapes around an elementwise op cancel, where that saves one. */
const reshapeElementwise: Rule = {
  name: 'reshape-elementwise',
  roots: ['reshape'],
  when: 'always',
  law: 'reshape f(reshape x, y) → f(x, reshape y)',
  apply: (node, { once }) => {
    const f = operand(node)
    if (opDef(f.op).kind !== 'elementwise' || f.op === 'copy' || !once(f)) return null
    const isLiteral = (n: Node): boolean => n.op === 'full' && n.shape.length === 0
    if (!f.ins.every((n) => isLiteral(n) || equalShapes(n.shape, f.shape))) return null
    const back = (n: Node): boolean => n.op === 'reshape' && equalShapes(operand(n).shape, node.shape)
    const cancelled = f.ins.filter(back).length
    const moved = f.ins.filter((n) => !isLiteral(n) && !back(n)).length
    if (cancelled === 0 || moved > cancelled) return null
    const ins = f.ins.map((n) => (isLiteral(n) ? n : back(n) ? operand(n) : reshaped(n, node.shape)))
    return make(f.op, ins, f.params)
  },
  examples: () => {
    const flat = graph.reshape([x('x', 2, 3)], { shape: [6] })
    return [
      { node: graph.reshape([graph.exp([flat])], { shape: [2, 3] }) },
      { node: graph.reshape([graph.mul([flat, x('y', 6)])], { shape: [2, 3] }) },
      { node: graph.reshape([graph.add([num(1), flat])], { shape: [2, 3] }) },
    ]
  },
}

// ---- broadcastTo

const broadcastSame = exact(
  'broadcast-same',
  'broadcastTo',
  'broadcast to the own shape → x; to one of as many elements → reshape x',
  (node) => (sizeOf(operand(node).shape) === sizeOf(node.shape) ? reshaped(operand(node), node.shape) : null),
  () => [graph.broadcastTo([x('x', 2, 3)], { shape: [2, 3] }), graph.broadcastTo([x('x', 3)], { shape: [1, 3] })],
)

const broadcastBroadcast = exact(
  'broadcast-broadcast',
  'broadcastTo',
  'broadcast(broadcast x) → broadcast x',
  (node) => (operand(node).op === 'broadcastTo' ? conform(operand(operand(node)), node.shape) : null),
  () => [graph.broadcastTo([graph.broadcastTo([x('x', 3)], { shape: [2, 3] })], { shape: [5, 2, 3] })],
)

const broadcastLead = exact(
  'broadcast-lead',
  'broadcastTo',
  'broadcast(x [1,…,n]) → broadcast(x [n])',
  (node) => {
    const r = operand(node)
    if (r.op !== 'reshape') return null
    const bare = operand(r)
    const lead = r.shape.length - bare.shape.length
    const only =
      lead > 0 && equalShapes(r.shape.slice(lead), bare.shape) && r.shape.slice(0, lead).every((d) => d === 1)
    return only ? conform(bare, node.shape) : null
  },
  () => [graph.broadcastTo([graph.reshape([x('x', 3)], { shape: [1, 3] })], { shape: [2, 3] })],
)

// ---- transpose

const transposeIdentity = exact(
  'transpose-identity',
  'transpose',
  'transpose that keeps the axes → x',
  (node) => (isIdentity(paramsOf(node, 'transpose').perm) ? operand(node) : null),
  () => [graph.transpose([x('x', 2, 3)], { perm: [0, 1] })],
)

const transposeTranspose = exact(
  'transpose-transpose',
  'transpose',
  '(xᵀ)ᵀ → x; two transposes → one',
  (node) => {
    const inner = operand(node)
    if (inner.op !== 'transpose') return null
    const first = paramsOf(inner, 'transpose').perm
    const perm = paramsOf(node, 'transpose').perm.map((p) => first[p] as number)
    return isIdentity(perm) ? operand(inner) : graph.transpose([operand(inner)], { perm })
  },
  () => [
    graph.transpose([graph.transpose([x('x', 2, 3)], { perm: [1, 0] })], { perm: [1, 0] }),
    graph.transpose([graph.transpose([x('x', 2, 3, 5)], { perm: [1, 2, 0] })], { perm: [0, 2, 1] }),
  ],
)

const transposeBroadcast = exact(
  'transpose-broadcast',
  'transpose',
  'transpose(broadcast x) → broadcast(transpose x)',
  (node) => {
    const b = operand(node)
    if (b.op !== 'broadcastTo' || sizeOf(operand(b).shape) >= sizeOf(b.shape)) return null
    const small = operand(b)
    const lead = b.shape.length - small.shape.length
    const wide = reshaped(small, [...new Array<number>(lead).fill(1), ...small.shape])
    return conform(graph.transpose([wide], paramsOf(node, 'transpose')), node.shape)
  },
  () => [graph.transpose([graph.broadcastTo([x('x', 7)], { shape: [5, 7] })], { perm: [1, 0] })],
)

/** Only axes of extent 1 change places: the elements stay where they are. */
const transposeOnes = exact(
  'transpose-ones',
  'transpose',
  'transpose that moves only axes of extent 1 → reshape',
  (node) => {
    const t = operand(node)
    const kept = paramsOf(node, 'transpose').perm.filter((p) => t.shape[p] !== 1)
    return kept.every((p, i) => i === 0 || p > (kept[i - 1] as number)) ? reshaped(t, node.shape) : null
  },
  () => [graph.transpose([x('x', 1, 3)], { perm: [1, 0] }), graph.transpose([x('x', 2, 1, 3)], { perm: [1, 0, 2] })],
)

export const movementRules: readonly Rule[] = [
  reshapeSame,
  reshapeReshape,
  reshapeBroadcast,
  reshapeElementwise,
  broadcastSame,
  broadcastBroadcast,
  broadcastLead,
  transposeIdentity,
  transposeTranspose,
  transposeBroadcast,
  transposeOnes,
]
