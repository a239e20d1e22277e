// In: README.md, docs/**/*.md and the comments of src, compiler and runtime. Out: whether all code in them compiles, runs
// and prints what it is said to print.
// Invariant: a block that is not run here is a file of a page that has a test of its own.
//
// How pages are written: each ```ts block is a module. A block of nothing but imports is at the head of all later ones. `ts
// continue` goes on where the block above ended. What `console.log(…)` or a bare `print(…)` prints stands in the comment
// behind it, in the comments directly below it, or, for a whole block, in the ```text block directly below. `ts refused`
// does not compile and throws, `ts throws` compiles and throws, in both cases with the words of its last comment.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as language from 'nabla'
import * as compiler from 'nabla/compiler'
import * as runtime from 'nabla/runtime'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { blocksOf } from './markdown.ts'
import { fileOf, type Module, modulesOfPage, modulesOfSource } from './modules.ts'
import { patience, runNode } from './run.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const witnessPath = fileURLToPath(new URL('./witness.ts', import.meta.url))

const filesIn = (folder: string, extension: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((f) => `${folder}/${f}`.replaceAll('\\', '/'))
    .filter((f) => f.endsWith(extension))
    .toSorted()

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const pages = ['README.md', ...filesIn('docs', '.md')].filter((page) => existsSync(join(root, page)))
const sources = ['src', 'compiler', 'runtime'].flatMap((folder) => filesIn(folder, '.ts'))
/** The names of types that an entry exports, which nothing shows when it runs. */
const typesIn = (file: string): readonly string[] => {
  const lists = [...read(file).matchAll(/export (type )?\{([^}]*)\}/g)]
  return lists.flatMap(([, all, list = '']) =>
    list.split(',').flatMap((name) => (all === undefined ? /^\s*type (\w+)/ : /^\s*(\w+)/).exec(name)?.[1] ?? []),
  )
}

const namesOf = (exports: object, file: string): readonly string[] => [
  ...Object.keys(exports),
  ...typesIn(file).map((name) => `type ${name}`),
]

const entries = new Map([
  ['nabla', namesOf(language, 'src/index.ts')],
  ['nabla/compiler', namesOf(compiler, 'compiler/index.ts')],
  ['nabla/runtime', namesOf(runtime, 'runtime/index.ts')],
])

const modules: readonly Module[] = [
  ...pages.flatMap((page) => modulesOfPage(page, read(page), witnessPath)),
  ...sources.flatMap((file) => modulesOfSource(file, read(file), witnessPath, entries)),
]

/** Where modules are written: below the checkout, so that `nabla` and the packages are found from there. */
let folder = ''
let faults: ReadonlyMap<string, readonly { readonly line: number; readonly says: string }[]> = new Map()

const nameOf = (m: Module): string => `${m.title.replaceAll(/[^\w]+/g, '-')}.ts`

/** Everything that tsc finds, by file: a message goes on in the indented lines below its first. */
const compileAll = async (dir: string): Promise<typeof faults> => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = await runNode(dir, [tsc, '--project', dir, '--pretty', 'false'])
  const found = new Map<string, { line: number; says: string }[]>()
  let last: { line: number; says: string } | undefined
  for (const text of stdout.split('\n')) {
    const m = /^(.+?)\((\d+),\d+\): error (TS\d+: .*)$/.exec(text)
    if (m !== null) {
      last = { line: Number(m[2]), says: m[3] as string }
      const file = basename(m[1] as string)
      found.set(file, [...(found.get(file) ?? []), last])
    } else if (last !== undefined && text.startsWith(' ')) last.says += `\n${text}`
    else if (/error TS/.test(text)) throw new Error(text)
  }
  return found
}

beforeAll(async () => {
  mkdirSync(join(root, 'out'), { recursive: true })
  folder = mkdtempSync(join(root, 'out', 'docs-'))
  for (const kind of ['plain', 'watched'] as const) {
    mkdirSync(join(folder, kind))
    for (const m of modules) writeFileSync(join(folder, kind, nameOf(m)), m[kind])
  }
  const options = { extends: '../../../tsconfig.json', include: ['*.ts'], exclude: [] }
  writeFileSync(join(folder, 'plain', 'tsconfig.json'), JSON.stringify(options))
  faults = await compileAll(join(folder, 'plain'))
}, patience)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** In a fresh language: what an expression prints may depend on the order in which its parts were first made. */
const run = (m: Module): Promise<unknown> => {
  vi.resetModules()
  return import(/* @vite-ignore */ pathToFileURL(join(folder, 'watched', nameOf(m))).href)
}

const titled = modules.map((m) => ({ m, title: m.title }))

test.each(titled.filter(({ m }) => m.outcome === 'runs'))(
  '$title compiles, runs and prints what it says',
  async ({ m }) => {
    expect(faults.get(nameOf(m)) ?? []).toEqual([])
    await run(m)
  },
)

test.each(titled.filter(({ m }) => m.outcome === 'refused'))(
  '$title is refused, by types and when run',
  async ({ m }) => {
    const { line, words } = m.refusal as NonNullable<Module['refusal']>
    const found = faults.get(nameOf(m)) ?? []
    expect(found.map((f) => f.line)).toEqual([line])
    expect(found[0]?.says).toContain(words)
    await expect(run(m)).rejects.toThrow(words)
  },
)

test.each(titled.filter(({ m }) => m.outcome === 'throws'))('$title compiles and throws', async ({ m }) => {
  expect(faults.get(nameOf(m)) ?? []).toEqual([])
  await expect(run(m)).rejects.toThrow((m.refusal as NonNullable<Module['refusal']>).words)
})

test('every block that shows a file belongs to a page with a test of its own', () => {
  const showing = pages.filter((page) => blocksOf(read(page)).some((b) => fileOf(b) !== undefined))
  const tested = (page: string): boolean => existsSync(join(root, 'test', 'docs', `${basename(page, '.md')}.test.ts`))
  expect(showing.filter((page) => !tested(page))).toEqual([])
})
