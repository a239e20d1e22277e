// In: the files of test/. Out: whether all random samples are the same on every run.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { assertProperty } from '../properties.ts'

const folder = fileURLToPath(new URL('..', import.meta.url))

/** What draws without a seed, put together here so that this file does not say it. */
const seedless = new RegExp([String.raw`\bfc\.(assert|check|sample)`, String.raw`\bMath\.random`].join('|'))
const holders = ['properties.ts', join('architecture', 'properties.test.ts')]

test('nothing draws without a seed', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))
  const found = files.filter((f) => !holders.includes(f) && seedless.test(readFileSync(join(folder, f), 'utf8')))
  expect(found).toEqual([])
  expect(holders.every((f) => files.includes(f))).toBe(true)
  expect(seedless.test(readFileSync(join(folder, 'properties.ts'), 'utf8'))).toBe(true)
})

test('two runs of a property see the same samples', () => {
  const samples = (): readonly number[] => {
    const seen: number[] = []
    assertProperty(fc.property(fc.integer(), (n) => void seen.push(n)))
    return seen
  }
  expect(samples().length).toBeGreaterThan(50)
  expect(samples()).toEqual(samples())
})

test('a property that does not hold is seen, also an asynchronous one', async () => {
  expect(() => assertProperty(fc.property(fc.integer(), (n) => n < 10))).toThrow('Property failed')
  await expect(assertProperty(fc.asyncProperty(fc.integer(), async (n) => n < 10))).rejects.toThrow('Property failed')
})
