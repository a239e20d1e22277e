/**
 * Loops that end by a condition: forward mode and batches. In: a while and how its operands move, or their values over a batch.
 * Out: how its results move, or they over the batch. Invariant: tangents are carried beside the carries and never decide when the loop
 * ends; over a batch an example whose condition does not hold keeps its carries. There is no reverse mode without a bound.
 */
import { ShapeError } from '../../src/core/errors.ts'
import { range } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { nameOf, setName, sourceOf } from '../../src/expr/origin.ts'
import { boundFor } from '../../src/expr/scan.ts'
import { makeWhile, whileParts } from '../../src/expr/while.ts'
import { type Batch, isWide, widened } from '../program/batch.ts'

const zerosOf = ({ dtype, shape }: Node): Node => b.full([], { dtype, shape: [...shape], value: 0 })

/** Refuses reverse mode, where the loop stands. */
export const pullWhile = (node: Node): never => {
  const names = whileParts(node).init.flatMap((x) => nameOf(x) ?? [])
  const over = names.length === 0 ? '' : ` over ${names.join(', ')}`
  throw new ShapeError('E_WHILE_REVERSE', `grad: the whileLoop${over} has no bound, and so no reverse mode`, {
    source: sourceOf(node),
    hint: 'say how many steps it takes at most, { bound: n }, or use jvp',
  })
}

/** Lets a property of carries grow over the steps: `live` says, for the carries that have it, which come out with it. */
const grown = (has: readonly boolean[], carries: number, live: (has: readonly boolean[]) => readonly boolean[]) => {
  let now = has
  for (;;) {
    const out = live(now)
    const more = range(carries).filter((i) => now[i] !== true && out[i] === true)
    if (more.length === 0) return now
    now = now.map((h, i) => h || more.includes(i))
  }
}

/** Tangents of the last carries. */
export const pushWhile = (
  node: Node,
  moving: readonly (Node | null)[],
  push: (outputs: readonly Node[], tangents: ReadonlyMap<Node, Node>) => readonly (Node | null)[],
): readonly (Node | null)[] => {
  const { init, constants, params, next, condition } = whileParts(node)
  const stands = params.map((p, i) => {
    const stand = boundFor(node, `tangent ${i}`, p)
    if (nameOf(p) !== undefined) setName(stand, `τ${nameOf(p)}`)
    return stand
  })
  const pushed = (moves: readonly boolean[]) =>
    push(next, new Map(params.flatMap((p, i) => (moves[i] === true ? [[p, stands[i] as Node] as const] : []))))
  const moves = grown(
    moving.map((t) => t !== null),
    init.length,
    (m) => pushed(m).map((t) => t !== null),
  )
  const tangents = pushed(moves)
  const live = range(init.length).filter((i) => moves[i])
  const outside = range(constants.length).filter((k) => moves[init.length + k])
  const given = makeWhile({
    init: [...init, ...live.map((i) => moving[i] ?? zerosOf(init[i] as Node))],
    constants: [...constants, ...outside.map((k) => moving[init.length + k] as Node)],
    params: [
      ...params.slice(0, init.length),
      ...live.map((i) => stands[i] as Node),
      ...params.slice(init.length),
      ...outside.map((k) => stands[init.length + k] as Node),
    ],
    next: [...next, ...live.map((i) => tangents[i] ?? zerosOf(params[i] as Node))],
    condition,
  })
  const at = new Map(live.map((i, k) => [i, given[init.length + k] as Node]))
  return init.map((_, i) => at.get(i) ?? null)
}

/** The last carries over a batch. */
export const batchWhile = (
  node: Node,
  values: readonly (Node | undefined)[],
  size: number,
  batch: Batch,
): readonly Node[] => {
  const { init, constants, params, next, condition } = whileParts(node)
  const count = init.length
  const wide = params.map((p, i) => {
    const bound = boundFor(node, `batch ${i}`, { dtype: p.dtype, shape: [size, ...p.shape] })
    if (nameOf(p) !== undefined) setName(bound, nameOf(p) as string)
    return bound
  })
  const run = (has: readonly boolean[]): readonly Node[] =>
    batch(
      [...next, condition],
      new Map(params.flatMap((p, i) => (has[i] === true ? [[p, wide[i] as Node] as const] : []))),
      size,
    )
  const endsApart = (results: readonly Node[]): boolean => isWide(results[count] as Node, condition)
  // where examples end by themselves, every carry is each example's own
  const has = grown(
    values.map((v) => v !== undefined),
    count,
    (h) => {
      const results = run(h)
      return next.map((x, i) => endsApart(results) || isWide(results[i] as Node, x))
    },
  )
  const results = run(has)
  const holds = results[count] as Node
  /** An example that has ended keeps what it has. */
  const kept = (value: Node, i: number): Node => {
    if (!endsApart(results)) return value
    const each = b.reshape([holds], { shape: [size, ...(next[i] as Node).shape.map(() => 1)] })
    return b.where([each, value, wide[i] as Node])
  }
  return makeWhile({
    init: init.map((x, i) => (has[i] ? widened(values[i] ?? x, x, size) : x)),
    constants: constants.map((x, k) => values[count + k] ?? x),
    params: params.map((p, i) => (has[i] ? (wide[i] as Node) : p)),
    next: next.map((x, i) => {
      const value = results[i] as Node
      return has[i] ? kept(widened(value, x, size), i) : value
    }),
    condition: endsApart(results) ? anyOf(holds) : holds,
  })
}

const anyOf = (holds: Node): Node => {
  const count = b.sum([b.cast([holds], { dtype: 'i32' })], { axes: [0], keepDims: false })
  return b.greater([count, b.lit(0, 'i32')])
}
