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

/** For each root its value over the batch, or null where it does not depend on the batch. */
export const batchRoots = (
  roots: readonly Node[],
  batched: ReadonlyMap<Node, Node>,
  size: number,
): readonly (Node | null)[] => {
  const values = new Map<Node, Node>(batched)
  const tuples = new Map<Node, readonly (Node | undefined)[]>()
  for (const node of topological(roots)) {
    if (values.has(node)) continue
    if (node.op === 'result') {
      const value = tuples.get(node.ins[0] as Node)?.[paramsOf(node, 'result').index]
      if (value !== undefined) values.set(node, value)
      continue
    }
    const ins = node.ins.map((x) => values.get(x))
    if (ins.every((v) => v === undefined)) continue
    if (functionOf(node) !== null) {
      tuples.set(
        node,
        derivedFrom(node, () => batchControl(node, ins, size, batchRoots)),
      )
      continue
    }
    values.set(
      node,
      derivedFrom(node, () => {
        if (node.op === 'custom') return batchCustom(node, ins, size, batchRoots)
        if (node.op === 'checkpoint') return batchCheckpoint(node, ins, size, batchRoots)
        return batchNode(node, ins, size)
      }),
    )
  }
  return roots.map((r) => values.get(r) ?? null)
}
