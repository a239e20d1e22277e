/**
 * Reverse mode by source transformation. In: an output with its cotangent, and the nodes to differentiate by.
 * Out: one cotangent a node, as an expression; null where no path carries one (a symbolic zero, which creates no node).
 * Invariant: only nodes on a path from `wrt` to the output are visited; unbroadcasting and accumulation happen here, so
 * that a rule states the mathematics alone.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { equalShapes } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { unbroadcast } from '../../src/ops/movement.ts'
import { opDef } from '../../src/ops/registry.ts'
import { topological } from '../program/walk.ts'
import { type Rewrite, ruleArgs } from './args.ts'
import { pullScan } from './scan.ts'

/** The nodes on a path from one of `wrt`. */
const dependents = (order: readonly Node[], wrt: ReadonlySet<Node>): ReadonlySet<Node> => {
  const on = new Set<Node>()
  for (const n of order) if (wrt.has(n) || n.ins.some((i) => on.has(i))) on.add(n)
  return on
}

/** The cotangents of a node's operands, of the operands' own shapes. */
const pullback = (node: Node, ct: Node, wanted: ReadonlySet<Node>): readonly (Node | null)[] => {
  const def = opDef(node.op)
  if (def.kind === 'leaf' || def.kind === 'control') return node.ins.map(() => null)
  if (def.kind === 'elementwise')
    return node.ins.map((x, i) => {
      const slope = def.partials[i]
      if (slope === null || slope === undefined || !wanted.has(x) || !isFloat(x.dtype)) return null
      return unbroadcast(graph, fitShape(slope(graph, ruleArgs(node), ct), node), x.shape, node.shape)
    })
  if (def.vjp === 'zero') return node.ins.map(() => null)
  return def.vjp(graph, ruleArgs(node), ct).map((c, i) => (wanted.has(node.ins[i] as Node) ? c : null))
}

/** A partial that is a bare literal or a small operand is broadcast to the result's shape. */
const fitShape = (t: Node, out: Node): Node =>
  equalShapes(t.shape, out.shape) ? t : graph.broadcastTo([t], { shape: out.shape })

const added = (x: Node, before: Node | null | undefined, c: Node): Node =>
  before === undefined || before === null ? c : derivedFrom(x, () => graph.add([before, c]), 'cotangent')

/** Cotangents of `wrt` when each output receives its own. */
const pullAll = (
  outputs: readonly (readonly [output: Node, cotangent: Node])[],
  wrt: readonly Node[],
  rewrite: Rewrite = (roots) => roots,
): readonly (Node | null)[] => {
  const order = topological([...outputs.map(([o]) => o), ...wrt])
  const on = dependents(order, new Set(wrt))
  const cts = new Map<Node, Node>()
  /** What the results of a control op have received, each at its index. */
  const tuples = new Map<Node, (Node | null)[]>()
  for (const [output, ct] of outputs) if (on.has(output)) cts.set(output, added(output, cts.get(output), ct))
  for (const node of order.toReversed()) {
    const tuple = tuples.get(node)
    const ct = cts.get(node)
    if (node.op === 'result' && ct !== undefined) {
      const scan = node.ins[0] as Node
      const held = tuples.get(scan) ?? []
      const { index } = paramsOf(node, 'result')
      held[index] = added(node, held[index], ct)
      tuples.set(scan, held)
      continue
    }
    if (ct === undefined && tuple === undefined) continue
    const arriving = derivedFrom(
      node,
      () => (tuple === undefined ? pullback(node, ct as Node, on) : pullScan(node, tuple, on, pullAll, rewrite)),
      'cotangent',
    )
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
