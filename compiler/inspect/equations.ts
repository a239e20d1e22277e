/**
 * Formulas of one or several expressions. In: labelled roots. Out: equations, each part defined before it is used.
 * Invariant: iterative, and linear in the graph: a part whose formula grows too long is named, so no formula does.
 */
import type { TensorType } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type Doc, nameDoc } from './doc.ts'
import { carrierOf, nameAll, namedNodes, readAll, type Root, type Sign } from './names.ts'
import type { Reading } from './reading.ts'

export interface Equation {
  readonly name: string
  readonly doc: Doc
  /** `=` for a value, `:` for a field of a record, `←` for what a leaf is after a step. */
  readonly sign: Sign
  readonly type: TensorType
  /** Which root it belongs to; a definition belongs to the first root that needs it. */
  readonly root: number
  readonly definition: boolean
}

/** The named nodes below a root that are not written yet, parts first. */
const definitionsOf = (
  root: Node,
  readings: ReadonlyMap<Node, Reading>,
  named: ReadonlySet<Node>,
  seen: Set<Node>,
): readonly Node[] => {
  const found: Node[] = []
  const stack: { readonly node: Node; readonly ready: boolean }[] = [{ node: root, ready: false }]
  while (stack.length > 0) {
    const { node, ready } = stack.pop() as (typeof stack)[number]
    if (ready) {
      if (named.has(node)) found.push(node)
      continue
    }
    if (seen.has(node)) continue
    seen.add(node)
    stack.push({ node, ready: true })
    const { reads } = readings.get(node) as Reading
    for (const r of reads.toReversed()) if (!seen.has(r)) stack.push({ node: r, ready: false })
  }
  return found
}

export interface EquationOptions {
  /** Nodes that are values of the model itself even where differentiation made them first. */
  readonly forward?: ReadonlySet<Node>
  /** Names that equations written before have given. */
  readonly given?: ReadonlyMap<Node, string>
}

export interface Equations {
  readonly equations: readonly Equation[]
  /** What each named node is called. */
  readonly names: ReadonlyMap<Node, string>
}

const none: ReadonlyMap<Node, string> = new Map()

export const equationsOf = (roots: readonly Root[], { forward, given = none }: EquationOptions = {}): Equations => {
  const readings = readAll(
    roots.map((r) => r.node),
    given,
  )
  const named = namedNodes(readings, roots, given)
  const labels = new Map<Node, string>()
  for (const r of roots) {
    const c = carrierOf(r.node)
    // what a leaf will be is called as the leaf, primed
    const own = r.sign === '←' ? `${r.label}′` : r.defines ? r.label : undefined
    if (own !== undefined && named.has(c) && !labels.has(c)) labels.set(c, own)
  }
  const seen = new Set<Node>()
  const written = roots.map((r) => definitionsOf(r.node, readings, named, seen))
  const leaves = [...readings.keys()].filter((n) => opDef(n.op).kind === 'leaf')
  const names = nameAll(written.flat(), new Map([...given, ...labels]), leaves, forward ?? new Set())

  const formulas = new Map<Node, Doc>()
  const docs = new Map<Node, Doc>()
  for (const [n, reading] of readings) {
    const name = names.get(n)
    const doc = given.has(n) ? null : reading.build(reading.reads.map((r) => docs.get(r) as Doc))
    if (doc !== null) formulas.set(n, doc)
    docs.set(n, name === undefined ? (doc as Doc) : nameDoc(name))
  }
  const done = new Set<string>()
  const equations = roots.flatMap((r, root) => {
    const own = carrierOf(r.node)
    const lines = (written[root] as readonly Node[]).flatMap((n): readonly Equation[] => {
      const name = names.get(n) as string
      if (n === own && name === r.label) return []
      done.add(name)
      return [{ name, sign: '=', doc: formulas.get(n) as Doc, type: n, root, definition: true }]
    })
    if (done.has(r.label)) return lines
    done.add(r.label)
    const doc = (names.get(own) === r.label && formulas.has(own) ? formulas.get(own) : docs.get(r.node)) as Doc
    return [...lines, { name: r.label, sign: r.sign ?? '=', doc, type: r.node, root, definition: false }]
  })
  return { equations, names }
}
