/**
 * A program whose loops keep less for their way back. In: an entry as it was written, policies for some of its loops, what its
 * derivatives were taken of. Out: the entry over loops of these policies, its derivatives taken anew.
 * Invariant: a derivative is replaced as a whole, by that of the same output under the policies. What was made before its
 * output is no derivative of it, so that operands always come before their users.
 */
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom, nameOf, setName } from '../../src/expr/origin.ts'
import { like } from '../../src/expr/scan.ts'
import { isOpen, type SavePolicy, underPolicy } from '../../src/expr/policy.ts'
import { type EntryProgram, mapEntry, rootsOf } from '../program/entry.ts'

/** What a node is the derivative of. */
export interface Taken {
  readonly output: Node
  readonly cotangent: Node
  readonly wrt: readonly Node[]
  /** By which of these. */
  readonly index: number
}

export interface Derivatives {
  readonly takenOf: (n: Node) => Taken | undefined
  readonly differentiate: (output: Node, cotangent: Node, wrt: readonly Node[]) => readonly (Node | null)[]
}

export type Policies = ReadonlyMap<Node, SavePolicy>

const taken = (n: Node, { takenOf }: Derivatives): Taken | undefined => {
  const found = takenOf(n)
  return found !== undefined && found.output.id < n.id ? found : undefined
}

/** Everything that the roots are made of, derivatives of what they were taken of; operands before their users. */
const written = (roots: readonly Node[], derivatives: Derivatives): readonly Node[] => {
  const seen = new Set<Node>()
  const stack = [...roots]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n)) continue
    seen.add(n)
    const of = taken(n, derivatives)
    stack.push(...(of === undefined ? n.ins : [of.output, of.cotangent, ...of.wrt]))
  }
  return [...seen].sort((x, y) => x.id - y.id)
}

/** The loops of an entry that something was differentiated through and whose policy the user left open. */
export const openLoops = (entry: EntryProgram, derivatives: Derivatives): readonly Node[] => {
  const nodes = written(rootsOf(entry), derivatives)
  return nodes.some((n) => taken(n, derivatives) !== undefined) ? nodes.filter(isOpen) : []
}

export const underPolicies = (entry: EntryProgram, policies: Policies, derivatives: Derivatives): EntryProgram => {
  const done = new Map<Node, Node>()
  const results = new Map<Node, readonly Node[]>()
  const get = (n: Node): Node => done.get(n) as Node
  const derivative = (n: Node, { output, cotangent, wrt, index }: Taken): Node => {
    const [y, ct, xs] = [get(output), get(cotangent), wrt.map(get)]
    if (y === output && ct === cotangent && xs.every((x, i) => x === wrt[i])) return n
    const found = derivatives.differentiate(y, ct, xs)[index]
    return found ?? b.full([], { dtype: n.dtype, shape: n.shape, value: 0 })
  }
  const rewritten = (n: Node): Node => {
    const of = taken(n, derivatives)
    if (of !== undefined) return derivative(n, of)
    const save = policies.get(n)
    if (save !== undefined) {
      const given = derivedFrom(n, () => underPolicy(n, n.ins.map(get), save))
      results.set(n, given)
      return n
    }
    const loop = n.op === 'result' ? results.get(n.ins[0] as Node) : undefined
    if (loop === undefined) return like(n, n.ins.map(get))
    const value = loop[paramsOf(n, 'result').index] as Node
    const name = nameOf(n)
    if (name !== undefined) setName(value, name)
    return value
  }
  for (const n of written(rootsOf(entry), derivatives)) done.set(n, rewritten(n))
  return mapEntry(entry, get)
}
