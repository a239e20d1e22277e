// In: convolutions of every stride, padding, dilation, grouping and layout. Out: whether value and adjoints are those of the
// naive loops, exactly, in the interpreter and on both targets.

import { conv2d, input, mul, type Node, sum } from 'nabla'
import { grad, interpret, type Scalar, tensor } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { compileAndRun } from '../pipeline/compiled.ts'
import { naiveAdjoints, naiveConvolution, outOf, permuted, type Placement, whole } from './convolving.ts'

const plain = {
  stride: [1, 1],
  pads: [
    [0, 0],
    [0, 0],
  ],
  dilation: [1, 1],
  groups: 1,
} as const

const placements: Readonly<Record<string, Placement>> = {
  'valid, one channel': { ...plain, image: [2, 7, 9, 1], filter: [3, 3, 1, 5] },
  'many channels': { ...plain, image: [2, 8, 11, 3], filter: [3, 2, 3, 4] },
  padded: {
    ...plain,
    image: [2, 6, 7, 3],
    filter: [5, 5, 3, 6],
    pads: [
      [2, 2],
      [2, 2],
    ],
  },
  'padded unevenly': {
    ...plain,
    image: [1, 5, 6, 2],
    filter: [2, 3, 2, 4],
    pads: [
      [1, 0],
      [0, 2],
    ],
  },
  'one line': { ...plain, image: [3, 1, 17, 2], filter: [1, 4, 2, 8] },
  'one by one': { ...plain, image: [2, 5, 5, 6], filter: [1, 1, 6, 7] },
  'narrow lines': { ...plain, image: [2, 6, 4, 3], filter: [3, 3, 3, 9] },
  'one filter': { ...plain, image: [1, 6, 6, 2], filter: [3, 3, 2, 1] },
  strided: {
    ...plain,
    image: [2, 9, 10, 3],
    filter: [3, 3, 3, 4],
    stride: [2, 3],
    pads: [
      [1, 1],
      [0, 1],
    ],
  },
  'strided past the filter': { ...plain, image: [2, 9, 7, 2], filter: [2, 1, 2, 4], stride: [3, 2] },
  'strided as the filter': { ...plain, image: [2, 8, 8, 3], filter: [4, 4, 3, 5], stride: [4, 4] },
  dilated: {
    ...plain,
    image: [2, 9, 9, 2],
    filter: [3, 2, 2, 4],
    dilation: [2, 3],
    pads: [
      [2, 2],
      [1, 1],
    ],
  },
  'strided and dilated': { ...plain, image: [1, 11, 10, 2], filter: [3, 2, 2, 4], stride: [2, 2], dilation: [2, 3] },
  grouped: {
    ...plain,
    image: [2, 6, 6, 6],
    filter: [3, 3, 2, 9],
    groups: 3,
    pads: [
      [1, 1],
      [1, 1],
    ],
  },
  'a group a channel': { ...plain, image: [2, 6, 6, 4], filter: [3, 3, 1, 8], groups: 4, stride: [2, 1] },
  'the whole image': { ...plain, image: [4, 3, 3, 2], filter: [3, 3, 2, 3] },
}

const dataOf = (p: Placement) => {
  const size = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)
  const out = [p.image[0], ...outOf(p), p.filter[3]]
  return { x: whole(size(p.image), 1), w: whole(size(p.filter), 2), ct: whole(size(out), 3), out }
}

/** The results of a placement: the value, and the cotangents of image and filters. */
const program = (p: Placement, layout: 'NHWC' | 'NCHW') => {
  const { out, ...data } = dataOf(p)
  const first = layout === 'NCHW'
  const image = (shape: readonly number[]): readonly number[] =>
    first ? [shape[0], shape[3], shape[1], shape[2]].map(Number) : shape
  const filter = (shape: readonly number[]): readonly number[] =>
    first ? [3, 2, 0, 1].map((a) => shape[a] as number) : shape
  const [x, w, ct] = [
    input('x', image(p.image), 'f32'),
    input('w', filter(p.filter), 'f32'),
    input('ct', image(out), 'f32'),
  ] as readonly [Node, Node, Node]
  const y = conv2d(x, w, { stride: p.stride, pads: p.pads, dilation: p.dilation, groups: p.groups, layout }) as Node
  const [dx, dw] = grad(sum(mul(y, ct)) as Scalar, [x, w]) as readonly [Node, Node]
  const images = (data: readonly number[], shape: readonly number[]) =>
    first ? permuted(data, shape, [0, 3, 1, 2]) : data
  const filters = (data: readonly number[]) => (first ? permuted(data, p.filter, [3, 2, 0, 1]) : data)
  const [wantX, wantW] = naiveAdjoints(p, data.x, data.w, data.ct)
  const env = new Map([
    [x, tensor('f32', x.shape, images(data.x, p.image))],
    [w, tensor('f32', w.shape, filters(data.w))],
    [ct, tensor('f32', ct.shape, images(data.ct, out))],
  ])
  const wanted = [images(naiveConvolution(p, data.x, data.w), out), images(wantX, p.image), filters(wantW)]
  return { results: { y, dx, dw }, env, wanted }
}

// 0 and −0 are the same number here: which of them a sum of nothing but zeros is depends on how it is written
const numbers = (data: ArrayLike<number>): readonly number[] => Array.from(data, (v) => v + 0)

describe.each(['NHWC', 'NCHW'] as const)('conv2d in %s', (layout) => {
  describe.each(Object.entries(placements))('%s', (_, p) => {
    const { results, env, wanted } = program(p, layout)
    test('in the interpreter', () => {
      const got = interpret(Object.values(results), env)
      expect(got.map((t) => numbers(t.data))).toEqual(wanted.map(numbers))
    })
    test.each(['wasm', 'javascript'] as const)('in %s', async (target) => {
      const got = await compileAndRun(results, env, target)
      expect(got.map(numbers)).toEqual(wanted.map(numbers))
    })
  })
})
