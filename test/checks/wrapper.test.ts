// In: programs with a fault, built with checks. Out: that the generated wrapper throws what the runtime gives, word for word,
// and puts parameters back, on both targets.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isLeft } from 'fp-ts/lib/Either.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import type { EntryInput } from '../../compiler/entries.ts'
import { trainStep } from '../../compiler/train-step.ts'
import { wrapperOf } from '../../compiler/wrapper.ts'
import { load } from '../../runtime/load.ts'
import type { Program } from '../../runtime/program.ts'
import type { Expr } from '../../src/index.ts'
import type { Target } from '../../src/artifact/types.ts'
import { add, embedding, exp, input, log, mul, named, ones, param, scan, sgd, sqrt, sub, sum } from '../../src/index.ts'
import { targets, type Values } from './run.ts'

interface Wrapped {
  readonly params: Readonly<Record<string, Float32Array>>
  readonly call: (name: string, values: Values) => Readonly<Record<string, ArrayLike<number>>>
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-findings-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const both = async (main: EntryInput, target: Target) => {
  const artifact = await compile({ main }, { checks: true, target })
  if (isLeft(artifact)) throw new Error(artifact.left.message)
  const program = await load(artifact.right)
  if (isLeft(program)) throw new Error(program.left.message)
  const file = target === 'wasm' ? 'model.wasm' : 'model.program.js'
  writeFileSync(join(folder, file), artifact.right.bytes)
  writeFileSync(join(folder, 'model.js'), wrapperOf(artifact.right, file).js)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const module = (await import(pathToFileURL(join(folder, 'model.js')).href)) as { load: () => Promise<Wrapped> }
  return { program: program.right as unknown as Program, wrapped: await module.load() }
}

type Told = Readonly<Record<'code' | 'message' | 'hint' | 'source', unknown>>

const told = ({ code, message, hint, source }: Told): Told => ({ code, message, hint, source })

const thrown = (f: () => unknown): Told | 'fine' => {
  try {
    f()
    return 'fine'
  } catch (e) {
    expect(e).toMatchObject({ name: 'ProgramError' })
    return told(e as Told)
  }
}

const x = input('x', [4])
const rows = input('rows', [5, 2])
const ids = input('ids', [2, 3], 'i32')
const table = Array.from({ length: 10 }, (_, i) => i)
const loop = (reverse: boolean) =>
  scan((c, t) => ({ carry: mul(c, log(t)), output: c }), ones([]), x, { reverse }).carry
const inner = (c: Expr<readonly [], 'f32'>) =>
  scan((d: Expr<readonly [], 'f32'>, t) => ({ carry: sub(d, mul(t, sqrt(d))), output: d }), c, x).carry
const nested = scan((c, y) => ({ carry: mul(inner(c), y), output: c }), ones([]), ones([3])).carry

const cases: readonly (readonly [string, EntryInput, Values, string])[] = [
  ['nothing', mul(2, log(named('p', sub(x, 1)))), { x: [2, 3, 4, 5] }, 'fine'],
  ['a NaN', exp(log(named('p', sub(x, 1)))), { x: [2, 3, 4, 0.5] }, 'log(p) is NaN at [3] of [4] where p is from'],
  ['an infinity', mul(2, log(x)), { x: [1, 0, 1, 1] }, 'log(x) is -∞ at [1] of [4] where x is from 0 to 1'],
  ['a step', loop(false), { x: [5, -1, 2, 6] }, 'at step 1 of the loop'],
  ['a step of a reversed loop', loop(true), { x: [-1, 5, -2, 6] }, 'at step 2 of the loop'],
  ['a step of a step', nested, { x: [0.25, 0.25, 0.25, 2] }, 'at step 1 of step 0 of the loop'],
  [
    'an index',
    embedding(rows, ids),
    { rows: table, ids: [0, 1, 2, 3, 9, 4] },
    'the index 9 in ids[1,1] is not in 0 … 4',
  ],
  ['an input', add(x, 1), { x: [0, Number.NaN, 1, 2] }, 'input x is NaN at [1] of [4]'],
]

describe.each(targets)('on %s', (target) => {
  test.each(cases)('%s is told as the runtime tells it', async (_, main, values, words) => {
    const { program, wrapped } = await both(main, target)
    const result = program.call('main', values)
    const own = thrown(() => wrapped.call('main', values))
    expect(own).toEqual(isLeft(result) ? told(result.left as Told) : 'fine')
    expect(own === 'fine' ? own : own.message).toContain(words)
  })

  test('parameters stay, and runs are counted', async () => {
    const { program, wrapped } = await both(trainStep(sum(sqrt(mul(x, param('w', [4], 1)))), sgd()), target)
    const good = { x: [1, 1, 1, 1], learningRate: 0.5 }
    const bad = { x: [1, 1, 1, 0], learningRate: 0.5 }
    wrapped.call('main', good)
    program.call('main', good)
    const result = program.call('main', bad)
    expect(thrown(() => wrapped.call('main', bad))).toEqual(isLeft(result) ? told(result.left as Told) : 'fine')
    expect([...(wrapped.params['w'] as Float32Array)]).toEqual([0.75, 0.75, 0.75, 0.75])
    expect(isLeft(result) && result.left.message).toContain('in run 2 of main')
  })
})
