/**
 * The terms of a gradient and the lines that they come from. In: entries. Out: equations with places.
 * Invariant: a term is an equation that the forward pass does not need; its places are those of the parts that it writes, not
 * of what it refers to by name, its own first.
 */
import type { Node } from '../../../src/expr/expr.ts'
import { opDef } from '../../../src/ops/registry.ts'
import { topological } from '../../program/walk.ts'
import { type Equation, equationsOf, type Line } from '../equations.ts'
import type { Root } from '../names.ts'
import { byPlace, type Place, placeOf } from './lines.ts'

export interface Term {
  readonly equation: Equation
  /** The line that it comes from, then those of further parts of its formula. */
  readonly places: readonly Place[]
}

const flat = (lines: readonly Line[]): readonly Equation[] =>
  lines.flatMap((l) => (l.tag === 'loop' ? flat(l.body) : [l]))

/** The lines of the parts between an equation and what it refers to. */
const placesOf = (node: Node, known: ReadonlySet<Node>): readonly Place[] => {
  const seen = new Set<Node>()
  const stack = [node]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n) || opDef(n.op).kind === 'leaf' || n.op === 'scan' || n.op === 'result') continue
    if (n !== node && known.has(n)) continue
    seen.add(n)
    stack.push(...n.ins)
  }
  const own = placeOf(node)
  const found = [...seen].flatMap((n) => placeOf(n) ?? [])
  const different = new Map((own === null ? found : [own, ...found]).map((p) => [`${p.line} ${p.file}`, p]))
  const [first, ...rest] = [...different.values()]
  return first === undefined
    ? []
    : own === null
      ? [first, ...rest].toSorted(byPlace)
      : [first, ...rest.toSorted(byPlace)]
}

/** The terms that derivatives and updates are made of, beside results. */
export const termsOf = (results: readonly Root[], derived: readonly Root[]): readonly Term[] => {
  const forward = new Set(topological(results.map((r) => r.node)))
  const { equations } = equationsOf([...results, ...derived], { forward })
  const all = flat(equations)
  const known = new Set([...forward, ...all.map((e) => e.node)])
  return flat(equations.filter((e) => e.root >= results.length))
    .filter((e) => !e.definition || !forward.has(e.node))
    .map((equation) => ({ equation, places: placesOf(equation.node, known) }))
}
