/**
 * Reductions of what was put together: of concatenations, paddings and reversals. In: sums and extremes. Out: the same over
 * the parts. Invariant: a sum has the same terms, in another order.
 */
import { range, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, make, paramsOf } from '../../../src/expr/node.ts'
import { operand, type Rule, x } from '../rule.ts'

type Reduced = 'sum' | 'max' | 'min'
const axesOf = (n: Node): readonly number[] => paramsOf(n, n.op as Reduced).axes

const together = { sum: graph.add, max: graph.maximum, min: graph.minimum } as const

const ofConcat = (name: string, roots: readonly Reduced[], when: Rule['when'], law: string): Rule => ({
  name,
  roots,
  when,
  law,
  apply: (node, { once }) => {
    const c = operand(node)
    if (c.op !== 'concat' || !once(c) || !axesOf(node).includes(paramsOf(c, 'concat').axis)) return null
    const parts = c.ins.length
    // the parts are added up again, and that must cost less than putting them together
    if (parts + (parts - 1) * (1 + sizeOf(node.shape)) > 1 + sizeOf(c.shape)) return null
    if (c.ins.some((n) => sizeOf(n.shape) === 0)) return null
    return c.ins.map((n) => make(node.op, [n], node.params)).reduce((p, q) => together[node.op as Reduced]([p, q]))
  },
  examples: () =>
    roots.map((op) => ({
      node: make(op, [graph.concat([x('x', 2, 3), x('y', 5, 3)], { axis: 0 })], { axes: [0, 1], keepDims: false }),
    })),
})

/** Zeros at the ends, or between the elements, add nothing. */
const sumPad: Rule = {
  name: 'sum-pad',
  roots: ['sum'],
  when: 'refines',
  law: 'Σ pad(x) → Σ x where zeros are padded along summed axes',
  apply: (node, { once }) => {
    const p = operand(node)
    if (p.op !== 'pad' || !once(p)) return null
    const { low, high, interior, value } = paramsOf(p, 'pad')
    const padded = range(p.shape.length).filter((a) => low[a] !== 0 || high[a] !== 0 || interior[a] !== 0)
    const axes = axesOf(node)
    // a negative padding cuts elements off
    const grows = padded.every((a) => (low[a] as number) >= 0 && (high[a] as number) >= 0)
    return value === 0 && grows && padded.every((a) => axes.includes(a)) ? make('sum', [operand(p)], node.params) : null
  },
  examples: () => [
    {
      node: graph.sum([graph.pad([x('x', 2, 3)], { low: [1, 0], high: [0, 0], interior: [2, 0], value: 0 })], {
        axes: [0],
        keepDims: true,
      }),
    },
  ],
}

const ofReverse = (name: string, roots: readonly Reduced[], when: Rule['when']): Rule => ({
  name,
  roots,
  when,
  law: 'Σ(reverse x) → Σ x where the reversed axes are summed; max and min likewise',
  apply: (node) => {
    const r = operand(node)
    if (r.op !== 'reverse') return null
    const axes = axesOf(node)
    return paramsOf(r, 'reverse').axes.every((a) => axes.includes(a)) ? make(node.op, [operand(r)], node.params) : null
  },
  examples: () =>
    roots.map((op) => ({
      node: make(op, [graph.reverse([x('x', 2, 3)], { axes: [1] })], { axes: [1], keepDims: false }),
    })),
})

export const partRules: readonly Rule[] = [
  ofConcat('sum-concat', ['sum'], 'refines', 'Σ [x; y] → Σ x + Σ y'),
  ofConcat('max-concat', ['max', 'min'], 'always', 'max [x; y] → max(max x, max y), and of min'),
  sumPad,
  ofReverse('sum-reverse', ['sum'], 'refines'),
  ofReverse('max-reverse', ['max', 'min'], 'always'),
]
