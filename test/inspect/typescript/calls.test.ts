// Models whose derivatives need more than one op for a call: convolutions, poolings, lookups, blocks, orders. In: small losses.
// Out: whether they are written in the language alone, make the same expressions again, are formatted, and are typed.

import {
  avgPool2d,
  conv2d,
  dynamicSlice,
  dynamicUpdateSlice,
  embedding,
  type Expr,
  glorotUniform,
  input,
  key,
  maxPool2d,
  mul,
  normal,
  param,
  relu,
  sort,
  square,
  sum,
  takeAlongAxis,
  topK,
  zeros,
} from 'nabla'
import { afterAll, expect, test } from 'vitest'
import { expectFormatted, expectRoundTrip, expectTyped, openWorkshop } from './round-trip.ts'

const workshop = openWorkshop()
afterAll(() => workshop.close())

const [x, k] = [param('x', [2, 9, 9, 1], zeros), param('k', [3, 3, 1, 4], glorotUniform)]
const [p, u, i] = [param('p', [5, 3], zeros), param('u', [2, 3], zeros), input('i', [], 'i32')]

const models: Readonly<Record<string, readonly [Expr, readonly string[]]>> = {
  convolution: [relu(conv2d(x, k, { pads: 'same' })), ["conv2d(x, k, { pads: 'same' })", 'windows(', 'overlapAdd(']],
  strides: [avgPool2d(conv2d(x, k, { stride: 2 }), 2, { stride: 1 }), ['stride: [2, 2]', 'avgPool2d(']],
  pooling: [maxPool2d(x, 3), ['firstMax(']],
  overlapping: [maxPool2d(x, 3, { stride: 2 }), ['maxPool2d(x, 3, { stride: [2, 2] })']],
  lookup: [embedding(p, input('ids', [2, 2], 'i32')), ['scatterRows(', 'ids, 5)']],
  along: [takeAlongAxis(p, input('best', [5, 1], 'i32'), 1), ['takeAlongAxis(p, best, 1)', 'best, 3, 1, 1)']],
  slice: [dynamicSlice(p, [i, 0], [2, 3]), ['dynamicSlice(p, [i, 0], [2, 3])']],
  update: [dynamicUpdateSlice(p, u, [i, 0]), ['dynamicUpdateSlice(p, u, [i, 0])']],
  sort: [sort(p, 1), ['argsort(p)']],
  top: [topK(p, 2).values, ["nan: 'first'"]],
  noise: [mul(normal(key(3), [5, 3]), p), ['normal(key(3), [5, 3])']],
}

test.each(Object.entries(models))('%s: source to source and back', async (name, [y, parts]) => {
  const text = await expectRoundTrip(workshop, name, { loss: sum(square(y as typeof p)) }, 'gradient')
  for (const part of parts) expect(text).toContain(part)
})

test('all of them are formatted', () => expectFormatted(workshop))

test('all of them are typed', () => expectTyped(workshop))
