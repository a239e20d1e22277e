// In: predicted and actual classes. Out: whether the scores as expressions are those of the runtime, which counts in plain
// numbers, and those of examples by hand.

import { accuracy, type ClassOptions, f1, input, type Node, perplexity, pipe, precision, recall } from 'nabla'
import { tensor } from 'nabla/compiler'
import * as runtime from 'nabla/runtime'
import { describe, expect, test } from 'vitest'
import { valueOf } from '../expr/run.ts'
import { compileAndRun } from '../pipeline/compiled.ts'

const [p, y] = [input('p', [2, 6], 'i32'), input('y', [2, 6], 'i32')]
const given = { p: [0, 0, 1, 1, 2, 2, 2, 0, 1, 1, 0, 1], y: [0, 0, 0, 1, 1, 2, 2, 2, 1, 0, 1, 1] }

const expectNear = (found: ArrayLike<number>, wanted: readonly number[]): void => {
  expect(found).toHaveLength(wanted.length)
  for (const [i, v] of wanted.entries()) expect(found[i]).toBeCloseTo(v, 6)
}

/** All three are called alike; their types differ in the words of their errors. */
type Score = (p: Node, y: Node, options?: ClassOptions) => Node
const named: Readonly<Record<'precision' | 'recall' | 'f1', Score>> = { precision, recall, f1 }

describe.each(['precision', 'recall', 'f1'] as const)('%s', (name) => {
  const score = named[name]
  // class 3 never occurs and is never predicted
  const matrix = runtime.confusionMatrix(given.p, given.y, 4)

  test('of each class, and their averages, as the runtime counts them', () => {
    expectNear(
      valueOf(score(p, y, { classes: 4 }), given),
      runtime.classScores(matrix).map((s) => s[name]),
    )
    expectNear(valueOf(score(p, y, { classes: 4, average: 'macro' }), given), [runtime.macroScores(matrix)[name]])
    expectNear(valueOf(score(p, y, { classes: 4, average: 'micro' }), given), [runtime.microScores(matrix)[name]])
  })

  test('of class 1 alone', () => {
    expectNear(valueOf(score(p, y), given), [runtime.classScores(matrix)[1]?.[name] as number])
  })
})

test('by hand: 3 of 4 hits among 5 predictions', () => {
  const binary = { p: [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], y: [1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] }
  expectNear(valueOf(precision(p, y), binary), [3 / 5])
  expectNear(valueOf(recall(p, y), binary), [3 / 4])
  expectNear(valueOf(f1(p, y), binary), [2 / 3])
  expectNear(valueOf(accuracy(p, y), binary), [9 / 12])
})

test('micro averages are the accuracy', () => {
  const [a] = valueOf(pipe(p, accuracy(y)), given)
  expect(a).toBeCloseTo(7 / 12, 6)
  expect(valueOf(f1(p, y, { classes: 3, average: 'micro' }), given)[0]).toBeCloseTo(a as number, 6)
})

test('a uniform guess among n words has perplexity n', () => {
  const x = input('x', [], 'f64')
  expect(valueOf(perplexity(x), { x: [Math.log(50)] })[0]).toBeCloseTo(50, 10)
})

test('compiled, on both targets', async () => {
  const results = { each: f1(p, y, { classes: 3 }), macro: f1(p, y, { classes: 3, average: 'macro' }) }
  const env = new Map([
    [p, tensor('i32', [2, 6], given.p)],
    [y, tensor('i32', [2, 6], given.y)],
  ])
  for (const target of ['wasm', 'javascript'] as const) {
    const found = await compileAndRun(results, env, target)
    expectNear(found[0] as ArrayLike<number>, valueOf(results.each, given))
    expectNear(found[1] as ArrayLike<number>, valueOf(results.macro, given))
  }
})
