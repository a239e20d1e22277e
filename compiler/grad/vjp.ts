/**
 * Reverse mode by source transformation. In: an output with its cotangent, and the nodes to differentiate by.
 * Out: one cotangent a node, as an expression; null where no path carries one (a symbolic zero, which creates no node).
 * Invariant: only nodes on a path from `wrt` to the output are visited; unbroadcasting and accumulation happen here, so
 * that a rule states the mathematics alone.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { broadcastsTo, equalShapes } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph, make, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { unbroadcast } from '../../src/ops/movement.ts'
import { opDef } from '../../src/ops/registry.ts'
import { topological } from '../program/walk.ts'
import { type Rewrite, ruleArgs } from './args.ts'
import { beside } from './beside.ts'
import { firstsOf, pullCheckpoint, type Received } from './checkpoint.ts'
import { isShield, pullCustom } from './custom.ts'
import { pullControl } from './control.ts'

/** The nodes on a path from one of `wrt`. */
const dependents = (order: readonly Node[], wrt: ReadonlySet<Node>): ReadonlySet<Node> => {
  const on = new Set<Node>()
  for (const n of order) if (wrt.has(n) || (!isShield(n) && n.ins.some((i) => on.has(i)))) on.add(n)
  return on
}

const isZero = (n: Node | undefined): boolean => n?.op === 'full' && paramsOf(n, 'full').value === 0

interface Mask {
  readonly condition: Node
  /** What flows where the condition holds; elsewhere nothing does. */
  readonly inner: Node
}

const isLiteral = (n: Node | undefined): boolean => n?.op === 'full'

/** The operand that a node repeats, but for a sign or a literal factor; null where it does more. */
const scaledOperand = (n: Node): 0 | 1 | null => {
  if (n.op === 'neg') return 0
  if (n.op === 'mul' && isLiteral(n.ins[0])) return 1
  return (n.op === 'mul' || n.op === 'div') && isLiteral(n.ins[1]) ? 0 : null
}

/** The choice that a cotangent is, but for scaling: where(c, t, 0), where(c, 0, t), or one in the other. */
const maskOf = (ct: Node): Mask | null => {
  const scalings: Node[] = []
  let condition: Node | null = null
  let inner = ct
  for (;;) {
    const at = scaledOperand(inner)
    const held = inner.op !== 'where' ? null : isZero(inner.ins[2]) ? 1 : isZero(inner.ins[1]) ? 2 : null
    if (held !== null) {
      const c = inner.ins[0] as Node
      const holds = held === 1 ? c : graph.logicalNot([c])
      condition = condition === null ? holds : graph.logicalAnd([condition, holds])
      inner = inner.ins[held] as Node
    } else if (at !== null) {
      scalings.push(inner)
      inner = inner.ins[at] as Node
    } else break
  }
  if (condition === null) return null
  const scaled = scalings.reduceRight((t, n) => make(n.op, n.ins.toSpliced(scaledOperand(n) as number, 1, t)), inner)
  return { condition, inner: scaled }
}

const masked = (condition: Node, t: Node): Node => graph.where([condition, t, graph.lit(0, t.dtype)])

/**
 * The cotangents of a node's operands, of the operands' own shapes. A choice is made last: 0 times the slope of a branch that
 * was not taken would be NaN where that slope is infinite.
 */
const pullback = (node: Node, ct: Node, wanted: ReadonlySet<Node>): readonly (Node | null)[] => {
  const def = opDef(node.op)
  if (def.kind === 'leaf' || def.kind === 'control') return node.ins.map(() => null)
  if (def.kind === 'elementwise') {
    // sums and scaled operands leave the choice where the next op finds it
    const mask = node.op === 'add' || node.op === 'sub' || scaledOperand(node) !== null ? null : maskOf(ct)
    return node.ins.map((x, i) => {
      const slope = def.partials[i]
      if (slope === null || slope === undefined || !wanted.has(x) || !isFloat(x.dtype)) return null
      const free = fitShape(slope(graph, ruleArgs(node), mask?.inner ?? ct), node)
      if (mask === null) return unbroadcast(graph, free, x.shape, node.shape)
      // a choice that is the same along the axes that are summed is made behind the sum
      return broadcastsTo(mask.condition.shape, x.shape)
        ? masked(mask.condition, unbroadcast(graph, free, x.shape, node.shape))
        : unbroadcast(graph, fitShape(masked(mask.condition, free), node), x.shape, node.shape)
    })
  }
  if (def.vjp === 'zero') return node.ins.map(() => null)
  return def.vjp(graph, ruleArgs(node), ct).map((c, i) => (wanted.has(node.ins[i] as Node) ? c : null))
}

