/**
 * A long loop in segments. In: the parts of a scan, and how many steps a segment has. Out: what the scan gives. Invariant:
 * the steps and their order are those of the scan; a segment is a checkpoint, so that the way back keeps the carries between
 * segments, and of one segment at a time what its steps save: with segments of √T steps about 2√T carries instead of T.
 * (Griewank 1992; Chen et al. 2016, Training deep nets with sublinear memory cost.)
 */
import { range } from '../core/shape.ts'
import { makeCheckpoint } from './checkpoint.ts'
import type { Node } from './expr.ts'
import { graph } from './node.ts'
import { nameOf, setName } from './origin.ts'
import { carryName, freshBound, makeScan, resultsOf, type ScanParts } from './scan.ts'

/** Steps from … to along the first axis. */
const steps = (x: Node, from: number, to: number): Node =>
  from === 0 && to === x.shape[0]
    ? x
    : graph.slice([x], {
        start: [from, ...x.shape.slice(1).map(() => 0)],
        limit: [to, ...x.shape.slice(1)],
        step: x.shape.map(() => 1),
      })

const named = (bound: Node, name: string | undefined): Node => {
  if (name !== undefined) setName(bound, name)
  return bound
}

/** One scan as a checkpoint of itself: its steps save nothing beyond its operands. */
const asCheckpoint = (parts: ScanParts): readonly Node[] => {
  const inputs = [...parts.init, ...parts.sequences, ...parts.constants]
  const params = inputs.map((x, i) => named(freshBound(x), carryNameAt(parts, i) ?? nameOf(x)))
  const inside = (from: number, to: number): readonly Node[] => params.slice(from, to)
  const [nc, nx] = [parts.init.length, parts.sequences.length]
  const results = resultsOf(
    makeScan({
      ...parts,
      init: inside(0, nc),
      sequences: inside(nc, nc + nx),
      constants: inside(nc + nx, params.length),
    }),
  )
  const fn = { params, results }
  return resultsOf(makeScan(parts)).map((value, index) => makeCheckpoint({ value, inputs, fn, index, save: 'nothing' }))
}

const carryNameAt = ({ fn, init }: ScanParts, i: number): string | undefined =>
  i < init.length ? carryName(fn, i) : undefined

/** As many whole segments as there are, as one scan over segments. */
const wholeSegments = (parts: ScanParts, every: number): readonly Node[] => {
  const count = parts.length / every
  const [nc, nx] = [parts.init.length, parts.sequences.length]
  const cut = (x: Node): Node => graph.reshape([x], { shape: [count, every, ...x.shape.slice(1)] })
  const join = (x: Node): Node => graph.reshape([x], { shape: [count * every, ...x.shape.slice(2)] })
  const sequences = parts.sequences.map(cut)
  const operands = [
    ...parts.init,
    ...sequences.map(({ dtype, shape }) => ({ dtype, shape: shape.slice(1) })),
    ...parts.constants,
  ]
  const params = operands.map((x, i) => named(freshBound(x), carryNameAt(parts, i)))
  const results = asCheckpoint({
    ...parts,
    length: every,
    init: params.slice(0, nc),
    sequences: params.slice(nc, nc + nx),
    constants: params.slice(nc + nx),
  })
  const given = resultsOf(makeScan({ ...parts, fn: { params, results }, length: count, sequences }))
  return given.map((x, i) => (i < nc ? x : join(x)))
}

/** What the scan gives: its last carries, and its stacked outputs. The steps left over make a shorter segment, run last. */
export const runSegments = (parts: ScanParts, every: number): readonly Node[] => {
  const { length, reverse, init } = parts
  if (every >= length) return asCheckpoint(parts)
  const rest = length % every
  const part = (from: number, to: number, start: readonly Node[]): ScanParts => ({
    ...parts,
    length: to - from,
    init: start,
    sequences: parts.sequences.map((x) => steps(x, from, to)),
  })
  const [first, last] = reverse
    ? [
        [rest, length],
        [0, rest],
      ]
    : [
        [0, length - rest],
        [length - rest, length],
      ]
  const whole = wholeSegments(part(first?.[0] as number, first?.[1] as number, init), every)
  if (rest === 0) return whole
  const end = asCheckpoint(part(last?.[0] as number, last?.[1] as number, whole.slice(0, init.length)))
  const both = (i: number): readonly Node[] => {
    const [a, b] = [whole[i] as Node, end[i] as Node]
    return reverse ? [b, a] : [a, b]
  }
  return range(whole.length).map((i) => (i < init.length ? (end[i] as Node) : graph.concat(both(i), { axis: 0 })))
}
