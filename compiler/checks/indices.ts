/**
 * Indices that name nothing. In: nodes as the user wrote them. Out: for each tensor of indices that is computed, a probe of the
 * first one out of range. Invariant: indices are looked at before rewriting, which may stop reading them; indices that are in
 * range by themselves (an order, the place of a maximum, a constant that was looked at when it was built) are left out.
 */
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { useOf } from '../../src/expr/index-use.ts'
import { graph as b, literal, paramsOf } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { Observer, Probe } from './instrument.ts'
import { axisWords, sourceField, wordsOf } from './words.ts'

/** Indices that have to be in 0 … extent − 1. */
interface Ranged {
  readonly op: string
  readonly indices: Node
  readonly extent: number
  readonly of: string
}

/** Of rows of a tensor, along an axis. */
const rows = (n: Node, x: Node, indices: Node, axis: number): Ranged => {
  const use = useOf(n) ?? { op: n.op, of: x, axis }
  return { op: use.op, indices, extent: x.shape[axis] as number, of: axisWords(use.of, use.axis) }
}

const classes = (op: string, labels: Node, extent: number): Ranged => ({
  op,
  indices: labels,
  extent,
  of: `${extent} classes`,
})

/** What a node's indices have to be; null where it has none. */
const rangedOf = (n: Node): Ranged | null => {
  const [x, y] = n.ins as readonly [Node, Node]
  switch (n.op) {
    case 'gather':
    case 'scatterAdd':
      return rows(n, x, y, paramsOf(n, n.op).axis)
    case 'scatterRows':
      return rows(n, n, x, paramsOf(n, 'scatterRows').axis)
    case 'crossEntropy':
      return classes('crossEntropy', y, x.shape.at(-1) as number)
    case 'oneHot':
      return classes('oneHot', x, paramsOf(n, 'oneHot').depth)
    case 'clip':
    case 'withBlocks': {
      const use = useOf(n)
      if (use === undefined) return null
      const indices = n.op === 'clip' ? x : y
      const extent = n.op === 'clip' ? paramsOf(n, 'clip').hi + 1 : (use.of.shape[use.axis] as number)
      return { op: use.op, indices, extent, of: axisWords(use.of, use.axis) }
    }
    default:
      return null
  }
}

/** Ops whose result names places that exist, or that were looked at when they were built. */
const known: ReadonlySet<string> = new Set([
  'constant',
  'full',
  'iota',
  'argsort',
  'order',
  'argmax',
  'argmin',
  'lastEqual',
])

/** What moves elements and changes none of them. */
const isMoved = (n: Node): boolean => opDef(n.op).kind === 'movement' && n.op !== 'pad'

/** A place counted by indices that a constructor has moved into their ranges. */
const isCounted = (n: Node): boolean => {
  if (n.op === 'full' || (n.op === 'clip' && useOf(n) !== undefined)) return true
  return (n.op === 'add' || n.op === 'mul' || isMoved(n)) && n.ins.every(isCounted)
}

/** Whether indices cannot be out of range, or are looked at on the way. */
const isSafe = (indices: Node): boolean =>
  known.has(indices.op) || isCounted(indices) || (isMoved(indices) && indices.ins.every(isSafe))

const probeOf = ({ op, indices, extent, of }: Ranged, node: Node, now: (n: Node) => Node): Probe => {
  const size = sizeOf(indices.shape)
  const i = b.reshape([now(indices)], { shape: [size] })
  const isStray = b.logicalOr([b.less([i, literal(0, 'i32')]), b.greaterEqual([i, literal(extent, 'i32')])])
  const places = b.where([isStray, b.iota([], { shape: [size], axis: 0 }), literal(size, 'i32')])
  const first = b.min([places], { axes: [0], keepDims: false })
  const value = b.gather([i, first], { axis: 0, batch: 0 })
  return {
    check: {
      kind: 'index',
      text: op,
      name: wordsOf(indices),
      limit: `0 … ${extent - 1}, ${of}`,
      dtype: 'i32',
      shape: indices.shape,
      reports: 'all',
      operands: [],
      ...sourceField(node),
    },
    findings: [first, value],
    nothing: [size, 0],
  }
}

/** The tensor of which the indices are a view: there the user knows the places. */
const wholeViews: ReadonlySet<string> = new Set(['reshape', 'transpose', 'broadcastTo', 'reverse'])

const behind = (n: Node): Node => (wholeViews.has(n.op) ? behind(n.ins[0] as Node) : n)

/** Looks at every tensor of indices once for each range that it has to be in. */
export const indexObserver = (): Observer => {
  const seen = new Set<string>()
  return {
    look: (n, now) => {
      const ranged = rangedOf(n)
      if (ranged === null || sizeOf(ranged.indices.shape) === 0 || isSafe(ranged.indices)) return []
      const indices = behind(ranged.indices)
      const key = `${indices.id} ${ranged.extent}`
      if (seen.has(key)) return []
      seen.add(key)
      return [probeOf({ ...ranged, indices }, n, now)]
    },
  }
}
