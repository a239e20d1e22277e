/**
 * Slices go below what computes, so that only the part in use is computed. In: a slice of an elementwise op, a reduction or
 * a product. Out: the op over slices. Invariant: a value that is used whole too is not computed a second time (`once`), and
 * the slices weigh less than the work that is saved.
 */
import { range, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make, paramsOf } from '../../../src/expr/node.ts'
import { freeAxes } from '../../../src/ops/contraction.ts'
import type { Slice } from '../../../src/ops/movement.ts'
import { opDef } from '../../../src/ops/registry.ts'
import { operand, type Rule, x } from '../rule.ts'
import { isWhole } from './slicing.ts'

/** Ranges of axes that broadcasting repeats are whole. */
const sliceOperand = (n: Node, p: Slice, rank: number): Node => {
  const lead = rank - n.shape.length
  const mine = (list: readonly number[], repeated: number): readonly number[] =>
    n.shape.map((d, i) => (d === 1 ? repeated : (list[i + lead] as number)))
  const q = { start: mine(p.start, 0), limit: mine(p.limit, 1), step: mine(p.step, 1) }
  return isWhole(q, n.shape) ? n : graph.slice([n], q)
}

const sliceElementwise: Rule = {
  name: 'slice-elementwise',
  roots: ['slice'],
  when: 'always',
  law: 'f(x, y)[…] → f(x[…], y[…])',
  apply: (node, { once }) => {
    const f = operand(node)
    if (opDef(f.op).kind !== 'elementwise' || f.op === 'copy' || !once(f)) return null
    // a slice for each operand must not outweigh the work that is saved
    const [few, many, more] = [sizeOf(node.shape), sizeOf(f.shape), f.ins.length - 1]
    if (more > 0 && (2 * few > many || more * (few + 1) >= 2 * (many - few))) return null
    const p = paramsOf(node, 'slice')
    return make(
      f.op,
      f.ins.map((n) => sliceOperand(n, p, f.shape.length)),
      f.params,
    )
  },
  examples: () => {
    const part = { start: [0, 2], limit: [2, 7], step: [1, 2] }
    return [
      { node: graph.slice([graph.exp([x('x', 2, 7)])], part) },
      { node: graph.slice([graph.mul([x('x', 2, 7), x('y', 2, 1)])], part) },
      { node: graph.slice([graph.add([x('x'), x('y', 2, 7)])], part) },
    ]
  },
}

const sliceReduce: Rule = {
  name: 'slice-reduce',
  roots: ['slice'],
  when: 'always',
  law: '(Σ x)[…] → Σ x[…]',
  apply: (node, { once }) => {
    const r = operand(node)
    if (!['sum', 'mean', 'prod', 'max', 'min'].includes(r.op) || !once(r) || 2 * sizeOf(node.shape) > sizeOf(r.shape))
      return null
    const { axes, keepDims } = paramsOf(r, r.op as 'sum')
    const from = operand(r)
    const p = paramsOf(node, 'slice')
    const kept = range(from.shape.length).filter((a) => !axes.includes(a))
    const place = (a: number): number => (keepDims ? a : kept.indexOf(a))
    const wide = (list: readonly number[], whole: (a: number) => number): readonly number[] =>
      from.shape.map((_, a) => (axes.includes(a) ? whole(a) : (list[place(a)] as number)))
    const q = {
      start: wide(p.start, () => 0),
      limit: wide(p.limit, (a) => from.shape[a] as number),
      step: wide(p.step, () => 1),
    }
    const part = make(r.op, [graph.slice([from], q)], r.params)
    return sizeOf(part.shape) === sizeOf(node.shape) && part.shape.length === node.shape.length ? part : null
  },
  examples: () => [
    {
      node: graph.slice([graph.sum([x('x', 2, 3, 7)], { axes: [1], keepDims: false })], {
        start: [0, 2],
        limit: [1, 5],
        step: [1, 1],
      }),
    },
    {
      node: graph.slice([graph.max([x('x', 7, 3)], { axes: [1], keepDims: true })], {
        start: [2, 0],
        limit: [5, 1],
        step: [1, 1],
      }),
    },
  ],
}

/** One operand of a product, cut along one of its axes. */
const cut = (n: Node, axis: number, p: Slice, from: number): Node => {
  const only = (list: readonly number[], whole: (d: number) => number): readonly number[] =>
    n.shape.map((d, i) => (i === axis ? (list[from] as number) : whole(d)))
  return graph.slice([n], {
    start: only(p.start, () => 0),
    limit: only(p.limit, (d) => d),
    step: only(p.step, () => 1),
  })
}

