/**
 * Signs that meet. In: settled roots. Out: roots with fewer signs, and what changed.
 * A sign (or a difference whose mirror image is computed anyway) is taken away where every way from it upward, through
 * products, sums and movements, ends at an addition, a subtraction, another sign or an even function, which absorb it for
 * nothing. Invariant: nodes on the way are rebuilt, none is added, so the result has fewer ops; values differ in the sign of
 * zeros alone.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph, make } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { mapGraph, topological } from '../program/walk.ts'
import { type Fired, keepName, type Rewritten } from './engine.ts'
import { valueOf } from './rule.ts'

/** Through these the sign goes on, whichever operand carries it. */
const odd: ReadonlySet<OpName> = new Set<OpName>([
  'sum',
  'mean',
  'reshape',
  'transpose',
  'slice',
  'reverse',
  'broadcastTo',
])
const bilinear: ReadonlySet<OpName> = new Set<OpName>(['mul', 'div', 'dotGeneral'])
const even: ReadonlySet<OpName> = new Set<OpName>(['neg', 'square', 'abs', 'cos', 'cosh'])
/** How far a sign is followed. */
const wayLimit = 64

type Users = ReadonlyMap<Node, readonly Node[]>

const usersOf = (order: readonly Node[]): Users => {
  const users = new Map<Node, Node[]>()
  for (const n of order)
    for (const i of new Set(n.ins)) {
      const known = users.get(i)
      if (known === undefined) users.set(i, [n])
      else known.push(n)
    }
  return users
}

/** What becomes of a user when some of its operands change sign: it changes too, it absorbs, or neither is possible. */
const effect = (user: Node, flips: (n: Node) => boolean): 'flips' | 'absorbs' | 'stuck' => {
  const hit = user.ins.map(flips)
  if (odd.has(user.op)) return 'flips'
  if (even.has(user.op)) return 'absorbs'
  if (bilinear.has(user.op)) {
    if (hit.every((h) => h)) return 'absorbs'
    const literal = user.ins.some((n) => valueOf(n) !== null)
    return literal && user.op !== 'dotGeneral' ? 'absorbs' : 'flips'
  }
  if (user.op === 'add') return hit.every((h) => h) ? 'flips' : 'absorbs'
  // −x − y is −(x + y); x − (−y) is x + y; −x − (−y) is y − x
  if (user.op === 'sub') return hit[0] === true && hit[1] === false ? 'flips' : 'absorbs'
  return 'stuck'
}

interface Way {
  readonly flipped: ReadonlySet<Node>
  readonly absorbers: ReadonlySet<Node>
}

/** Everything that changes when `start` changes its sign; null where the change would reach a root or a stranger. */
const wayFrom = (start: Node, users: Users, roots: ReadonlySet<Node>): Way | null => {
  const flipped = new Set<Node>([start])
  const absorbers = new Set<Node>()
  // users have greater ids than their operands, so each is judged when all its operands have been
  const queue = [start]
  const pending = new Set<Node>()
  while (queue.length > 0 || pending.size > 0) {
    const n = queue.pop()
    if (n !== undefined) {
      if (roots.has(n) || flipped.size + absorbers.size > wayLimit) return null
      for (const u of users.get(n) ?? []) pending.add(u)
      continue
    }
    let first: Node | undefined
    for (const p of pending) if (first === undefined || p.id < first.id) first = p
    const next = first as Node
    pending.delete(next)
    const what = effect(next, (i) => flipped.has(i))
    if (what === 'stuck') return null
    if (what === 'absorbs') absorbers.add(next)
    else {
      flipped.add(next)
      queue.push(next)
    }
  }
  return { flipped, absorbers }
}

/** An absorber over its changed operands. */
const absorb = (n: Node, flips: (i: Node) => boolean, now: (i: Node) => Node): Node => {
  const [a, b] = n.ins as readonly [Node, Node]
  if (n.op === 'neg') return now(a)
  if (n.op === 'add') return flips(a) ? graph.sub([now(b), now(a)]) : graph.sub([now(a), now(b)])
  if (n.op === 'sub') return flips(a) ? graph.sub([now(b), now(a)]) : graph.add([now(a), now(b)])
  const minus = (i: Node): Node => graph.lit(-(valueOf(i) as number), i.dtype)
  if (bilinear.has(n.op) && !n.ins.every(flips))
    return make(
      n.op,
      n.ins.map((i) => (valueOf(i) === null ? now(i) : minus(i))),
      n.params,
    )
  return make(n.op, n.ins.map(now), n.params)
}

