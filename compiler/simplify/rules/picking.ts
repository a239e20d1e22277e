/**
 * Rows are taken below what computes them, so that only the rows in use are computed. In: a gather of an elementwise op, a
 * softmax, a reduction, a product, a movement. Out: the op over rows taken. Invariant: exact, indices out of range included
 * (the axis keeps its extent, so the nearest row is the same one); a value that is used whole too is not computed a second
 * time (`once`), and what the gathers weigh is less than the work that is saved.
 */
import { range, type Shape, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make, paramsOf } from '../../../src/expr/node.ts'
import type { Indexing } from '../../../src/ops/indexing.ts'
import { opDef } from '../../../src/ops/registry.ts'
import { bools, conform, ints, num, operand, pair, reshaped, type Rule, valueOf, x } from '../rule.ts'

interface Picked {
  readonly from: Node
  readonly indices: Node
  readonly axis: number
  readonly batch: number
  /** The axes that the indices put in the place of the axis. */
  readonly rows: Shape
}

const pickedOf = (node: Node): Picked => {
  const [from, indices] = pair(node)
  const { axis, batch } = paramsOf(node, 'gather')
  return { from, indices, axis, batch, rows: indices.shape.slice(batch) }
}

const take = (from: Node, indices: Node, p: Indexing): Node => graph.gather([from, indices], p)

const ones = (n: number): Shape => range(n).map(() => 1)

/** Where an axis behind the batch axes comes to lie when rows are taken. */
const shifted = ({ axis, rows }: Pick<Picked, 'axis' | 'rows'>, a: number): number =>
  a < axis ? a : a + rows.length - 1

/** How many rows are taken for one that there is: the work that is left, as a part of all. */
const share = (node: Node, { from }: Picked): number => sizeOf(node.shape) / sizeOf(from.shape)

// ---- from where there is but one row

const oneRow: Rule = {
  name: 'gather-one-row',
  roots: ['gather'],
  when: 'always',
  law: 'x[i] → broadcast x where x has one row',
  apply: (node) => {
    const { from, axis, rows } = pickedOf(node)
    if (from.shape[axis] !== 1) return null
    return conform(
      reshaped(from, [...from.shape.slice(0, axis), ...ones(rows.length), ...from.shape.slice(axis + 1)]),
      node.shape,
    )
  },
  examples: () => [
    { node: take(x('x', 1, 3), ints('i', 4), { axis: 0, batch: 0 }) },
    { node: take(x('x', 2, 1, 3), ints('i', 2, 5), { axis: 1, batch: 1 }) },
    { node: take(x('x', 2, 1), ints('i'), { axis: 1, batch: 0 }) },
  ],
}

// ---- below elementwise ops

/** Rows of an operand that broadcasting may repeat; null where the indices differ along an axis that it lacks. */
const rowsOf = (n: Node, rank: number, { indices, axis, batch, rows }: Picked): Node | null => {
  const lead = rank - n.shape.length
  const at = axis - lead
  if (at < 0) return n
  if (n.shape[at] === 1) return reshaped(n, [...n.shape.slice(0, at), ...ones(rows.length), ...n.shape.slice(at + 1)])
  if (lead === 0 && n.shape.slice(0, batch).every((d, i) => d === indices.shape[i]))
    return take(n, indices, { axis, batch })
  // one table for all: its rows are taken by all indices at once
  if (at !== 0 || lead < batch) return null
  const taken = take(n, indices, { axis: 0, batch: 0 })
  return reshaped(taken, [...indices.shape.slice(0, batch), ...ones(axis - batch), ...taken.shape.slice(batch)])
}

