// Random numbers in the reading forms. In: models that draw. Out: whether they read as draws, in mathematics and as source text,
// which makes the same bits again.

import {
  add,
  bernoulli,
  dropout,
  foldIn,
  input,
  type Key,
  key,
  matmul,
  mean,
  mul,
  normal,
  param,
  randomBits,
  relu,
  splitKey,
  state,
  uniform,
  zeros,
} from 'nabla'
import { inspect, print, toTypeScript } from 'nabla/compiler'
import { afterAll, expect, test } from 'vitest'
import { expectFormatted, expectRoundTrip, expectTyped, openWorkshop } from './typescript/round-trip.ts'

const workshop = openWorkshop()
afterAll(() => workshop.close())

const step = state('step', [], zeros, 'i32')

const dropped = () => {
  const [x, w] = [input('x', [4, 3]), param('w', [3, 2], 0.5)]
  const v = param('v', [2], (k: Key) => mul(0.1, normal(k, [2])))
  return { loss: mean(mul(dropout(relu(matmul(x, w)), 0.5, foldIn(key(3), step)), v)) }
}

test('dropout is a mask of draws, by its key', () => {
  const text = toTypeScript(dropped())
  expect(text).toContain('bernoulli(foldIn(key(3), step), 0.5, [4, 2])')
  expect(text).toContain('mul(0.1, normal(key1, [2]))')
  expect(text).not.toMatch(/threefry|unitFloat|iota|graph/)
  expect(inspect(dropped())).toContain('uniform(key(3, step)) < 0.5')
})

test('draws print by their keys', () => {
  const [a, b] = splitKey(key(7), 2) as [Key, Key]
  expect(print(uniform(a, [3]))).toBe('uniform(key(7, 0))')
  expect(print(add(normal(b, [2, 3]), 1))).toBe('normal(key(7, 1)) + 1')
  expect(print(uniform(input('k', [2], 'i32'), [3]))).toBe('uniform(k)')
})

test.each([
  ['dropout', dropped],
  ['one number', () => ({ u: uniform(key(1), []) })],
  ['a matrix', () => ({ u: uniform(key(1), [3, 4], -1, 1), n: normal(foldIn(key(2), 5), [2, 1, 3]) })],
  ['in f64', () => ({ u: uniform(key(1), [3], 0, 2, 'f64'), n: normal(key(2), [3], 0, 1, 'f64') })],
  ['bits and chances', () => ({ b: randomBits(key(4), [5]), p: bernoulli(key(5), 0.25, [6]) })],
  ['a key that is given', () => ({ u: uniform(foldIn(input('k', [2], 'i32'), step), [3]) })],
])('%s: source to source and back', async (name, make) => {
  for (const derivative of ['none', 'gradient'] as const) {
    const text = await expectRoundTrip(workshop, `${name.replaceAll(' ', '-')}-${derivative}`, make(), derivative)
    expect(text).not.toContain('threefry')
  }
})

test('all of them are formatted and typed', () => {
  expectFormatted(workshop)
  expectTyped(workshop)
})
