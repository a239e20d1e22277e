/**
 * Parts of tensors: slices of what was put together, reversals, padding and concatenation that meet. In: slice, reverse,
 * pad, concat. Out: fewer or smaller ones. Invariant: exact; no element changes.
 */
import { equalShapes, range, type Shape, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make, paramsOf } from '../../../src/expr/node.ts'
import type { Slice } from '../../../src/ops/movement.ts'
import { conform, exact, operand, type Rule, valueOf, x } from '../rule.ts'

// ---- slice

export const isWhole = ({ start, limit, step }: Slice, shape: Shape): boolean =>
  shape.every((d, i) => start[i] === 0 && limit[i] === d && step[i] === 1)

const sliceWhole = exact(
  'slice-whole',
  'slice',
  'x[:] → x',
  (node) => (isWhole(paramsOf(node, 'slice'), operand(node).shape) ? operand(node) : null),
  () => [graph.slice([x('x', 2, 3)], { start: [0, 0], limit: [2, 3], step: [1, 1] })],
)

const sliceSlice = exact(
  'slice-slice',
  'slice',
  'x[a:b][c:d] → x[a+c:a+d]',
  (node) => {
    const inner = operand(node)
    if (inner.op !== 'slice' || sizeOf(node.shape) === 0) return null
    const [p, q] = [paramsOf(inner, 'slice'), paramsOf(node, 'slice')]
    const step = q.step.map((s, i) => s * (p.step[i] as number))
    const start = q.start.map((s, i) => (p.start[i] as number) + s * (p.step[i] as number))
    const limit = start.map((s, i) => s + ((node.shape[i] as number) - 1) * (step[i] as number) + 1)
    return graph.slice([operand(inner)], { start, limit, step })
  },
  () => [
    graph.slice([graph.slice([x('x', 11)], { start: [1], limit: [10], step: [2] })], {
      start: [1],
      limit: [5],
      step: [3],
    }),
  ],
)

const sliceBroadcast = exact(
  'slice-broadcast',
  'slice',
  '(broadcast x)[…] → broadcast(x[…])',
  (node) => {
    const b = operand(node)
    if (b.op !== 'broadcastTo') return null
    const small = operand(b)
    const lead = b.shape.length - small.shape.length
    const { start, limit, step } = paramsOf(node, 'slice')
    const mine = (list: readonly number[], repeated: number): readonly number[] =>
      small.shape.map((d, i) => (d === 1 && b.shape[i + lead] !== 1 ? repeated : (list[i + lead] as number)))
    const p = { start: mine(start, 0), limit: mine(limit, 1), step: mine(step, 1) }
    return conform(isWhole(p, small.shape) ? small : graph.slice([small], p), node.shape)
  },
  () => [
    graph.slice([graph.broadcastTo([x('x', 7)], { shape: [5, 7] })], { start: [1, 2], limit: [4, 6], step: [1, 2] }),
    graph.slice([graph.broadcastTo([x('x', 5, 1)], { shape: [5, 7] })], { start: [0, 2], limit: [5, 6], step: [1, 1] }),
  ],
)

