// In: tensors of every rank up to four. Out: whether matmul is NumPy's, in one contraction, and differentiable.

import fc from 'fast-check'
import * as n from 'nabla'
import { expect, test } from 'vitest'
import { topological } from '../../compiler/program/walk.ts'
import { broadcastShapes, sizeOf, stridesOf, unravel } from '../../src/core/shape.ts'
import { upTo, valueOf } from './run.ts'
import { assertProperty } from '../properties.ts'

type Shape = readonly number[]

/** NumPy's definition, element by element. */
const naive = (a: readonly number[], sa: Shape, b: readonly number[], sb: Shape): readonly number[] => {
  const left = sa.length === 1 ? [1, ...sa] : sa
  const right = sb.length === 1 ? [...sb, 1] : sb
  const lead = broadcastShapes(left.slice(0, -2), right.slice(0, -2))
  if (lead._tag === 'None') throw new Error('batches do not broadcast')
  const [rows, inner, columns] = [left.at(-2), left.at(-1), right.at(-1)] as [number, number, number]
  const offset = (shape: Shape, index: Shape): number => {
    const batch = shape.slice(0, -2)
    const strides = stridesOf(shape)
    return batch.reduce(
      (total, d, i) =>
        total + (d === 1 ? 0 : (index[index.length - batch.length + i] as number)) * (strides[i] as number),
      0,
    )
  }
  return upTo(sizeOf(lead.value) * rows * columns).map((flat) => {
    const [r, c] = unravel(flat % (rows * columns), [rows, columns]) as [number, number]
    const batch = unravel(Math.floor(flat / (rows * columns)), lead.value)
    return upTo(inner).reduce(
      (total, k) =>
        total +
        (a[offset(left, batch) + r * inner + k] as number) * (b[offset(right, batch) + k * columns + c] as number),
      0,
    )
  })
}

const extent = fc.integer({ min: 1, max: 4 })

/** Two shapes that multiply: batches that agree, are 1, or are missing. */
const shapes = fc
  .record({
    batch: fc.array(fc.record({ d: extent, a: fc.boolean(), b: fc.boolean() }), { maxLength: 2 }),
    cut: fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })),
    m: extent,
    k: extent,
    p: extent,
    vectors: fc.tuple(fc.boolean(), fc.boolean()),
  })
  .map(({ batch, cut, m, k, p, vectors }): readonly [Shape, Shape] => {
    const left = batch.map((x) => (x.a ? x.d : 1)).slice(cut[0])
    const right = batch.map((x) => (x.b ? x.d : 1)).slice(cut[1])
    return [vectors[0] ? [k] : [...left, m, k], vectors[1] ? [k] : [...right, k, p]]
  })

const numbers = (shape: Shape, step: number): readonly number[] => upTo(sizeOf(shape)).map((i) => ((i * step) % 11) - 5)

test('matmul is that of NumPy, in one contraction', () => {
  assertProperty(
    fc.property(shapes, ([sa, sb]) => {
      const y = n.matmul(n.input('a', sa, 'f64'), n.input('b', sb, 'f64'))
      const [a, b] = [numbers(sa, 7), numbers(sb, 5)]
      expect(valueOf(y, { a, b })).toEqual(naive(a, sa, b, sb))
      const ops = topological([y]).map((node) => node.op)
      expect(ops.filter((op) => op === 'dotGeneral')).toHaveLength(1)
      expect(ops).not.toContain('broadcastTo')
    }),
    { numRuns: 200 },
  )
})

test('a matrix times a matrix moves nothing', () => {
  const y = n.matmul(n.input('a', [7, 2, 3]), n.input('b', [3, 4]))
  expect(y.op).toBe('dotGeneral')
})

test('an extent of 0 gives zeros', () => {
  expect(valueOf(n.matmul(n.input('a', [2, 0]), n.input('b', [0, 3])), { a: [], b: [] })).toEqual([0, 0, 0, 0, 0, 0])
})

test('dot and outer', () => {
  const [a, b] = [n.constant([1, 2, 3]), n.constant([4, 5, 6])]
  expect(valueOf(n.dot(a, b))).toEqual([32])
  expect(valueOf(n.pipe(a, n.outer(b)))).toEqual([4, 5, 6, 8, 10, 12, 12, 15, 18])
})