/** The mirror image of a difference, if it is computed too. */
const mirrors = (order: readonly Node[]): ReadonlyMap<Node, Node> => {
  const byKey = new Map<string, Node>()
  for (const n of order) if (n.op === 'sub' && isFloat(n.dtype)) byKey.set(`${n.ins[0]?.id}|${n.ins[1]?.id}`, n)
  const found = new Map<Node, Node>()
  for (const n of byKey.values()) {
    const m = byKey.get(`${n.ins[1]?.id}|${n.ins[0]?.id}`)
    if (m !== undefined && m !== n) found.set(n, m)
  }
  return found
}

/** A flipped node over its changed operands: −x − y is −(x + y). */
const turned = (n: Node, now: (i: Node) => Node): Node => {
  return make(n.op === 'sub' ? 'add' : n.op, n.ins.map(now), n.params)
}

/** The sign of one number costs nothing; to follow it into tensors would only turn the text round. */
const isSlight = (start: Node, { flipped }: Way): boolean =>
  sizeOf(start.shape) === 1 && [...flipped].some((n) => sizeOf(n.shape) > 1)

interface Start {
  readonly node: Node
  /** What stands for the node with the opposite sign. */
  readonly instead: Node
}

/** Ways that do not touch one another, the last nodes first. */
const disjointWays = (order: readonly Node[], roots: ReadonlySet<Node>): readonly (Way & Start)[] => {
  const users = usersOf(order)
  const mirror = mirrors(order)
  const touched = new Set<Node>()
  const found: (Way & Start)[] = []
  for (const node of order.toReversed()) {
    const instead = mirror.get(node) ?? (node.op === 'neg' && isFloat(node.dtype) ? node.ins[0] : undefined)
    if (instead === undefined || touched.has(instead)) continue
    const way = wayFrom(node, users, roots)
    if (way === null || isSlight(node, way)) continue
    const all = [...way.flipped, ...way.absorbers, instead]
    if (way.flipped.has(instead) || all.some((n) => touched.has(n))) continue
    for (const n of all) touched.add(n)
    found.push({ ...way, node, instead })
  }
  return found
}

/** The ways that do not touch one another, all at once. */
export const absorbOnce = (roots: readonly Node[]): Rewritten => {
  const ways = disjointWays(topological(roots), new Set(roots))
  if (ways.length === 0) return { roots, fired: [] }
  const starts = new Map(ways.map((w) => [w.node, w]))
  const flipped = new Set(ways.flatMap((w) => [...w.flipped]))
  const absorbers = new Set(ways.flatMap((w) => [...w.absorbers]))
  const flips = (i: Node): boolean => flipped.has(i)
  const fired: Fired[] = []
  const now = mapGraph(roots, (n, ins) => {
    const at = (i: Node): Node => ins[n.ins.indexOf(i)] as Node
    const out = derivedFrom(n, () => {
      if (starts.has(n)) return n.op === 'neg' ? (ins[0] as Node) : make('sub', ins.toReversed(), null)
      if (flipped.has(n)) return turned(n, at)
      if (absorbers.has(n)) return absorb(n, flips, at)
      return ins.every((i, k) => i === n.ins[k]) ? n : make(n.op, ins, n.params)
    })
    if (absorbers.has(n)) fired.push({ rule: 'sign-absorb', node: n, replacement: out, alone: [], opens: true })
    if (out !== n && !flipped.has(n)) keepName(n, out)
    return out
  })
  return { roots: roots.map(now), fired }
}

/** Signs taken away until none can be. */
export const absorbSigns = (roots: readonly Node[]): Rewritten => {
  const fired: Fired[] = []
  let current = roots
  for (;;) {
    const next = absorbOnce(current)
    if (next.fired.length === 0) return { roots: current, fired }
    fired.push(...next.fired)
    current = next.roots
  }
}
