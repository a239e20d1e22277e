/**
 * What is read of a loop. In: the last of the values that a loop stacks. Out: the carry that ends with it. Invariant: exact;
 * a stack of which only the last step is read is no longer needed, and the loop then does not make it (compiler/loops).
 */
import type { Node } from '../../../src/expr/expr.ts'
import { graph, paramsOf } from '../../../src/expr/node.ts'
import { makeScan, resultsOf, scanParts } from '../../../src/expr/scan.ts'
import { operand, reshaped, type Rule } from '../rule.ts'

const sliceLastStep: Rule = {
  name: 'slice-last-step',
  roots: ['slice'],
  when: 'always',
  law: 'the last of all hₜ → the carry h at the end',
  apply: (node) => {
    const stack = operand(node)
    if (stack.op !== 'result') return null
    const scan = operand(stack)
    if (scan.op !== 'scan') return null
    const { fn, init, length, reverse } = scanParts(scan)
    const { index } = paramsOf(stack, 'result')
    const carry = fn.results.slice(0, init.length).indexOf(fn.results[index] as Node)
    if (index < init.length || carry < 0) return null
    const { start, limit, step } = paramsOf(node, 'slice')
    const last = reverse ? 0 : length - 1
    const whole = node.shape.every(
      (_, i) => i === 0 || (start[i] === 0 && limit[i] === stack.shape[i] && step[i] === 1),
    )
    return whole && start[0] === last && limit[0] === last + 1
      ? reshaped(resultsOf(scan)[carry] as Node, node.shape)
      : null
  },
  examples: () => [false, true].map((reverse) => ({ node: lastOf(reverse) })),
}

/** The last of the running sums of five rows. */
const lastOf = (reverse: boolean): Node => {
  const leaf = (name: string, ...shape: readonly number[]): Node => graph.input([], { name, dtype: 'f32', shape })
  const bound = (id: number): Node => graph.bound([], { id, dtype: 'f32', shape: [3] })
  const [c, x] = [bound(-1), bound(-2)]
  const next = graph.add([c, x])
  const scan = makeScan({
    fn: { params: [c, x], results: [next, next] },
    length: 5,
    reverse,
    init: [leaf('c', 3)],
    sequences: [leaf('xs', 5, 3)],
    constants: [],
  })
  const at = reverse ? 0 : 4
  return graph.slice([resultsOf(scan)[1] as Node], { start: [at, 0], limit: [at + 1, 3], step: [1, 1] })
}

export const stepRules: readonly Rule[] = [sliceLastStep]
