// In: `nabla` as a process, in a folder of its own. Out: whether streams, exit codes and source lines are right there too.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../../cli/setup.js'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-process-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const nabla = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(root, 'cli', 'nabla.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
  })

test('a model beside the shell is inspected', () => {
  writeFileSync(
    join(folder, 'square.ts'),
    "import { input, mul } from 'nabla'\nconst x = input('x', [])\nexport default mul(x, x)\n",
  )
  const { status, stdout, stderr } = nabla('inspect', 'square.ts')
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout.split('\n').filter((line) => line !== '')).toEqual([
    'square.ts#default',
    'inputs      x []',
    'model',
    '  square = x · x  []',
    'simplified',
    '  square = x²  []',
    'derivatives',
    '  ∂square/∂x = 2 · x  []',
  ])
})

test('an error of the model goes to standard error with the line of the TypeScript file', () => {
  writeFileSync(
    join(folder, 'sum.ts'),
    "import { add, input } from 'nabla'\n\nconst n: number = 3\nexport const y = add(input('a', [n]), input('b', [4]))\n",
  )
  const { status, stdout, stderr } = nabla('inspect', 'sum.ts')
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(
    /^E_SHAPE_BROADCAST: add: extents 3 and 4 of axis -1 do not broadcast \(\[3] and \[4]\), operands a \[3] and b \[4] at .*sum\.ts:4:\d+\n/,
  )
})

test('a wrong command line gives exit code 2', () => {
  expect(nabla('derive').status).toBe(2)
})
