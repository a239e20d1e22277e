// In: programs that make a NaN or an infinity, and some that may. Out: which expression a checked build blames, and that it
// blames none where the infinity is the user's own or nobody chooses it.

import { describe, expect, test } from 'vitest'
import { trainStep } from '../../compiler/train-step.ts'
import {
  add,
  cond,
  constant,
  div,
  exp,
  greater,
  greaterEqual,
  input,
  less,
  log,
  matmul,
  max,
  maxPool2d,
  mul,
  named,
  ones,
  param,
  scan,
  sgd,
  softmax,
  sqrt,
  sub,
  sum,
  transpose,
  tril,
  where,
  whileLoop,
} from '../../src/index.ts'
import { outcome, programOf, said, targets } from './run.ts'

const x = input('x', [4])
const q = input('q', [3, 2])
const qs = [1, 2, 3, 4, 5, 6]
const scores = matmul(q, transpose(q))
const tail = ' in run 1 of main at LINE'

describe.each(targets)('on %s', (target) => {
  test('a NaN of the forward pass is told of the expression that made it, not of what uses it', async () => {
    const p = named('p', sub(x, 1))
    expect(await outcome(mul(2, log(p)), { x: [1.5, 2, 3, 4] }, target)).toBe('fine')
    expect(await outcome(mul(2, exp(log(p))), { x: [1.5, 2, 3, 0.5] }, target)).toBe(
      `E_RUN_NOT_FINITE: log(p) is NaN at [3] of [4] where p is from -0.5 to 2,${tail}`,
    )
    expect(await outcome(mul(2, log(p)), { x: [2, 1, 3, 4] }, target)).toBe(
      `E_RUN_NOT_FINITE: log(p) is -∞ at [1] of [4] where p is from 0 to 3,${tail}`,
    )
  })

  test('an infinity of the derivative alone, and parameters stay', async () => {
    const w = param('w', [4], 1)
    const program = await programOf(trainStep(sum(sqrt(mul(x, w))), sgd()), target)
    expect(said(program, { x: [1, 2, 3, 0], learningRate: 0.1 })).toBe(
      `E_RUN_NOT_FINITE: 0.5 / √(x · w) is ∞ at [3] of [4] where √(x · w) is from 0 to 1.732,${tail}`,
    )
    expect([...(program.params['w'] as Float32Array)]).toEqual([1, 1, 1, 1])
  })

  test('an update that overflows', async () => {
    const step = trainStep(sum(mul(x, param('w', [4], 1))), sgd())
    expect(await outcome(step, { x: [1, 2, 3, 1e38], learningRate: 1e30 }, target)).toBe(
      `E_RUN_NOT_FINITE: learningRate · x is ∞ at [3] of [4] where learningRate is 1e+30, x is from 1 to 1e+38,${tail}`,
    )
  })

  test('the first step of a loop, backwards too', async () => {
    const loop = (reverse: boolean) =>
      scan((c, t) => ({ carry: mul(c, log(t)), output: c }), ones([]), x, { reverse }).carry
    const at = (step: number, value: number): string =>
      `E_RUN_NOT_FINITE: log(xₜ) is NaN where xₜ is ${value}, at step ${step} of the loop,${tail}`
    expect(await outcome(loop(false), { x: [5, -1, 2, 6] }, target)).toBe(at(1, -1))
    // what depends on no carry may be computed ahead of the loop, for all steps at once
    expect(await outcome(loop(true), { x: [-1, 5, -2, 6] }, target)).toBe(at(2, -2))
  })

  test('what comes out of a loop that ends by a condition', async () => {
    const end = whileLoop(
      sum(x),
      (c) => less(c, 100),
      (c) => mul(c, log(c)),
    )
    expect(await outcome(end, { x: [1, -2, 3, -3] }, target)).toContain('E_RUN_NOT_FINITE: while')
  })

  test('a branch that runs, and no other one', async () => {
    const choice = cond(
      greater(sum(x), 0),
      () => sum(log(x)),
      () => sum(exp(x)),
    )
    expect(await outcome(choice, { x: [1, 2, 3, -7] }, target)).toBe('fine')
    expect(await outcome(choice, { x: [1, 2, 3, -1] }, target)).toContain('log(x) is NaN at [3] of [4]')
  })

  test('what is given: a NaN anywhere, an infinity in a parameter', async () => {
    expect(await outcome(exp(x), { x: [0, Number.NaN, 1, 2] }, target)).toBe(
      `E_RUN_NOT_FINITE: input x is NaN at [1] of [4],${tail}`,
    )
    expect(await outcome(exp(mul(x, -1)), { x: [0, Infinity, 1, 2] }, target)).toBe('fine')
    const program = await programOf(mul(x, param('w', [4], 1)), target)
    program.params['w']?.set([1, Infinity, 1, 1])
    expect(said(program, { x: [1, 2, 3, 4] })).toContain('parameter w is ∞ at [1] of [4]')
  })

  test('an infinity that the user wrote is none', async () => {
    const mask = tril(ones([3, 3], 'bool'))
    expect(await outcome(softmax(where(mask, scores, -Infinity)), { q: qs }, target)).toBe('fine')
    const m = input('m', [3, 3])
    const causal = [0, -Infinity, -Infinity, 0, 0, -Infinity, 0, 0, 0]
    expect(await outcome(softmax(add(scores, m)), { q: qs, m: causal }, target)).toBe('fine')
    const fixed = constant([
      [0, -Infinity, 0],
      [0, 0, 0],
      [0, 0, -Infinity],
    ])
    expect(await outcome(max(add(scores, fixed), 1), { q: qs }, target)).toBe('fine')
    const image = input('image', [1, 2, 2, 1])
    const pooled = maxPool2d(image, [2, 2], {
      pads: [
        [1, 1],
        [1, 1],
      ],
    })
    expect(await outcome(pooled, { image: [1, 2, 3, 4] }, target)).toBe('fine')
    // but what is NaN of it is told
    const masked = [-Infinity, -Infinity, -Infinity, 0, 0, 0, 0, 0, 0]
    expect(await outcome(softmax(add(scores, m)), { q: qs, m: masked }, target)).toContain('is NaN at [0,0] of [3,3]')
  })

  test('what nobody chooses is none', async () => {
    const values = { x: [1, 0, 2, -3] }
    expect(await outcome(where(greater(x, 0), log(x), 0), values, target)).toBe('fine')
    expect(await outcome(where(greater(x, 0), div(1, x), 0), values, target)).toBe('fine')
    expect(await outcome(where(greaterEqual(x, 0), log(x), 0), values, target)).toBe(
      `E_RUN_NOT_FINITE: where(x ≥ 0, log(x), 0) is -∞ at [1] of [4] where x is from -3 to 2,${tail}`,
    )
  })
})
