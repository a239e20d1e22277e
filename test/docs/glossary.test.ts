// In: docs/glossary.md, the pages and the sources. Out: whether one word stands for one thing.
// Invariant: the terms that the house has chosen are all defined, and the words that it has given up occur nowhere.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const glossary = readFileSync(join(root, 'docs', 'glossary.md'), 'utf8')

/** The words in bold at the head of each definition, before its colon; further ones stand in the text. */
const heads = [...glossary.matchAll(/^- (\*\*.+?\*\*)(?=:)/gm)].map((m) =>
  [...(m[1] as string).matchAll(/\*\*(.+?)\*\*/g)].map((w) => w[1]),
)
const terms = [...glossary.matchAll(/\*\*(.+?)\*\*/g)].map((m) => m[1])

const chosen = [
  ...['primal', 'tangent', 'cotangent', 'jvp', 'vjp', 'pullback', 'linearize', 'residual', 'symbolic zero'],
  ...['unbroadcast', 'kernel', 'epilogue', 'liveness', 'arena', 'donation'],
]

const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((f) => join(root, folder, f))
    .filter((f) => /\.(ts|md)$/.test(f))

test('every chosen term is defined, and none twice', () => {
  expect(chosen.filter((t) => !terms.includes(t))).toEqual([])
  expect(terms.filter((t, i) => terms.indexOf(t) !== i)).toEqual([])
})

test('the terms stand in alphabetical order', () => {
  const first = heads.map((words) => words[0] as string)
  expect(first.length).toBe(glossary.match(/^- /gm)?.length)
  expect(first).toEqual([...first].toSorted((a, b) => a.localeCompare(b, 'en')))
})

test('cotangents have no second name in the sources', () => {
  const given = filesIn('src')
    .concat(filesIn('compiler'), filesIn('runtime'))
    .filter((f) => /\badjoints?\b/i.test(readFileSync(f, 'utf8')))
  expect(given).toEqual([])
})
