// In: convolutions of every stride, padding, dilation, grouping and layout. Out: whether value, adjoints and their adjoints are
// those of the naive loops, exactly, in the interpreter and on both targets; batches of them; what their plans hold.

import { add, concat, conv1d, conv2d, convTranspose2d, input, mul, type Node, relu, reshape, sum } from 'nabla'
import { grad, interpret, type Scalar, tensor, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { compileAndRun, compiled } from '../pipeline/compiled.ts'
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
  'padded, one channel': {
    ...plain,
    image: [2, 7, 13, 1],
    filter: [5, 5, 1, 6],
    pads: [
      [2, 2],
      [2, 2],
    ],
  },
  'one filter over many channels, padded': {
    ...plain,
    image: [2, 9, 21, 8],
    filter: [3, 5, 8, 1],
    pads: [
      [1, 1],
      [3, 1],
    ],
  },
  'few filters over many channels, strided and dilated': {
    ...plain,
    image: [1, 11, 24, 16],
    filter: [4, 3, 16, 2],
    stride: [2, 1],
    dilation: [1, 2],
    pads: [
      [0, 0],
      [2, 0],
    ],
  },
  'even filters': {
    ...plain,
    image: [2, 6, 8, 3],
    filter: [4, 4, 3, 8],
    pads: [
      [1, 2],
      [2, 1],
    ],
  },
  'filters larger than the image': {
    ...plain,
    image: [2, 3, 2, 3],
    filter: [5, 6, 3, 4],
    pads: [
      [2, 2],
      [3, 3],
    ],
  },
  'filters that see nothing but padding': {
    ...plain,
    image: [2, 3, 4, 3],
    filter: [2, 2, 3, 5],
    pads: [
      [4, 3],
      [3, 5],
    ],
  },
  'groups of many channels, strided': {
    ...plain,
    image: [2, 7, 8, 12],
    filter: [3, 3, 6, 8],
    groups: 2,
    stride: [2, 2],
    pads: [
      [1, 1],
      [1, 1],
    ],
  },
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
  ]
  const moves = { stride: p.stride, pads: p.pads, dilation: p.dilation, groups: p.groups }
  const y = conv2d(x, w, { ...moves, layout })
  const [dx, dw] = grad(sum(mul(y, ct)) as Scalar, [x, w])
  const images = (data: readonly number[], shape: readonly number[]) =>
    first ? permuted(data, shape, [0, 3, 1, 2]) : data
  const filters = (data: readonly number[]) => (first ? permuted(data, p.filter, [3, 2, 0, 1]) : data)
  // the cotangent of the image by that of the filters, which is bilinear in the cotangent of the result and v
  const v = input('v', w.shape, 'f32')
  const second = grad(sum(mul(dw, v)) as Scalar, x)
  const spans = ([0, 1] as const).map((i) => (p.filter[i] - 1) * p.dilation[i] + 1)
  const [oh, ow] = outOf(p)
  const left = ([0, 1] as const).map(
    (i) =>
      (p.image[i + 1] as number) +
      p.pads[i][0] +
      p.pads[i][1] -
      (([oh, ow][i] as number) - 1) * p.stride[i] -
      (spans[i] as number),
  )
  const back = convTranspose2d(ct, w, { ...moves, outputPadding: left, layout })
  const vs = whole(data.w.length, 4)
  const [wantX, wantW] = naiveAdjoints(p, data.x, data.w, data.ct)
  const [wantSecond] = naiveAdjoints(p, data.x, vs, data.ct)
  const env = new Map([
    [x, tensor('f32', x.shape, images(data.x, p.image))],
    [w, tensor('f32', w.shape, filters(data.w))],
    [ct, tensor('f32', ct.shape, images(data.ct, out))],
    [v, tensor('f32', w.shape, filters(vs))],
  ])
  const wanted = [
    images(naiveConvolution(p, data.x, data.w), out),
    images(wantX, p.image),
    filters(wantW),
    images(wantX, p.image),
  ]
  return { results: { y, dx, dw, back, second }, env, wanted: [...wanted, images(wantSecond, p.image)] }
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

const some = (name: string, ...shape: readonly number[]): Node => input(name, shape, 'f32')

