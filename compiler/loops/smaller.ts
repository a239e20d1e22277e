/**
 * Makes choices, and loops that end by a condition, as small as they can be. In: a program's nodes, what has become of operands,
 * and how functions are optimized. Out: for each result its new node. Invariant: a function computes what somebody reads and no
 * more, and an operand that it does not need any longer is not computed for it.
 */
import { condParts, makeCond } from '../../src/expr/cond.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { dependentOn } from '../../src/expr/scan.ts'
import { makeWhile, whileParts } from '../../src/expr/while.ts'
import { topological } from '../program/walk.ts'

/** What has become of a node outside. */
type Now = (n: Node) => Node
type Optimize = (results: readonly Node[]) => readonly Node[]

/** New nodes for the results at some places, ascending. */
type Rebuild = (node: Node, wanted: readonly number[], now: Now, optimize: Optimize) => readonly Node[]

const rebuildCond: Rebuild = (node, wanted, now, optimize) => {
  const { predicate, operands, params, branches } = condParts(node)
  const smaller = optimize(branches.flatMap((results) => wanted.map((i) => results[i] as Node)))
  const count = wanted.length
  return makeCond({
    predicate: now(predicate),
    operands: operands.map(now),
    params,
    branches: branches.map((_, k) => smaller.slice(k * count, (k + 1) * count)),
  })
}

/** The carries that the condition or the wanted ones are made of, over however many steps. */
const neededCarries = (next: readonly Node[], carries: readonly Node[], roots: readonly Node[]): readonly number[] => {
  const needed = new Set<number>()
  const waiting = [...roots]
  while (waiting.length > 0) {
    const used = new Set(topological([waiting.pop() as Node]))
    for (const [i, c] of carries.entries())
      if (used.has(c) && !needed.has(i)) {
        needed.add(i)
        waiting.push(next[i] as Node)
      }
  }
  return [...needed].sort((i, j) => i - j)
}

const rebuildWhile: Rebuild = (node, wanted, now, optimize) => {
  const { init, constants, params, next, condition } = whileParts(node)
  const optimized = optimize([...next, condition])
  const holds = optimized[init.length] as Node
  const carries = params.slice(0, init.length)
  const kept = neededCarries(optimized, carries, [holds, ...wanted.map((i) => carries[i] as Node)])
  const results = [...kept.map((i) => optimized[i] as Node), holds]
  const stands = params.slice(init.length)
  const used = dependentOn(stands, results)
  const read = new Set([...used].flatMap((n) => n.ins).concat(results))
  const outside = stands.flatMap((p, k) => (read.has(p) ? [k] : []))
  const given = makeWhile({
    init: kept.map((i) => now(init[i] as Node)),
    constants: outside.map((k) => now(constants[k] as Node)),
    params: [...kept.map((i) => carries[i] as Node), ...outside.map((k) => stands[k] as Node)],
    next: results.slice(0, kept.length),
    condition: holds,
  })
  return wanted.map((i) => given[kept.indexOf(i)] as Node)
}

const rebuilds: Readonly<Record<string, Rebuild>> = { cond: rebuildCond, while: rebuildWhile }

/** Whether the node is a result of such a choice or loop. */
export const isOfSmaller = (n: Node): boolean => n.op === 'result' && rebuilds[n.ins[0]?.op ?? ''] !== undefined

export const smallerControl = (order: readonly Node[], now: Now, optimize: Optimize): ((result: Node) => Node) => {
  const wanted = new Map<Node, Set<number>>()
  for (const n of order) {
    const control = n.ins[0]
    if (control === undefined || !isOfSmaller(n)) continue
    wanted.set(control, (wanted.get(control) ?? new Set()).add(paramsOf(n, 'result').index))
  }
  const made = new Map<Node, ReadonlyMap<number, Node>>()
  const rebuilt = (control: Node): ReadonlyMap<number, Node> => {
    const indices = [...(wanted.get(control) ?? [])].sort((i, j) => i - j)
    const rebuild = rebuilds[control.op] as Rebuild
    const results = derivedFrom(control, () => rebuild(control, indices, now, optimize))
    return new Map(indices.map((index, i) => [index, results[i] as Node]))
  }
  return (result) => {
    const control = result.ins[0] as Node
    const known = made.get(control) ?? rebuilt(control)
    made.set(control, known)
    return known.get(paramsOf(result, 'result').index) as Node
  }
}
