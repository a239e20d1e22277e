/**
 * Forward mode by source transformation. In: outputs and a tangent for some nodes. Out: the outputs' tangents.
 * Invariant: a null tangent is a symbolic zero and creates no node; a node with only null tangents is not visited.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { equalShapes } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import { topological } from '../program/walk.ts'
import { ruleArgs } from './args.ts'
import { pushCustom } from './custom.ts'
import { functionOf } from '../../src/expr/scan.ts'
import { pushControl } from './control.ts'

const pushforward = (node: Node, tangents: readonly (Node | null)[], moving: ReadonlyMap<Node, Node>): Node | null => {
  // forward mode saves nothing, so there is nothing to compute again
  if (node.op === 'checkpoint') return tangents[0] ?? null
  if (node.op === 'custom') return pushCustom(node, tangents, moving)
  const def = opDef(node.op)
  if (def.kind === 'leaf' || def.kind === 'control' || !isFloat(node.dtype)) return null
  if (def.kind === 'elementwise') {
    const terms = tangents.flatMap((t, i) => {
      const slope = def.partials[i] ?? null
      return t === null || slope === null ? [] : [slope(graph, ruleArgs(node), t)]
    })
    if (terms.length === 0) return null
    const total = terms.reduce((p, q) => graph.add([p, q]))
    return equalShapes(total.shape, node.shape) ? total : graph.broadcastTo([total], { shape: node.shape })
  }
  return def.jvp === 'zero' ? null : def.jvp(graph, ruleArgs(node), tangents)
}

export const push = (outputs: readonly Node[], tangents: ReadonlyMap<Node, Node>): readonly (Node | null)[] => {
  const known = new Map<Node, Node>(tangents)
  const tuples = new Map<Node, readonly (Node | null)[]>()
  for (const node of topological(outputs)) {
    if (known.has(node)) continue
    if (node.op === 'result') {
      const moved = tuples.get(node.ins[0] as Node)?.[paramsOf(node, 'result').index] ?? null
      if (moved !== null) known.set(node, moved)
      continue
    }
    const ins = node.ins.map((i) => known.get(i) ?? null)
    if (ins.every((t) => t === null)) continue
    if (functionOf(node) !== null) {
      tuples.set(
        node,
        derivedFrom(node, () => pushControl(node, ins, push)),
      )
      continue
    }
    const out = derivedFrom(node, () => pushforward(node, ins, tangents), 'tangent')
    if (out !== null) known.set(node, out)
  }
  return outputs.map((o) => known.get(o) ?? null)
}
