/**
 * Loops that hold more than is read of them, and loops that hold what another one holds. In: roots with scans. Out: equal roots.
 * Invariant: no value changes. A carry that nothing needs goes, and one that never changes becomes a constant; a loop whose
 * carries, elements and steps are all among those of another one is read from that one: the forward loop of a value, beside
 * the loop that carries the value and its tangent.
 */
import { range } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { makeScan, resultsOf, type ScanParts, scanParts, substitute } from '../../src/expr/scan.ts'
import { topological } from '../program/walk.ts'

const loopsOf = (order: readonly Node[]): readonly Node[] => order.filter((n) => n.op === 'scan')

/** The results of each scan that are read. */
const readsOf = (order: readonly Node[]): ReadonlyMap<Node, readonly Node[]> => {
  const reads = new Map<Node, Node[]>(loopsOf(order).map((s) => [s, []]))
  for (const n of order) if (n.op === 'result') reads.get(n.ins[0] as Node)?.push(n)
  return reads
}

const indexOf = (result: Node): number => paramsOf(result, 'result').index

/** New nodes in the place of old ones, until none of these is left. */
const replaced = (roots: readonly Node[], by: ReadonlyMap<Node, Node>): readonly Node[] => {
  let now = roots
  for (let next = substitute(now, by); next.some((r, i) => r !== now[i]); next = substitute(now, by)) now = next
  return now
}

// ---- carries that do nothing

/** The carries that what is read needs, and those that keep their first value. */
const livesOf = ({ fn, init }: ScanParts, read: ReadonlySet<number>): ReadonlySet<number> => {
  const live = new Set(range(init.length).filter((i) => read.has(i)))
  const outputs = fn.results.filter((_, i) => i >= init.length && read.has(i))
  for (;;) {
    const needed = new Set(topological([...outputs, ...[...live].map((i) => fn.results[i] as Node)]))
    const more = range(init.length).filter((i) => !live.has(i) && needed.has(fn.params[i] as Node))
    if (more.length === 0) return live
    for (const i of more) live.add(i)
  }
}

/** The loop without idle carries: what its results become; null where there are none. */
const withoutIdle = (scan: Node, reads: readonly Node[]): ReadonlyMap<Node, Node> | null => {
  const parts = scanParts(scan)
  const { fn, init, sequences, constants } = parts
  const [nc, nx] = [init.length, sequences.length]
  const live = livesOf(parts, new Set(reads.map(indexOf)))
  const isStill = (i: number): boolean => fn.results[i] === fn.params[i]
  const kept = range(nc).filter((i) => live.has(i) && !isStill(i))
  if (kept.length === nc || parts.length === 0) return null
  const still = range(nc).filter((i) => live.has(i) && isStill(i))
  const at = <T>(list: readonly T[], places: readonly number[]): readonly T[] => places.map((i) => list[i] as T)
  const outputs = range(fn.results.length).slice(nc)
  const smaller = derivedFrom(scan, () =>
    makeScan({
      ...parts,
      fn: {
        params: [
          ...at(fn.params, kept),
          ...fn.params.slice(nc, nc + nx),
          ...fn.params.slice(nc + nx),
          ...at(fn.params, still),
        ],
        results: at(fn.results, [...kept, ...outputs]),
      },
      init: at(init, kept),
      constants: [...constants, ...at(init, still)],
    }),
  )
  const results = resultsOf(smaller)
  const places = [...kept, ...outputs]
  return new Map(
    reads.map((r) => {
      const i = indexOf(r)
      return [r, still.includes(i) ? (init[i] as Node) : (results[places.indexOf(i)] as Node)]
    }),
  )
}

/** An output that reads a carry which nothing reads would need that carry: only what is read is left among the outputs. */
const withReadOutputs = (scan: Node, reads: readonly Node[]): ReadonlyMap<Node, Node> | null => {
  const parts = scanParts(scan)
  const nc = parts.init.length
  const read = new Set(reads.map(indexOf))
  const places = range(parts.fn.results.length).filter((i) => i < nc || read.has(i))
  if (places.length === parts.fn.results.length) return null
  const smaller = derivedFrom(scan, () =>
    makeScan({ ...parts, fn: { ...parts.fn, results: places.map((i) => parts.fn.results[i] as Node) } }),
  )
  const results = resultsOf(smaller)
  return new Map(reads.map((r) => [r, results[places.indexOf(indexOf(r))] as Node]))
}

// ---- loops within loops' company

/** Where each of a loop's parts stands in another; null where one is missing there. */
const placesIn = (small: ScanParts, large: ScanParts): readonly number[] | null => {
  if (small.length !== large.length || small.reverse !== large.reverse) return null
  const operands = ({ init, sequences, constants }: ScanParts): readonly Node[] => [...init, ...sequences, ...constants]
  const role = ({ init, sequences }: ScanParts, i: number): number =>
    i < init.length ? 0 : i < init.length + sequences.length ? 1 : 2
  const [mine, theirs] = [operands(small), operands(large)]
  const places = small.fn.params.map((p) => large.fn.params.indexOf(p))
  const fits = places.every((at, i) => at >= 0 && mine[i] === theirs[at] && role(small, i) === role(large, at))
  const steps = small.init.every((_, i) => small.fn.results[i] === large.fn.results[places[i] as number])
  return fits && steps ? places : null
}

const isMadeOf = (n: Node, part: Node): boolean => topological(n.ins).includes(part)

/** What the results of a loop become where another one holds all of it. */
const hosted = (
  scan: Node,
  reads: readonly Node[],
  others: ReadonlyMap<Node, readonly Node[]>,
): ReadonlyMap<Node, Node> | null => {
  const small = scanParts(scan)
  for (const [host, theirs] of others) {
    const large = scanParts(host)
    if (host === scan || large.init.length <= small.init.length) continue
    const places = placesIn(small, large)
    if (places === null || isMadeOf(host, scan)) continue
    const outputs = reads.map(indexOf).filter((i) => i >= small.init.length)
    const results = [...large.fn.results, ...outputs.map((i) => small.fn.results[i] as Node)]
    const both = resultsOf(derivedFrom(host, () => makeScan({ ...large, fn: { ...large.fn, results } })))
    const own = (i: number): Node =>
      both[i < small.init.length ? (places[i] as number) : large.fn.results.length + outputs.indexOf(i)] as Node
    return new Map([
      ...theirs.map((r) => [r, both[indexOf(r)] as Node] as const),
      ...reads.map((r) => [r, own(indexOf(r))] as const),
    ])
  }
  return null
}

/** One change that makes the loops less, or null. */
const nextChange = (roots: readonly Node[]): ReadonlyMap<Node, Node> | null => {
  const reads = readsOf(topological(roots))
  for (const [scan, mine] of reads) {
    const change = withReadOutputs(scan, mine) ?? withoutIdle(scan, mine) ?? hosted(scan, mine, reads)
    if (change !== null) return change
  }
  return null
}

/** Roots whose loops carry what is read of them, once. */
export const shareLoops = (given: readonly Node[]): readonly Node[] => {
  let roots = given
  for (let change = nextChange(roots); change !== null; change = nextChange(roots)) roots = replaced(roots, change)
  return roots
}
