// In: docs/adding-an-op.md and a copy of the sources. Out: whether the page, followed to the letter, adds an op.
// Invariant: nothing is put into the copy but the page's own blocks; the laws that hold the new op are the generated ones.

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Block, blocksOf } from './markdown.ts'
import { fileOf } from './modules.ts'
import { patience, runNode } from './run.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs', 'adding-an-op.md'), 'utf8')
const blocks = blocksOf(page)
const copied = ['src', 'compiler', 'cli', 'test/laws', 'test/pipeline', 'test/simplify', 'test/failing/constraints']
const alsoCopied = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'vitest.config.ts',
  'test/failing/program.ts',
  'test/properties.ts',
  'test/random.ts',
]

let copy = ''
const inCopy = (file: string): string => join(copy, file)
const read = (file: string): string => readFileSync(inCopy(file), 'utf8')

/** Context and removed lines have to stand in the file at exactly one place, and give way to context and added lines. */
const patched = (text: string, diff: readonly string[]): string => {
  const side = (sign: string) => diff.filter((l) => l[0] !== sign).map((l) => l.slice(1))
  const [before, after] = [`\n${side('+').join('\n')}\n`, `\n${side('-').join('\n')}\n`]
  const places = text.split(before).length - 1
  if (places !== 1) throw new Error(`the lines stand in the file ${places} times:${before}`)
  return text.replace(before, () => after)
}

const put = (b: Block): void => {
  const file = fileOf(b)
  if (file === undefined || b.language === 'text') return
  const path = inCopy(file)
  if (b.language === 'diff') writeFileSync(path, patched(read(file), b.lines))
  else writeFileSync(path, `${existsSync(path) ? `${read(file)}\n` : ''}${b.lines.join('\n')}\n`)
}

// ---- what does not compile

const family = 'src/ops/transcendental.ts'
const definition = (blocks.find((b) => b.language === 'ts' && fileOf(b) === family) as Block).lines.join('\n')
const opFrom = definition.indexOf('export const')

/** The definition without one of its fields, all of its lines. */
const without = (field: string): string => {
  const whole = new RegExp(`^  ${field.replaceAll(/[.()]/g, '\\$&')}.*?,\\n(?=  [\\w.]|}\\))`, 'ms')
  const left = definition.slice(opFrom).replace(whole, '')
  if (left === definition.slice(opFrom)) throw new Error(`the definition has no field ${field}`)
  return left
}

const swapped = (from: string, to: string): string => {
  const text = definition.slice(opFrom)
  if (!text.includes(from)) throw new Error(`the definition has no ${from}`)
  return text.replace(from, () => to)
}

/** The text that a row of the page's table speaks of, or null for one about the table of ops. */
const variantOf = (what: string): string | null => {
  switch (what) {
    case 'the row in `registry.ts`':
      return null
    case 'the signature':
      return swapped("defineOp<'logit'>", "defineOp<'unsigned'>")
    case 'a second partial derivative':
      return swapped('partials: [', 'partials: [null, ')
    case 'a second operand in `lower`':
      return swapped('(m, [x])', '(m, [x, y])')
    default:
      return without(/^`(.*)`$/.exec(what)?.[1] ?? what)
  }
}

const section = page.slice(page.indexOf('## What does not compile'), page.indexOf('## What may be told besides'))
const refusals = [...section.matchAll(/^\| (.+?) \| `(.*)` \|$/gm)].map((m, i) => ({
  file: `refused-${i}.ts`,
  what: m[1] as string,
  says: m[2],
}))

const writeVariants = (): void => {
  const imports = read(family).slice(0, read(family).indexOf('declare module'))
  for (const { file, what } of refusals) {
    const variant = variantOf(what)
    const text =
      variant === null
        ? patched(read('src/ops/registry.ts'), ['-  logit: transcendental.logit,'])
        : `${imports}\n${variant}\n`
    writeFileSync(inCopy(`src/ops/${file}`), text)
  }
}

const node = (...args: readonly string[]) => runNode(copy, args)

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'nabla-op-'))
  for (const path of [...copied, ...alsoCopied]) cpSync(join(root, path), inCopy(path), { recursive: true })
  symlinkSync(join(root, 'node_modules'), inCopy('node_modules'), 'junction')
  blocks.forEach(put)
})

