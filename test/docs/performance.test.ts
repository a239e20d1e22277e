// In: bench/results.json and docs/performance.md. Out: whether the page is what `npm run docs` makes of the kept run.
// Invariant: a figure of the page is one of the run's lines.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { performancePage } from '../../docs/generate/performance.ts'
import { staleness } from '../../docs/generate/page.ts'
import { readRecord } from '../../bench/record.ts'
import { workloadNames } from '../../bench/workloads/table.ts'

test('docs/performance.md is up to date', async () => {
  expect(await staleness(performancePage)).toBeNull()
})

test('the kept run has every figure that Nabla is measured by, beside both peers and the peak', () => {
  const { lines } = readRecord(new URL('../../bench/results.json', import.meta.url))
  const named = (subject: string): ReadonlySet<string> =>
    new Set(lines.filter((line) => line.subject === subject).map(({ workload }) => workload))
  const figures = [
    'artifact-W2',
    'wrapper-W2',
    'runtime',
    'compile-W2',
    'start-W2',
    'alloc-W1',
    'inspect-W5',
    'long-W2',
  ]
  const own = [...workloadNames, ...figures, 'curve-chain-100000', 'curve-params-10000']
  expect([...named('nabla')]).toEqual(expect.arrayContaining(own))
  for (const subject of ['nabla', 'jax-js', 'tfjs-wasm'])
    expect([...named(subject)]).toEqual(expect.arrayContaining(['W1', 'W2', 'matmul-64', 'matmul-1024-nt']))
  expect([...named('interpreter')]).toEqual(['W1', 'W2', 'W3', 'W7', 'W8', 'embedding'])
  expect([...named('peak')]).toEqual(['peak', 'bandwidth'])
  expect(lines.every(({ value }) => Number.isFinite(value))).toBe(true)
})

test('the page says where a goal is missed', async () => {
  const page = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8')
  const { lines } = readRecord(new URL('../../bench/results.json', import.meta.url))
  const compilation = lines.find(({ workload }) => workload === 'compile-W2')?.value ?? Number.NaN
  const row = page.split('\n').find((line) => line.startsWith('| `compile-W2`'))
  expect(row).toContain(compilation <= 150 ? '| met |' : 'times the goal')
})
