// In: the reals of many decimals. Out: whether their functions and derivatives are those of mathematics.
import { describe, expect, test } from 'vitest'
import * as r from './real.ts'

const at = (f: (x: r.Real) => r.Real, x: number): readonly number[] => {
  const y = f(r.variable(x, 0, 1))
  return [r.valueOf(y), ...r.gradientOf(y), ...r.curvatureOf(y, [1])]
}

const expectNear = (found: readonly number[], wanted: readonly number[]): void => {
  expect(found).toHaveLength(wanted.length)
  for (const [i, w] of wanted.entries())
    expect(Math.abs((found[i] as number) - w)).toBeLessThanOrEqual(1e-15 * Math.abs(w))
}

describe.each([-40.25, -1, 0.3, 2, 30])('at %d', (x) => {
  test('exp', () => expectNear(at(r.exp, x), [Math.exp(x), Math.exp(x), Math.exp(x)]))
  test('square', () => expectNear(at(r.square, x), [x * x, 2 * x, 2]))
  test('1 / x', () =>
    expectNear(
      at((v) => r.div(r.one, v), x),
      [1 / x, -1 / x ** 2, 2 / x ** 3],
    ))
  test('log', () => {
    const a = Math.abs(x)
    expectNear(at(r.log, a), [Math.log(a), 1 / a, -1 / a ** 2])
  })
  test('sqrt', () => {
    const a = Math.abs(x)
    expectNear(at(r.sqrt, a), [Math.sqrt(a), 0.5 / Math.sqrt(a), -0.25 / a / Math.sqrt(a)])
  })
})

test('erf', () => {
  // Abramowitz and Stegun, table 7.1
  const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-1)
  expectNear(at(r.erf, 1), [0.8427007929497149, slope, -2 * slope])
  expectNear([r.valueOf(r.sub(r.one, r.erf(r.of(5))))], [1.5374597944280347e-12])
})

test('a product of two variables', () => {
  const y = r.mul(r.variable(3, 0, 2), r.square(r.variable(5, 1, 2)))
  expect([r.valueOf(y), ...r.gradientOf(y), ...r.curvatureOf(y, [1, 2])]).toEqual([75, 25, 30, 20, 10 + 2 * 6])
})

test('nothing is lost where doubles cancel', () => {
  const rest = r.sub(r.one, r.sigmoid(r.variable(200, 0, 1)))
  expectNear([r.valueOf(rest), ...r.gradientOf(rest)], [Math.exp(-200), -Math.exp(-200)])
  expect(r.valueOf(r.sub(r.exp(r.log(r.of(2 ** -149))), r.of(2 ** -149)))).toBe(0)
  expect(() => r.log(r.of(-1))).toThrow(RangeError)
})
