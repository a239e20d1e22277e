/**
 * Rows of a matrix product are products of rows: one logit of a large table costs one scalar product. In: a gather of a
 * product. Out: a product of gathers. Invariant: each element that is left is the same sum in the same order; the product is
 * used nowhere else, and the rows weigh less than what is saved.
 */
import { range, sizeOf } from '../../../src/core/shape.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { graph, paramsOf } from '../../../src/expr/node.ts'
import { type DotAxes, freeAxes } from '../../../src/ops/contraction.ts'
import { ints, pair, type Rule, x } from '../rule.ts'

type Side = 0 | 1

/** The axes of one operand of a product, by where they go in the result: batch axes, then its free ones. */
interface Operand {
  readonly node: Node
  readonly batch: readonly number[]
  readonly contract: readonly number[]
  readonly free: readonly number[]
}

const sideOf = (d: Node, side: Side): Operand => {
  const p = paramsOf(d, 'dotGeneral')
  const node = d.ins[side] as Node
  const [batch, contract] = [p.batch[side], p.contract[side]]
  return { node, batch, contract, free: freeAxes(node.shape.length, batch, contract) }
}

/** Rows of an operand along one of its axes, in whose place come so many; the rest of its axes move along. */
const rowsOf = (
  { node, batch, contract }: Operand,
  indices: Node,
  axis: number,
  shared: number,
): Pick<Operand, 'node' | 'batch' | 'contract'> => {
  const count = indices.shape.length - shared
  const moved = (axes: readonly number[]): readonly number[] =>
    axes.flatMap((a) => (a === axis ? range(count).map((r) => a + r) : [a < axis ? a : a + count - 1]))
  return {
    node: graph.gather([node, indices], { axis, batch: shared }),
    batch: moved(batch),
    contract: moved(contract),
  }
}

const product = (
  a: Pick<Operand, 'node' | 'batch' | 'contract'>,
  b: Pick<Operand, 'node' | 'batch' | 'contract'>,
): Node => {
  const axes: DotAxes = { batch: [a.batch, b.batch], contract: [a.contract, b.contract] }
  return graph.dotGeneral([a.node, b.node], axes)
}

const areFirst = (axes: readonly number[]): boolean => axes.every((a, i) => a === i)

/** Rows, columns or members of the batch, the same for all. */
const alike = (d: Node, indices: Node, axis: number, shared: number): Node | null => {
  const [a, b] = [sideOf(d, 0), sideOf(d, 1)]
  const nb = a.batch.length
  const inFront = ({ batch }: Operand): boolean => areFirst(batch.slice(0, shared))
  if (shared > nb || !inFront(a) || !inFront(b)) return null
  if (axis < nb)
    return product(
      rowsOf(a, indices, a.batch[axis] as number, shared),
      rowsOf(b, indices, b.batch[axis] as number, shared),
    )
  const mine = a.free[axis - nb]
  if (mine !== undefined) return product(rowsOf(a, indices, mine, shared), b)
  return product(a, rowsOf(b, indices, b.free[axis - nb - a.free.length] as number, shared))
}

/** Columns that each row has of its own: x y at [p, i[p]] is xₚ · yᵢ, a product over the rows as a batch. */
const own = (d: Node, indices: Node, axis: number, shared: number): Node | null => {
  const [a, b] = [sideOf(d, 0), sideOf(d, 1)]
  const column = b.free[axis - a.free.length]
  if (a.batch.length > 0 || shared > a.free.length || column === undefined) return null
  const rows = rowsOf(b, indices, column, 0)
  const batch = range(shared).map((i) => column + i)
  return product({ ...a, batch: a.free.slice(0, shared) }, { ...rows, batch })
}

const gatherDot: Rule = {
  name: 'gather-dot',
  roots: ['gather'],
  when: 'always',
  law: '(x y)[i] → x[i] y; (x y)[:, i] → x y[:, i]; (x y) at [p, i[p]] → xₚ · y[:, i[p]] for each row p',
  apply: (node, { once }) => {
    const [d, indices] = pair(node)
    const { axis, batch } = paramsOf(node, 'gather')
    // the rows are written and read, and that must cost less than the products that are saved
    if (d.op !== 'dotGeneral' || !once(d) || 3 * sizeOf(node.shape) > sizeOf(d.shape) || sizeOf(node.shape) === 0)
      return null
    return alike(d, indices, axis, batch) ?? own(d, indices, axis, batch)
  },
  examples: () => {
    const plain = { batch: [[], []], contract: [[1], [0]] } as const
    const d = graph.dotGeneral([x('x', 7, 3), x('y', 3, 11)], plain)
    const batched = { batch: [[0], [0]], contract: [[2], [1]] } as const
    const stack = graph.dotGeneral([x('x', 7, 11, 3), x('y', 7, 3, 5)], batched)
    const turned = graph.dotGeneral([x('x', 3, 5), x('y', 13, 3)], { batch: [[], []], contract: [[0], [1]] })
    return [
      { node: graph.gather([d, ints('i', 2)], { axis: 0, batch: 0 }) },
      { node: graph.gather([d, ints('i')], { axis: 1, batch: 0 }) },
      { node: graph.gather([d, ints('i', 7)], { axis: 1, batch: 1 }) },
      { node: graph.gather([turned, ints('i', 5, 2)], { axis: 1, batch: 1 }) },
      { node: graph.gather([stack, ints('i', 2)], { axis: 0, batch: 0 }) },
      { node: graph.gather([stack, ints('i', 7, 2)], { axis: 1, batch: 1 }) },
      { node: graph.gather([stack, ints('i')], { axis: 2, batch: 0 }) },
      {
        node: graph.gather(
          [
            graph.dotGeneral([x('x', 2, 5, 3), x('y', 3, 11)], { batch: [[], []], contract: [[2], [0]] }),
            ints('i', 2, 5, 3),
          ],
          {
            axis: 2,
            batch: 2,
          },
        ),
      },
    ]
  },
}

export const pickedProductRules: readonly Rule[] = [gatherDot]
