/**
 * Matrix products that were written as sums of broadcast products. In: Σ of x · y. Out: one contraction. Invariant: the same
 * products are summed; what is reshaped weighs less than the product that is no longer made first.
 */
import { isFloat } from '../../../src/core/dtype.ts'
import { range, type Shape, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, paramsOf } from '../../../src/expr/node.ts'
import { operand, pair, reshaped, type Rule, x } from '../rule.ts'

/** Where the axes of a factor of Σ x · y are its own, both factors', or summed. */
const rolesOf = (
  shape: Shape,
  x: Node,
  y: Node,
  axes: readonly number[],
): {
  readonly batch: readonly number[]
  readonly contract: readonly number[]
  readonly onlyX: readonly number[]
  readonly onlyY: readonly number[]
} | null => {
  const wide = (n: Node, a: number): number => n.shape[a - shape.length + n.shape.length] ?? 1
  const all = range(shape.length).filter((a) => shape[a] !== 1)
  const kept = all.filter((a) => !axes.includes(a))
  const has = (n: Node, a: number): boolean => wide(n, a) !== 1
  const contract = all.filter((a) => axes.includes(a))
  if (!contract.every((a) => has(x, a) && has(y, a))) return null
  return {
    batch: kept.filter((a) => has(x, a) && has(y, a)),
    contract,
    onlyX: kept.filter((a) => has(x, a) && !has(y, a)),
    onlyY: kept.filter((a) => !has(x, a) && has(y, a)),
  }
}

/** Σₖ xᵢₖ · yₖⱼ written with broadcasting: each factor has an axis that the other lacks, so it is a matrix product. */
const sumOuter: Rule = {
  name: 'sum-outer',
  roots: ['sum'],
  when: 'refines',
  law: 'Σₖ x[i,k,1] · y[1,k,j] → x y',
  apply: (node, { once }) => {
    const m = operand(node)
    if (m.op !== 'mul' || !once(m) || !isFloat(node.dtype)) return null
    const given = pair(m)
    const found = rolesOf(m.shape, ...given, paramsOf(node, 'sum').axes)
    if (found === null || [found.contract, found.onlyX, found.onlyY].some((axes) => axes.length === 0)) return null
    // the factor whose own axis comes first stands first, so that the result need not be transposed
    const turned = (found.onlyX[0] as number) > (found.onlyY[0] as number)
    const [a, b] = turned ? ([given[1], given[0]] as const) : given
    const roles = turned ? { ...found, onlyX: found.onlyY, onlyY: found.onlyX } : found
    // without axes of extent 1, which each factor has its own
    const bare = (n: Node): Node =>
      reshaped(
        n,
        n.shape.filter((d) => d !== 1),
      )
    const placesIn = (n: Node): readonly number[] => {
      const lead = m.shape.length - n.shape.length
      return n.shape.flatMap((d, i) => (d === 1 ? [] : [i + lead]))
    }
    const at = (n: Node, axes: readonly number[]): readonly number[] => axes.map((x) => placesIn(n).indexOf(x))
    const product = graph.dotGeneral([bare(a), bare(b)], {
      batch: [at(a, roles.batch), at(b, roles.batch)],
      contract: [at(a, roles.contract), at(b, roles.contract)],
    })
    const order = [...roles.batch, ...roles.onlyX, ...roles.onlyY]
    const sorted = order.toSorted((i, j) => i - j)
    const perm = sorted.map((axis) => order.indexOf(axis))
    const stays = perm.every((q, i) => q === i)
    // what is moved must weigh less than the product that the sum no longer makes first
    const moving = sizeOf(a.shape) + sizeOf(b.shape) + (stays ? 1 : 4) * (1 + sizeOf(node.shape)) + 2
    if (moving > sizeOf(m.shape)) return null
    return reshaped(stays ? product : graph.transpose([product], { perm }), node.shape)
  },
  examples: () => {
    const total = (n: Node, axis: number, keepDims = false): Node => graph.sum([n], { axes: [axis], keepDims })
    return [
      { node: total(graph.mul([x('x', 5, 7, 1), x('y', 7, 5)]), 1) },
      { node: total(graph.mul([x('x', 5, 1, 7), x('y', 5, 7)]), 2, true) },
      { node: total(graph.mul([x('x', 3, 1, 5, 7), x('y', 3, 4, 1, 7)]), 3) },
    ]
  },
}

export const outerRules: readonly Rule[] = [sumOuter]
