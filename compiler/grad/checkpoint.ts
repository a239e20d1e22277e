/**
 * The derivative of a checkpoint is that of its function, computed anew. In: the node and what it received. Out: what its
 * inputs receive. Invariant: the function is looked at over its inputs as they are `after` the cotangent, so that what it
 * computes is neither a value of the way forward nor made before the way back needs it.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { checkpointParts, makeCheckpoint } from '../../src/expr/checkpoint.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { freshBound, substitute } from '../../src/expr/scan.ts'
import type { Rewrite } from './args.ts'
import { type Batch, batchRule } from './custom.ts'

type PullAll = (
  outputs: readonly (readonly [Node, Node])[],
  wrt: readonly Node[],
  rewrite: Rewrite,
) => readonly (Node | null)[]

/** What each operand of the node receives. */
export const pullCheckpoint = (
  node: Node,
  ct: Node,
  wanted: ReadonlySet<Node>,
  pullAll: PullAll,
  rewrite: Rewrite,
): readonly (Node | null)[] => {
  const { inputs, fn } = checkpointParts(node)
  const stand = freshBound(ct)
  const params = fn.params.filter((p, i) => isFloat(p.dtype) && wanted.has(inputs[i] as Node))
  const raw = pullAll([[rewrite(fn.results)[0] as Node, stand]], params, rewrite)
  const again = new Map<Node, Node>(fn.params.map((p, i) => [p, b.after([inputs[i] as Node, ct])]))
  const found = substitute(rewrite(raw.filter((g): g is Node => g !== null)), again.set(stand, ct))
  let k = 0
  const cts = new Map(params.map((p, i) => [p, raw[i] === null ? null : (found[k++] as Node)] as const))
  return [null, ...fn.params.map((p) => cts.get(p) ?? null)]
}

/** The node over a batch: a checkpoint of the function over the batch. */
export const batchCheckpoint = (
  node: Node,
  values: readonly (Node | undefined)[],
  size: number,
  batch: Batch,
): Node => {
  const { value, inputs, fn } = checkpointParts(node)
  const { params, results } = batchRule(
    fn,
    values.slice(1).map((v) => v !== undefined),
    size,
    batch,
  )
  const repeated = (x: Node): Node => b.broadcastTo([x], { shape: [size, ...x.shape] })
  return makeCheckpoint({
    value: values[0] ?? repeated(value),
    inputs: inputs.map((x, i) => values[1 + i] ?? x),
    fn: { params, results: [results[0] ?? repeated(fn.results[0] as Node)] },
  })
}
