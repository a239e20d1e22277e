/**
 * `toTypeScript`: source to source. In: an expression, a step, or entries, and what is to be derived. Out: a TypeScript
 * module in the language itself. Invariant: compiled, it gives the same bits as what it was made of.
 */
import { isFloat } from '../src/core/dtype.ts'
import type { Node } from '../src/expr/expr.ts'
import { graph, isExpr, make } from '../src/expr/node.ts'
import { nameOf } from '../src/expr/origin.ts'
import { isLoss, variablesOf } from './describe.ts'
import { type Printable, rootsOf } from './inspect/print.ts'
import { identifierOf } from './inspect/typescript/identifiers.ts'
import { type ModuleOptions, moduleOf } from './inspect/typescript/module.ts'
import { type Value } from './inspect/typescript/text.ts'
import { simplifyRoots } from './derivatives.ts'
import { topological } from './program/walk.ts'
import { grad, jvp, vjp } from './transforms.ts'

export const derivatives = ['gradient', 'forward', 'reverse', 'none'] as const

/** What a module holds beside, or instead of, the model. */
export type Derivative = (typeof derivatives)[number]

export interface TypeScriptOptions {
  /**
   * - `'gradient'` (default): the model and, as `gradient`, the derivatives of each of its scalars by each variable;
   * - `'forward'`: results y beside their tangents dy, where each variable x moves by an input dx;
   * - `'reverse'`: what each variable receives when the results receive the inputs ct;
   * - `'none'`: the model as it was written.
   */
  readonly derivative?: Derivative
  /** What to differentiate by; where left out, the parameters of each result, or its float inputs where it has none. */
  readonly wrt?: readonly Node[]
  /** The name of a model that is one expression and has none of its own. Default `y`. */
  readonly name?: string
}

interface Result {
  readonly label: string
  readonly node: Node
}

const label = (n: Node): string => nameOf(n) ?? n.op

/** The floats among a model's results, each once, under the last part of its path. */
const resultsOf = (model: Printable, name: string): readonly Result[] =>
  rootsOf(model, name)
    .filter((r, i, all) => r.sign !== '←' && all.findIndex((q) => q.node === r.node) === i)
    .flatMap((r) => (isFloat(r.node.dtype) && r.node.ins.length > 0 ? [{ label: r.label, node: r.node }] : []))

const tail = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

const isEntry = (x: Printable): boolean => isExpr(x) || Array.isArray(x) || ('updates' in x && 'results' in x)

/** A model as what a module exports: its entries by name, or one value. */
const exportsOf = (model: Printable, name: string): Readonly<Record<string, Value>> =>
  isEntry(model) ? { [name]: model as Value } : (model as Readonly<Record<string, Value>>)

/** The same values over simplified nodes. */
const simplifiedValue = (v: Value, simple: (n: Node) => Node): Value => {
  if (isExpr(v)) return v.ins.length === 0 ? v : simple(v)
  if (typeof v !== 'object') return v
  if (Array.isArray(v)) return (v as readonly Value[]).map((x) => simplifiedValue(x, simple))
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, simplifiedValue(x as Value, simple)]))
}

const unlike = (name: string, taken: (name: string) => boolean): string => {
  let found = name
  for (let k = 1; taken(found); k++) found = `${name}${k}`
  return found
}

const inputLike = (n: Node, name: string): Node => make('input', [], { name, dtype: n.dtype, shape: n.shape })

/** A derivative by each variable, under the variable's name. */
const byName = (wrt: readonly Node[], found: readonly Node[]): Readonly<Record<string, Node>> => {
  const fields = new Map<string, Node>()
  for (const [i, v] of wrt.entries())
    fields.set(
      unlike(identifierOf(label(v)), (s) => fields.has(s)),
      found[i] as Node,
    )
  return Object.fromEntries(fields)
}

/** dW for what is the derivative by W and nothing else; of what others are made, δ stays the better name. */
const derivativeNames = (
  fields: readonly Readonly<Record<string, Node>>[],
  model: readonly Node[],
): ReadonlyMap<Node, string> => {
  const read = new Set(topological([...model, ...fields.flatMap(Object.values<Node>)]).flatMap((n) => n.ins))
  return new Map(
    fields.flatMap((f) => Object.entries(f).flatMap(([k, n]) => (read.has(n) ? [] : [[n, `d${k}`] as const]))),
  )
}

const allVariables = (results: readonly Result[], wrt: readonly Node[] | undefined): readonly Node[] =>
  wrt ?? [...new Set(results.flatMap((r) => variablesOf(r.node)))]

const leafNames = (nodes: readonly Node[]): ReadonlySet<string> =>
  new Set(topological(nodes).flatMap((n) => (n.ins.length === 0 ? (nameOf(n) ?? []) : [])))

const forwardOf = (results: readonly Result[], wrt: readonly Node[] | undefined): Readonly<Record<string, Node>> => {
  const variables = allVariables(results, wrt)
  const taken = leafNames(results.map((r) => r.node))
  const moves = variables.map((v) =>
    inputLike(
      v,
      unlike(`d${label(v)}`, (s) => taken.has(s)),
    ),
  )
  const tangents = results.map((r) => jvp(r.node, variables, moves))
  const values = asShort(
    results.map((r) => r.node),
    tangents,
  )
  const fields = new Map<string, Node>()
  for (const [i, { label: path }] of results.entries()) {
    const name = unlike(tail(path), (s) => fields.has(s))
    fields.set(name, values[i] as Node)
    fields.set(
      unlike(`d${name}`, (s) => fields.has(s)),
      tangents[i] as Node,
    )
  }
  return Object.fromEntries(fields)
}

