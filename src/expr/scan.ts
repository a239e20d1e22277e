/**
 * Closed functions and the loops that hold them, as engines see them. In: nodes. Out: scans and their parts. Invariant: the
 * function that a scan holds is closed. What it used of the world around it is taken out of the loop as far as it does not
 * depend on the loop's own values (so invariant work is done once), and is passed in as constants.
 */
import { expecting } from './arguments.ts'
import type { TensorType } from '../core/shape.ts'
import type { Fn, Scan } from '../ops/control.ts'
import type { Expr, Node } from './expr.ts'
import { graph, isExpr, make, paramsOf } from './node.ts'
import { derivedFrom, nameOf, setName } from './origin.ts'

/** A closed function over nodes. */
export interface FnNodes {
  readonly params: readonly Node[]
  readonly results: readonly Node[]
}

/** A function that a node's parameters hold, as the nodes it is: only the `make` of this floor puts one there. */
export const nodesOf = (fn: Fn): FnNodes => fn as FnNodes

/** A scan as engines see it. */
export interface ScanParts {
  readonly fn: FnNodes
  readonly length: number
  readonly reverse: boolean
  readonly init: readonly Node[]
  readonly sequences: readonly Node[]
  readonly constants: readonly Node[]
}

let nextBound = 0

/** A new parameter of a function, unlike every other node. */
export const freshBound = ({ dtype, shape }: TensorType): Node =>
  make('bound', [], { id: ++nextBound, dtype, shape: [...shape] })

const kept = new WeakMap<Node, Map<string, Node>>()

/**
 * The parameter that stands for something of a node: the same each time that it is asked for, so that one derivative asked
 * for twice is one expression.
 */
export const boundFor = (owner: Node, role: string, type: TensorType): Node => {
  const known = kept.get(owner) ?? new Map<string, Node>()
  kept.set(owner, known)
  const key = `${role} ${type.dtype} ${type.shape.join()}`
  const bound = known.get(key) ?? freshBound(type)
  known.set(key, bound)
  return bound
}

/** The parts of a scan node. */
export const scanParts = (node: Node): ScanParts => {
  const { fn, length, reverse, carries, sequences } = paramsOf(node, 'scan')
  return {
    fn: nodesOf(fn),
    length,
    reverse,
    init: node.ins.slice(0, carries),
    sequences: node.ins.slice(carries, carries + sequences),
    constants: node.ins.slice(carries + sequences),
  }
}

/** The scan itself, whose results `resultsOf` takes apart. */
export const makeScan = ({ fn, length, reverse, init, sequences, constants }: ScanParts): Node => {
  const params: Scan = { fn, length, reverse, carries: init.length, sequences: sequences.length }
  return make('scan', [...init, ...sequences, ...constants], params)
}

/** The function that a node with several results holds; null for every other node. */
export const functionOf = (node: Node): FnNodes | null =>
  node.op === 'scan' || node.op === 'cond' || node.op === 'while' ? nodesOf(paramsOf(node, node.op).fn) : null

/** A node like another, over other operands and with another function of as many values. */
export const withFunction = (like: Node, ins: readonly Node[], fn: FnNodes): Node =>
  make(like.op, ins, { ...paramsOf(like, like.op), fn })

/** Results of these types. */
export const takeApart = (node: Node, types: readonly TensorType[]): readonly Node[] =>
  types.map(({ dtype, shape }, index) => graph.result([node], { index, dtype, shape: [...shape] }))

/** All results of a scan: the last carries, then the stacked outputs. */
export const resultsOf = (scan: Node): readonly Node[] => {
  const { fn, length, init } = scanParts(scan)
  const isCarry = (i: number): boolean => i < init.length
  return takeApart(
    scan,
    fn.results.map(({ dtype, shape }, i) => ({ dtype, shape: isCarry(i) ? shape : [length, ...shape] })),
  )
}

/** What a carry is called: as its new value, else as the carry itself. */
export const carryName = ({ params, results }: FnNodes, i: number): string | undefined => {
  const [bound, next] = [params[i], results[i]]
  const made = next !== undefined && next.ins.length > 0 ? nameOf(next) : undefined
  return made?.replace(/(?<=.)ₜ$/u, '') ?? (bound === undefined ? undefined : nameOf(bound))
}

