// In: functions that are made of several ops. Out: whether their values are the formula's, and their derivatives those of
// central differences in f64.
// Invariant: the formulas here are written in JavaScript's own mathematics, apart from the language.

import * as n from 'nabla'
import { describe, expect, test } from 'vitest'
import { grad } from '../../compiler/transforms.ts'
import { valueOf } from './run.ts'

const points = [-3, -1.5, -1, -0.5, -0.3, 0.3, 0.25, 1, 2, 3.5]
const x = n.input('x', [points.length], 'f64')

const softplus = (v: number) => Math.log1p(Math.exp(v))
const phi = (v: number) => {
  // the normal distribution by a fine sum: no function of the language is used
  const steps = 20_000
  const h = v / steps
  const f = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI)
  let total = f(0) + f(v)
  for (let i = 1; i < steps; i++) total += (i % 2 === 0 ? 2 : 4) * f(i * h)
  return 0.5 + (total * h) / 3
}

const functions: readonly (readonly [string, n.Expr, (v: number) => number])[] = [
  ['cube', n.cube(x), (v) => v ** 3],
  ['reciprocal', n.reciprocal(x), (v) => 1 / v],
  ['squaredDifference', n.squaredDifference(x, 0.5), (v) => (v - 0.5) ** 2],
  ['leakyRelu', n.leakyRelu(x), (v) => (v > 0 ? v : 0.01 * v)],
  ['leakyRelu(0.2)', n.pipe(x, n.leakyRelu(0.2)), (v) => (v > 0 ? v : 0.2 * v)],
  ['elu', n.elu(x), (v) => (v > 0 ? v : Math.expm1(v))],
  ['elu(0.5)', n.elu(x, 0.5), (v) => (v > 0 ? v : 0.5 * Math.expm1(v))],
  ['silu', n.silu(x), (v) => v / (1 + Math.exp(-v))],
  ['gelu', n.gelu(x), (v) => v * phi(v)],
  ['gelu(tanh)', n.gelu(x, 'tanh'), (v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))],
  ['mish', n.mish(x), (v) => v * Math.tanh(softplus(v))],
  ['softsign', n.softsign(x), (v) => v / (1 + Math.abs(v))],
  ['prelu', n.prelu(x, 0.3), (v) => (v > 0 ? v : 0.3 * v)],
]

describe.each(functions)('%s', (_name, y, formula) => {
  test('has the values of its formula', () => {
    const values = valueOf(y, { x: points })
    for (const [i, v] of points.entries()) expect(values[i]).toBeCloseTo(formula(v), 10)
  })

  test('has the derivative of central differences', () => {
    const slopes = valueOf(grad(n.sum(y) as n.Expr<readonly [], 'f64'>, x), { x: points })
    const h = 1e-5
    for (const [i, v] of points.entries()) expect(slopes[i]).toBeCloseTo((formula(v + h) - formula(v - h)) / (2 * h), 6)
  })
})

describe('at the edges', () => {
  const edges = [0, -0, Infinity, -Infinity, 800, -800]
  const e = n.input('e', [edges.length], 'f64')
  const at = (y: n.Expr) => valueOf(y, { e: edges })
  const slope = (y: n.Expr) => valueOf(grad(n.sum(y) as n.Expr<readonly [], 'f64'>, e), { e: edges })

  test('elu and its derivative stay finite, and the derivative at 0 is α', () => {
    expect(at(n.elu(e))).toEqual([0, -0, Infinity, -1, 800, -1])
    expect(slope(n.elu(e))).toEqual([1, 1, 1, 0, 1, 0])
  })

  test('leakyRelu has its slope at 0', () => {
    expect(slope(n.leakyRelu(e, 0.25))).toEqual([0.25, 0.25, 1, 0.25, 1, 0.25])
  })

  test('hardTanh has derivative 1 at its bounds', () => {
    const b = n.input('b', [5], 'f64')
    const given = { b: [-2, -1, 0, 1, 2] }
    expect(valueOf(n.hardTanh(b), given)).toEqual([-1, -1, 0, 1, 1])
    expect(valueOf(grad(n.sum(n.hardTanh(b)), b), given)).toEqual([0, 1, 1, 1, 0])
  })
})

