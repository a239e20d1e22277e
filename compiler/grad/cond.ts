/**
 * The derivative of a choice is a choice. In: a cond and what its results received (or how its operands move, or their values
 * over a batch). Out: what its operands receive (or tangents, or results over the batch). Invariant: the derivative of a branch
 * is computed where the branch is, so that nothing of the other one, no NaN and no work, gets into it. It computes again what
 * it needs of its branch: were that kept, each branch would have to fill what the others keep.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { type CondParts, condParts, makeCond } from '../../src/expr/cond.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { boundFor, substitute } from '../../src/expr/scan.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type Batch, isWide, widened } from '../program/batch.ts'
import { topological } from '../program/walk.ts'
import type { Rewrite } from './args.ts'

const zerosOf = ({ dtype, shape }: Node): Node => b.full([], { dtype, shape: [...shape], value: 0 })

/**
 * A choice between lists that have a value in some branches and null, zeros, in others: one result for each place that some
 * branch has a value at, and null for the others.
 */
const choose = (
  parts: Omit<CondParts, 'branches'>,
  branches: readonly (readonly (Node | null)[])[],
): readonly (Node | null)[] => {
  const places = (branches[0] ?? []).map((_, i) => branches.find((values) => values[i] !== null)?.[i] ?? null)
  const live = places.flatMap((like, i) => (like === null ? [] : [{ like, i }]))
  if (live.length === 0) return places
  const given = makeCond({
    ...parts,
    branches: branches.map((values) => live.map(({ like, i }) => values[i] ?? zerosOf(like))),
  })
  const at = new Map(live.map(({ i }, k) => [i, given[k] as Node]))
  return places.map((_, i) => at.get(i) ?? null)
}

/** What stands in the branches for a value of outside: a literal stands for itself, so that they are simplified with it. */
const standFor = (node: Node, role: string, value: Node): Node =>
  value.op === 'full' ? value : boundFor(node, role, value)

/** What each operand of the cond receives. */
export const pullCond = (
  node: Node,
  received: readonly (Node | null | undefined)[],
  wanted: ReadonlySet<Node>,
  pullAll: (
    outputs: readonly (readonly [Node, Node])[],
    wrt: readonly Node[],
    rewrite: Rewrite,
  ) => readonly (Node | null)[],
  rewrite: Rewrite,
): readonly (Node | null)[] => {
  const { predicate, operands, params, branches } = condParts(node)
  const wrt = params.filter((p, i) => isFloat(p.dtype) && wanted.has(operands[i] as Node))
  const arriving = received.flatMap((ct, j) => (ct ? [{ ct, j, stand: standFor(node, `cotangent ${j}`, ct) }] : []))
  const passed = arriving.filter((a) => a.stand !== a.ct)
  const pulled = branches.map((results) => {
    const raw = pullAll(
      arriving.map(({ j, stand }) => [results[j] as Node, stand]),
      wrt,
      rewrite,
    )
    const found = rewrite(raw.filter((g): g is Node => g !== null))
    let k = 0
    return raw.map((g) => (g === null ? null : (found[k++] as Node)))
  })
  const cts = choose(
    {
      predicate,
      operands: [...operands, ...passed.map((a) => a.ct)],
      params: [...params, ...passed.map((a) => a.stand)],
    },
    pulled,
  )
  return [null, ...params.map((p) => cts[wrt.indexOf(p)] ?? null)]
}

/** Tangents of the cond's results when some operands move. */
export const pushCond = (
  node: Node,
  [, ...moving]: readonly (Node | null)[],
  push: (outputs: readonly Node[], tangents: ReadonlyMap<Node, Node>) => readonly (Node | null)[],
): readonly (Node | null)[] => {
  const { predicate, operands, params, branches } = condParts(node)
  const tangents = moving.flatMap((t, i) => (t === null ? [] : [{ t, i, stand: standFor(node, `tangent ${i}`, t) }]))
  const passed = tangents.filter((a) => a.stand !== a.t)
  const given = new Map(tangents.map(({ i, stand }) => [params[i] as Node, stand]))
  return choose(
    {
      predicate,
      operands: [...operands, ...passed.map((a) => a.t)],
      params: [...params, ...passed.map((a) => a.stand)],
    },
    branches.map((results) => push(results, given)),
  )
}