const sliceDot: Rule = {
  name: 'slice-dot',
  roots: ['slice'],
  when: 'always',
  law: '(x y)[rows] → x[rows] y; (x y)[:, columns] → x y[:, columns]',
  apply: (node, { once }) => {
    const d = operand(node)
    if (d.op !== 'dotGeneral' || !once(d)) return null
    const params = paramsOf(d, 'dotGeneral')
    const nb = params.batch[0].length
    const free = ([0, 1] as const).map((side) =>
      freeAxes((d.ins[side] as Node).shape.length, params.batch[side], params.contract[side]),
    ) as [readonly number[], readonly number[]]
    const p = paramsOf(node, 'slice')
    const ins: [Node, Node] = [d.ins[0] as Node, d.ins[1] as Node]
    for (const [i, extent] of d.shape.entries()) {
      if (p.start[i] === 0 && p.limit[i] === extent && p.step[i] === 1) continue
      // a batch would be cut twice, and half a product saves less than the slices cost
      if (i < nb || 2 * (node.shape[i] as number) > extent) return null
      const side = i < nb + free[0].length ? 0 : 1
      const axis = free[side][i - nb - (side === 0 ? 0 : free[0].length)] as number
      ins[side] = cut(ins[side], axis, p, i)
    }
    return graph.dotGeneral(ins, params)
  },
  examples: () => {
    const product = graph.dotGeneral([x('x', 7, 3), x('y', 3, 5)], { batch: [[], []], contract: [[1], [0]] })
    return [
      { node: graph.slice([product], { start: [1, 0], limit: [3, 5], step: [1, 1] }) },
      { node: graph.slice([product], { start: [1, 2], limit: [3, 4], step: [1, 1] }) },
    ]
  },
}

// ---- below rows of their own, and below movements

const sliceSoftmax: Rule = {
  name: 'slice-softmax',
  roots: ['slice'],
  when: 'always',
  law: 'softmax(x)[rows] → softmax(x[rows]), and of logSoftmax',
  apply: (node, { once }) => {
    const s = operand(node)
    if ((s.op !== 'softmax' && s.op !== 'logSoftmax') || !once(s) || sizeOf(node.shape) >= sizeOf(s.shape)) return null
    const p = paramsOf(node, 'slice')
    const { axis } = paramsOf(s, s.op)
    const whole = p.start[axis] === 0 && p.limit[axis] === s.shape[axis] && p.step[axis] === 1
    return whole ? make(s.op, [graph.slice([operand(s)], p)], s.params) : null
  },
  examples: () => [
    {
      node: graph.slice([graph.softmax([x('x', 7, 3)], { axis: 1 })], { start: [1, 0], limit: [6, 3], step: [2, 1] }),
    },
    {
      node: graph.slice([graph.logSoftmax([x('x', 2, 5)], { axis: 0 })], {
        start: [0, 4],
        limit: [2, 5],
        step: [1, 1],
      }),
    },
  ],
}

const permuted = (list: readonly number[], perm: readonly number[]): readonly number[] =>
  perm.map((_, i) => list[perm.indexOf(i)] as number)

const sliceTranspose: Rule = {
  name: 'slice-transpose',
  roots: ['slice'],
  when: 'always',
  law: 'xᵀ[…] → (x[…])ᵀ',
  apply: (node, { once }) => {
    const t = operand(node)
    if (t.op !== 'transpose' || !once(t) || sizeOf(node.shape) >= sizeOf(t.shape)) return null
    const { perm } = paramsOf(t, 'transpose')
    const { start, limit, step } = paramsOf(node, 'slice')
    const p = { start: permuted(start, perm), limit: permuted(limit, perm), step: permuted(step, perm) }
    return graph.transpose([graph.slice([operand(t)], p)], { perm })
  },
  examples: () => {
    const t = graph.transpose([x('x', 3, 7, 2)], { perm: [1, 2, 0] })
    return [{ node: graph.slice([t], { start: [1, 0, 2], limit: [6, 1, 3], step: [2, 1, 1] }) }]
  },
}

const sliceReverse: Rule = {
  name: 'slice-reverse',
  roots: ['slice'],
  when: 'always',
  law: '(reverse x)[a:b] → reverse(x[n−b:n−a])',
  apply: (node, { once }) => {
    const r = operand(node)
    if (r.op !== 'reverse' || !once(r) || sizeOf(node.shape) >= sizeOf(r.shape) || sizeOf(node.shape) === 0) return null
    const { axes } = paramsOf(r, 'reverse')
    const p = paramsOf(node, 'slice')
    // from behind, the last element that is taken comes first
    const last = (i: number): number => (p.start[i] as number) + ((node.shape[i] as number) - 1) * (p.step[i] as number)
    const turned = (i: number, place: number): number => (r.shape[i] as number) - 1 - place
    const start = p.start.map((s, i) => (axes.includes(i) ? turned(i, last(i)) : s))
    const limit = p.limit.map((l, i) => (axes.includes(i) ? turned(i, p.start[i] as number) + 1 : l))
    return graph.reverse([graph.slice([operand(r)], { start, limit, step: p.step })], { axes })
  },
  examples: () => [
    {
      node: graph.slice([graph.reverse([x('x', 7)], { axes: [0] })], { start: [1], limit: [5], step: [2] }),
    },
    {
      node: graph.slice([graph.reverse([x('x', 7, 5)], { axes: [1] })], { start: [1, 1], limit: [4, 5], step: [1, 1] }),
    },
  ],
}

export const narrowingRules: readonly Rule[] = [
  sliceElementwise,
  sliceReduce,
  sliceDot,
  sliceSoftmax,
  sliceTranspose,
  sliceReverse,
]
