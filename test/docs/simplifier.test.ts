// In: the table of rules and docs/simplifier.md. Out: whether the page is what `npm run docs` makes of the table.

import { expect, test } from 'vitest'
import { rules } from '../../compiler/simplify/simplify.ts'
import { staleness } from '../../docs/generate/page.ts'
import { simplifierPage } from '../../docs/generate/simplifier.ts'

test('docs/simplifier.md is up to date', async () => {
  expect(await staleness(simplifierPage)).toBeNull()
})

test('it lists every rule', async () => {
  const page = await simplifierPage.body()
  expect(rules.filter((r) => !page.includes(`| \`${r.name}\` | ${r.when} |`)).map((r) => r.name)).toEqual([])
})