/** The nodes between `results` and `params` that depend on a param. */
export const dependentOn = (params: readonly Node[], results: readonly Node[]): ReadonlySet<Node> => {
  const seen = new Set<Node>()
  const stack = [...results]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n)) continue
    seen.add(n)
    stack.push(...n.ins)
  }
  const dependent = new Set<Node>(params)
  for (const n of [...seen].sort((a, b) => a.id - b.id)) if (n.ins.some((i) => dependent.has(i))) dependent.add(n)
  return dependent
}

/** The operands of a loop that one of its results is made of, over however many steps; of a choice all of them. */
export const feedersOf = (result: Node): readonly Node[] => {
  const scan = result.ins[0] as Node
  if (scan.op !== 'scan') return scan.ins
  const { fn, init } = scanParts(scan)
  const at = new Map(fn.params.map((p, i) => [p, i] as const))
  const seen = new Set<Node>()
  const stack = [fn.results[paramsOf(result, 'result').index]]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n)) continue
    seen.add(n)
    const i = at.get(n)
    stack.push(...(i !== undefined && i < init.length ? [fn.results[i] as Node] : n.ins))
  }
  return scan.ins.filter((_, i) => seen.has(fn.params[i] as Node))
}

/** Whether a free node is as cheap inside the loop as outside: a literal needs no memory. */
const staysInside = (n: Node): boolean => n.op === 'full' || n.op === 'iota'

/** A node over other operands, called and blamed as the first: itself where they are its own. */
export const like = (n: Node, ins: readonly Node[]): Node => {
  if (ins.every((x, i) => x === n.ins[i])) return n
  const made = derivedFrom(n, () => make(n.op, ins, n.params))
  const name = nameOf(n)
  if (name !== undefined) setName(made, name)
  return made
}

/** The same results over new leaves for some nodes. */
export const substitute = (roots: readonly Node[], given: ReadonlyMap<Node, Node>): readonly Node[] => {
  const done = new Map<Node, Node>(given)
  const seen = new Set<Node>()
  const stack = [...roots]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n) || done.has(n)) continue
    seen.add(n)
    stack.push(...n.ins)
  }
  for (const n of [...seen].sort((a, b) => a.id - b.id))
    done.set(
      n,
      like(
        n,
        n.ins.map((i) => done.get(i) ?? i),
      ),
    )
  return roots.map((r) => done.get(r) ?? r)
}

/** A closed function, and the values of its last parameters. */
export interface Closed {
  readonly fn: FnNodes
  readonly constants: readonly Node[]
}

/** Closes a function: what it uses from outside becomes further parameters, and the values for them. */
export const closeOver = (params: readonly Node[], results: readonly Node[]): Closed => {
  return closeAround(dependentOn(params, results), params, results)
}

/** Closes a function around the nodes that belong to it, its parameters among them. */
export const closeAround = (own: ReadonlySet<Node>, params: readonly Node[], results: readonly Node[]): Closed => {
  const constants: Node[] = []
  const inside = new Map<Node, Node>()
  const take = (n: Node): void => {
    if (own.has(n) || inside.has(n) || staysInside(n)) return
    const stand = freshBound(n)
    const name = nameOf(n)
    if (name !== undefined) setName(stand, name)
    inside.set(n, stand)
    constants.push(n)
  }
  for (const n of own) for (const i of n.ins) take(i)
  for (const r of results) take(r)
  return {
    fn: { params: [...params, ...constants.map((c) => inside.get(c) as Node)], results: substitute(results, inside) },
    constants,
  }
}

/** An expression, a list or a record of them. */
export type Values = Expr | readonly Expr[] | Readonly<Record<string, Expr>>

export const listOf = (v: Values, op = 'scan'): readonly Node[] => {
  const list = isExpr(v) ? [v] : typeof v === 'object' && v !== null ? Object.values(v) : [v]
  expecting(op, list)
  return list
}

/** The structure of `like` over other nodes. */
export const shapedLike = <V extends Values>(like: V, nodes: readonly Node[]): V => {
  if (isExpr(like)) return nodes[0] as V
  if (Array.isArray(like)) return [...nodes] as unknown as V
  return Object.fromEntries(Object.keys(like).map((k, i) => [k, nodes[i]])) as V
}
