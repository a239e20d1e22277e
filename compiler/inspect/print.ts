/**
 * `print`: expressions as Unicode mathematics. In: an expression, a structure of them, or a step. Out: text.
 * Invariant: user's names are kept as they are; parts used more than once are named and defined before they are used.
 */
import type { Expr, Node } from '../../src/expr/expr.ts'
import { isExpr } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { render } from './doc.ts'
import { equationsOf } from './equations.ts'
import { type Layout, layout } from './layout.ts'
import { readAll, type Root } from './names.ts'

/** What can be printed: expressions, by themselves or in records and lists, and steps (results and updates). */
export type Printable =
  | Expr
  | readonly Printable[]
  | { readonly [name: string]: Printable }
  | { readonly results: { readonly [name: string]: Expr }; readonly updates: readonly PrintedUpdate[] }

export interface PrintedUpdate {
  readonly target: Expr
  readonly value: Expr
}

type Steplike = { readonly results: Readonly<Record<string, Expr>>; readonly updates: readonly PrintedUpdate[] }

const isStep = (p: Printable): p is Steplike => !isExpr(p) && 'updates' in p && Array.isArray(p.updates)

/** The expressions of a structure with the path to each: `layers[0].w`. */
export const rootsOf = (p: Printable, path: string): readonly Root[] => {
  if (isExpr(p)) return [{ label: path, node: p, defines: true }]
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`)
  if (isStep(p))
    return [
      ...rootsOf(p.results, path),
      ...p.updates.map(
        (u): Root => ({ label: nameOf(u.target) ?? u.target.op, sign: '←', node: u.value, defines: false }),
      ),
    ]
  if (Array.isArray(p)) return (p as readonly Printable[]).flatMap((q, i) => rootsOf(q, `${path}[${i}]`))
  return Object.entries(p as { readonly [name: string]: Printable }).flatMap(([name, q]) => rootsOf(q, at(name)))
}

/** Names of inputs, parameters and states: a field of that name is no definition of it. */
const leafNames = (nodes: readonly Node[]): ReadonlySet<string> =>
  new Set([...readAll(nodes).keys()].flatMap((n) => (n.ins.length === 0 ? (nameOf(n) ?? []) : [])))

const isGiven = (n: Node): boolean => n.op === 'input' || n.op === 'param' || n.op === 'state'

const printOne = (e: Expr, options: Layout): string => {
  const own = isGiven(e) ? undefined : nameOf(e)
  const { equations } = equationsOf([{ label: own ?? '', node: e, defines: own !== undefined }])
  const result = equations.at(-1)
  if (own !== undefined || result?.tag !== 'equation') return layout(equations, options)
  const formula = render(result.doc).text
  return equations.length === 1 ? formula : `${layout(equations.slice(0, -1), options)}\n\n${formula}`
}

/**
 * Mathematics in Unicode. One expression prints as its formula, `2 · x`, after the definitions of parts that it uses more
 * than once; a record prints as one line a field, `loss = …`, with the shapes in a margin; a step also shows its updates,
 * `w ← …`. A field that bears the name of an input or a parameter (the gradient by it, say) is written `w: …`.
 *
 * @example
 * const x = input('x', [])
 * print(mul(x, x)) // x · x
 */
export const print = (expressions: Printable, options: Layout = {}): string => {
  if (isExpr(expressions)) return printOne(expressions, options)
  const roots = rootsOf(expressions, '')
  const leaves = leafNames(roots.map((r) => r.node))
  const { equations } = equationsOf(
    roots.map((r): Root => (r.sign === undefined && leaves.has(r.label) ? { ...r, sign: ':', defines: false } : r)),
  )
  return layout(equations, options)
}
