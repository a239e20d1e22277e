/**
 * What is drawn of a level: of an entry, or of the body of a loop. In: its results and what it is given. Out: values in order, who
 * reads them, and which share a box.
 * Invariant: what mathematics does not write (broadcasts, literals) is not drawn; of a loop's results the loop itself is.
 */
import type { Node } from '../../../src/expr/expr.ts'
import { nameOf } from '../../../src/expr/origin.ts'
import { functionOf } from '../../../src/expr/scan.ts'
import { behind, isSame } from '../behind.ts'
import type { Doc } from '../doc.ts'
import type { Phase } from '../machine/phases.ts'
import { readingOf } from '../reading.ts'
import { isPlain, type Labels } from './bodies.ts'
import { type Folding, foldingOf } from './folding.ts'

/** Where a phase is asked for: of the nodes of a body, that of the loop. */
export type PhaseOf = (n: Node) => Phase

/** What stands inside the formula that reads it: numbers, and other constants without a name. */
export const isLiteral = (n: Node): boolean =>
  n.op === 'full' || ((n.op === 'iota' || n.op === 'constant') && nameOf(n) === undefined)

/** The node that is drawn for an operand: of the results of a loop the loop itself. */
export const drawn = (n: Node): Node => {
  const b = behind(n)
  return b.op === 'result' ? (b.ins[0] as Node) : b
}

export const readsOf = (n: Node): readonly Node[] =>
  functionOf(n) !== null || n.ins.length === 0 ? n.ins : readingOf(n).reads

/** The values of a node's formula, each once. */
export const partsOf = (n: Node): readonly Node[] => [...new Set(readsOf(n).map(drawn))]

/** What is drawn for the roots, operands before readers; `ends` are read no further. */
export const drawnFor = (roots: readonly Node[], ends: ReadonlyMap<Node, unknown> = new Map()): readonly Node[] => {
  const seen = new Map<Node, boolean>()
  const order: Node[] = []
  const stack = roots.map(drawn).toReversed()
  while (stack.length > 0) {
    const n = stack.at(-1) as Node
    if (seen.has(n)) {
      stack.pop()
      if (seen.get(n) === false) order.push(n)
      seen.set(n, true)
      continue
    }
    seen.set(n, false)
    if (!ends.has(n)) for (const r of readsOf(n).toReversed()) if (!seen.has(drawn(r))) stack.push(drawn(r))
  }
  return order
}

/** The formula of an operand: behind broadcasts, that of what is drawn. */
const operand = (n: Node, of: (part: Node) => Doc): Doc => {
  if (!isSame(n)) return isLiteral(n) ? readingOf(n).build([]) : of(n)
  return readingOf(n).build([operand(n.ins[0] as Node, of)])
}

/** The formula of a node over those of its parts. */
export const formula = (n: Node, of: (part: Node) => Doc): Doc => {
  const { reads, build } = readingOf(n)
  return build(reads.map((r) => operand(r, of)))
}

export interface Level {
  readonly labels: Labels
  /** What is drawn, or stands within a formula; operands before readers. */
  readonly order: readonly Node[]
  /** What results are called: by the node that is drawn for them. */
  readonly results: ReadonlyMap<Node, readonly string[]>
  readonly readers: ReadonlyMap<Node, ReadonlySet<Node>>
  /** The results of loops and choices that are read, in the order of these. */
  readonly given: readonly Node[]
  readonly folding: Folding
  readonly isLeaf: (n: Node) => boolean
}

/** The results of each drawn node, by the names that say most. */
const labelled = ({ results }: Labels): ReadonlyMap<Node, readonly string[]> => {
  const found = new Map<Node, readonly string[]>()
  for (const [label, node] of results) {
    const known = (found.get(drawn(node)) ?? []).filter((l) => !isPlain(l))
    if (known.length === 0 || !isPlain(label)) found.set(drawn(node), [...new Set([...known, label])])
  }
  return found
}

export const levelOf = (labels: Labels, phaseOf: PhaseOf): Level => {
  const roots = labels.results.map(([, n]) => n)
  const order = drawnFor(roots, labels.leaves)
  const results = labelled(labels)
  const isLeaf = (n: Node): boolean => labels.leaves.has(n) || (n.ins.length === 0 && functionOf(n) === null)
  const readers = new Map<Node, Set<Node>>()
  const given = new Set<Node>()
  const give = (n: Node): void => {
    if (behind(n).op === 'result') given.add(behind(n))
  }
  for (const n of order)
    for (const r of isLeaf(n) ? [] : readsOf(n)) {
      readers.set(drawn(r), (readers.get(drawn(r)) ?? new Set()).add(n))
      give(r)
    }
  roots.forEach(give)
  const place = new Map(order.map((n, i) => [n, i]))
  const alone = (n: Node): boolean => {
    const [reader, more] = readers.get(n) ?? []
    return reader !== undefined && more === undefined && !results.has(n) && phaseOf(reader) === phaseOf(n)
  }
  return {
    labels,
    order,
    results,
    readers,
    given: [...given].toSorted((a, b) => (place.get(drawn(a)) ?? 0) - (place.get(drawn(b)) ?? 0)),
    folding: foldingOf(
      order.filter((n) => !isLeaf(n) && functionOf(n) === null),
      { alone, parts: partsOf, formula },
    ),
    isLeaf,
  }
}