/** A partial that is a bare literal or a small operand is broadcast to the result's shape. */
const fitShape = (t: Node, out: Node): Node =>
  equalShapes(t.shape, out.shape) ? t : graph.broadcastTo([t], { shape: out.shape })

/** The sum of two cotangents; choices by one condition stay one choice, and parts side by side are put together. */
const sumOf = (p: Node, q: Node): Node => {
  const [a, b] = [maskOf(p), maskOf(q)]
  return a !== null && a.condition === b?.condition
    ? fitShape(masked(a.condition, graph.add([a.inner, b.inner])), p)
    : (beside(p, q) ?? graph.add([p, q]))
}

const added = (x: Node, before: Node | null | undefined, c: Node): Node =>
  before === undefined || before === null ? c : derivedFrom(x, () => sumOf(before, c), 'cotangent')

/** Cotangents of `wrt` when each output receives its own. */
const pullAll = (
  outputs: readonly (readonly [output: Node, cotangent: Node])[],
  wrt: readonly Node[],
  rewrite: Rewrite = (roots) => roots,
): readonly (Node | null)[] => {
  const order = topological([...outputs.map(([o]) => o), ...wrt])
  const sources = new Set(wrt)
  const on = dependents(order, sources)
  const cts = new Map<Node, Node>()
  /** What the results of a control op have received, each at its index. */
  const tuples = new Map<Node, (Node | null)[]>()
  /** What the values of a checkpoint have received, at the first of them, which is visited last. */
  const firsts = firstsOf(order)
  const arrived = new Map<Node, Received[]>()
  for (const [output, ct] of outputs) if (on.has(output)) cts.set(output, added(output, cts.get(output), ct))
  for (const node of order.toReversed()) {
    const tuple = tuples.get(node)
    const ct = cts.get(node)
    if (node.op === 'result' && ct !== undefined) {
      const control = node.ins[0] as Node
      const held = tuples.get(control) ?? []
      const { index } = paramsOf(node, 'result')
      held[index] = added(node, held[index], ct)
      tuples.set(control, held)
      continue
    }
    const first = firsts.get(node)
    if (first !== undefined && ct !== undefined) arrived.set(first, [...(arrived.get(first) ?? []), [node, ct]])
    const received = arrived.get(node)
    if (first === undefined ? ct === undefined && tuple === undefined : received === undefined) continue
    const arrive = (): readonly (Node | null)[] => {
      if (tuple !== undefined) return pullControl(node, tuple, on, pullAll, rewrite)
      if (received !== undefined) return pullCheckpoint(node, received, on, pullAll, rewrite)
      return node.op === 'custom' ? pullCustom(node, ct as Node, sources) : pullback(node, ct as Node, on)
    }
    const arriving = derivedFrom(node, arrive, 'cotangent')
    for (const [i, c] of arriving.entries()) {
      const x = node.ins[i] as Node
      if (c !== null && on.has(x)) cts.set(x, added(x, cts.get(x), c))
    }
  }
  return wrt.map((x) => cts.get(x) ?? null)
}

/** Cotangents of `wrt` when one output receives `cotangent`. */
export const pull = (
  output: Node,
  cotangent: Node,
  wrt: readonly Node[],
  rewrite?: Rewrite,
): readonly (Node | null)[] => pullAll([[output, cotangent]], wrt, rewrite)
