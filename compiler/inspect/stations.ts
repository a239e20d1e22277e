/**
 * The intermediate variables of a derivation. In: a scalar and what it is differentiated by. Out: the nodes between them that
 * get a name, each with the variable that stands for it in the formulas of the others.
 * Invariant: users' names are kept; what is about to be activated is z, and has the index of what becomes of it.
 */
import type { Node } from '../../src/expr/expr.ts'
import { graph } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import { topological } from '../program/walk.ts'
import { heard, nameAt, subscript } from './indices.ts'
import { carrierOf, isAffine, isLoopResult, letterOf, namedNodes, readAll } from './names.ts'

/** A variable of the derivation. */
export interface Station {
  readonly name: string
  /** What it is. */
  readonly node: Node
  /** What stands for it where another variable is made of it: the node itself where that is a leaf. */
  readonly symbol: Node
}

/** An input that is written by a name. */
export const symbolOf = (name: string, { dtype, shape }: Pick<Node, 'dtype' | 'shape'>): Node =>
  graph.input([], { name, dtype, shape })

/** Ops that activate nothing. */
const plainOps = new Set<string>(['add', 'sub', 'neg', 'mul', 'div', 'square', 'abs'])

/** The affine functions that are about to be activated, each with what becomes of it. */
const activated = (order: readonly Node[]): ReadonlyMap<Node, Node> => {
  const found = new Map<Node, Node>()
  for (const n of order) {
    const { kind } = opDef(n.op)
    if ((kind !== 'elementwise' && kind !== 'composite') || plainOps.has(n.op)) continue
    for (const i of n.ins) {
      const c = carrierOf(i)
      if (isAffine(c) && !found.has(c)) found.set(c, n)
    }
  }
  return found
}

/** Differences and the like, which a person writes as often as they are used. */
const isPlain = (n: Node): boolean => plainOps.has(n.op)

/** The nodes on the way from `wrt` to the end of the order. */
const between = (order: readonly Node[], wrt: ReadonlySet<Node>): ReadonlySet<Node> => {
  const on = new Set<Node>()
  for (const n of order) if (wrt.has(n) || n.ins.some((i) => on.has(i))) on.add(n)
  return on
}

const indexOf = (name: string | undefined): string => /[₀-₉]+$/u.exec(name ?? '')?.[0] ?? ''

/**
 * The variables from `wrt` to the scalar, in the order of the forward pass; the scalar is the last. Those that nobody has named have the
 * index of the loop at a step of which they are, if any.
 */
export const stationsOf = (loss: Node, label: string, wrt: readonly Node[], at = ''): readonly Station[] => {
  const order = topological([loss])
  const on = between(order, new Set(wrt))
  const about = activated(order)
  const readings = readAll([loss])
  const named = namedNodes(readings, [{ label, node: loss, defines: true }], new Map(), new Set(about.keys()))
  const isVariable = (n: Node): boolean =>
    n.ins.length > 0 &&
    readings.has(n) &&
    (isLoopResult(n) ? nameOf(n) !== undefined : named.has(n)) &&
    (nameOf(n) !== undefined || about.has(n) || !isPlain(n))
  const chosen = order.filter((n) => on.has(n) && (n === loss || wrt.includes(n) || isVariable(n)))
  const taken = new Set(
    order.flatMap((n) => (n.ins.length === 0 || chosen.includes(n) ? (nameOf(n) ?? []) : [])).map(heard),
  )
  taken.add(heard(label))
  const unlike = (letter: string, index: string): string => {
    let name = `${letter}${index}`
    for (let k = 1; name === letter || taken.has(heard(name)); k++) name = `${letter}${subscript(k)}`
    taken.add(heard(name))
    return name
  }
  const used = new Set<string>()
  return chosen.map((node): Station => {
    const own = node === loss ? label : nameOf(node)
    const free = own !== undefined && (node.ins.length === 0 || !used.has(heard(own)))
    const index = indexOf(nameOf(about.get(node) ?? node))
    const name = free ? own : nameAt(unlike(letterOf(node, new Set(order)), index), at === '' ? [] : [at])
    used.add(heard(name))
    return { name, node, symbol: node.ins.length === 0 ? node : symbolOf(name, node) }
  })
}