afterAll(() => rmSync(copy, { recursive: true, force: true }))

test('the sources compile with the op, and not where a part of it is left out', { timeout: patience }, async () => {
  expect(refusals.length).toBeGreaterThan(8)
  writeVariants()
  const options = {
    extends: './tsconfig.json',
    include: ['src', 'test/laws/cases.ts', 'test/failing/constraints/all.ts'],
  }
  writeFileSync(inCopy('tsconfig.op.json'), JSON.stringify(options))
  const { stdout } = await node('node_modules/typescript/bin/tsc', '--project', 'tsconfig.op.json', '--pretty', 'false')
  for (const { file } of refusals) rmSync(inCopy(`src/ops/${file}`))
  const found = stdout.split(/\n(?=\S)/).filter((text) => text !== '')
  const about = (file: string) => found.filter((text) => text.startsWith(`src/ops/${file}(`)).join('\n')
  expect(found.filter((text) => !text.startsWith('src/ops/refused-'))).toEqual([])
  for (const { file, what, says } of refusals) expect(about(file), what).toContain(says)
})

interface Law {
  readonly fullName: string
  readonly status: string
  readonly failureMessages: readonly string[]
}

/** The laws of the op as vitest runs them in the copy. */
const runLaws = async (...files: readonly string[]): Promise<readonly Law[]> => {
  const report = inCopy('laws.json')
  rmSync(report, { force: true })
  const vitest = 'node_modules/vitest/vitest.mjs'
  const { stdout } = await node(
    vitest,
    'run',
    ...files,
    '-t',
    '\\blogit\\b',
    '--reporter=json',
    `--outputFile=${report}`,
  )
  expect(existsSync(report), stdout).toBe(true)
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    readonly testResults: readonly { readonly message: string; readonly assertionResults: readonly Law[] }[]
  }
  expect(testResults.map((s) => s.message).filter((m) => m !== '')).toEqual([])
  return testResults
    .flatMap((s) => s.assertionResults)
    .filter((law) => law.status === 'passed' || law.status === 'failed')
    .map((law) => ({ ...law, fullName: law.fullName.replaceAll("'", '') }))
}

test('the generated laws hold the op', { timeout: patience }, async () => {
  const laws = await runLaws('test/laws', 'test/simplify/rules.test.ts', 'test/failing/constraints')
  expect(laws.filter((law) => law.status !== 'passed').map((law) => [law.fullName, ...law.failureMessages])).toEqual([])
  const kinds = [
    'infer agrees',
    'vjp and jvp meet',
    'second derivatives',
    'target logit at f32',
    'target logit at f64',
    'logit-sigmoid holds',
    'logit C1: logit: the operand must be f32 or f64, not i32',
  ]
  for (const kind of kinds)
    expect(
      laws.map((law) => law.fullName).filter((n) => n.includes(kind)),
      kind,
    ).not.toEqual([])
})

test('a wrong derivative does not pass them', { timeout: patience }, async () => {
  const right = read(family)
  writeFileSync(
    inCopy(family),
    right.replace('b.div([t, b.mul([a.ins[0], b.sub([lit(b, a, 1)', 'b.div([t, b.mul([a.ins[0], b.sub([lit(b, a, 2)'),
  )
  const laws = await runLaws('test/laws/derivatives.test.ts')
  writeFileSync(inCopy(family), right)
  const failed = laws.filter((law) => law.status === 'failed').map((law) => law.fullName)
  expect(failed.length).toBeGreaterThan(0)
  expect(failed.filter((name) => !name.includes('central differences'))).toEqual([])
})

test('the program at the end prints what the page says', { timeout: patience }, async () => {
  const wanted = blocks.find((b) => b.language === 'text' && fileOf(b) === 'try.ts') as Block
  const { stdout, stderr } = await node('cli/run.js', 'try.ts')
  expect(stderr.replaceAll(/^npm warn.*$/gm, '').trim()).toBe('')
  expect(stdout.trimEnd()).toBe(wanted.lines.join('\n'))
})
