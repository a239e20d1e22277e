// In: starts and indices, inside and out of range. Out: whether slices at computed places, updates of them, and rows that are
// set are those of the definition, with their derivatives, on every target.

import {
  add,
  constant,
  dynamicSlice,
  dynamicUpdateSlice,
  gather,
  gatherNd,
  input,
  iota,
  mul,
  type Node,
  reshape,
  scan,
  scatterSet,
  square,
  sum,
  zeros,
} from 'nabla'
import { grad, interpret, jvp, type Scalar, type Tensor, tensor, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { sizeOf, unravel } from '../../src/core/shape.ts'
import { costOf } from '../../compiler/kernel/cost.ts'
import type { Kernel } from '../../compiler/kernel/kernel.ts'
import { compileAndRun, compiled } from '../pipeline/compiled.ts'
import { numbers, upTo, valueOf } from './run.ts'

/** For what no type would let pass. */
const loose = (f: unknown): ((...args: readonly unknown[]) => Node) => f as (...args: readonly unknown[]) => Node

const startsOf = (rank: number): readonly Node[] => upTo(rank).map((i) => input(`s${i}`, [], 'i32'))
const givenStarts = (starts: readonly number[]): Record<string, readonly number[]> =>
  Object.fromEntries(starts.map((s, i) => [`s${i}`, [s]]))

/** Flat positions in x of the slice's elements, by the definition: each start is moved so that the slice lies inside. */
const positions = (shape: readonly number[], starts: readonly number[], sizes: readonly number[]): readonly number[] =>
  upTo(sizeOf(sizes)).map((k) =>
    unravel(k, sizes).reduce((at, r, i) => {
      const last = (shape[i] as number) - (sizes[i] as number)
      return at * (shape[i] as number) + r + Math.min(Math.max(starts[i] as number, 0), last)
    }, 0),
  )

const cases = [
  [[7], [2], [3]],
  [[7], [-4], [3]],
  [[7], [100], [3]],
  [
    [4, 3],
    [1, 0],
    [2, 3],
  ],
  [
    [4, 3],
    [9, 1],
    [1, 2],
  ],
  [
    [2, 3, 5],
    [0, -1, 4],
    [1, 2, 2],
  ],
  [
    [4, 3],
    [0, 0],
    [4, 3],
  ],
  [
    [4, 3],
    [1, 1],
    [0, 2],
  ],
] as const

describe.each(cases)('a slice of %j at %j, %j large', (shape, starts, sizes) => {
  const rank = shape.length
  const x = input('x', shape, 'f64')
  const at = startsOf(rank)
  const from = positions(shape, starts, sizes)
  const size = sizeOf(shape)
  const given = {
    x: numbers(size, 1),
    u: numbers(from.length, 2),
    w: numbers(size, 3),
    v: numbers(from.length, 4),
    dx: numbers(size, 5),
    du: numbers(from.length, 6),
    ...givenStarts(starts),
  }
  const of = (name: string, like: readonly number[]): Node => input(name, like, 'f64')

  test('is taken, with derivatives of both modes', () => {
    const y = loose(dynamicSlice)(x, at, sizes)
    expect(valueOf(y, given)).toEqual(from.map((k) => given.x[k]))
    const loss = sum(mul(y, of('v', sizes))) as Scalar
    const want = upTo(size).map((k) => (from.includes(k) ? (given.v[from.indexOf(k)] as number) : 0))
    expect(valueOf(grad(loss, x), given)).toEqual(want)
    const [tangent] = valueOf(jvp(loss, [x], [of('dx', shape)]), given)
    expect(tangent).toBeCloseTo(
      want.reduce((n, g, i) => n + g * (given.dx[i] as number), 0),
      12,
    )
    const second = grad(sum(mul(grad(sum(square(y)) as Scalar, x), of('dx', shape))) as Scalar, x)
    expect(valueOf(second, given)).toEqual(upTo(size).map((k) => (from.includes(k) ? 2 * (given.dx[k] as number) : 0)))
  })

  test('is set, with derivatives of both modes', () => {
    const u = of('u', sizes)
    const y = loose(dynamicUpdateSlice)(x, u, at)
    expect(valueOf(y, given)).toEqual(given.x.map((v, k) => (from.includes(k) ? given.u[from.indexOf(k)] : v)))
    const loss = sum(mul(y, of('w', shape))) as Scalar
    const wanted = { x: given.w.map((w, k) => (from.includes(k) ? 0 : w)), u: from.map((k) => given.w[k] as number) }
    expect(valueOf(grad(loss, x), given)).toEqual(wanted.x)
    expect(valueOf(grad(loss, u), given)).toEqual(wanted.u)
    const [tangent] = valueOf(jvp(loss, [x, u], [of('dx', shape), of('du', sizes)]), given)
    const dot = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((n, v, i) => n + v * (b[i] as number), 0)
    expect(tangent).toBeCloseTo(dot(wanted.x, given.dx) + dot(wanted.u, given.du), 12)
    const second = grad(sum(mul(grad(sum(square(y)) as Scalar, u), of('du', sizes))) as Scalar, u)
    expect(valueOf(second, given)).toEqual(given.du.map((d) => 2 * d))
  })
})

test('starts that are numbers are a view', () => {
  const x = input('x', [4, 3])
  expect(dynamicSlice(x, [1, 0], [2, 3]).op).toBe('slice')
  const y = dynamicSlice(x, [input('s', [], 'i32'), 1], [1, 2])
  expect(valueOf(y, { x: upTo(12), s: [2] })).toEqual([7, 8])
})

describe('rows that are set', () => {
  const x = input('x', [5, 2], 'f64')
  const ids = input('ids', [4], 'i32')
  const u = input('u', [4, 2], 'f64')
  const given = { x: upTo(10), ids: [3, 9, 3, -1], u: upTo(8).map((k) => 100 + k), w: numbers(10, 1) }

  test('of repeated indices the last stays; out of range nothing is set', () => {
    expect(valueOf(scatterSet(x, ids, u), given)).toEqual([0, 1, 2, 3, 4, 5, 104, 105, 8, 9])
    // one at the edge row, hidden by no index out of range behind it
    expect(valueOf(scatterSet(x, ids, u), { ...given, ids: [4, 9, 0, -7] })).toEqual([
      104, 105, 2, 3, 4, 5, 6, 7, 100, 101,
    ])
  })

  test('along another axis, by a matrix of indices', () => {
    const pairs = input('pairs', [2, 2], 'i32')
    const updates = input('updates', [5, 2, 2], 'f64')
    const y = loose(scatterSet)(x, pairs, updates, 1)
    const values = upTo(20).map((k) => 100 + k)
    const want = upTo(10).map((k) => (k % 2 === 0 ? 100 + 4 * Math.floor(k / 2) + 3 : 100 + 4 * Math.floor(k / 2) + 2))
    expect(valueOf(y, { ...given, pairs: [1, 0, 1, 0], updates: values })).toEqual(want)
  })

  test.each([[[3, 9, 3, -1]], [[4, 9, 0, -7]], [[1, 1, 1, 1]]])('derivatives at %j', (at) => {
    const w = input('w', [5, 2], 'f64')
    const loss = sum(mul(scatterSet(x, ids, u), w)) as Scalar
    const here = { ...given, ids: at }
    const winners = at.map((i, k) => i >= 0 && i < 5 && at.lastIndexOf(i) === k)
    expect(valueOf(grad(loss, x), here)).toEqual(given.w.map((g, k) => (at.includes(Math.floor(k / 2)) ? 0 : g)))
    expect(valueOf(grad(loss, u), here)).toEqual(
      at.flatMap((i, k) => [0, 1].map((c) => (winners[k] === true ? given.w[2 * i + c] : 0))),
    )
    const [tangent] = valueOf(
      jvp(
        loss,
        [u],
        [
          constant(
            upTo(4).map((k) => [k + 1, k + 1]),
            'f64',
          ),
        ],
      ),
      here,
    )
    const want = at.reduce(
      (n, i, k) =>
        winners[k] === true ? n + (k + 1) * ((given.w[2 * i] as number) + (given.w[2 * i + 1] as number)) : n,
      0,
    )
    expect(tangent).toBeCloseTo(want, 12)
  })
})

describe('gatherNd', () => {
  const x = input('x', [3, 4, 2], 'f64')
  const data = upTo(24)

  test.each([
    [1, [2, 0, 5, -1], [2, 0, 2, 0]],
    [2, [0, 3, 1, 9, -4, 2], [3, 7, 2]],
    [3, [0, 3, 1, 2, 2, 7], [7, 21]],
  ] as const)('along the first %i axes', (k, indices, rows) => {
    const ids = input('ids', [indices.length / k, k], 'i32')
    const y = loose(gatherNd)(x, ids)
    const rest = k === 1 ? 8 : k === 2 ? 2 : 1
    expect(y.shape).toEqual([indices.length / k, ...[4, 2].slice(k - 1)])
    const want = rows.flatMap((r) => upTo(rest).map((c) => rest * r + c))
    expect(valueOf(y, { x: data, ids: indices })).toEqual(want)
    const g = valueOf(grad(sum(y) as Scalar, x), { x: data, ids: indices })
    expect(g).toEqual(data.map((v) => want.filter((place) => place === v).length))
  })
})

describe.each(['wasm', 'javascript'] as const)('on %s', (target) => {
  test('everything with its gradients', async () => {
    const x = input('x', [5, 4])
    const u = input('u', [2, 4])
    const s = input('s', [], 'i32')
    const ids = input('ids', [2], 'i32')
    const taken = loose(dynamicSlice)(x, [s, 1], [2, 3])
    const set = loose(dynamicUpdateSlice)(x, u, [s, 0])
    const rows = scatterSet(x, ids, u)
    const nd = gatherNd(
      x,
      constant(
        [
          [1, 2],
          [4, 0],
        ],
        'i32',
      ),
    )
    const results = {
      taken,
      set,
      rows,
      nd,
      gTaken: grad(sum(square(taken)) as Scalar, x),
      gSet: grad(sum(square(set)) as Scalar, x),
      gUpdate: grad(sum(square(set)) as Scalar, u),
      gRows: grad(sum(square(rows)) as Scalar, u),
      gNd: grad(sum(square(nd)) as Scalar, x),
      flags: scatterSet(zeros([4], 'bool'), ids, input('t', [2], 'bool')),
    }
    for (const [start, pair] of [
      [-3, [1, 1]],
      [9, [7, 2]],
      [2, [3, 0]],
    ] as const) {
      const env = new Map<Node, Tensor>([
        [x, tensor('f32', [5, 4], numbers(20, 1))],
        [u, tensor('f32', [2, 4], numbers(8, 2))],
        [s, tensor('i32', [], [start])],
        [ids, tensor('i32', [2], pair)],
        [input('t', [2], 'bool'), tensor('bool', [2], [1, 1])],
      ])
      const got = await compileAndRun(results, env, target)
      expect(got).toEqual(interpret(Object.values(results), env).map((t) => t.data))
    }
  })

  test('a loop that sets a row a step, and its gradient', async () => {
    const x = input('x', [6, 3])
    const steps = iota([6], 0)
    const step = (buffer: Node, { t, row }: { t: Node; row: Node }) => ({
      carry: loose(dynamicUpdateSlice)(buffer, mul(loose(dynamicSlice)(x, [t, 0], [1, 3]), row), [t, 0]),
      output: [],
    })
    const y = scan(step, zeros([6, 3]), { t: steps, row: input('r', [6]) })
    const last = (y as { readonly carry: Node }).carry
    const results = { y: last, g: grad(sum(square(last)) as Scalar, x) }
    const env = new Map<Node, Tensor>([
      [x, tensor('f32', [6, 3], numbers(18, 1))],
      [input('r', [6]), tensor('f32', [6], numbers(6, 2))],
    ])
    const got = await compileAndRun(results, env, target)
    expect(got).toEqual(interpret(Object.values(results), env).map((t) => t.data))
    expect(Array.from(got[0] ?? [])).toEqual(
      upTo(18).map((k) =>
        Math.fround(Math.fround(numbers(18, 1)[k] as number) * Math.fround(numbers(6, 2)[Math.floor(k / 3)] as number)),
      ),
    )
  })
})

test('over a batch of starts, of tensors, of both', () => {
  const x = input('x', [3, 5], 'f64')
  const s = input('s', [3], 'i32')
  const given = { x: upTo(15), s: [0, 2, 9] }
  const one = (row: Node, start: Node): Node => loose(dynamicSlice)(row, [start], [2])
  const row = (i: number, start: number): readonly number[] => [5 * i + start, 5 * i + start + 1]
  expect(valueOf(vmap(one)(x, s), given)).toEqual([...row(0, 0), ...row(1, 2), ...row(2, 3)])
  const first = gather(x, constant(1, 'i32'))
  expect(valueOf(vmap((start: Node) => one(first, start))(s), given)).toEqual([
    ...row(1, 0),
    ...row(1, 2),
    ...row(1, 3),
  ])
  const set = (r: Node, start: Node): Node => loose(dynamicUpdateSlice)(r, constant([-1, -2], 'f64'), [start])
  const rows = valueOf(vmap(set)(x, s), given)
  expect(rows).toEqual([-1, -2, 2, 3, 4, 5, 6, -1, -2, 9, 10, 11, 12, -1, -2])
  const examples = grad(sum(square(vmap(one)(x, s))) as Scalar, x)
  expect(valueOf(examples, given)).toEqual([0, 2, 0, 0, 0, 0, 0, 14, 16, 0, 0, 0, 0, 26, 28])
})

test('a loop that sets a row a step moves a row a step', async () => {
  const [rows, width] = [1000, 16]
  const buffer = input('buffer', [rows, width])
  const step = (sofar: Node, { t, row }: { t: Node; row: Node }) => ({
    carry: loose(dynamicUpdateSlice)(sofar, reshape(row, [1, width]), [t, 0]),
    output: [],
  })
  const sequences = { t: iota([50], 0), row: input('rows', [50, width]) }
  const { carry } = scan(step, buffer, sequences) as { readonly carry: Node }
  const { plan } = await compiled({ carry }, 'wasm')
  const [loop] = plan.entries[0]?.ranges ?? []
  const inside = plan.entries[0]?.steps.slice(loop?.from, loop?.to).map((s) => plan.kernels[s.kernel] as Kernel) ?? []
  expect(inside.length).toBeGreaterThan(0)
  // the row itself, the row that it is written over, and the place
  expect(inside.reduce((n, k) => n + costOf(k).bytes, 0)).toBeLessThanOrEqual(4 * (3 * width + 4))
})

describe('what does not fit', () => {
  const x = input('x', [4, 3]) as Node
  const s = input('s', [], 'i32')
  const ids = input('ids', [2], 'i32')
  const faults: readonly (readonly [string, () => unknown])[] = [
    ['dynamicSlice: sizes given for 1 axes, but [4,3] has 2', () => loose(dynamicSlice)(x, [s], [1])],
    ['dynamicSlice: starts given for 1 axes, but [4,3] has 2', () => dynamicSlice(x, [s as never], [1, 1])],
    ['dynamicSlice: 5 is no part of axis 0 of [4,3]', () => dynamicSlice(x, [s as never, 0], [5, 1])],
    ['dynamicSlice: the start of axis 0 is a scalar, not [2]', () => dynamicSlice(x, [ids as never, 0], [1, 1])],
    ['dynamicSlice: the indices must be i32, not f32', () => dynamicSlice(x, [input('f', []), 0], [1, 1])],
    [
      'dynamicSlice: a slice of 2 from 3 does not lie in axis 0 of [4,3]',
      () => dynamicSlice(x, [constant(3, 'i32'), 0], [2, 1]),
    ],
    ['dynamicSlice: a slice of 2 from -1 does not lie in axis 0 of [4,3]', () => dynamicSlice(x, [-1, 0], [2, 1])],
    ['dynamicUpdateSlice: dtypes f32 and i32 differ', () => dynamicUpdateSlice(x, input('n', [1, 1], 'i32'), [0, 0])],
    [
      'dynamicUpdateSlice: sizes given for 1 axes, but [4,3] has 2',
      () => dynamicUpdateSlice(x, input('v', [1]), [0, 0]),
    ],
    ['scatterSet: axis 2 does not exist in shape [4,3]', () => loose(scatterSet)(x, ids, x, 2)],
    [
      'scatterSet: updates [4,3] are not of shape [2,3], which indices [2] take from [4,3] along axis 0',
      () => scatterSet(x, ids, x),
    ],
    ['scatterSet: index 4 is no row of axis 0 of [4,3]', () => scatterSet(x, constant([4], 'i32'), x)],
    ['gatherNd: index 3 is no row of axis 1 of [4,3]', () => gatherNd(x, constant([[0, 3]], 'i32'))],
    [
      'gatherNd: indices [5,3] do not name places along the first axes of [4,3]',
      () => gatherNd(x, input('ids', [5, 3], 'i32')),
    ],
    ['gatherNd: the indices must be i32, not f32', () => loose(gatherNd)(x, x)],
  ]
  test.each(faults)('%s', (message, run) => {
    expect(run).toThrow(message)
  })
  test('indices that are added to are no constants', () => {
    expect(() => loose(dynamicSlice)(x, [add(s, 100), 0], [1, 1])).not.toThrow()
  })
})
