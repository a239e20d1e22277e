/**
 * The rewriting engine. In: roots and rules by op. Out: the same values in normal form, and what fired.
 * Invariant: pure, iterative, deterministic; every node is settled once a round, operands first; a round is repeated until
 * nothing fires (or no rule held back), so the result of rewriting is its own result. Names and origins go over to what replaces a node.
 */
import { InternalError } from '../../src/core/errors.ts'
import { equalTypes, showType } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { make } from '../../src/expr/node.ts'
import { derivedFrom, nameOf, setName } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import { topological, useCounts } from '../program/walk.ts'
import { makeFacts } from './facts.ts'
import { type Context, isCommutative, type Rule } from './rule.ts'

export interface Fired {
  readonly rule: string
  readonly node: Node
  readonly replacement: Node
  /** What the rule was told when it asked whether a node is used once, in the order in which it asked. */
  readonly alone: readonly boolean[]
  /** Whether a round begins here: within one, a node that comes again becomes what it became before, without another step. */
  readonly opens: boolean
}

export interface Rewritten {
  readonly roots: readonly Node[]
  readonly fired: readonly Fired[]
}

export type RuleIndex = ReadonlyMap<string, readonly Rule[]>

export const indexRules = (rules: readonly Rule[]): RuleIndex => {
  const index = new Map<string, Rule[]>()
  for (const rule of rules)
    for (const op of rule.roots) {
      const known = index.get(op)
      if (known === undefined) index.set(op, [rule])
      else known.push(rule)
    }
  return index
}

/** A replacement takes the user's name over; leaves are shared by everybody and keep their own. */
export const keepName = (from: Node, to: Node): void => {
  const name = nameOf(from)
  if (name !== undefined && opDef(to.op).kind !== 'leaf') setName(to, name)
}

/** Far more rewritings than a decreasing cost allows on graphs of this size. */
const fuelFor = (size: number): number => 10_000 + 200 * size

interface Round {
  readonly roots: readonly Node[]
  /** Whether a rule was told that a node is shared: it may fire when some of its users have gone. */
  readonly refused: boolean
}

const round = (roots: readonly Node[], index: RuleIndex, fastMath: boolean, fired: Fired[]): Round => {
  const order = topological(roots)
  const counts = new Map(useCounts(order))
  for (const r of roots) counts.set(r, (counts.get(r) ?? 0) + 1)
  const live = new Map<Node, number>()
  const normal = new Map<Node, Node>()
  const next = new Map<Node, Node>()
  const commuted = new Map<string, Node>()
  let refused = false
  const told: boolean[] = []
  const once = (n: Node): boolean => {
    const lone = (live.get(n) ?? 1) <= 1
    refused ||= !lone
    told.push(lone)
    return lone
  }
  const context: Context = { facts: makeFacts(), once, fastMath }
  let fuel = fuelFor(order.length)
  const start = fired.length
  const note = (rule: string, node: Node, replacement: Node, alone: readonly boolean[]): void => {
    fired.push({ rule, node, replacement, alone, opens: fired.length === start })
  }

  const rewritten = (n: Node): Node | null => {
    for (const rule of index.get(n.op) ?? []) {
      told.length = 0
      const out = rule.apply(n, context)
      if (out === null || out === n) continue
      if (!equalTypes(out, n))
        throw new InternalError(`rule ${rule.name} made ${showType(out)} of ${n.op} ${showType(n)}`)
      if (--fuel < 0) throw new InternalError(`rewriting does not end; the last rule was ${rule.name}`)
      note(rule.name, n, out, [...told])
      keepName(n, out)
      return out
    }
    return null
  }
  const attempt = (n: Node): Node | null => derivedFrom(n, () => rewritten(n)) ?? twin(n)

  /** The first node of this round that is the same application with its operands swapped. */
  const twin = (n: Node): Node | null => {
    if (!isCommutative(n.op)) return null
    const [a, b] = n.ins as readonly [Node, Node]
    const key = a.id < b.id ? `${n.op}|${a.id}|${b.id}` : `${n.op}|${b.id}|${a.id}`
    const first = commuted.get(key)
    if (first === undefined) commuted.set(key, n)
    if (first === undefined || first === n) return null
    note(`${n.op}-commute`, n, first, [])
    return first
  }

  const settle = (start: Node): void => {
    const stack = [start]
    while (stack.length > 0) {
      const n = stack.at(-1) as Node
      const successor = next.get(n)
      if (normal.has(n)) stack.pop()
      else if (successor !== undefined) {
        const settled = normal.get(successor)
        if (settled === undefined) stack.push(successor)
        else normal.set(n, settled)
      } else if (n.ins.some((i) => !normal.has(i))) {
        for (const i of n.ins) if (!normal.has(i)) stack.push(i)
      } else {
        const ins = n.ins.map((i) => normal.get(i) as Node)
        const rebuilt = ins.every((i, k) => i === n.ins[k]) ? n : derivedFrom(n, () => make(n.op, ins, n.params))
        if (rebuilt !== n) keepName(n, rebuilt)
        const out = rebuilt === n ? attempt(n) : rebuilt
        if (out === null) normal.set(n, n)
        else next.set(n, out)
      }
    }
  }

  for (const n of order) {
    settle(n)
    const m = normal.get(n) as Node
    live.set(m, (live.get(m) ?? 0) + (counts.get(n) ?? 0))
  }
  return { roots: roots.map((r) => normal.get(r) as Node), refused }
}

export const rewrite = (roots: readonly Node[], index: RuleIndex, fastMath: boolean): Rewritten => {
  const fired: Fired[] = []
  let current = roots
  for (;;) {
    const before = fired.length
    const { roots: next, refused } = round(current, index, fastMath, fired)
    current = next
    if (fired.length === before || !refused) return { roots: current, fired }
  }
}
