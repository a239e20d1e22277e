/**
 * The derivative of a checkpoint is that of its function, computed anew. In: the node and what it received. Out: what its
 * inputs receive. Invariant: the function is looked at over its inputs as they are `after` the cotangent, so that what it
 * computes is neither a value of the way forward nor made before the way back needs it.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { checkpointParts, makeCheckpoint } from '../../src/expr/checkpoint.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { dependentOn, type FnNodes, freshBound, substitute } from '../../src/expr/scan.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type Batch, widened } from '../program/batch.ts'
import type { Rewrite } from './args.ts'
import { batchRule } from './custom.ts'

type PullAll = (
  outputs: readonly (readonly [Node, Node])[],
  wrt: readonly Node[],
  rewrite: Rewrite,
) => readonly (Node | null)[]

/** A value of a checkpoint with what it has received. */
export type Received = readonly [node: Node, cotangent: Node]

/** For each checkpoint the first one of the same function over the same inputs: what they are made of is made once. */
export const firstsOf = (order: readonly Node[]): ReadonlyMap<Node, Node> => {
  const byFunction = new Map<unknown, Node[]>()
  const firsts = new Map<Node, Node>()
  for (const n of order) {
    if (n.op !== 'checkpoint') continue
    const { fn, inputs } = checkpointParts(n)
    const like = byFunction.get(fn) ?? []
    byFunction.set(fn, like)
    const first = like.find((m) => checkpointParts(m).inputs.every((x, i) => x === inputs[i])) ?? n
    if (first === n) like.push(n)
    firsts.set(n, first)
  }
  return firsts
}

/** The products that the function makes of its parameters. */
const productsOf = ({ params }: FnNodes, results: readonly Node[]): readonly Node[] =>
  [...dependentOn(params, results)].filter((n) => opDef(n.op).kind === 'contraction')

/** What each operand of a checkpoint receives, when the values of its function have received theirs. */
export const pullCheckpoint = (
  node: Node,
  received: readonly Received[],
  wanted: ReadonlySet<Node>,
  pullAll: PullAll,
  rewrite: Rewrite,
): readonly (Node | null)[] => {
  const { inputs, fn, save } = checkpointParts(node)
  const results = rewrite(fn.results)
  const arriving = received.map(([n, ct]) => ({ ct, stand: freshBound(ct), at: checkpointParts(n).index }))
  const params = fn.params.filter((p, i) => isFloat(p.dtype) && wanted.has(inputs[i] as Node))
  const raw = pullAll(
    arriving.map(({ stand, at }) => [results[at] as Node, stand]),
    params,
    rewrite,
  )
  const late = (x: Node): Node => arriving.reduce((y, { ct }) => b.after([y, ct]), x)
  const products = save === 'products' ? productsOf(fn, results) : []
  const made = substitute(products, new Map(fn.params.map((p, i) => [p, inputs[i] as Node])))
  const again = new Map<Node, Node>([
    ...products.map((p, i) => [p, late(made[i] as Node)] as const),
    ...fn.params.map((p, i) => [p, late(inputs[i] as Node)] as const),
    ...arriving.map(({ stand, ct }) => [stand, ct] as const),
  ])
  const found = substitute(rewrite(raw.filter((g): g is Node => g !== null)), again)
  let k = 0
  const cts = new Map(params.map((p, i) => [p, raw[i] === null ? null : (found[k++] as Node)] as const))
  return [null, ...fn.params.map((p) => cts.get(p) ?? null)]
}

/** Functions over a batch, so that the values of one stay those of one. */
const functions = new WeakMap<object, Map<string, FnNodes>>()

const batchFunction = (fn: FnNodes, isBatched: readonly boolean[], size: number, batch: Batch): FnNodes => {
  const known = functions.get(fn) ?? new Map<string, FnNodes>()
  functions.set(fn, known)
  const key = `${size}: ${isBatched.join()}`
  const found = known.get(key)
  if (found !== undefined) return found
  const { params, results } = batchRule(fn, isBatched, size, batch)
  const wide = { params, results: results.map((r, i) => widened(r, fn.results[i] as Node, size)) }
  known.set(key, wide)
  return wide
}

/** The node over a batch: a checkpoint of the function over the batch. */
export const batchCheckpoint = (
  node: Node,
  values: readonly (Node | undefined)[],
  size: number,
  batch: Batch,
): Node => {
  const { value, inputs, fn, index, save } = checkpointParts(node)
  const isBatched = values.slice(1).map((v) => v !== undefined)
  return makeCheckpoint({
    value: widened(values[0] ?? value, value, size),
    inputs: inputs.map((x, i) => values[1 + i] ?? x),
    fn: batchFunction(fn, isBatched, size, batch),
    index,
    save,
  })
}
