// In: programs and the records of their simplification. Out: whether the recorded steps, and no others, lead to the same nodes.

import * as fc from 'fast-check'
import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import { existsSync, readdirSync } from 'node:fs'
import { add, exp, input, log, type Node, scan, square, sum, tanh } from 'nabla'
import { printRewrites, replay, type RewrittenProgram, rewrites } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { loadModels } from '../../cli/model.ts'
import { pull } from '../../compiler/grad/vjp.ts'
import { digestOf } from '../../compiler/program/digest.ts'
import { replaySteps, stepOf } from '../../compiler/simplify/replay.ts'
import { simplify } from '../../compiler/simplify/simplify.ts'
import { range } from '../../src/core/shape.ts'
import { graph as b } from '../../src/expr/node.ts'
import { programOf } from '../pipeline/programs.ts'
import { assertProperty } from '../properties.ts'

const told = (record: readonly RewrittenProgram[]): readonly RewrittenProgram[] =>
  JSON.parse(JSON.stringify(record)) as readonly RewrittenProgram[]

const models = readdirSync('examples')
  .map((folder) => `examples/${folder}/model.ts`)
  .filter((file) => existsSync(file))

describe('the examples', () => {
  test.each(models)('%s', { timeout: 60_000 }, async (file) => {
    const found = await loadModels(file)
    // a file of functions alone has no model as it stands
    if (isLeft(found)) return expect(found.left.code).toBe('E_CLI_MODEL')
    for (const { entries } of found.right.models) {
      const record = told(rewrites(entries))
      const steps = record.reduce((n, p) => n + p.steps.length, 0)
      expect(replay(entries, record)).toEqual({ _tag: 'Right', right: steps })
    }
  })
})

test.each([false, true])('random programs and their gradients, with fastMath %s', (fastMath) => {
  assertProperty(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
      const { roots, env } = programOf(seed, 14, true)
      const first = roots.find((r) => r.dtype === 'f32')
      const loss = first && b.sum([b.tanh([first])], { axes: range(first.shape.length), keepDims: false })
      const cts = loss === undefined ? [] : pull(loss, b.lit(1, 'f32'), [...env.keys()])
      const all = [...roots, ...cts.filter((c): c is Node => c !== null)]
      const done = simplify(all, { fastMath })
      const again = replaySteps(all, done.fired.map(stepOf), fastMath)
      if (isLeft(again)) throw new Error(`step ${again.left.step}: ${again.left.sentence}`)
      expect(again.right.map((n, i) => n === done.roots[i])).toEqual(all.map(() => true))
    }),
    { numRuns: 120 },
  )
})

describe('a record', () => {
  const x = input('x', [3])
  const naive = log(add(1, exp(add(square(x), 0))))
  const record = told(rewrites(sum(naive)))

  test('names rule, label, law, both sides and the line', () => {
    const [program] = record as [RewrittenProgram]
    expect(program.steps.map((s) => [s.rule, s.label, s.before, s.after])).toEqual([
      ['add-zero', 'zeroSign', 'x² + 0', 'x²'],
      ['log-one-plus-exp', 'refines', 'log(1 + exp(x²))', 'softplus(x²)'],
    ])
    expect(program.steps[1]?.source).toMatch(/^replay\.test\.ts:\d+$/)
    expect(printRewrites(record)).toContain('Σ(softplus(x²))')
  })

  const changed = (f: (p: RewrittenProgram) => Partial<RewrittenProgram>): readonly RewrittenProgram[] =>
    record.map((p, i) => (i === 0 ? { ...p, ...f(p) } : p))

  test.each([
    ['of another model', changed(() => ({ from: ['0'] })), 0, /not the program/],
    ['without its first step', changed((p) => ({ steps: p.steps.slice(1) })), 1, /no place/],
    ['without its last step', changed((p) => ({ steps: p.steps.slice(0, -1) })), 2, /end before/],
    [
      'by another rule',
      changed((p) => ({ steps: p.steps.with(1, { ...(p.steps[1] as object), rule: 'log-exp' } as never) })),
      2,
      /does not apply/,
    ],
    [
      'to another result',
      changed((p) => ({ steps: p.steps.with(1, { ...(p.steps[1] as object), becomes: '0' } as never) })),
      2,
      /not 0/,
    ],
    ['with a program too many', [...record, ...record], 0, /programs/],
  ] as const)('%s is refused', (_, wrong, step, words) => {
    const done = replay(sum(naive), wrong)
    if (isRight(done)) throw new Error('it was taken')
    expect(done.left.step).toBe(step)
    expect(done.left.sentence).toMatch(words)
  })

  test('has a program for the body of a loop that changes', () => {
    const total = scan(
      (c: Node, v: Node) => ({ carry: add(c, log(add(1, exp(v)))), output: tanh(c) }),
      input('c0', []),
      input('vs', [5]),
    )
    const found = rewrites({ last: total.carry, all: total.outputs })
    const loop = found.find((p) => p.title.startsWith('model, the loop'))
    expect(loop?.steps.map((s) => s.rule)).toEqual(['log-one-plus-exp'])
    expect(isRight(replay({ last: total.carry, all: total.outputs }, told(found)))).toBe(true)
  })
})

test('digests do not depend on what was built before', () => {
  const build = (): Node => tanh(add(input('left', [2]), input('right', [2])))
  const first = digestOf(build())
  expect(first).toMatch(/^[0-9a-f]{16}$/)
  expect(digestOf(build())).toBe(first)
  expect(digestOf(tanh(add(input('right', [2]), input('left', [2]))))).not.toBe(first)
})
