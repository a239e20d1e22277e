import { describe, expect, test } from 'vitest'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { vmap } from '../../compiler/index.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph } from '../../src/expr/node.ts'
import {
  constant,
  embedding,
  full,
  gather,
  input,
  reverse,
  scatterAdd,
  scatterRows,
  segmentSum,
  takeAlongAxis,
} from '../../src/index.ts'

/** For what no type would let pass. */
const loose = (f: unknown): ((...args: readonly unknown[]) => unknown) => f as (...args: readonly unknown[]) => unknown

const x = input('x', [5, 3])
const ids = input('ids', [4], 'i32')
const none = input('none', [0, 3])
const flags = input('flags', [5, 3], 'bool')
const u = input('u', [4, 3])

describe('shapes', () => {
  test.each([
    [gather(x, ids), [4, 3]],
    [gather(x, ids, -1), [5, 4]],
    [gather(x, input('one', [], 'i32'), 1), [5]],
    [gather(x, input('pairs', [2, 7], 'i32'), 0), [2, 7, 3]],
    [gather(none, input('nothing', [0], 'i32')), [0, 3]],
    [embedding(x, input('words', [2, 6], 'i32')), [2, 6, 3]],
    [takeAlongAxis(x, input('best', [2, 3], 'i32'), 0), [2, 3]],
    [scatterAdd(x, ids, u), [5, 3]],
    [segmentSum(u, ids, 2), [2, 3]],
    [gather(x, input('each', [5, 2], 'i32'), 1, 1), [5, 2]],
    [scatterRows(u, ids, 9), [9, 3]],
    [scatterRows(u, input('of', [3], 'i32'), 7, -1), [4, 7]],
    [scatterRows(u, input('one', [], 'i32'), 7, 1), [4, 7, 3]],
    [scatterRows(u, input('own', [4, 3], 'i32'), 7, 1, 1), [4, 7]],
  ] as const)('case %#', (y, shape) => {
    expect(y.shape).toEqual(shape)
  })
})

describe('what does not fit', () => {
  const faults: readonly (readonly [string, () => unknown])[] = [
    ['gather: the indices must be i32, not f32', () => loose(gather)(x, u)],
    ['gather: axis 2 does not exist in shape [5,3]', () => loose(gather)(x, ids, 2)],
    ['gather: axis 0 of [0,3] has no row to take', () => gather(none, ids)],
    [
      'gather: [5,3] and indices [4] do not have the first 1 axes in common',
      () => graph.gather([x, ids], { axis: 1, batch: 1 }),
    ],
    [
      'gather: [5,3] and indices [4] do not have the first 1 axes in common',
      () => graph.gather([x, ids], { axis: 0, batch: 1 }),
    ],
    ['scatterAdd: axis 3 does not exist in shape [5,3]', () => graph.scatterAdd([x, ids, u], { axis: 3, batch: 0 })],
    ['scatterAdd: the indices must be i32, not f32', () => loose(scatterAdd)(x, input('f', [4]), u)],
    [
      'scatterAdd: updates [4,3] are not of shape [5,4], which indices [4] take from [5,3] along axis 1',
      () => scatterAdd(x, ids, u, 1),
    ],
    [
      'scatterAdd: the operand must be f32, f64 or i32, not bool',
      () => scatterAdd(flags, input('at', [5], 'i32'), flags),
    ],
    ['scatterAdd: dtypes f32 and i32 differ', () => loose(scatterAdd)(x, ids, input('n', [4, 3], 'i32'))],
    ['embedding: the indices must be i32, not f32', () => loose(embedding)(x, u)],
    ['takeAlongAxis: indices [4] and [5,3] differ, not only at axis 0', () => takeAlongAxis(x, ids, 0)],
    ['scatterRows: the indices must be i32, not f32', () => loose(scatterRows)(u, u, 3)],
    ['scatterRows: [1.5] is not a shape', () => scatterRows(u, ids, 1.5)],
    ['scatterRows: rows [4,3] are not what indices [4] take along axis 2', () => loose(scatterRows)(u, ids, 3, 2)],
    ['scatterRows: index 4 is no row of axis 0 of [4,3]', () => scatterRows(u, constant([0, 1, 4, 2], 'i32'), 4)],
    ['segmentSum: segments [4] do not give one to each row of [5,3]', () => segmentSum(x, ids, 3)],
    ['segmentSum: the indices must be i32, not f32', () => loose(segmentSum)(x, u, 3)],
    ['segmentSum: [-1,3] is not a shape', () => segmentSum(u, ids, -1)],
    ['gather: index 5 is no row of axis 0 of [5,3]', () => gather(x, constant([0, 5], 'i32'))],
    ['gather: index -1 is no row of axis 1 of [5,3]', () => gather(x, reverse(constant([-1, 0], 'i32'), 0), 1)],
    ['embedding: index 9 is no row of axis 0 of [5,3]', () => embedding(x, full([2, 2], 9, 'i32'))],
    ['scatterAdd: index 5 is no row of axis 0 of [5,3]', () => scatterAdd(x, constant([0, 5, 1, 1], 'i32'), u)],
    ['segmentSum: index 4 is no row of axis 0 of [4,3]', () => segmentSum(u, constant([0, 1, 4, 2], 'i32'), 4)],
  ]
  test.each(faults)('%s', (words, run) => {
    expect(run).toThrow(words)
  })
})

test('a batch of tables, of ids, and of both', () => {
  const tables = input('tables', [2, 5, 3])
  const many = input('many', [2, 4], 'i32')
  const env = new Map<Node, Tensor>([
    [
      tables,
      tensor(
        'f32',
        [2, 5, 3],
        Array.from({ length: 30 }, (_, i) => i),
      ),
    ],
    [many, tensor('i32', [2, 4], [0, 1, 2, 3, 4, 9, -1, 2])],
    [
      x,
      tensor(
        'f32',
        [5, 3],
        Array.from({ length: 15 }, (_, i) => 100 + i),
      ),
    ],
    [ids, tensor('i32', [4], [4, 0, 7, 1])],
  ])
  const rowsOf = (y: unknown): readonly number[] => {
    const [t] = interpret([y as Node], env) as [Tensor]
    // the first element of each row taken
    return Array.from(t.data).filter((_, i) => i % 3 === 0)
  }
  const take = (a: Node, b: Node): Node => graph.gather([a, b], { axis: 0, batch: 0 })
  expect(rowsOf(loose(vmap((a: Node, b: Node) => take(a, b)))(tables, many))).toEqual([0, 3, 6, 9, 27, 27, 15, 21])
  expect(rowsOf(loose(vmap((a: Node) => take(a, ids)))(tables))).toEqual([12, 0, 12, 3, 27, 15, 27, 18])
  expect(rowsOf(loose(vmap((b: Node) => take(x, b)))(many))).toEqual([100, 103, 106, 109, 112, 112, 100, 106])
})