describe('reductions', () => {
  const m = n.input('m', [2, 4], 'f64')
  const given = { m: [1, 2, 4, 7, -1, 0, 3, -6] }
  const rows = [given.m.slice(0, 4), given.m.slice(4)]
  const meanOf = (r: readonly number[]) => r.reduce((a, b) => a + b, 0) / r.length
  const varianceOf = (r: readonly number[], ddof: number) =>
    r.reduce((total, v) => total + (v - meanOf(r)) ** 2, 0) / (r.length - ddof)

  test.each([0, 1])('variance and std with ddof %i', (ddof) => {
    expect(valueOf(n.variance(m, 1, { ddof }), given)).toEqual(rows.map((r) => varianceOf(r, ddof)))
    const std = valueOf(n.std(m, 1, { ddof, keepDims: true }), given)
    for (const [i, r] of rows.entries()) expect(std[i]).toBeCloseTo(Math.sqrt(varianceOf(r, ddof)), 12)
    expect(valueOf(n.variance(m, null, { ddof }), given)[0]).toBeCloseTo(varianceOf(given.m, ddof), 12)
  })

  test('norms', () => {
    expect(valueOf(n.norm(m, 1, { order: 1 }), given)).toEqual([14, 10])
    expect(valueOf(n.norm(m), given)[0]).toBeCloseTo(Math.hypot(...given.m), 12)
  })

  test('any and all, of nothing too', () => {
    const b = n.constant([
      [true, false],
      [true, true],
    ])
    expect(valueOf(n.any(b, 1))).toEqual([1, 1])
    expect(valueOf(n.all(b, 1))).toEqual([0, 1])
    expect(valueOf(n.all(b))).toEqual([0])
    expect(valueOf(n.any(n.zeros([3, 0], 'bool'), 1))).toEqual([0, 0, 0])
    expect(valueOf(n.all(n.zeros([3, 0], 'bool'), 1))).toEqual([1, 1, 1])
  })

  test('argmax along an axis, of everything, kept', () => {
    expect(valueOf(n.argmax(m, 0), given)).toEqual([0, 0, 0, 0])
    expect(valueOf(n.argmax(m), given)).toEqual([3])
    expect(n.argmax(m, null, { keepDims: true }).shape).toEqual([1, 1])
    expect(valueOf(n.argmin(m, -1, { keepDims: true }), given)).toEqual([0, 3])
  })
})

describe('normalizations', () => {
  const m = n.input('m', [2, 3], 'f64')
  const given = { m: [1, 2, 6, -1, 0, 4] }

  test('layerNorm', () => {
    const scale = n.constant([1, 2, 3], 'f64')
    const shift = n.constant([0.5, 0, -1], 'f64')
    const values = valueOf(n.layerNorm(m, { scale, shift }), given)
    for (const [r, row] of [given.m.slice(0, 3), given.m.slice(3)].entries()) {
      const mean = row.reduce((a, b) => a + b, 0) / 3
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / 3
      for (const [c, v] of row.entries())
        expect(values[r * 3 + c]).toBeCloseTo(
          ((v - mean) / Math.sqrt(variance + 1e-5)) * (c + 1) + ([0.5, 0, -1][c] as number),
          10,
        )
    }
  })

  test('rmsNorm along the first axis', () => {
    const values = valueOf(n.rmsNorm(m, { axis: 0, epsilon: 0 }), given)
    expect(values[0]).toBeCloseTo(1 / Math.sqrt((1 + 1) / 2), 12)
    expect(values[5]).toBeCloseTo(4 / Math.sqrt((36 + 16) / 2), 12)
  })

  test('a scale that would change the shape is refused', () => {
    expect(() => n.layerNorm(m, { scale: n.ones([4, 1, 3], 'f64') })).toThrow(
      'layerNorm: scale and shift turn [2,3] into [4,2,3]',
    )
  })
})

describe('losses', () => {
  const y = n.input('y', [4], 'f64')
  const t = n.input('t', [4], 'f64')
  const given = { y: [0.5, -2, 3, 1], t: [1, -1, 1, -1] }
  const pairs = given.y.map((v, i) => [v, given.t[i] as number] as const)
  const mean = (f: (v: number, u: number) => number) => pairs.reduce((a, [v, u]) => a + f(v, u), 0) / 4
  const huber = (delta: number) => (v: number, u: number) => {
    const d = Math.abs(v - u)
    return d <= delta ? (d * d) / 2 : delta * (d - delta / 2)
  }

  test.each([
    ['mae', n.mae(y, t), mean((v, u) => Math.abs(v - u))],
    ['mse', n.mse(y, t), mean((v, u) => (v - u) ** 2)],
    ['hinge', n.hinge(y, t), mean((v, u) => Math.max(0, 1 - v * u))],
    ['huber', n.huber(y, t), mean(huber(1))],
    ['huber of 0.25', n.pipe(y, n.huber(t, { delta: 0.25 })), mean(huber(0.25))],
  ] as const)('%s', (_name, loss, expected) => {
    expect(valueOf(loss, given)[0]).toBeCloseTo(expected, 12)
  })

  test('maxout takes the greatest of neighbours', () => {
    const m = n.constant([
      [1, 5, 2, 2],
      [-3, -4, 0, 9],
    ])
    expect(valueOf(n.maxout(m, 2))).toEqual([5, 2, -3, 9])
  })
})