const slicePad = exact(
  'slice-pad',
  'slice',
  'pad(x)[where x lies] → x[…]',
  (node) => {
    const p = operand(node)
    if (p.op !== 'pad' || sizeOf(node.shape) === 0) return null
    const { low, interior } = paramsOf(p, 'pad')
    const { start, limit, step } = paramsOf(node, 'slice')
    const inner = operand(p).shape
    for (const [i, d] of inner.entries()) {
      const [l, gap, s] = [low[i], (interior[i] as number) + 1, step[i]] as [number, number, number]
      const last = (start[i] as number) + ((node.shape[i] as number) - 1) * s
      if ((start[i] as number) < l || last > l + (d - 1) * gap) return null
      if (((start[i] as number) - l) % gap !== 0 || (s % gap !== 0 && node.shape[i] !== 1)) return null
    }
    const at = (v: number, i: number): number => (v - (low[i] as number)) / ((interior[i] as number) + 1)
    const from = start.map(at)
    const by = step.map((s, i) => Math.max(1, Math.floor(s / ((interior[i] as number) + 1))))
    const to = from.map((s, i) => s + ((node.shape[i] as number) - 1) * (by[i] as number) + 1)
    const params = { start: from, limit: to, step: by }
    return limit.length === inner.length && isWhole(params, inner) ? operand(p) : graph.slice([operand(p)], params)
  },
  () => [
    graph.slice([graph.pad([x('x', 5)], { low: [2], high: [3], interior: [0], value: 0 })], {
      start: [2],
      limit: [7],
      step: [1],
    }),
    graph.slice([graph.pad([x('x', 5)], { low: [2], high: [0], interior: [1], value: 0 })], {
      start: [4],
      limit: [11],
      step: [2],
    }),
  ],
)

const sliceConcat = exact(
  'slice-concat',
  'slice',
  '[x; y][inside x] → x[…]',
  (node) => {
    const c = operand(node)
    if (c.op !== 'concat') return null
    const { axis } = paramsOf(c, 'concat')
    const p = paramsOf(node, 'slice')
    let at = 0
    for (const part of c.ins) {
      const end = at + (part.shape[axis] as number)
      if ((p.start[axis] as number) >= at && (p.limit[axis] as number) <= end) {
        const moved = (list: readonly number[]): readonly number[] => list.map((v, i) => (i === axis ? v - at : v))
        const q = { start: moved(p.start), limit: moved(p.limit), step: p.step }
        return isWhole(q, part.shape) ? part : graph.slice([part], q)
      }
      at = end
    }
    return null
  },
  () => {
    const c = graph.concat([x('x', 2, 3), x('y', 2, 5)], { axis: 1 })
    return [
      graph.slice([c], { start: [0, 0], limit: [2, 3], step: [1, 1] }),
      graph.slice([c], { start: [1, 4], limit: [2, 8], step: [1, 2] }),
    ]
  },
)

// ---- reverse

const reverseNothing = exact(
  'reverse-nothing',
  'reverse',
  'reverse of axes of extent 1 → x',
  (node) => {
    const { axes } = paramsOf(node, 'reverse')
    const left = axes.filter((a) => (node.shape[a] as number) > 1)
    if (left.length === axes.length) return null
    return left.length === 0 ? operand(node) : graph.reverse([operand(node)], { axes: left })
  },
  () => [graph.reverse([x('x', 1, 3)], { axes: [0] }), graph.reverse([x('x', 1, 3)], { axes: [0, 1] })],
)

const reverseReverse = exact(
  'reverse-reverse',
  'reverse',
  'reverse(reverse x) → x',
  (node) => {
    const inner = operand(node)
    if (inner.op !== 'reverse') return null
    const [p, q] = [paramsOf(node, 'reverse').axes, paramsOf(inner, 'reverse').axes]
    const axes = range(node.shape.length).filter((i) => p.includes(i) !== q.includes(i))
    return axes.length === 0 ? operand(inner) : graph.reverse([operand(inner)], { axes })
  },
  () => [
    graph.reverse([graph.reverse([x('x', 3)], { axes: [0] })], { axes: [0] }),
    graph.reverse([graph.reverse([x('x', 2, 3)], { axes: [0] })], { axes: [0, 1] }),
  ],
)

// ---- pad

const padNothing = exact(
  'pad-nothing',
  'pad',
  'pad by nothing → x',
  (node) => {
    const { low, high, interior } = paramsOf(node, 'pad')
    const still = interior.every((n, i) => n === 0 || (operand(node).shape[i] as number) <= 1)
    return still && [...low, ...high].every((n) => n === 0) ? operand(node) : null
  },
  () => [graph.pad([x('x', 2, 3)], { low: [0, 0], high: [0, 0], interior: [0, 0], value: 1 })],
)

