// In: what the three entries export, and the pages. Out: whether every function that users can import is told of.
// Invariant: a new export without a word in the documentation fails.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as language from 'nabla'
import * as compiler from 'nabla/compiler'
import * as runtime from 'nabla/runtime'
import { expect, test } from 'vitest'

const docs = fileURLToPath(new URL('../../docs', import.meta.url))
const textOf = (pages: readonly string[]): string =>
  pages.map((page) => readFileSync(join(docs, page), 'utf8')).join('\n')

/** Names that stand as words inside of code, in a line or in a block. */
const missingIn = (names: readonly string[], text: string): readonly string[] => {
  const code = [...text.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map((m) => m[0]).join('\n')
  const words = new Set(code.match(/[A-Za-z_$][\w$]*/g))
  return names.filter((name) => !words.has(name))
}

const entries = [
  ['nabla', language, ['language.md']],
  ['nabla/compiler', compiler, ['language.md', 'artifacts.md', 'inspecting.md']],
  ['nabla/runtime', runtime, ['artifacts.md', 'errors.md']],
] as const

test.each(entries)('%s exports nothing that the pages leave out', (_entry, exports, pages) => {
  expect(missingIn(Object.keys(exports), textOf(pages))).toEqual([])
})

test('a name that no page tells of is seen', () => {
  expect(missingIn(['add', 'unheardOf'], textOf(['language.md']))).toEqual(['unheardOf'])
})