describe('batches', () => {
  const [x, w] = [some('x', 2, 6, 7, 4), some('w', 3, 3, 2, 6)]
  const sizes = { x: 2 * 6 * 7 * 4, w: 3 * 3 * 2 * 6 }
  const options = {
    groups: 2,
    pads: [
      [1, 1],
      [0, 1],
    ],
    stride: [1, 2],
  } as const
  const one = (image: Node, filter: Node): Node => conv2d(image, filter, options)
  const gradient = (image: Node, filter: Node): Node => {
    const y = one(image, filter)
    const [dx, dw] = grad(sum(mul(y, y)) as Scalar, [image, filter])
    return concat([reshape(dx, [sizes.x]), reshape(dw, [sizes.w])], 0)
  }
  const ways = { image: [0, null], filters: [null, 0], both: [0, 0] } as const
  describe.each(Object.entries(ways))('%s', (_, inAxes) => {
    test.each([
      ['value', one],
      ['derivatives', gradient],
    ] as const)('%s', async (__, f) => {
      const given = [
        { node: inAxes[0] === null ? x : some('xs', 3, ...x.shape), data: whole(3 * sizes.x, 5), size: sizes.x },
        { node: inAxes[1] === null ? w : some('ws', 3, ...w.shape), data: whole(3 * sizes.w, 6), size: sizes.w },
      ] as const
      const row = (i: 0 | 1, k: number): readonly number[] => {
        const { data, size } = given[i]
        return inAxes[i] === null ? data.slice(0, size) : data.slice(k * size, (k + 1) * size)
      }
      const each = [0, 1, 2].map((k) => {
        const env = new Map([
          [x, tensor('f32', x.shape, row(0, k))],
          [w, tensor('f32', w.shape, row(1, k))],
        ])
        return Array.from(interpret([f(x, w)], env)[0]?.data ?? [])
      })
      const env = new Map(
        given.map(({ node, data, size }, i) => [
          node,
          tensor('f32', node.shape, inAxes[i] === null ? data.slice(0, size) : data),
        ]),
      )
      const [got] = await compileAndRun({ y: vmap(f, { inAxes })(given[0].node, given[1].node) }, env, 'wasm')
      expect(numbers(got ?? [])).toEqual(numbers(each.flat()))
    })
  })
})

test('conv1d is conv2d of one line', async () => {
  const [x, w] = [some('x', 2, 9, 3), some('w', 4, 3, 5)]
  const line = conv1d(x, w, { pads: [[3, 0]], dilation: 1, stride: 2 })
  const image = conv2d(reshape(x, [2, 1, 9, 3]), reshape(w, [1, 4, 3, 5]), {
    pads: [
      [0, 0],
      [3, 0],
    ],
    stride: [1, 2],
  })
  const env = new Map([
    [x, tensor('f32', x.shape, whole(54, 1))],
    [w, tensor('f32', w.shape, whole(60, 2))],
  ])
  const [a, b] = interpret([line, image], env)
  expect(Array.from(a?.data ?? [])).toEqual(Array.from(b?.data ?? []))
})

describe('plans', () => {
  const [x, w, b] = [some('x', 8, 12, 12, 6), some('w', 5, 5, 6, 16), some('b', 16)]
  test.each(['wasm', 'javascript'] as const)(
    'bias and activation end a convolution, which copies no windows: %s',
    async (target) => {
      const { plan } = await compiled({ y: relu(add(conv2d(x, w), b)) }, target)
      expect(plan.kernels.map((k) => k.tag)).toEqual(['contraction'])
      const named = [x, w, b].reduce((n, node) => n + node.shape.reduce((p, d) => p * d, 4), 0) + 4 * 8 * 8 * 8 * 16
      // cache lines, and packed filters
      expect(plan.memoryBytes).toBeLessThan(named + 4 * 150 * 16 + 1024)
    },
  )

  const tagsOf = async (results: Readonly<Record<string, Node>>): Promise<readonly string[]> =>
    (await compiled(results, 'wasm')).plan.kernels.map((k) => k.tag)
  const around = (n: number) =>
    ({
      pads: [
        [n, n],
        [n, n],
      ],
    }) as const

  test.each([0, 1, 2])('padded by %i, a convolution and its adjoints copy nothing', async (pad) => {
    const y = conv2d(x, w, around(pad))
    const [dx, dw] = grad(sum(mul(y, some('ct', ...y.shape))) as Scalar, [x, w])
    for (const result of [y, dx, dw]) expect(await tagsOf({ result })).toEqual(['contraction'])
    const { plan } = await compiled({ y }, 'wasm')
    const named = [x, w, y].reduce((n, node) => n + node.shape.reduce((p, d) => p * d, 4), 0)
    expect(plan.memoryBytes).toBeLessThan(named + 4 * 150 * 16 + 1024)
  })

  test('an image is copied for vectors along its windows where the result is narrow', async () => {
    const [image, one] = [some('image', 8, 28, 28, 6), some('one', 5, 5, 6, 1)]
    expect(await tagsOf({ y: conv2d(image, one, around(2)) })).toEqual(['loop', 'contraction'])
    expect(await tagsOf({ y: conv2d(image, some('many', 5, 5, 6, 16), around(2)) })).toEqual(['contraction'])
  })

  test('a filter a channel is multiplied and summed, with vectors along the channels', async () => {
    const [image, one] = [some('image', 8, 14, 14, 16), some('one', 3, 3, 1, 16)]
    const y = conv2d(image, one, { groups: 16 })
    const [dx, dw] = grad(sum(mul(y, some('ct', ...y.shape))) as Scalar, [image, one])
    for (const result of [y, dw]) expect(await tagsOf({ result })).toEqual(['loop'])
    expect(await tagsOf({ dx })).not.toContain('contraction')
    expect(await tagsOf({ y: conv2d(image, some('two', 3, 3, 8, 16), { groups: 2 }) })).toContain('contraction')
  })
})
