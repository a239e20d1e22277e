/**
 * Makes choices as small as they can be. In: a program's nodes, what has become of operands, and how branches are optimized.
 * Out: for each result of a cond its new node. Invariant: a branch computes what somebody reads and no more, and an operand
 * that no branch needs any longer is not computed for it.
 */
import { condParts, makeCond } from '../../src/expr/cond.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'

export const smallerChoices = (
  order: readonly Node[],
  now: (n: Node) => Node,
  optimize: (results: readonly Node[]) => readonly Node[],
): ((result: Node) => Node) => {
  const wanted = new Map<Node, Set<number>>()
  for (const n of order) {
    const cond = n.ins[0]
    if (n.op !== 'result' || cond?.op !== 'cond') continue
    wanted.set(cond, (wanted.get(cond) ?? new Set()).add(paramsOf(n, 'result').index))
  }
  const made = new Map<Node, ReadonlyMap<number, Node>>()
  const rebuilt = (cond: Node): ReadonlyMap<number, Node> => {
    const { predicate, operands, params, branches } = condParts(cond)
    const indices = [...(wanted.get(cond) ?? [])].sort((i, j) => i - j)
    const smaller = optimize(branches.flatMap((results) => indices.map((i) => results[i] as Node)))
    const count = indices.length
    const results = derivedFrom(cond, () =>
      makeCond({
        predicate: now(predicate),
        operands: operands.map(now),
        params,
        branches: branches.map((_, k) => smaller.slice(k * count, (k + 1) * count)),
      }),
    )
    return new Map(indices.map((index, i) => [index, results[i] as Node]))
  }
  return (result) => {
    const cond = result.ins[0] as Node
    const known = made.get(cond) ?? rebuilt(cond)
    made.set(cond, known)
    return known.get(paramsOf(result, 'result').index) as Node
  }
}
