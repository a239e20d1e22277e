// In: the table of rules and docs/simplifier.md. Out: whether the page is what `npm run docs` makes of the table.

import { expect, test } from 'vitest'
import { rules } from '../../compiler/simplify/simplify.ts'
import { checklist } from '../../docs/generate/checklist.ts'
import { staleness } from '../../docs/generate/page.ts'
import { simplifierPage } from '../../docs/generate/simplifier.ts'

test('docs/simplifier.md is up to date', async () => {
  expect(await staleness(simplifierPage)).toBeNull()
})

test('it lists every rule', async () => {
  const page = await simplifierPage.body()
  expect(rules.filter((r) => !page.includes(`| \`${r.name}\` | ${r.when} |`)).map((r) => r.name)).toEqual([])
})

test('every entry of the checklist is a rule, or says why there is none', () => {
  const names = new Set(rules.map((r) => r.name))
  const entries = checklist.flatMap((s) => s.entries)
  expect(entries.flatMap((e) => e.rules.filter((r) => !names.has(r)))).toEqual([])
  expect(entries.filter((e) => e.rules.length === 0 && e.note === undefined)).toEqual([])
})
