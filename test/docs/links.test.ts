// In: README.md and docs/**/*.md. Out: whether what they point to is there, and whether the index points to all of them.
// Invariant: a link, an anchor and a path in backquotes all lead somewhere.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((f) => `docs/${f}`),
]
  .map((f) => f.replaceAll('\\', '/'))
  .filter((f) => f.endsWith('.md') && existsSync(join(root, f)))

/** A page without its blocks of code. */
const proseOf = (page: string): string =>
  readFileSync(join(root, page), 'utf8').replaceAll(/^```[^\n]*\n[\s\S]*?^```$/gm, '')

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')

const anchorsOf = (page: string): readonly string[] =>
  [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map((m) => anchorOf(m[1] as string))

/** What a link of a page lacks, if anything. */
const faultOf = (page: string, link: string): string | null => {
  if (/^https?:/.test(link)) return null
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : relative(root, resolve(root, dirname(page), path)).replaceAll('\\', '/')
  if (!existsSync(join(root, target))) return `there is no ${target}`
  return anchor === undefined || anchorsOf(target).includes(anchor) ? null : `${target} has no heading #${anchor}`
}

const linksOf = (page: string): readonly string[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map((m) => m[1] as string)

describe.each(pages.map((page) => ({ page })))('$page', ({ page }) => {
  test('has links that lead somewhere', () => {
    expect(linksOf(page).flatMap((link) => faultOf(page, link) ?? [])).toEqual([])
  })

  test('names files that are there', () => {
    const named = [...proseOf(page).matchAll(/`((?:src|compiler|runtime|cli|test|docs|examples|bench)\/[\w./-]+)`/g)]
    expect(named.map((m) => m[1] as string).filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})

test('the index leads to every page', () => {
  const indexed = linksOf('docs/README.md').map((link) => `docs/${link}`)
  expect(pages.filter((p) => p.startsWith('docs/') && p !== 'docs/README.md' && !indexed.includes(p))).toEqual([])
})

test('a missing page and a missing heading are seen', () => {
  expect(faultOf('docs/README.md', 'nowhere.md')).toBe('there is no docs/nowhere.md')
  expect(faultOf('docs/README.md', 'glossary.md#nothing')).toBe('docs/glossary.md has no heading #nothing')
  expect(faultOf('docs/ops.md', '#leaves')).toBeNull()
})
