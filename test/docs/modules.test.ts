// In: small pages and comments. Out: the modules that are made of them, and what the witness of their printing lets pass.
// Invariant: what a page says wrongly is seen: planted wrong outputs, missing claims and unclosed fences all fail.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { blocksOf, examplesOf } from './markdown.ts'
import { modulesOfPage, modulesOfSource } from './modules.ts'

const page = (...lines: readonly string[]): string => lines.join('\n')

describe('blocks', () => {
  test('have their language, words and line', () => {
    expect(blocksOf(page('# A', '', '```ts continue', 'f()', '```', 'text', '```sh', 'ls', '```'))).toEqual([
      { language: 'ts', words: ['continue'], line: 4, lines: ['f()'], between: 1 },
      { language: 'sh', words: [], line: 8, lines: ['ls'], between: 1 },
    ])
  })

  test('that are never closed are an error', () => {
    expect(() => blocksOf('```ts\nf()')).toThrow('line 1 is never closed')
  })
})

describe('examples', () => {
  test('end at the comment or at the next tag', () => {
    const source = page(
      '/**',
      ' * Text.',
      ' * @example',
      ' * f(1)',
      ' * f(2)',
      ' */',
      '/** @example g(1) */',
      'const a = 1',
    )
    expect(examplesOf(source)).toEqual([
      { line: 3, lines: ['', 'f(1)', 'f(2)'] },
      { line: 7, lines: ['g(1)'] },
    ])
    expect(examplesOf(page('/**', ' * @example f(1)', ' * @see g', ' */'))).toEqual([{ line: 2, lines: ['f(1)'] }])
  })

  test('import the names that they use and do not make', () => {
    const entries = new Map([
      ['nabla', ['input', 'x', 'add', 'type Node']],
      ['nabla/compiler', ['print']],
    ])
    const [m] = modulesOfSource(
      'f.ts',
      '/**\n * @example\n * const x = input("x", [])\n * print(x) // x\n */',
      'w',
      entries,
    )
    expect(m?.plain.split('\n').slice(0, 4)).toEqual([
      '',
      "import { input } from 'nabla'; import { print } from 'nabla/compiler'; ",
      'const x = input("x", [])',
      'print(x) // x',
    ])
    expect(m?.watched.split('\n')[3]).toBe('console.log(print(x)); said(4, ["x"])')
    const [typed] = modulesOfSource('f.ts', '/** @example add as Node */', 'w', entries)
    expect(typed?.plain).toContain("import { add, type Node } from 'nabla'")
  })
})

const folder = mkdtempSync(join(tmpdir(), 'nabla-docs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

const run = async (text: string): Promise<void> => {
  const witnessPath = fileURLToPath(new URL('./witness.ts', import.meta.url))
  const [m, ...rest] = modulesOfPage('p.md', text, witnessPath)
  if (m === undefined || rest.length > 0) throw new Error(`${rest.length + 1} modules`)
  const file = join(folder, `${files++}.ts`)
  writeFileSync(file, m.watched)
  await import(/* @vite-ignore */ file)
}

describe('what a block prints', () => {
  test.each([
    page('', '```ts', 'console.log(1) // 1', '```'),
    page('', '```ts', 'console.log(1)', '// 1', '```'),
    page('', '```ts', 'console.log("a\\nb") // a', '// b', '```'),
    page('', '```ts', 'console.log(', '  1,', ') // 1', '```'),
    page('', '```ts', 'console.log("(// no comment") // (// no comment', '```'),
    page('', '```ts', 'console.log(1)', 'console.log(2)', '```', '', '```text', '1', '2', '```'),
    page('', '```ts', 'const a = 1 // one', '```', '```ts continue', 'console.log(a) // 1', '```'),
  ])('is claimed: %s', async (text) => {
    await expect(run(text)).resolves.toBeUndefined()
  })

  test.each([
    page('', '```ts', 'console.log(1) // 2', '```'),
    page('', '```ts', 'console.log(1)', '```'),
    page('', '```ts', 'console.log(1)', '```', 'Text.', '```text', '1', '```'),
    page('', '```ts', 'console.log(1)', 'console.log(2) // 2', '```'),
    page('', '```ts', '1', '```', '```text', '1', '```'),
    page('', '```ts', 'console.log(1)', '```', '```ts continue', '2', '```'),
  ])('is not what the page says: %s', async (text) => {
    await expect(run(text)).rejects.toThrow('where the page says')
  })
})

describe('the modules of a page', () => {
  const lineOf = (text: string, line: number) => text.split('\n')[line - 1]

  test('keep the lines of the page, and stand behind its imports', () => {
    const text = page(
      '# T',
      '```ts',
      "import { f } from 'f'",
      '```',
      '',
      '```ts',
      'f(1)',
      '```',
      '```ts',
      'f(2)',
      '```',
    )
    const [a, b, ...rest] = modulesOfPage('p.md', text, 'w')
    expect(rest).toEqual([])
    for (const m of [a, b]) expect(lineOf(m?.plain ?? '', 3)).toBe("import { f } from 'f'")
    expect([lineOf(a?.plain ?? '', 7), lineOf(b?.plain ?? '', 7)]).toEqual(['f(1)', ''])
    expect([a?.title, b?.title]).toEqual(['p.md:7', 'p.md:10'])
  })

  test('know what is refused, with its words, and what belongs to another test', () => {
    const text = page('', '```ts refused', 'f(x, y) // f: no', '```', '```ts src/a.ts', 'f(3)', '```')
    expect(modulesOfPage('p.md', text, 'w').map(({ outcome, refusal }) => ({ outcome, refusal }))).toEqual([
      { outcome: 'refused', refusal: { line: 3, words: 'f: no' } },
    ])
    expect(() => modulesOfPage('p.md', page('', '```ts refused', 'f(x)', '```'), 'w')).toThrow('why it is refused')
  })
})
