/**
 * Which values share a box. In: values in order, and who reads them. Out: chains, in which each value is read by the next alone, and
 * what stands within the formula of its one reader.
 * Invariant: whatever leaves a box is the last value of its chain, so that boxes depend on one another without cycles.
 */
import type { Node } from '../../../src/expr/expr.ts'
import { nameOf } from '../../../src/expr/origin.ts'
import { opDef } from '../../../src/ops/registry.ts'
import { type Doc, nameDoc, render } from '../doc.ts'

export interface Foldable {
  /** Whether it is a value of which only the next one may know. */
  readonly alone: (n: Node) => boolean
  /** The values of its formula, each once. */
  readonly parts: (n: Node) => readonly Node[]
  /** Its formula over those of its parts. */
  readonly formula: (n: Node, of: (part: Node) => Doc) => Doc
}

export interface Folding {
  /** What a value goes on from, in the row above. */
  readonly above: ReadonlyMap<Node, Node>
  readonly inlined: ReadonlySet<Node>
}

/** What a formula says for the row above. */
export const rowAbove: Doc = nameDoc('□')

/** A formula within another has so many characters at most, and both together so many. */
const [inner, together] = [16, 36]

/** What is worth a row of its own. */
const isWeighty = (n: Node): boolean => opDef(n.op).kind === 'contraction' || opDef(n.op).kind === 'reduction'

export const foldingOf = (ops: readonly Node[], { alone, parts, formula }: Foldable): Folding => {
  const above = new Map<Node, Node>()
  const inlined = new Set<Node>()
  const rows = new Map<Node, number>()
  const docs = new Map<Node, Doc>()
  const lengthOf = (d: Doc): number => [...render(d).text].length
  const short = (n: Node): boolean =>
    rows.get(n) === 1 && nameOf(n) === undefined && !isWeighty(n) && lengthOf(docs.get(n) as Doc) <= inner
  for (const n of ops) {
    const free = parts(n).filter((p) => rows.has(p) && alone(p))
    let within = free.filter(short)
    let chained = free.filter((p) => !within.includes(p)).toSorted((a, b) => (rows.get(b) ?? 0) - (rows.get(a) ?? 0))[0]
    const written = (): Doc =>
      formula(n, (p) =>
        p === chained ? rowAbove : within.includes(p) ? (docs.get(p) as Doc) : nameDoc(nameOf(p) ?? 'h₁'),
      )
    while (within.length > 0 && lengthOf(written()) > together) {
      const longest = within.toSorted((a, b) => lengthOf(docs.get(b) as Doc) - lengthOf(docs.get(a) as Doc))[0] as Node
      within = within.filter((p) => p !== longest)
      chained ??= longest
    }
    for (const p of within) inlined.add(p)
    if (chained !== undefined) above.set(n, chained)
    rows.set(n, 1 + (chained === undefined ? 0 : (rows.get(chained) as number)))
    docs.set(n, written())
  }
  return { above, inlined }
}