const padPad = exact(
  'pad-pad',
  'pad',
  'pad(pad x) with one value → pad x',
  (node) => {
    const inner = operand(node)
    if (inner.op !== 'pad') return null
    const [p, q] = [paramsOf(node, 'pad'), paramsOf(inner, 'pad')]
    if (!Object.is(p.value, q.value) || p.interior.some((n) => n !== 0)) return null
    const both = (a: readonly number[], b: readonly number[]): readonly number[] =>
      a.map((n, i) => n + (b[i] as number))
    return graph.pad([operand(inner)], { ...q, low: both(p.low, q.low), high: both(p.high, q.high) })
  },
  () => [
    graph.pad([graph.pad([x('x', 3)], { low: [1], high: [0], interior: [1], value: 0 })], {
      low: [0],
      high: [2],
      interior: [0],
      value: 0,
    }),
  ],
)

// ---- concat

const concatOne = exact(
  'concat-one',
  'concat',
  '[x] → x; empty parts go',
  (node) => {
    const { axis } = paramsOf(node, 'concat')
    const parts = node.ins.filter((n) => n.shape[axis] !== 0)
    if (node.ins.length > 1 && (parts.length === node.ins.length || parts.length === 0)) return null
    return parts.length <= 1 ? (parts[0] ?? (node.ins[0] as Node)) : graph.concat(parts, { axis })
  },
  () => [
    graph.concat([x('x', 2, 3)], { axis: 0 }),
    graph.concat([x('x', 2, 3), x('y', 0, 3)], { axis: 0 }),
    graph.concat([x('x', 2, 3), x('y', 0, 3), x('z', 1, 3)], { axis: 0 }),
  ],
)

const concatConcat = exact(
  'concat-concat',
  'concat',
  '[[x; y]; z] → [x; y; z]',
  (node) => {
    const { axis } = paramsOf(node, 'concat')
    const isSame = (n: Node): boolean => n.op === 'concat' && paramsOf(n, 'concat').axis === axis
    return node.ins.some(isSame)
      ? graph.concat(
          node.ins.flatMap((n) => (isSame(n) ? n.ins : [n])),
          { axis },
        )
      : null
  },
  () => [graph.concat([graph.concat([x('x', 2, 3), x('y', 1, 3)], { axis: 0 }), x('z', 2, 3)], { axis: 0 })],
)

/** Two slices of one tensor that follow each other along the axis. */
const joined = (a: Node, b: Node, axis: number): Node | null => {
  if (a.op !== 'slice' || b.op !== 'slice' || operand(a) !== operand(b)) return null
  const [p, q] = [paramsOf(a, 'slice'), paramsOf(b, 'slice')]
  const fits = p.start.every((_, i) =>
    i === axis
      ? p.limit[i] === q.start[i] && p.step[i] === 1 && q.step[i] === 1
      : p.start[i] === q.start[i] && p.limit[i] === q.limit[i] && p.step[i] === q.step[i],
  )
  if (!fits) return null
  const params = { ...p, limit: p.limit.map((l, i) => (i === axis ? (q.limit[i] as number) : l)) }
  return isWhole(params, operand(a).shape) ? operand(a) : graph.slice([operand(a)], params)
}

const concatSlices = exact(
  'concat-slices',
  'concat',
  '[x[a:b]; x[b:c]] → x[a:c]',
  (node) => {
    const { axis } = paramsOf(node, 'concat')
    for (let i = 0; i + 1 < node.ins.length; i++) {
      const both = joined(node.ins[i] as Node, node.ins[i + 1] as Node, axis)
      if (both === null) continue
      const parts = node.ins.toSpliced(i, 2, both)
      return parts.length === 1 ? both : graph.concat(parts, { axis })
    }
    return null
  },
  () => {
    const part = (from: number, to: number): Node => graph.slice([x('x', 7)], { start: [from], limit: [to], step: [1] })
    return [
      graph.concat([part(0, 3), part(3, 7)], { axis: 0 }),
      graph.concat([part(1, 3), part(3, 5), x('y', 2)], { axis: 0 }),
    ]
  },
)

