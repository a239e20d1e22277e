// In: initializers and shapes. Out: whether what they draw has the published bounds and variances.

import * as n from 'nabla'
import { describe, expect, test } from 'vitest'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { valueOf } from '../expr/run.ts'

const [rows, columns] = [200, 100]

const draw = (initial: n.Initial, shape: readonly number[] = [rows, columns]): readonly number[] =>
  valueOf(paramsOf(n.param('w', shape, initial), 'param').init as Node, { key: [5, 11] })

const deviation = (values: readonly number[]): number => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)
}

describe('uniform initializers', () => {
  test.each([
    ['randomUniform()', n.randomUniform(), 1 / Math.sqrt(rows)],
    ['randomUniform(0.05)', n.randomUniform(-0.05), 0.05],
    ['glorotUniform', n.glorotUniform, Math.sqrt(6 / (rows + columns))],
    ['heUniform', n.heUniform, Math.sqrt(6 / rows)],
  ])('%s fills ±its bound', (_name, initial, bound) => {
    const values = draw(initial)
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound))
    expect(Math.max(...values)).toBeGreaterThan(0.99 * bound)
    expect(Math.min(...values)).toBeLessThan(-0.99 * bound)
    expect(deviation(values) / (bound / Math.sqrt(3))).toBeCloseTo(1, 1)
  })
})

describe('normal initializers', () => {
  test.each([
    ['randomNormal()', n.randomNormal(), 0.01],
    ['glorotNormal', n.glorotNormal, Math.sqrt(2 / (rows + columns))],
    ['heNormal', n.heNormal, Math.sqrt(2 / rows)],
  ])('%s has its deviation', (_name, initial, sigma) => {
    expect(deviation(draw(initial)) / sigma).toBeCloseTo(1, 1)
  })
})

describe('fans', () => {
  test('of a kernel count its receptive field', () => {
    const values = draw(n.heUniform, [5, 5, 8, 16])
    expect(Math.max(...values.map(Math.abs)) / Math.sqrt(6 / (5 * 5 * 8))).toBeCloseTo(1, 2)
  })

  test('of a vector are its extent, of a scalar 1', () => {
    expect(Math.max(...draw(n.randomUniform(), [10_000]).map(Math.abs)) * 100).toBeCloseTo(1, 2)
    expect(Math.abs(draw(n.randomUniform(), [])[0] as number)).toBeLessThanOrEqual(1)
  })
})

test('identity', () => {
  expect(draw(n.identity, [2, 3])).toEqual([1, 0, 0, 0, 1, 0])
})
