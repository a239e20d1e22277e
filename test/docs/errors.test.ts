// In: the sources, the tables of codes, docs/errors.md. Out: whether they know the same codes.
// Invariant: a code in a source that no table lists is a failure, and so is one in a table that nothing gives.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { errorsPage } from '../../docs/generate/errors.ts'
import { staleness } from '../../docs/generate/page.ts'
import { allCodes } from '../failing/all.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Codes as string literals of a text. */
const codesIn = (text: string): readonly string[] =>
  [...text.matchAll(/['"`](E_[A-Z0-9_]+)['"`]/g)].map((m) => m[1] as string)

const sources = ['src', 'compiler', 'runtime', 'cli'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[jt]s$/.test(file))
    .map((file) => join(folder, file)),
)

const given = new Set(sources.flatMap((file) => codesIn(readFileSync(join(root, file), 'utf8'))))
const listed = new Set(allCodes.map(({ code }) => code))

describe('codes', () => {
  test('every code in the sources is in a table', () => {
    expect([...given].filter((code) => !listed.has(code))).toEqual([])
  })

  test('every code in a table is given somewhere', () => {
    expect([...listed].filter((code) => !given.has(code))).toEqual([])
  })

  test('a planted code would be seen', () => {
    expect(codesIn("violation('C1', 'E_PLANTED', `x`) // E_COMMENT, NOT_E_THIS")).toEqual(['E_PLANTED'])
    expect(given.size).toBeGreaterThan(80)
  })
})

test('docs/errors.md is up to date, and lists every code once', async () => {
  expect(await staleness(errorsPage)).toBeNull()
  const page = readFileSync(join(root, 'docs', 'errors.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(E_[A-Z0-9_]+)` \|/gm)].map((m) => m[1])
  expect(rows.toSorted()).toEqual([...listed].toSorted())
})
