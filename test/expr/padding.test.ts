// In: shapes, counts and modes. Out: whether borders, their derivatives and their kernels are those of the definition.
// Invariant: the definition is the place in x that an element of the border comes from, one axis at a time.

import { input, mul, type Node, pad, pipe, square, sum } from 'nabla'
import { grad, interpret, jvp, type Scalar, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { sizeOf, unravel } from '../../src/core/shape.ts'
import { compileAndRun } from '../pipeline/compiled.ts'
import { env, numbers, upTo, valueOf } from './run.ts'

const modes = ['reflect', 'edge'] as const
type Mode = (typeof modes)[number]

/** Which element of an axis stands at place `at` of the padded one. */
const sourceOf = (mode: Mode, at: number, extent: number): number => {
  if (mode === 'edge') return Math.min(Math.max(at, 0), extent - 1)
  return at < 0 ? -at : at >= extent ? 2 * (extent - 1) - at : at
}

const sources = (
  mode: Mode,
  shape: readonly number[],
  widths: readonly (readonly [number, number])[],
): readonly number[] => {
  const padded = shape.map((d, i) => d + (widths[i]?.[0] ?? 0) + (widths[i]?.[1] ?? 0))
  return upTo(sizeOf(padded)).map((k) =>
    unravel(k, padded).reduce(
      (place, at, i) => place * (shape[i] as number) + sourceOf(mode, at - (widths[i]?.[0] ?? 0), shape[i] as number),
      0,
    ),
  )
}

const cases = [
  [[5], [[2, 4]]],
  [[1], [[0, 0]]],
  [
    [4, 3],
    [
      [1, 3],
      [2, 0],
    ],
  ],
  [
    [2, 3, 4],
    [
      [0, 1],
      [0, 0],
      [3, 3],
    ],
  ],
] as const satisfies readonly (readonly [readonly number[], readonly (readonly [number, number])[]])[]

describe.each(modes)('pad by %s', (mode) => {
  test.each(cases)('of %j by %j: values and derivatives of both modes', (shape, widths) => {
    const x = input('x', shape, 'f64')
    const y = pad(x, widths, mode)
    const from = sources(mode, shape, widths)
    const given = { x: numbers(sizeOf(shape), 1), w: numbers(from.length, 2), dx: numbers(sizeOf(shape), 3) }
    expect(valueOf(y, given)).toEqual(from.map((k) => given.x[k]))
    const loss = sum(mul(y, input('w', y.shape, 'f64')))
    const want = given.x.map((_, k) => from.reduce((n, f, j) => n + (f === k ? (given.w[j] as number) : 0), 0))
    for (const [i, g] of valueOf(grad(loss, x), given).entries()) expect(g).toBeCloseTo(want[i] as number, 12)
    const dx = input('dx', shape, 'f64')
    expect(valueOf(jvp(loss, [x], [dx]), given)[0]).toBeCloseTo(
      want.reduce((n, g, i) => n + g * (given.dx[i] as number), 0),
      12,
    )
    const second = grad(sum(mul(grad(sum(square(y)) as Scalar, x), dx)), x)
    const counts = given.x.map((_, k) => from.filter((f) => f === k).length)
    for (const [i, g] of valueOf(second, given).entries())
      expect(g).toBeCloseTo(2 * (counts[i] as number) * (given.dx[i] as number), 12)
  })

  test.each(['wasm', 'javascript'] as const)('on %s, with its gradient', async (target) => {
    const x = input('x', [4, 3])
    const widths = [
      [3, 2],
      [1, 2],
    ] as const
    const y = pad(x, widths, mode)
    const results = { y, g: grad(sum(square(y)) as Scalar, x) }
    const e = env(x)
    const [values, gradient] = await compileAndRun(results, e, target)
    const want = interpret(Object.values(results), e)
    expect(values).toEqual(want[0]?.data)
    for (const [i, g] of (want[1]?.data ?? []).entries()) expect(gradient?.[i]).toBeCloseTo(g, 5)
  })

  test('over a batch, in a pipe, of truths', () => {
    const x = input('x', [2, 3])
    const rows = vmap((row: Node) => pad(row, [[1, 1]], mode))(x)
    const given = { x: upTo(6), t: [0, 1, 1, 0, 0, 1] }
    const widths = [
      [0, 0],
      [1, 1],
    ] as const
    expect(valueOf(rows, given)).toEqual(valueOf(pipe(x, pad(widths, mode)), given))
    expect(valueOf(pad(input('t', [2, 3], 'bool'), widths, mode), given)).toEqual(
      sources(mode, [2, 3], widths).map((k) => given.t[k]),
    )
  })
})

describe('what pad refuses', () => {
  const x = input('x', [4, 3]) as Node
  test.each([
    [[[1, 1]], 'reflect', 'pad: counts given for 1 axes, but [4,3] has 2, operand x [4,3]'],
    [
      [
        [0, 0],
        [-1, 0],
      ],
      'edge',
      'pad: the count -1 of axis 1 is not a natural number, operand x [4,3]',
    ],
    [
      [
        [0, 0],
        [0, 3],
      ],
      'reflect',
      'pad: axis 1 of [4,3] has not 3 elements to reflect beside its edge, operand x [4,3]',
    ],
  ] as const)('%j by %s', (widths, mode, message) => {
    expect(() => pad(x, widths, mode)).toThrow(message)
  })

  test('a border of nothing', () => {
    const none = input('none', [0, 3])
    const widths = [
      [1, 0],
      [0, 0],
    ] as const
    expect(() => pad(none, widths, 'edge')).toThrow('pad: axis 0 of [0,3] has no edge, operand none [0,3]')
    expect(() => pad(none, widths, 'reflect')).toThrow(
      'pad: axis 0 of [0,3] has not 1 elements to reflect beside its edge, operand none [0,3]',
    )
  })
})
