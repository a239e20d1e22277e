// In: the modules of src, compiler, runtime and cli. Out: whether the house stands as docs/architecture.md says.
// Invariant: every rule is shown to fail on a house with one planted fault, so that none can be silently empty.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { importsOf } from './architecture/imports.ts'
import { checkHouse, type House, type Rule } from './architecture/rules.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const readHouse = (): House =>
  new Map(
    ['src', 'compiler', 'runtime', 'cli']
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((f) => `${folder}/${f}`),
      )
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => /\.[jt]s$/.test(file))
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  )

/** A small house that keeps every rule, one module a line. */
const sound: Readonly<Record<string, string>> = {
  'src/core/shape.ts': `import * as O from 'fp-ts/lib/Option.js'`,
  'src/ops/add.ts': `import { shape } from '../core/shape.ts'`,
  'src/expr/node.ts': `import type { Op } from '../ops/add.ts'`,
  'src/nn/dense.ts': `import { node } from '../expr/node.ts'`,
  'src/optim/sgd.ts': `import { node } from '../expr/node.ts'`,
  'src/artifact/manifest.ts': `import * as t from 'io-ts'\nimport { shape } from '../core/shape.ts'`,
  'src/index.ts': `export { dense } from './nn/dense.ts'`,
  'compiler/program/fn.ts': `import { node } from '../../src/expr/node.ts'`,
  'compiler/kernel/kernel.ts': `import type { Fn } from '../program/fn.ts'`,
  'compiler/pass.ts': `export const runPass = 1`,
  'compiler/grad/vjp.ts': `import { runPass } from '../pass.ts'`,
  'compiler/simplify/rules.ts': `import type { Fn } from '../program/fn.ts'`,
  'compiler/fuse/group.ts': `import type { Kernel } from '../kernel/kernel.ts'`,
  'compiler/plan/plan.ts': `import type { Kernel } from '../kernel/kernel.ts'`,
  'compiler/plan/schedule.ts': `import type { Plan } from './plan.ts'`,
  'compiler/emit/tile.ts': `import type { Kernel } from '../kernel/kernel.ts'`,
  'compiler/emit/wasm/emit.ts': `import type binaryen from 'binaryen'\nimport { tile } from '../tile.ts'\nconst b = await import('binaryen')`,
  'compiler/emit/javascript/emit.ts': `import type { Plan } from '../../plan/plan.ts'\nimport { tile } from '../tile.ts'`,
  'compiler/inspect/math.ts': `import type { Plan } from '../plan/plan.ts'`,
  'compiler/check.ts': `import { vjp } from './grad/vjp.ts'`,
  'compiler/pipeline.ts': `import { vjp } from './grad/vjp.ts'\nimport { rules } from './simplify/rules.ts'`,
  'compiler/index.ts': `export { pipeline } from './pipeline.ts'`,
  'runtime/load.ts': `import { manifest } from '../src/artifact/manifest.ts'\nconst fs = await import('node:fs')`,
  'runtime/index.ts': `export { load } from './load.ts'`,
  'cli/main.ts': `import { argv } from 'node:process'\nimport { compile } from 'nabla/compiler'\nimport * as t from 'io-ts'`,
}

type Fault = readonly [rules: readonly Rule[], file: string, line: string]

