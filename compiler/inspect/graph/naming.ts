/**
 * Names and formulas of a level. In: the level, and the names so far. Out: what each value is called, and its formula over these names.
 * Invariant: every value that another box reads has a name, which nothing else has in the whole picture.
 */
import type { Node } from '../../../src/expr/expr.ts'
import { nameOf } from '../../../src/expr/origin.ts'
import { functionOf } from '../../../src/expr/scan.ts'
import { behind } from '../behind.ts'
import { type Doc, nameDoc, render, withStep } from '../doc.ts'
import { letterAt, nameAt, withoutIndex } from '../indices.ts'
import { isStack, letterOf, nameAll } from '../names.ts'
import { carryNames, resultName } from './bodies.ts'
import { drawn, formula, isLiteral, type Level, partsOf, type PhaseOf } from './drawn.ts'
import { rowAbove } from './folding.ts'

/** All names so far, of all levels. */
export interface Names {
  readonly names: Map<Node, string>
  /** What stacks of loops are called at one step, where that does not follow from their names. */
  readonly steps: Map<Node, string>
  readonly taken: Set<string>
  /** What nodes without a name of their own would best be called. */
  readonly suggested: ReadonlyMap<Node, string>
}

export interface Naming {
  readonly nameOf: (n: Node) => string | undefined
  /** What stands at one step of a loop for what it is given. */
  readonly stepName: (n: Node) => string | undefined
  /** What each carry of a loop is called. */
  readonly carries: ReadonlyMap<Node, readonly string[]>
  readonly textOf: (n: Node) => string
}

/** What another box reads: the ends of chains, what loops give, and what users have named. */
const namedIn = ({ order, results, readers, given, folding, isLeaf }: Level): readonly Node[] => {
  const goesOn = new Set(folding.above.values())
  return order.flatMap((n) => {
    if (functionOf(n) !== null) return given.filter((r) => r.ins[0] === n)
    const isEnd = !isLeaf(n) && !folding.inlined.has(n) && (!goesOn.has(n) || nameOf(n) !== undefined)
    return isEnd && (results.has(n) || (readers.get(n)?.size ?? 0) > 0) ? [n] : []
  })
}

/** Names what has none yet. */
const nameLevel = (level: Level, all: Names, phaseOf: PhaseOf, indices: readonly string[]): Naming['carries'] => {
  const { labels, order, given, isLeaf } = level
  for (const n of order)
    if (isLeaf(n) && !isLiteral(n) && !all.names.has(n)) all.names.set(n, labels.leaves.get(n) ?? nameOf(n) ?? n.op)
  const carries = new Map<Node, readonly string[]>()
  for (const n of order) if (functionOf(n) !== null) carries.set(n, carryNames(n, all.taken, carries))
  const known = new Map<Node, string>(labels.results.map(([label, n]) => [behind(n), label]))
  for (const r of given) {
    if (known.has(r) || nameOf(r) !== undefined) continue
    const best = resultName(r, carries.get(drawn(r)) ?? [], indices.length, all.taken)
    if (best === undefined) continue
    known.set(r, best.whole)
    if (best.step !== undefined) all.steps.set(r, best.step)
  }
  const named = nameAll(namedIn(level), {
    labels: known,
    taken: all.taken,
    forward: new Set([...order, ...given].filter((n) => phaseOf(drawn(n)) === 'forward')),
    indices,
    suggested: all.suggested,
    letter: (n, forward) => (n.op === 'result' && phaseOf(drawn(n)) === 'backward' ? 'δ' : letterOf(n, forward)),
  })
  for (const t of named.taken) all.taken.add(t)
  for (const [n, name] of named.names) if (!all.names.has(n) || !isLeaf(n)) all.names.set(n, name)
  return carries
}

const longestLabel = 52

const lengthOf = (text: string): number => [...text].length

export const namingOf = (level: Level, all: Names, phaseOf: PhaseOf, indices: readonly string[]): Naming => {
  const { above, inlined } = level.folding
  const carries = nameLevel(level, all, phaseOf, indices)
  const called = (n: Node): string | undefined => all.names.get(n)
  const [, index] = letterAt(indices.length)
  const stepName = (n: Node): string | undefined => {
    const name = called(n)
    return all.steps.get(n) ?? (name === undefined ? undefined : nameAt(withoutIndex(name), [index]))
  }
  const known = (n: Node): Doc => {
    const name = nameDoc(called(n) ?? '□')
    return isStack(n) ? withStep(name, { index, doc: nameDoc(stepName(n) ?? '□') }) : name
  }
  const docs = new Map<Node, Doc>()
  for (const n of level.order)
    if (!level.isLeaf(n) && functionOf(n) === null) {
      const part = (p: Node): Doc =>
        inlined.has(p) ? (docs.get(p) as Doc) : above.get(n) === p && nameOf(p) === undefined ? rowAbove : known(p)
      docs.set(n, formula(n, part))
    }
  const textOf = (n: Node): string => {
    const { text } = render(docs.get(n) as Doc)
    if (lengthOf(text) <= longestLabel) return text
    const parts = partsOf(n).flatMap((p) => (isLiteral(p) ? [] : [above.get(n) === p ? '□' : render(known(p)).text]))
    const brief = `${n.op}(${parts.join(', ')})`
    return lengthOf(brief) <= longestLabel ? brief : `${n.op}(${parts[0] ?? ''}, …)`
  }
  return { nameOf: called, stepName, carries, textOf }
}
