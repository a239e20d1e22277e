/**
 * Batching by source transformation. In: roots over some nodes, and those nodes' values with a batch axis in front.
 * Out: the roots over the whole batch at once, the batch axis first. Invariant: a node that depends on no batched value is
 * left as it is, so work that all examples share is done once; no loop over the batch is made.
 */
import { InternalError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, make, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type Batch, isWide } from '../program/batch.ts'
import { topological } from '../program/walk.ts'
import { batchCheckpoint } from './checkpoint.ts'
import { batchCustom } from './custom.ts'
import { functionOf } from '../../src/expr/scan.ts'
import { batchControl } from './control.ts'

/** An operand of an elementwise op, so that it broadcasts against the others behind the batch axis. */
const aligned = (value: Node, type: Node, rank: number, size: number): Node =>
  type.shape.length === rank
    ? value
    : b.reshape([value], { shape: [size, ...new Array<number>(rank - type.shape.length).fill(1), ...type.shape] })

const batchNode = (node: Node, values: readonly (Node | undefined)[], size: number): Node => {
  const def = opDef(node.op)
  const ins = node.ins.map((x, i) => values[i] ?? x)
  switch (def.kind) {
    case 'leaf':
    case 'control':
      throw new InternalError(`${node.op} has no batch`)
    case 'elementwise': {
      const rank = node.shape.length
      const operands = node.ins.map((x, i) => (values[i] === undefined ? x : aligned(values[i], x, rank, size)))
      return make(node.op, operands, node.params)
    }
    default:
      return def.batch(b, {
        ins,
        batched: values.map((v) => v !== undefined),
        size,
        params: node.params,
        types: node.ins,
        outType: node,
      })
  }
}

/** The values of the roots over the batch; without the axis where they do not depend on it. */
export const batchRoots: Batch = (roots, batched, size) => {
  const values = new Map<Node, Node>(batched)
  const tuples = new Map<Node, readonly Node[]>()
  for (const node of topological(roots)) {
    if (values.has(node)) continue
    const tuple = node.op === 'result' ? tuples.get(node.ins[0] as Node) : undefined
    if (tuple !== undefined) {
      values.set(node, tuple[paramsOf(node, 'result').index] as Node)
      continue
    }
    const found = node.ins.map((x) => values.get(x))
    if (found.every((v) => v === undefined)) continue
    derivedFrom(node, () => {
      // an operand may have been made anew and have no axis: such a one is one that all examples share
      const wide = found.map((v, i) => (v !== undefined && isWide(v, node.ins[i] as Node) ? v : undefined))
      const shared = node.ins.map((x, i) => (wide[i] === undefined ? (found[i] ?? x) : x))
      const over = shared.every((x, i) => x === node.ins[i]) ? node : make(node.op, shared, node.params)
      if (wide.every((v) => v === undefined)) values.set(node, over)
      else if (functionOf(node) !== null) tuples.set(node, batchControl(over, wide, size, batchRoots))
      else if (node.op === 'custom') values.set(node, batchCustom(over, wide, size, batchRoots))
      else if (node.op === 'checkpoint') values.set(node, batchCheckpoint(over, wide, size, batchRoots))
      else values.set(node, batchNode(over, wide, size))
    })
  }
  return roots.map((r) => values.get(r) ?? r)
}
