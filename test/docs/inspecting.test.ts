// In: docs/inspecting.md. Out: whether the command line does what the page shows.
// Invariant: the commands run one after the other in one folder that holds the page's files and nothing else; `…` in an
// output stands for what differs from run to run (times), within a line, or for lines that are left out, on one of its own.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { blocksOf } from './markdown.ts'
import { fileOf } from './modules.ts'
import { patience, runNode } from './run.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const blocks = blocksOf(readFileSync(join(root, 'docs', 'inspecting.md'), 'utf8'))

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-inspecting-'))
  for (const b of blocks) {
    const file = fileOf(b)
    if (b.language === 'ts' && file !== undefined) writeFileSync(join(folder, file), `${b.lines.join('\n')}\n`)
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const commands = blocks.flatMap((b, i) =>
  b.language === 'sh'
    ? [{ command: b.lines.join('\n'), wanted: blocks[i + 1]?.lines ?? [], fails: b.words.includes('fails') }]
    : [],
)

/** What a page shows, as a pattern. */
const patternOf = (wanted: readonly string[]): RegExp => {
  const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const lines = wanted.map((line) => (line.trim() === '…' ? '[\\s\\S]*?' : line.split('…').map(literal).join('.*?')))
  return new RegExp(`^${lines.join('\\n')}$`)
}

test('the page shows commands', () => {
  expect(commands.length).toBeGreaterThan(3)
})

test.each(commands)('$command', { timeout: patience }, async ({ command, wanted, fails }) => {
  const [npx, nabla, ...args] = command.split(' ')
  expect([npx, nabla]).toEqual(['npx', 'nabla'])
  const { stdout, stderr, status } = await runNode(folder, [join(root, 'cli', 'nabla.js'), ...args])
  expect([status, stderr !== '']).toEqual(fails ? [1, true] : [0, false])
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd())
  if (!patternOf(wanted).test(lines.join('\n'))) expect(lines).toEqual(wanted)
})