/** Parts that repeat one constant row become one repeated part. */
const concatFull = exact(
  'concat-full',
  'concat',
  '[c; c; x] → [c; x] of one longer constant',
  (node) => {
    const { axis } = paramsOf(node, 'concat')
    for (let i = 0; i + 1 < node.ins.length; i++) {
      const [a, b] = [node.ins[i], node.ins[i + 1]] as [Node, Node]
      const value = valueOf(a)
      if (value === null || !Object.is(value, valueOf(b))) continue
      const shape = a.shape.map((d, k) => (k === axis ? d + (b.shape[k] as number) : d))
      return make('concat', node.ins.toSpliced(i, 2, graph.full([], { dtype: a.dtype, shape, value })), { axis })
    }
    return null
  },
  () => {
    const c = (n: number): Node => graph.full([], { dtype: 'f64', shape: [n], value: 0 })
    return [graph.concat([x('x', 3), c(1), c(2)], { axis: 0 })]
  },
)

/** Where a pad by one value puts its operand, if only one axis is padded. */
const place = (n: Node): { readonly axis: number; readonly low: number; readonly high: number } | null => {
  if (n.op !== 'pad') return null
  const { low, high, interior, value } = paramsOf(n, 'pad')
  const axes = range(n.shape.length).filter((a) => low[a] !== 0 || high[a] !== 0)
  const [axis] = axes
  if (value !== 0 || axes.length !== 1 || axis === undefined || interior.some((g) => g !== 0)) return null
  return { axis, low: low[axis] as number, high: high[axis] as number }
}

/** The gradients of neighbouring slices of one tensor, which come as paddings to its whole shape. */
const addPads: Rule = {
  name: 'add-pads',
  roots: ['add'],
  when: 'zeroSign',
  law: 'pad(x) + pad(y) of neighbouring places → pad([x; y])',
  apply: (node, { once }) => {
    const both = node.ins.map((n) => ({ n, at: place(n) })).toSorted((p, q) => (p.at?.low ?? 0) - (q.at?.low ?? 0))
    const [a, b] = both as [(typeof both)[0], (typeof both)[0]]
    if (a.at === null || b.at === null || a.at.axis !== b.at.axis || !once(a.n) || !once(b.n)) return null
    if (!equalShapes(a.n.shape, b.n.shape) || !equalShapes(a.n.shape, node.shape)) return null
    const { axis, low } = a.at
    const parts = [operand(a.n), operand(b.n)]
    if (low + ((parts[0] as Node).shape[axis] as number) !== b.at.low) return null
    const joint = graph.concat(parts, { axis })
    const counts = (n: number): readonly number[] => node.shape.map((_, i) => (i === axis ? n : 0))
    if (low === 0 && b.at.high === 0) return joint
    return graph.pad([joint], { low: counts(low), high: counts(b.at.high), interior: counts(0), value: 0 })
  },
  examples: () => {
    const put = (n: Node, low: number, high: number): Node =>
      graph.pad([n], { low: [0, low], high: [0, high], interior: [0, 0], value: 0 })
    return [
      { node: graph.add([put(x('x', 2, 3), 0, 5), put(x('y', 2, 5), 3, 0)]) },
      { node: graph.add([put(x('y', 2, 5), 4, 2), put(x('x', 2, 3), 1, 7)]) },
    ]
  },
}

export const slicingRules: readonly Rule[] = [
  addPads,
  sliceWhole,
  sliceSlice,
  sliceBroadcast,
  slicePad,
  sliceConcat,
  reverseNothing,
  reverseReverse,
  padNothing,
  padPad,
  concatOne,
  concatConcat,
  concatSlices,
  concatFull,
]
