// In: images of whole numbers, with many equal ones. Out: whether poolings and their adjoints are those of naive loops, in the
// interpreter and on both targets, and which kernels they are.

import { avgPool2d, input, maxPool2d, mul, neg, type Node, sum } from 'nabla'
import { grad, interpret, type Scalar, tensor } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { compileAndRun, compiled } from '../pipeline/compiled.ts'
import { permuted, whole } from './convolving.ts'

interface Case {
  readonly image: readonly [number, number, number, number]
  readonly window: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly pads: readonly [readonly [number, number], readonly [number, number]]
}

const none = [
  [0, 0],
  [0, 0],
] as const
const cases: Readonly<Record<string, Case>> = {
  'two by two': { image: [2, 6, 8, 5], window: [2, 2], stride: [2, 2], pads: none },
  'with a rest': { image: [2, 7, 9, 3], window: [2, 3], stride: [2, 3], pads: none },
  'with gaps': { image: [1, 8, 9, 2], window: [2, 1], stride: [3, 2], pads: none },
  overlapping: { image: [2, 9, 7, 4], window: [3, 3], stride: [2, 2], pads: none },
  'overlapping at every place': { image: [1, 5, 6, 3], window: [3, 2], stride: [1, 1], pads: none },
  padded: {
    image: [2, 7, 7, 4],
    window: [3, 3],
    stride: [2, 2],
    pads: [
      [1, 1],
      [1, 0],
    ],
  },
}

const outOf = ({ image, window, stride, pads }: Case): readonly number[] =>
  [0, 1].map((i) => {
    const [d, k, s, p] = [image[i + 1], window[i], stride[i], pads[i]] as [
      number,
      number,
      number,
      readonly [number, number],
    ]
    return Math.floor((d + p[0] + p[1] - k) / s) + 1
  })

/** Each position's place in the result, and the places in the image that it sees, in row-major order. */
const positions = (c: Case): readonly (readonly [at: number, seen: readonly number[]])[] => {
  const [n, h, w, channels] = c.image
  const [oh, ow] = outOf(c) as [number, number]
  const list: (readonly [number, readonly number[]])[] = []
  for (let b = 0; b < n; b++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++)
        for (let j = 0; j < channels; j++) {
          const seen: number[] = []
          for (let ky = 0; ky < c.window[0]; ky++)
            for (let kx = 0; kx < c.window[1]; kx++) {
              const y = oy * c.stride[0] + ky - c.pads[0][0]
              const x = ox * c.stride[1] + kx - c.pads[1][0]
              if (y >= 0 && y < h && x >= 0 && x < w) seen.push(((b * h + y) * w + x) * channels + j)
            }
          list.push([((b * oh + oy) * ow + ox) * channels + j, seen])
        }
  return list
}

type Kind = 'max' | 'mean' | 'mean of all'

const naive = (c: Case, kind: Kind, x: readonly number[], ct: readonly number[]) => {
  const y: number[] = []
  const dx = x.map(() => 0)
  for (const [at, seen] of positions(c)) {
    const values = seen.map((i) => x[i] as number)
    const share = kind === 'mean' ? seen.length : c.window[0] * c.window[1]
    y[at] = kind === 'max' ? Math.max(...values) : Math.fround(values.reduce((a, b) => a + b, 0) / share)
    const first = seen[values.indexOf(Math.max(...values))]
    for (const i of kind === 'max' ? [first as number] : seen)
      dx[i] = (dx[i] as number) + (ct[at] as number) / (kind === 'max' ? 1 : share)
  }
  return [y, dx] as const
}

const program = (c: Case, kind: Kind, layout: 'NHWC' | 'NCHW') => {
  const perm = layout === 'NCHW' ? [0, 3, 1, 2] : [0, 1, 2, 3]
  const out = [c.image[0], ...outOf(c), c.image[3]]
  const shaped = (shape: readonly number[]) => perm.map((a) => shape[a] as number)
  const x = input('x', shaped(c.image))
  const ct = input('ct', shaped(out))
  const options = { stride: c.stride, pads: c.pads, layout }
  const y =
    kind === 'max'
      ? maxPool2d(x, c.window, options)
      : avgPool2d(x, c.window, { ...options, countIncludePad: kind !== 'mean' })
  const dx = grad(sum(mul(y, ct)) as Scalar, x)
  const size = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)
  const data = { x: whole(size(c.image), 1), ct: whole(size(out), 2) }
  const env = new Map([
    [x, tensor('f32', x.shape, permuted(data.x, c.image, perm))],
    [ct, tensor('f32', ct.shape, permuted(data.ct, out, perm))],
  ])
  const [wantY, wantX] = naive(c, kind, data.x, data.ct)
  return { results: { y, dx }, env, wanted: [permuted(wantY, out, perm), permuted(wantX, c.image, perm)] }
}

const expectNear = (got: readonly ArrayLike<number>[], wanted: readonly (readonly number[])[]): void => {
  for (const [i, want] of wanted.entries()) {
    const off = want.map((v, k) => Math.abs(v - (got[i]?.[k] ?? Number.NaN)))
    expect(got[i]?.length).toBe(want.length)
    expect(Math.max(...off)).toBeLessThan(1e-5)
  }
}

describe.each(['max', 'mean', 'mean of all'] as const)('%s', (kind) => {
  describe.each(['NHWC', 'NCHW'] as const)('%s', (layout) => {
    test.each(Object.entries(cases))('%s', async (_, c) => {
      const { results, env, wanted } = program(c, kind, layout)
      expectNear(
        interpret(Object.values(results), env).map((t) => t.data),
        wanted,
      )
      const wasm = await compileAndRun(results, env, 'wasm')
      expectNear(wasm, wanted)
      const javascript = await compileAndRun(results, env, 'javascript')
      expect(javascript.map((v) => Array.from(v))).toEqual(wasm.map((v) => Array.from(v)))
    })
  })
})

test('a maximum sees minus infinity in the padding, and NaN where one is', () => {
  const x = input('x', [1, 2, 2, 1])
  const y = maxPool2d(x, 2, { stride: 1, pads: 'same' })
  const at = (values: readonly number[]) =>
    Array.from(interpret([y], new Map([[x, tensor('f32', x.shape, values)]]))[0]?.data ?? [])
  expect(at([-5, -3, -7, -9])).toEqual([-3, -3, -7, -9])
  expect(at([1, Number.NaN, 2, 3])).toEqual([Number.NaN, Number.NaN, 3, 3])
})

// backwards, the last kernel is what uses the image's cotangent; ahead of it, for a maximum: itself, which element is its
// first, and the image; for a mean: what each element gets, and the image
test.each([
  ['max', 1, 4],
  ['mean', 1, 3],
] as const)('windows that do not overlap need no memory of their own: %s', async (kind, forward, backward) => {
  const { results } = program(cases['two by two'] as Case, kind, 'NHWC')
  const kernels = async (node: Node): Promise<number> => (await compiled({ node }, 'wasm')).plan.kernels.length
  expect([await kernels(results.y), await kernels(neg(results.dx))]).toEqual([forward, backward])
})