const gatherElementwise: Rule = {
  name: 'gather-elementwise',
  roots: ['gather'],
  when: 'always',
  law: 'f(x, y)[i] → f(x[i], y[i])',
  apply: (node, { once }) => {
    const p = pickedOf(node)
    const f = p.from
    if (opDef(f.op).kind !== 'elementwise' || f.op === 'copy' || f.op === 'stopGradient' || !once(f)) return null
    const operands = f.ins.filter((n) => valueOf(n) === null || n.shape.length > 0).length
    const [few, many] = [sizeOf(node.shape), sizeOf(f.shape)]
    // a gather for each operand must not outweigh the work that is saved
    if (operands > 1 ? (operands + 1) * (few + 2) > many : few >= many) return null
    const ins = f.ins.map((n) => rowsOf(n, f.shape.length, p))
    return ins.every((n) => n !== null) ? conform(make(f.op, ins, f.params), node.shape) : null
  },
  examples: () => {
    const i = ints('i', 3)
    const rows = { axis: 0, batch: 0 }
    const each = { axis: 1, batch: 1 }
    return [
      { node: take(graph.exp([x('x', 7, 2)]), i, rows) },
      { node: take(graph.mul([x('x', 17, 2), x('y', 17, 1)]), ints('i', 2), rows) },
      { node: take(graph.add([num(2), x('x', 5, 4)]), ints('label', 5), each) },
      { node: take(graph.add([x('x', 5, 19), x('b', 19)]), ints('i', 5), each) },
      { node: take(graph.add([x('x', 5, 1), x('y', 5, 23)]), ints('i', 5, 2), each) },
      { node: take(graph.add([x('x', 3, 2, 29), x('b', 29)]), ints('i', 3, 4), { axis: 2, batch: 1 }) },
      { node: take(graph.where([bools('c', 37), x('x', 37), num(0)]), i, rows) },
    ]
  },
}

// ---- below rows of their own

const gatherSoftmax: Rule = {
  name: 'gather-softmax',
  roots: ['gather'],
  when: 'always',
  law: 'softmax(x)[rows] → softmax(x[rows]), and of logSoftmax',
  apply: (node, { once }) => {
    const p = pickedOf(node)
    if ((p.from.op !== 'softmax' && p.from.op !== 'logSoftmax') || !once(p.from) || share(node, p) >= 1) return null
    const { axis } = paramsOf(p.from, p.from.op)
    if (axis === p.axis || axis < p.batch) return null
    return make(p.from.op, [take(operand(p.from), p.indices, p)], { axis: shifted(p, axis) })
  },
  examples: () => [
    { node: take(graph.softmax([x('x', 7, 3)], { axis: 1 }), ints('i', 2), { axis: 0, batch: 0 }) },
    { node: take(graph.logSoftmax([x('x', 2, 7)], { axis: 0 }), ints('i'), { axis: 1, batch: 0 }) },
    { node: take(graph.softmax([x('x', 2, 7, 3)], { axis: 2 }), ints('i', 2, 2), { axis: 1, batch: 1 }) },
  ],
}

const reductions: ReadonlySet<string> = new Set(['sum', 'mean', 'prod', 'max', 'min', 'logSumExp'])

const gatherReduce: Rule = {
  name: 'gather-reduce',
  roots: ['gather'],
  when: 'always',
  law: '(Σ x)[i] → Σ x[i]',
  apply: (node, { once }) => {
    const p = pickedOf(node)
    const r = p.from
    if (!reductions.has(r.op) || !once(r) || 2 * share(node, p) > 1) return null
    const { axes, keepDims } = paramsOf(r, r.op as 'sum')
    const from = operand(r)
    const kept = keepDims ? range(from.shape.length) : range(from.shape.length).filter((a) => !axes.includes(a))
    const axis = kept[p.axis] as number
    const inFront = kept.slice(0, p.batch).every((a, i) => a === i && !axes.includes(a))
    if (axes.includes(axis) || !inFront) return null
    const q = { axis, batch: p.batch }
    return make(r.op, [take(from, p.indices, q)], {
      axes: axes.map((a) => shifted({ ...q, rows: p.rows }, a)),
      keepDims,
    })
  },
  examples: () => [
    { node: take(graph.sum([x('x', 7, 3)], { axes: [1], keepDims: false }), ints('i', 2), { axis: 0, batch: 0 }) },
    { node: take(graph.max([x('x', 3, 7)], { axes: [0], keepDims: false }), ints('i', 2), { axis: 0, batch: 0 }) },
    { node: take(graph.sum([x('x', 2, 3, 7)], { axes: [1], keepDims: true }), ints('i', 2), { axis: 2, batch: 1 }) },
  ],
}

// ---- below movements

