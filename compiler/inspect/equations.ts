/**
 * Formulas of one or several expressions. In: labelled roots. Out: equations, each part defined before it is used.
 * Invariant: iterative, and linear in the graph: a part whose formula grows too long is named, so no formula does.
 */
import type { TensorType } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { atom } from '../../src/ops/common.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type Doc, text } from './doc.ts'
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
}

export const equationsOf = (roots: readonly Root[], options: EquationOptions = {}): readonly Equation[] => {
  const readings = readAll(roots.map((r) => r.node))
  const named = namedNodes(readings, roots)
  const labels = new Map<Node, string>()
  for (const r of roots) {
    const c = carrierOf(r.node)
    if (r.defines && named.has(c) && !labels.has(c)) labels.set(c, r.label)
  }
  const seen = new Set<Node>()
  const written = roots.map((r) => definitionsOf(r.node, readings, named, seen))
  const leaves = [...readings.keys()].filter((n) => opDef(n.op).kind === 'leaf')
  const names = nameAll(written.flat(), labels, leaves, options.forward ?? new Set())

  const formulas = new Map<Node, Doc>()
  const docs = new Map<Node, Doc>()
  for (const [n, reading] of readings) {
    const doc = reading.build(reading.reads.map((r) => docs.get(r) as Doc))
    formulas.set(n, doc)
    const name = names.get(n)
    docs.set(n, name === undefined ? doc : text(atom(name)))
  }
  const done = new Set<string>()
  return roots.flatMap((r, root) => {
    const own = carrierOf(r.node)
    const lines = (written[root] as readonly Node[]).flatMap((n): readonly Equation[] => {
      const name = names.get(n) as string
      if (n === own && name === r.label) return []
      done.add(name)
      return [{ name, sign: '=', doc: formulas.get(n) as Doc, type: n, root, definition: true }]
    })
    if (done.has(r.label)) return lines
    done.add(r.label)
    const doc = (names.get(own) === r.label ? formulas.get(own) : docs.get(r.node)) as Doc
    return [...lines, { name: r.label, sign: r.sign ?? '=', doc, type: r.node, root, definition: false }]
  })
}
