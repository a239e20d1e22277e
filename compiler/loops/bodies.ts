/**
 * Simplifies what is inside loops and branches. In: roots, and the simplifier. Out: equal roots whose loops and choices hold
 * simplified functions, inner ones first. Invariant: doing it twice changes nothing, so a loop and the one that its derivative asked
 * for keep equal bodies and can become one.
 */
import type { Node } from '../../src/expr/expr.ts'
import { make } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { functionOf, withFunction } from '../../src/expr/scan.ts'
import { topological } from '../program/walk.ts'

export const simplifyBodies = (
  roots: readonly Node[],
  simplify: (roots: readonly Node[]) => readonly Node[],
): readonly Node[] => {
  const order = topological(roots)
  if (order.every((n) => functionOf(n) === null)) return roots
  const done = new Map<Node, Node>()
  for (const n of order) {
    const ins = n.ins.map((i) => done.get(i) as Node)
    const same = ins.every((x, i) => x === n.ins[i])
    const fn = functionOf(n)
    if (fn !== null) {
      const results = simplify(simplifyBodies(fn.results, simplify))
      const kept = same && results.every((r, i) => r === fn.results[i])
      done.set(n, kept ? n : derivedFrom(n, () => withFunction(n, ins, { params: fn.params, results })))
    } else done.set(n, same ? n : derivedFrom(n, () => make(n.op, ins, n.params)))
  }
  return roots.map((r) => done.get(r) as Node)
}