// ---- over a batch

/** The branches over a batch, of which some operands have the axis, and their new parameters. */
const widen = (node: Node, values: readonly (Node | undefined)[], size: number, batch: Batch) => {
  const { params, branches } = condParts(node)
  const wide = params.map((p, i) =>
    values[i] === undefined ? p : boundFor(node, `batch ${i}`, { dtype: p.dtype, shape: [size, ...p.shape] }),
  )
  const given = new Map(params.flatMap((p, i) => (values[i] === undefined ? [] : [[p, wide[i] as Node] as const])))
  return { params: wide, branches: branches.map((results) => batch(results, given, size)) }
}

/** Something of each example, so that it broadcasts against their values. */
const behind = (each: Node, value: Node): Node =>
  b.reshape([each], { shape: [...each.shape, ...value.shape.slice(1).map(() => 1)] })

/** Which examples take branch k. */
const takers = (predicate: Node, k: number): Node => {
  if (predicate.dtype === 'bool') return k === 1 ? predicate : b.logicalNot([predicate])
  return b.equal([predicate, b.lit(k, 'i32')])
}

/** Whether masks reach every op of a function, so that what is not chosen cannot get into a derivative. */
const isElementwise = (results: readonly Node[]): boolean =>
  topological(results).every((n) => ['elementwise', 'leaf'].includes(opDef(n.op).kind))

/**
 * Each example has the result of its own branch. A branch of elementwise ops is computed for all and chosen from, as `where`
 * does. Any other runs where an example takes it, and the examples that do not take it go through it with the values of one
 * that does: so that it never meets a value that was not meant for it, whose NaN would reach what all examples share.
 */
const eachItsOwn = (
  node: Node,
  predicate: Node,
  values: readonly (Node | undefined)[],
  size: number,
  batch: Batch,
): readonly Node[] => {
  const { operands, branches: single } = condParts(node)
  const { params, branches } = widen(node, values, size, batch)
  const whole = operands.map((x, i) => values[i] ?? x)
  const run = (k: number): readonly Node[] => {
    const results = branches[k] as readonly Node[]
    if (isElementwise(results)) return substitute(results, new Map(params.map((p, i) => [p, whole[i] as Node])))
    const taken = takers(predicate, k)
    const count = b.cast([taken], { dtype: 'i32' })
    const first = b.argmax([count], { axis: 0 })
    const safe = whole.map((x, i) => {
      if (values[i] === undefined) return x
      const filler = b.stopGradient([b.gather([x, first], { axis: 0, batch: 0 })])
      return b.where([behind(taken, x), x, filler])
    })
    const some = b.greater([b.sum([count], { axes: [0], keepDims: false }), b.lit(0, 'i32')])
    return makeCond({ predicate: some, operands: safe, params, branches: [results.map(zerosOf), results] })
  }
  const runs = branches.map((_, k) => run(k))
  return (runs[0] as readonly Node[]).map((r, j) => {
    const wide = (x: Node): Node => widened(x, single[0]?.[j] as Node, size)
    return runs.reduce(
      (chosen, results, k) =>
        k === 0 ? chosen : b.where([behind(takers(predicate, k), chosen), wide(results[j] as Node), chosen]),
      wide(r),
    )
  })
}

/** A cond over a batch: a cond of the branches over the batch, or where its predicate differs, of each example's own. */
export const batchCond = (
  node: Node,
  [chooser, ...values]: readonly (Node | undefined)[],
  size: number,
  batch: Batch,
): readonly Node[] => {
  if (chooser !== undefined) return eachItsOwn(node, chooser, values, size, batch)
  const { predicate, operands, branches: single } = condParts(node)
  const { params, branches } = widen(node, values, size, batch)
  const likes = single[0] as readonly Node[]
  const isBatched = likes.map((like, j) => branches.some((results) => isWide(results[j] as Node, like)))
  return makeCond({
    predicate,
    operands: operands.map((x, i) => values[i] ?? x),
    params,
    branches: branches.map((results) => results.map((r, j) => (isBatched[j] ? widened(r, likes[j] as Node, size) : r))),
  })
}
