// In: the cases of test/laws and docs/generated/laws.md. Out: whether the page is what `npm run docs` makes of them.

import { expect, test } from 'vitest'
import { lawsPage } from '../../docs/generate/laws.ts'
import { staleness } from '../../docs/generate/page.ts'
import { triedOps } from '../laws/cases.ts'

test('docs/generated/laws.md is up to date', async () => {
  expect(await staleness(lawsPage)).toBeNull()
})

test('no op has a gap', async () => {
  expect(await lawsPage.body()).toContain(`${triedOps.length} ops have operands; of these 0 have a gap.`)
})