/** One line each that would break the house, with the rules that must say so. */
const faults: readonly Fault[] = [
  [['floor'], 'src/core/shape.ts', `import { add } from '../ops/unary.ts'`],
  [['floor'], 'src/core/shape.ts', `import type { Add } from '../ops/unary.ts'`],
  [['floor'], 'src/ops/add.ts', `import { input } from '../expr/input.ts'`],
  [['floor'], 'src/expr/node.ts', `import { relu } from '../nn/relu.ts'`],
  [['floor'], 'src/nn/dense.ts', `import { sgd } from '../optim/sgd.ts'`],
  [['floor'], 'src/optim/sgd.ts', `import { dense } from '../nn/dense.ts'`],
  [['floor'], 'src/artifact/manifest.ts', `import { input } from '../expr/input.ts'`],
  [['floor'], 'src/index.ts', `import { compile } from '../compiler/kernel/kernel.ts'`],
  [['floor'], 'compiler/check.ts', `import { load } from '../runtime/load.ts'`],
  [['floor'], 'compiler/check.ts', `const cli = await import('../cli/main.ts')`],
  [['floor'], 'runtime/load.ts', `import { kernel } from '../compiler/kernel/kernel.ts'`],
  [['floor'], 'runtime/load.ts', `import { input } from '../src/expr/input.ts'`],
  [['floor', 'missing'], 'cli/main.ts', `import { near } from '../test/near.ts'`],
  [['pass'], 'compiler/grad/vjp.ts', `import { rules } from '../simplify/rules.ts'`],
  [['pass'], 'compiler/simplify/rules.ts', `import type { Vjp } from '../grad/vjp.ts'`],
  [['pass'], 'compiler/fuse/group.ts', `import { schedule } from '../plan/schedule.ts'`],
  [['pass'], 'compiler/plan/schedule.ts', `import { group } from '../fuse/group.ts'`],
  [['pass'], 'compiler/inspect/math.ts', `import { check } from '../check.ts'`],
  [['pass'], 'compiler/inspect/math.ts', `import { pipeline } from '../pipeline.ts'`],
  [['pass'], 'compiler/kernel/kernel.ts', `import { group } from '../fuse/unary.ts'`],
  [['pass'], 'compiler/plan/plan.ts', `import { schedule } from './memory.ts'`],
  [['pass'], 'compiler/emit/wasm/emit.ts', `import { emit } from '../javascript/emit.ts'`],
  [['pass'], 'compiler/emit/javascript/emit.ts', `const { emit } = await import('../wasm/emit.ts')`],
  [['pass'], 'compiler/emit/tile.ts', `import { emit } from './wasm/module.ts'`],
  [['join'], 'compiler/check.ts', `import { rules } from './simplify/rules.ts'`],
  [['package'], 'compiler/emit/javascript/emit.ts', `import type binaryen from 'binaryen'`],
  [['package'], 'compiler/check.ts', `const b = await import('binaryen')`],
  [['lazy'], 'compiler/emit/wasm/emit.ts', `import binaryen from 'binaryen'`],
  [['package'], 'src/core/shape.ts', `import * as t from 'io-ts'`],
  [['package'], 'runtime/load.ts', `import { Type } from 'io-ts/lib/index.js'`],
  [['package'], 'compiler/check.ts', `import { readFileSync } from 'node:fs'`],
  [['package'], 'src/expr/node.ts', `import { inspect } from 'util'`],
  [['package'], 'compiler/check.ts', `import { input } from 'nabla'`],
  [['lazy'], 'runtime/load.ts', `import { readFileSync } from 'node:fs'`],
  [['re-export'], 'src/nn/dense.ts', `export { node } from '../expr/node.ts'`],
  [['re-export'], 'compiler/check.ts', `export * from './grad/vjp.ts'`],
  [['cycle'], 'src/ops/add.ts', `import { sub } from './sub.ts'`],
  [['cycle'], 'compiler/pass.ts', `import type { Loop } from './loop.ts'`],
  [['cycle'], 'src/core/shape.ts', `import { shape } from './shape.ts'`],
  [['missing'], 'src/core/shape.ts', `import { rank } from './rank.ts'`],
  [['missing'], 'src/ops/add.ts', `import { shape } from '../core/shape.js'`],
]

/** Modules that only a planted line leads to; those of a pass or of src/ops close a circle with what plants them. */
const behindFaults: Readonly<Record<string, string>> = {
  'src/ops/unary.ts': '',
  'src/ops/sub.ts': `import { add } from './add.ts'`,
  'src/expr/input.ts': '',
  'src/nn/relu.ts': '',
  'compiler/fuse/unary.ts': '',
  'compiler/plan/memory.ts': '',
  'compiler/emit/wasm/module.ts': '',
  'compiler/loop.ts': `import type { Step } from './step.ts'`,
  'compiler/step.ts': `import { runPass } from './pass.ts'`,
}

const houseOf = (...parts: readonly Readonly<Record<string, string>>[]): House =>
  new Map(Object.entries(Object.assign({}, ...parts)))

