// In: a folder of planted faults, under this repository's .oxlintrc.json. Out: whether oxlint names each of them.
// Invariant: a pattern of the configuration that matches nothing would be as silent as a sound house; here each must speak.

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const imports = 'no-restricted-imports'

/** Path, text, and the rule that must speak; every module has a fault of its own. */
const faults: readonly (readonly [file: string, text: string, rule: string])[] = [
  ['src/core/a.ts', `import { a } from '../ops/a.ts'`, imports],
  ['src/core/b.ts', `import type { A } from '../expr/a.ts'`, imports],
  ['src/core/deep/a.ts', `import { a } from '../../ops/a.ts'`, imports],
  ['src/ops/a.ts', `import { a } from '../expr/a.ts'`, imports],
  ['src/expr/a.ts', `import { a } from '../nn/a.ts'`, imports],
  ['src/nn/a.ts', `import { a } from '../optim/sgd.ts'`, imports],
  ['src/optim/a.ts', `import { a } from '../nn/a.ts'`, imports],
  ['src/artifact/a.ts', `import { a } from '../ops/a.ts'`, imports],
  ['src/index.ts', `import { a } from '../compiler/a.ts'`, imports],
  ['src/ops/b.ts', `import * as t from 'io-ts'`, imports],
  ['src/expr/b.ts', `import { a } from 'nabla'`, imports],
  ['src/nn/b.ts', `import { readFileSync } from 'node:fs'`, imports],
  ['compiler/a.ts', `import { a } from '../runtime/load.ts'`, imports],
  ['compiler/b.ts', `import binaryen from 'binaryen'`, imports],
  ['compiler/kernel/a.ts', `import { a } from '../fuse/a.ts'`, imports],
  ['compiler/program/a.ts', `import { a } from '../grad/vjp.ts'`, imports],
  ['compiler/grad/a.ts', `import { a } from '../simplify/engine.ts'`, imports],
  ['compiler/grad/deep/a.ts', `import { a } from '../../simplify/a.ts'`, imports],
  ['compiler/simplify/a.ts', `import { a } from '../grad/vjp.ts'`, imports],
  ['compiler/fuse/a.ts', `import { a } from '../plan/schedule.ts'`, imports],
  ['compiler/plan/a.ts', `import { a } from '../fuse/a.ts'`, imports],
  ['compiler/inspect/a.ts', `import { a } from '../pipeline.ts'`, imports],
  ['compiler/emit/a.ts', `import { a } from './wasm/a.ts'`, imports],
  ['compiler/emit/javascript/a.ts', `import { a } from '../wasm/memory.ts'`, imports],
  ['compiler/emit/wasm/a.ts', `import { a } from '../javascript/a.ts'`, imports],
  ['compiler/emit/wasm/b.ts', `import { a } from '../../plan/schedule.ts'`, imports],
  ['runtime/a.ts', `import { a } from '../compiler/a.ts'`, imports],
  ['runtime/deep/a.ts', `import { a } from '../../src/expr/a.ts'`, imports],
  ['runtime/b.ts', `import { a } from 'io-ts/lib/index.js'`, imports],
  ['runtime/c.ts', `import binaryen from 'binaryen'`, imports],
  ['src/core/cycle.ts', `import type { A } from './circle.ts'\nexport type B = A`, 'no-cycle'],
  ['src/core/circle.ts', `import type { B } from './cycle.ts'\nexport type A = B`, 'no-cycle'],
  ['cli/a.ts', `export default 1`, 'no-default-export'],
  ['src/core/c.ts', `console.log(1)`, 'no-console'],
  ['compiler/c.ts', `export const a = process.env`, 'no-restricted-globals'],
  ['runtime/d.ts', `export const a = new Function('return 1')`, 'no-new-func'],
  ['runtime/e.ts', `export const a: any = 1`, 'no-explicit-any'],
  ['test/a.test.ts', `import { test } from 'vitest'\ntest('a', () => {})`, 'expect-expect'],
  [
    'test/b.test.ts',
    `import { expect, test } from 'vitest'\ntest.only('a', () => expect(1).toBe(1))`,
    'no-focused-tests',
  ],
]

/** What the same patterns must let through. */
const sound: Readonly<Record<string, string>> = {
  'src/ops/sound.ts': `import { a } from '../core/a.ts'`,
  'src/artifact/sound.ts': `import * as t from 'io-ts'\nimport { a } from '../core/a.ts'`,
  'compiler/sound.ts': `import { a } from './grad/a.ts'\nimport { b } from '../src/index.ts'`,
  'compiler/fuse/sound.ts': `import type { Plan } from '../plan/plan.ts'\nimport { a } from '../kernel/a.ts'`,
  'compiler/plan/sound.ts': `import type { Plan } from './plan.ts'\nimport { a } from './schedule.ts'`,
  'compiler/emit/wasm/sound.ts': `import type binaryen from 'binaryen'\nimport { a } from '../tile.ts'\nexport const b = await import('binaryen')`,
  'compiler/emit/javascript/sound.ts': `import { a } from '../../kernel/a.ts'`,
  'runtime/sound.ts': `import { a } from '../src/artifact/a.ts'\nexport const fs = await import('node:fs')`,
  'cli/sound.ts': `import { a } from '../compiler/index.ts'\nimport { readFileSync } from 'node:fs'`,
}

type Report = Readonly<{ diagnostics: readonly Readonly<{ code?: string; filename: string }>[] }>

let folder = ''
let found: readonly string[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-lint-'))
  copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  for (const [file, text] of [...faults, ...Object.entries(sound)]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const oxlint = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint')
  // Unused imports are what most of these modules consist of.
  const args = [oxlint, '--format', 'json', '--allow', 'no-unused-vars']
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  const { diagnostics } = JSON.parse(stdout) as Report
  found = diagnostics.map(({ code, filename }) => `${filename.replaceAll('\\', '/')} ${code?.replace(/.*\(|\)/g, '')}`)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(faults)('%s with %j is refused: %s', (file, _, rule) => {
  expect(found).toContain(`${file} ${rule}`)
})

test('and nothing else is', () => {
  expect(found.filter((line) => !faults.some(([file, , rule]) => line === `${file} ${rule}`))).toEqual([])
})
