/**
 * What a user has stated of a gradient. In: a scalar and its variables. Out: for each variable the reasons why its gradient is on
 * purpose no derivative: of the estimators and hooks between the two.
 * Invariant: a variable without a reason has the gradient of the scalar as it is computed.
 */
import { isShield } from '../../compiler/grad/custom.ts'
import { topological } from '../../compiler/program/walk.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { functionOf } from '../../src/expr/scan.ts'

/** The reasons of a node itself, and of what a loop or a choice holds. */
const reasonsOf = (n: Node): readonly string[] => {
  if (n.op === 'custom')
    return paramsOf(n, 'custom').estimator === null ? [] : [paramsOf(n, 'custom').estimator as string]
  const fn = functionOf(n)
  return fn === null ? [] : topological(fn.results).flatMap(reasonsOf)
}

export const statedReasons = (scalar: Node, variables: readonly Node[]): ReadonlyMap<Node, readonly string[]> => {
  const order = topological([scalar])
  // from the scalar back: the reasons on the ways by which a cotangent comes to each node
  const found = new Map<Node, Set<string>>([[scalar, new Set()]])
  for (const n of order.toReversed()) {
    const met = found.get(n)
    if (met === undefined || isShield(n)) continue
    const all = new Set([...met, ...reasonsOf(n)])
    // the first operand of a custom node is its value, through which nothing comes
    for (const operand of n.op === 'custom' ? n.ins.slice(1) : n.ins)
      found.set(operand, new Set([...(found.get(operand) ?? []), ...all]))
  }
  return new Map(variables.map((v) => [v, [...(found.get(v) ?? [])]]))
}