const reverseOf = (results: readonly Result[], wrt: readonly Node[] | undefined): Readonly<Record<string, Node>> => {
  const variables = allVariables(results, wrt)
  const taken = leafNames(results.map((r) => r.node))
  const cts = results.map((r) => {
    const name = results.length === 1 ? 'ct' : `ct_${tail(r.label)}`
    return inputLike(
      r.node,
      unlike(name, (s) => taken.has(s)),
    )
  })
  const found = results.map((r, i) => vjp(r.node, cts[i] as Node, variables))
  const sums = variables.map((_, i) => found.map((f) => f[i] as Node).reduce((a, b) => graph.add([a, b])))
  return byName(variables, simplifyRoots(sums).roots)
}

const gradientsOf = (
  results: readonly Result[],
  wrt: readonly Node[] | undefined,
): readonly { readonly path: string; readonly fields: Readonly<Record<string, Node>> }[] =>
  results.flatMap(({ label: path, node }) => {
    if (!isLoss(node)) return []
    const variables = wrt ?? variablesOf(node)
    return variables.length === 0 ? [] : [{ path, fields: byName(variables, grad(node, variables)) }]
  })

/** The roots as they were written, unless simplified they are less to write beside what is derived from them. */
const asShort = (roots: readonly Node[], derived: readonly Node[]): readonly Node[] => {
  const simple = simplifyRoots(roots).roots
  const count = (nodes: readonly Node[]): number => topological([...nodes, ...derived]).length
  return derived.length > 0 && count(simple) < count(roots) ? simple : roots
}

const titles: Readonly<Record<Derivative, string>> = {
  gradient: ' and the gradient, derived and simplified by Nabla.',
  forward: ' in forward mode, derived and simplified by Nabla.',
  reverse: ' in reverse mode, derived and simplified by Nabla.',
  none: ', written by Nabla.',
}

/** What a module exports, and what it needs to know to name parts. */
export interface Derived {
  readonly exports: Readonly<Record<string, Value>>
  readonly options: ModuleOptions
}

export const derivedFrom = (model: Printable, options: TypeScriptOptions): Derived => {
  const { derivative = 'gradient', wrt } = options
  const own = isExpr(model) && model.ins.length > 0 ? nameOf(model) : undefined
  const name = own ?? options.name ?? 'y'
  const entries = exportsOf(model, name)
  const results = resultsOf(model, isEntry(model) ? name : '')
  const nodes = rootsOf(model, '').map((r) => r.node)
  const gradients = derivative === 'gradient' ? gradientsOf(results, wrt) : []
  const roots = asShort(
    nodes,
    gradients.flatMap((g) => Object.values(g.fields)),
  )
  const simple = new Map(nodes.map((n, i) => [n, roots[i] as Node]))
  const written = Object.fromEntries(
    Object.entries(entries).map(([k, v]) => [k, simplifiedValue(v, (n) => simple.get(n) ?? n)]),
  )
  const named = gradients.map(({ path, fields }) => {
    const wanted = gradients.length === 1 ? 'gradient' : identifierOf(`${path} gradient`)
    return [unlike(wanted, (s) => Object.hasOwn(entries, s)), fields] as const
  })
  const exports: Readonly<Record<string, Value>> =
    derivative === 'forward'
      ? { forward: forwardOf(results, wrt) }
      : derivative === 'reverse'
        ? { reverse: reverseOf(results, wrt) }
        : { ...written, ...Object.fromEntries(named) }
  const moduleOptions = {
    title: `${Object.keys(entries).join(', ')}${titles[derivative]}`,
    forward: new Set(topological(results.map((r) => simple.get(r.node) ?? r.node))),
    labels: derivativeNames(
      gradients.map((g) => g.fields),
      results.map((r) => simple.get(r.node) ?? r.node),
    ),
  }
  return { exports, options: moduleOptions }
}

/**
 * A model, and what is derived from it, as a TypeScript module in the language itself: formatted, typed, importable. Leaves,
 * entries and `gradient` are its exports, so that the module is a model file like any other; compiled, it gives the same bits
 * as the expressions that it was made of. `forward` and `reverse` stand alone in their modules.
 *
 * @example
 * const x = input('x', [])
 * console.log(toTypeScript(mul(x, x), { derivative: 'forward' }))
 * // // y in forward mode, derived and simplified by Nabla.
 * //
 * // import { input, mul } from 'nabla'
 * //
 * // export const x = input('x', [])
 * // export const dx = input('dx', [])
 * //
 * // export const forward = { y: mul(x, x), dy: mul(mul(2, x), dx) }
 */
export const toTypeScript = (model: Printable, options: TypeScriptOptions = {}): string => {
  const derived = derivedFrom(model, options)
  return moduleOf(derived.exports, derived.options)
}
