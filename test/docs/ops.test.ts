// In: the op table and docs/ops.md. Out: whether the page is what `npm run docs` makes of the table.
// Invariant: every op of the table has its section.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { opsPage } from '../../docs/generate/ops.ts'
import { staleness } from '../../docs/generate/page.ts'
import { opNames } from '../../src/ops/registry.ts'

test('docs/ops.md is up to date', async () => {
  expect(await staleness(opsPage)).toBeNull()
})

test('docs/ops.md has a section for every op, and none besides', () => {
  const page = readFileSync(new URL('../../docs/ops.md', import.meta.url), 'utf8')
  const sections = [...page.matchAll(/^### (\S+)$/gm)].map((m) => m[1])
  expect(sections.toSorted()).toEqual([...opNames].toSorted())
})

test('a page with a changed line is stale, and so is a missing one', async () => {
  const changed = { ...opsPage, body: async () => `${await opsPage.body()}\nmore` }
  expect(await staleness(changed)).toContain('docs/ops.md:')
  expect(await staleness({ ...opsPage, file: 'missing.md' })).toContain('docs/missing.md is missing')
})
