/**
 * The derivative of a custom node is what its rule says. In: the node and what it received (or how its inputs move). Out:
 * what its inputs receive (or the tangent). Invariant: the rule's own expressions are ordinary ones, so that they are
 * differentiated and batched in turn; a derivative by what the function uses beside its inputs is refused, never wrong.
 */
import { ShapeError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, make } from '../../src/expr/node.ts'
import { nameOf, sourceHere } from '../../src/expr/origin.ts'
import { customParts, makeCustom } from '../../src/expr/custom.ts'
import { type FnNodes, freshBound, functionOf, substitute, withFunction } from '../../src/expr/scan.ts'
import { type Batch, widened } from '../program/batch.ts'
import { topological } from '../program/walk.ts'

const zerosLike = ({ dtype, shape }: Node): Node => b.full([], { dtype, shape, value: 0 })

const applied = (fn: FnNodes, values: readonly Node[]): readonly Node[] =>
  substitute(fn.results, new Map(fn.params.map((p, i) => [p, values[i] as Node])))

/** What no derivative goes through. */
export const isShield = (n: Node): boolean =>
  n.op === 'stopGradient' || (n.op === 'custom' && customParts(n).inputs.length === 0)

/** Refuses a way from one of `sources` to the value that goes by none of the inputs. */
const requireInputs = (node: Node, sources: (n: Node) => boolean): void => {
  const { value, inputs } = customParts(node)
  const seen = new Set<Node>(inputs)
  const stack = [value]
  while (stack.length > 0) {
    const n = stack.pop() as Node
    if (seen.has(n)) continue
    seen.add(n)
    if (isShield(n)) continue
    if (sources(n))
      throw new ShapeError(
        'E_CUSTOM_INPUT',
        `customVjp: the function uses ${nameOf(n) ?? n.op}, by which it is differentiated, and which is not one of its inputs`,
        { source: sourceHere(), hint: 'make it an input, or stopGradient of it' },
      )
    stack.push(...n.ins)
  }
}

/** What each operand of the node receives. */
export const pullCustom = (node: Node, ct: Node, wrt: ReadonlySet<Node>): readonly (Node | null)[] => {
  if (isShield(node)) return node.ins.map(() => null)
  requireInputs(node, (n) => wrt.has(n))
  const { inputs, pullback, receivers, pullbackConstants } = customParts(node)
  const cts = applied(pullback, [...inputs, node, ct, ...pullbackConstants])
  const arriving = new Map(receivers.map((i, k) => [1 + i, cts[k] as Node]))
  return node.ins.map((_, i) => arriving.get(i) ?? null)
}

/** The tangent of the node; null where no input moves. */
export const pushCustom = (
  node: Node,
  moving: readonly (Node | null)[],
  tangents: ReadonlyMap<Node, Node>,
): Node | null => {
  if (isShield(node)) return null
  requireInputs(node, (n) => tangents.has(n))
  const { inputs, pushforward, pushforwardConstants } = customParts(node)
  const moves = moving.slice(1, 1 + inputs.length)
  if (moves.every((t) => t === null)) return null
  if (pushforward === null)
    throw new ShapeError('E_CUSTOM_JVP', 'jvp: a function of customVjp has no rule for forward mode', {
      source: sourceHere(),
      hint: 'give customVjp a jvp as well',
    })
  const given = inputs.map((x, i) => moves[i] ?? zerosLike(x))
  return applied(pushforward, [...inputs, node, ...given, ...pushforwardConstants])[0] as Node
}

/** A rule over a batch: those of its parameters that depend on the batch get its axis. */
export const batchRule = (
  { params, results }: FnNodes,
  isBatched: readonly boolean[],
  size: number,
  batch: Batch,
): FnNodes => {
  const wide = params.map((p, i) => (isBatched[i] ? freshBound({ dtype: p.dtype, shape: [size, ...p.shape] }) : p))
  const given = new Map(params.flatMap((p, i) => (isBatched[i] ? [[p, wide[i] as Node] as const] : [])))
  return { params: wide, results: batch(results, given, size) }
}

/** The node over a batch: a custom node again, whose rule is that of all examples. */
export const batchCustom = (node: Node, values: readonly (Node | undefined)[], size: number, batch: Batch): Node => {
  const { value, inputs, pullback, receivers, pullbackConstants, pushforward, estimator } = customParts(node)
  const has = values.map((v) => v !== undefined)
  const ins = node.ins.map((x, i) => values[i] ?? x)
  const n = inputs.length
  const ownEnd = 1 + n + pullbackConstants.length
  const mine = has.slice(1, 1 + n)
  const back = batchRule(pullback, [...mine, true, true, ...has.slice(1 + n, ownEnd)], size, batch)
  const cts = back.results.map((c, k): Node => {
    const whole = widened(c, pullback.results[k] as Node, size)
    // what all examples share receives what all of them give
    return mine[receivers[k] as number] ? whole : b.sum([whole], { axes: [0], keepDims: false })
  })
  const ahead = pushforward && batchRule(pushforward, [...mine, true, ...mine, ...has.slice(ownEnd)], size, batch)
  return makeCustom({
    value: widened(values[0] ?? value, value, size),
    inputs: ins.slice(1, 1 + n),
    pullback: { params: back.params, results: cts },
    receivers,
    pullbackConstants: ins.slice(1 + n, ownEnd),
    pushforward: ahead && {
      params: ahead.params,
      results: [widened(ahead.results[0] as Node, pushforward?.results[0] as Node, size)],
    },
    pushforwardConstants: ins.slice(ownEnd),
    estimator,
  })
}

/** The same roots without custom nodes and checkpoints, in loops too: where nothing is differentiated any more, they are their values. */
export const withoutCustom = (roots: readonly Node[]): readonly Node[] => {
  const done = new Map<Node, Node>()
  for (const n of topological(roots)) {
    const ins = n.ins.map((i) => done.get(i) as Node)
    const like = ins.every((x, i) => x === n.ins[i]) ? n : make(n.op, ins, n.params)
    const isValue = n.op === 'custom' || n.op === 'checkpoint'
    done.set(n, isValue ? (ins[0] as Node) : opened(like))
  }
  return roots.map((r) => done.get(r) as Node)
}

/** The same node, whose function has none. */
const opened = (n: Node): Node => {
  const fn = functionOf(n)
  if (fn === null) return n
  const results = withoutCustom(fn.results)
  return results.every((r, i) => r === fn.results[i]) ? n : withFunction(n, n.ins, { params: fn.params, results })
}
