// Orders and batches: permutations that depend on key and epoch alone, rows that arrive where they belong.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { epochOrder, gatherRows } from '../../runtime/data/batches.ts'
import { keyOf } from '../../src/core/threefry.ts'
import { assertProperty } from '../properties.ts'

test('an order is a permutation, the same for the same key and epoch', () => {
  assertProperty(
    fc.property(fc.nat(), fc.nat(20), fc.nat(300), (seed, epoch, count) => {
      const order = epochOrder(keyOf(seed), epoch, count)
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
      expect(epochOrder(keyOf(seed), epoch, count)).toEqual(order)
    }),
  )
})

test('epochs and keys give other orders', () => {
  const orders = [0, 1, 2].flatMap((seed) => [0, 1, 2].map((epoch) => epochOrder(keyOf(seed), epoch, 50).join()))
  expect(new Set(orders).size).toBe(9)
})

test('every position is as likely for every element', () => {
  const size = 5
  const rounds = 20_000
  const counts = new Int32Array(size * size)
  for (let r = 0; r < rounds; r++)
    epochOrder(keyOf(3), r, size).forEach((element, place) => {
      const cell = element * size + place
      counts[cell] = (counts[cell] ?? 0) + 1
    })
  const p = 1 / size
  const standardError = Math.sqrt(rounds * p * (1 - p))
  for (const count of counts) expect(Math.abs(count - rounds * p)).toBeLessThan(5 * standardError)
})

test('rows are gathered in order, and the order is cycled', () => {
  const table = Float32Array.from([0, 1, 10, 11, 20, 21])
  const batch = new Float32Array(8)
  gatherRows(batch, table, Int32Array.from([2, 0, 1]), 1, 2)
  expect([...batch]).toEqual([0, 1, 10, 11, 20, 21, 0, 1])
  const labels = new Int32Array(2)
  gatherRows(labels, Int32Array.from([5, 6, 7]), Int32Array.from([2, 0, 1]), 0, 1)
  expect([...labels]).toEqual([7, 5])
})