describe('the rules', () => {
  test('a sound house breaks none', () => {
    expect(checkHouse(houseOf(sound, behindFaults))).toEqual([])
  })

  test.each(faults)('%j: %s with %s', (rules, file, line) => {
    const violations = checkHouse(houseOf(sound, behindFaults, { [file]: `${sound[file]}\n${line}` }))
    expect([...new Set(violations.map(({ rule }) => rule))]).toEqual(rules)
    expect(violations.some((violation) => violation.file === file || violation.says.includes(file))).toBe(true)
  })

  test('a violation says the line, and a cycle the way round', () => {
    const planted = { 'src/core/shape.ts': `// the lowest floor\nimport { add } from '../ops/add.ts'` }
    expect(checkHouse(houseOf(sound, planted))).toEqual([
      { rule: 'floor', file: 'src/core/shape.ts', says: 'line 2: src/core/ does not stand on src/ops/add.ts' },
      { rule: 'cycle', file: 'src/core/shape.ts', says: 'src/core/shape.ts -> src/ops/add.ts -> src/core/shape.ts' },
    ])
  })
})

describe('the reader of imports', () => {
  test('sees every form, with its line', () => {
    const text = [
      `import a from 'a'`,
      `import b, { type C, d as e } from "b"`,
      `import * as f from 'f'; import type { G } from 'g'`,
      `import 'h'`,
      `import {\n  i, // not 'from' here\n  j,\n} from 'i'`,
      `export { k } from 'k'`,
      `export * from 'l'`,
      `export type { M } from 'm'`,
      `const n = await import('n')`,
      'const o = `${await import("o")}`',
      `type P = typeof import('p')`,
    ].join('\n')
    expect(importsOf(text).map(({ specifier, kind, line }) => `${line} ${kind} ${specifier}`)).toEqual([
      '1 value a',
      '2 value b',
      '3 value f',
      '3 type g',
      '4 value h',
      '5 value i',
      '9 re-export k',
      '10 re-export l',
      '11 re-export m',
      '12 dynamic n',
      '13 dynamic o',
      '14 dynamic p',
    ])
  })

  test('sees nothing in comments, strings, templates and regular expressions', () => {
    const text = [
      `// import a from 'a'`,
      `/* import b from 'b' */`,
      'const c = `\nimport c from "c"\n${f(`export * from "d"`, { e: 1 })} import("e")`',
      `const f = "import f from 'f'"`,
      `const g = /['"\`/]import/g, h = 4 / 2 / 1`,
      `const i = 'it\\'s', j = x.import('j'), from = 'k'`,
      `export const l = { from: 'l' }\nexport { l as m }`,
      `const n = "the end"`,
    ].join('\n')
    expect(importsOf(text)).toEqual([])
  })

  test('misses nothing that esbuild finds in the real house', async () => {
    const house = readHouse()
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: [...house.keys()],
      outdir: 'out',
      bundle: true,
      write: false,
      metafile: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    })
    const missed = Object.entries(metafile.inputs).flatMap(([file, { imports }]) => {
      const found = new Set(importsOf(house.get(file) ?? '').map(({ specifier }) => specifier))
      return imports.flatMap(({ path, original = path }) => (found.has(original) ? [] : [`${file}: ${original}`]))
    })
    expect(missed).toEqual([])
  })
})

describe('the house', () => {
  test.each([
    ...['core', 'ops', 'expr', 'nn', 'optim', 'artifact'].map((folder) => `src/${folder}`),
    ...['program', 'kernel', 'grad', 'simplify', 'fuse', 'plan', 'inspect'].map((folder) => `compiler/${folder}`),
    ...['wasm', 'javascript'].map((target) => `compiler/emit/${target}`),
    ...['src/index.ts', 'compiler/index.ts', 'runtime/index.ts', 'cli/main.ts', 'compiler/pipeline.ts'],
  ])('has %s', (part) => {
    expect(existsSync(join(root, part))).toBe(true)
  })

  test('stands as its rules say', () => {
    expect(checkHouse(readHouse()).map(({ rule, file, says }) => `${rule}: ${file}: ${says}`)).toEqual([])
  })
})