const gatherTranspose: Rule = {
  name: 'gather-transpose',
  roots: ['gather'],
  when: 'always',
  law: 'xᵀ[i] → (x[:, i])ᵀ',
  apply: (node, { once }) => {
    const p = pickedOf(node)
    if (p.from.op !== 'transpose' || !once(p.from) || share(node, p) >= 1) return null
    const { perm } = paramsOf(p.from, 'transpose')
    if (!range(p.batch).every((a) => perm[a] === a)) return null
    const axis = perm[p.axis] as number
    const place = { axis, rows: p.rows }
    const moved = perm.flatMap((a, i) =>
      i === p.axis ? range(p.rows.length).map((r) => axis + r) : [shifted(place, a)],
    )
    const rows = take(operand(p.from), p.indices, { axis, batch: p.batch })
    return moved.every((a, i) => a === i) ? rows : graph.transpose([rows], { perm: moved })
  },
  examples: () => [
    { node: take(graph.transpose([x('x', 3, 7)], { perm: [1, 0] }), ints('i', 2), { axis: 0, batch: 0 }) },
    { node: take(graph.transpose([x('x', 3, 7, 2)], { perm: [1, 2, 0] }), ints('i', 2, 2), { axis: 0, batch: 0 }) },
    { node: take(graph.transpose([x('x', 2, 3, 7)], { perm: [0, 2, 1] }), ints('i', 2), { axis: 1, batch: 1 }) },
  ],
}

const gatherReshape: Rule = {
  name: 'gather-reshape',
  roots: ['gather'],
  when: 'always',
  law: '(reshape x)[i] → reshape(x[i]) where the axes up to that of i are the same',
  apply: (node, { once }) => {
    const p = pickedOf(node)
    if (p.from.op !== 'reshape' || !once(p.from) || share(node, p) >= 1) return null
    const from = operand(p.from)
    const same = range(p.axis + 1).every((a) => from.shape[a] === p.from.shape[a])
    return same ? reshaped(take(from, p.indices, p), node.shape) : null
  },
  examples: () => [
    { node: take(graph.reshape([x('x', 7, 2, 3)], { shape: [7, 6] }), ints('i', 2), { axis: 0, batch: 0 }) },
    { node: take(graph.reshape([x('x', 2, 7)], { shape: [2, 7, 1] }), ints('i', 2), { axis: 1, batch: 1 }) },
  ],
}

const gatherBroadcast: Rule = {
  name: 'gather-broadcast',
  roots: ['gather'],
  when: 'always',
  law: '(broadcast x)[i] → broadcast(x[i])',
  apply: (node) => {
    const p = pickedOf(node)
    if (p.from.op !== 'broadcastTo' || share(node, p) >= 1) return null
    const rows = rowsOf(operand(p.from), p.from.shape.length, p)
    return rows === null ? null : conform(rows, node.shape)
  },
  examples: () => [
    { node: take(graph.broadcastTo([x('x', 3)], { shape: [7, 3] }), ints('i', 2), { axis: 0, batch: 0 }) },
    { node: take(graph.broadcastTo([x('x', 7, 1)], { shape: [7, 3] }), ints('i', 2), { axis: 0, batch: 0 }) },
    { node: take(graph.broadcastTo([x('x', 7)], { shape: [3, 7] }), ints('i', 3), { axis: 1, batch: 1 }) },
  ],
}

const gatherConcat: Rule = {
  name: 'gather-concat',
  roots: ['gather'],
  when: 'always',
  law: '[x, y][i] → [x[i], y[i]] where x and y have the same rows',
  apply: (node, { once }) => {
    const p = pickedOf(node)
    if (p.from.op !== 'concat' || !once(p.from)) return null
    const { axis } = paramsOf(p.from, 'concat')
    const parts = p.from.ins
    if (axis === p.axis || axis < p.batch || sizeOf(node.shape) + parts.length > sizeOf(p.from.shape)) return null
    return graph.concat(
      parts.map((n) => take(n, p.indices, p)),
      { axis: shifted(p, axis) },
    )
  },
  examples: () => [
    { node: take(graph.concat([x('x', 7, 2), x('y', 7, 3)], { axis: 1 }), ints('i', 2), { axis: 0, batch: 0 }) },
    { node: take(graph.concat([x('x', 2, 7), x('y', 3, 7)], { axis: 0 }), ints('i'), { axis: 1, batch: 0 }) },
  ],
}

export const pickingRules: readonly Rule[] = [
  oneRow,
  gatherElementwise,
  gatherSoftmax,
  gatherReduce,
  gatherTranspose,
  gatherReshape,
  gatherBroadcast,
  gatherConcat,
]
