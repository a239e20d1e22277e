/**
 * Products over all steps of a loop. In: a product that each step makes, and the stacks of its operands. Out: the sum of the
 * steps' products, as one product. Invariant: the step is one more contracted axis, the first.
 */
import { range } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, paramsOf } from '../../src/expr/node.ts'
import { behindBatch } from '../../src/ops/reduction.ts'

/** Whether the sum of a step's products over all steps is one product: no axis but the step itself is a batch. */
export const isSummable = (product: Node): boolean =>
  product.op === 'dotGeneral' && paramsOf(product, 'dotGeneral').batch[0].length === 0

export const productOverSteps = (product: Node, stacks: readonly Node[]): Node => {
  const { batch, contract } = paramsOf(product, 'dotGeneral')
  const axes = (c: readonly number[]) => [0, ...behindBatch(c)]
  return b.dotGeneral(stacks as readonly [Node, Node], { batch, contract: [axes(contract[0]), axes(contract[1])] })
}

/** The element of a sequence at one step. */
export const elementAt = (sequence: Node, step: number): Node => {
  const shape = sequence.shape.slice(1)
  const start = sequence.shape.map((_, i) => (i === 0 ? step : 0))
  const limit = sequence.shape.map((extent, i) => (i === 0 ? step + 1 : extent))
  const row = b.slice([sequence], { start, limit, step: range(sequence.shape.length).map(() => 1) })
  return b.reshape([row], { shape })
}
