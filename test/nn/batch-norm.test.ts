// In: batch normalization in both modes. Out: whether values are the formula's, derivatives those of central differences, and
// a compiled training moves the running moments as the interpreter does, on both targets.

import { isLeft } from 'fp-ts/lib/Either.js'
import { batchNorm, cos, dense, input, mse, mul, ones, param, pipe, sgd, state, sum, zeros } from 'nabla'
import { compile, grad, trainStep } from 'nabla/compiler'
import { load } from 'nabla/runtime'
import { describe, expect, test } from 'vitest'
import { nameOf } from '../../src/expr/origin.ts'
import { evaluate, valueOf } from '../expr/run.ts'
import { compileTraining, interpretTraining } from '../pipeline/training.ts'

const running = { mean: state('mean', [3], zeros, 'f64'), variance: state('variance', [3], ones, 'f64') }
const learned = { scale: param('scale', [3], ones, 'f64'), shift: param('shift', [3], zeros, 'f64') }
const moments = { mean: [0.5, -1, 2], variance: [4, 1, 0.25], scale: [1, 2, -1], shift: [0.5, 0, 1] }

/** Values over [4, 3], the last feature without any spread. */
const rows = [0.3, 1, 7, -1.2, 2, 7, 2.1, 4, 7, 0.4, -3, 7]
const columns = [0, 1, 2].map((k) => rows.filter((_, i) => i % 3 === k))
const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const varianceOf = (values: readonly number[]): number => meanOf(values.map((v) => (v - meanOf(values)) ** 2))

const expectNear = (found: readonly number[], wanted: readonly number[], digits = 10): void => {
  expect(found).toHaveLength(wanted.length)
  for (const [i, v] of wanted.entries()) expect(found[i]).toBeCloseTo(v, digits)
}

/** (v − m)/√(s + 1e-5)·scale + shift */
const byHand = (v: number, k: number, m: number, s: number): number =>
  ((v - m) / Math.sqrt(s + 1e-5)) * (moments.scale[k] as number) + (moments.shift[k] as number)

describe('the formula', () => {
  const x = input('x', [4, 3], 'f64')

  test('training takes the moments of the batch, and moves the running ones towards them', () => {
    const { output, updates } = batchNorm(x, running, { ...learned, momentum: 0.75 })
    const given = { x: rows, ...moments }
    const wanted = rows.map((v, i) => {
      const column = columns[i % 3] as readonly number[]
      return byHand(v, i % 3, meanOf(column), varianceOf(column))
    })
    expectNear(valueOf(output, given), wanted)
    expect(updates.map((u) => nameOf(u.target))).toEqual(['mean', 'variance'])
    const after = evaluate(
      updates.map((u) => u.value),
      given,
    ).map((t) => Array.from(t.data))
    const towards = (before: readonly number[], of: (c: readonly number[]) => number) =>
      before.map((v, k) => 0.75 * v + 0.25 * of(columns[k] as readonly number[]))
    expectNear(after[0] ?? [], towards(moments.mean, meanOf))
    expectNear(after[1] ?? [], towards(moments.variance, varianceOf))
  })

  test('prediction takes the running ones, and moves nothing', () => {
    const { output, updates } = pipe(x, batchNorm(running, { ...learned, mode: 'predict' }))
    const wanted = rows.map((v, i) =>
      byHand(v, i % 3, moments.mean[i % 3] as number, moments.variance[i % 3] as number),
    )
    expectNear(valueOf(output, { x: rows, ...moments }), wanted)
    expect(updates).toEqual([])
  })

  test('features along any axis: NHWC, and NCHW by axis 1', () => {
    const nhwc = input('nhwc', [2, 1, 2, 3], 'f64')
    const nchw = input('nchw', [2, 3, 1, 2], 'f64')
    const flat = valueOf(batchNorm(x, running, learned).output, { x: rows, ...moments })
    expectNear(valueOf(batchNorm(nhwc, running, learned).output, { nhwc: rows, ...moments }), flat)
    // [n, w, c] to [n, c, w]
    const turned = (values: readonly number[]): readonly number[] =>
      [0, 1].flatMap((n) => [0, 1, 2].flatMap((c) => [0, 1].map((w) => values[(n * 2 + w) * 3 + c] as number)))
    const found = valueOf(batchNorm(nchw, running, { ...learned, axis: 1 }).output, { nchw: turned(rows), ...moments })
    expectNear(found, turned(flat))
  })

  test.each(['train', 'predict'] as const)('the derivatives of %s are those of central differences', (mode) => {
    const { output } = batchNorm(x, running, { ...learned, mode })
    const loss = sum(mul(output, cos(output)))
    const spread = rows.map((v, i) => (i % 3 === 2 ? 0.2 * i : v))
    const given = { x: spread, ...moments }
    for (const leaf of [x, learned.scale, learned.shift]) {
      const name = nameOf(leaf) as keyof typeof given
      const at = (i: number, h: number): number =>
        valueOf(loss, { ...given, [name]: given[name].map((v, k) => (k === i ? v + h : v)) })[0] as number
      for (const [i, slope] of valueOf(grad(loss, leaf), given).entries())
        expect(slope).toBeCloseTo((at(i, 1e-5) - at(i, -1e-5)) / 2e-5, 6)
    }
  })
})

describe('a training', () => {
  const x = input('x', [8, 5])
  const t = input('t', [8, 3])
  const [w, b] = [param('w', [5, 3], 0.3), param('b', [3], zeros)]
  const held = { mean: state('mean', [3], zeros), variance: state('variance', [3], ones) }
  const scales = { scale: param('scale', [3], ones), shift: param('shift', [3], zeros) }
  const model = (mode: 'train' | 'predict') => batchNorm(dense(x, w, b), held, { ...scales, mode })
  const { output, updates } = model('train')
  const step = trainStep(mse(output, t), sgd(), { updates })
  const xs = Array.from({ length: 40 }, (_, i) => Math.sin(3 * i + 1))
  const ts = Array.from({ length: 24 }, (_, i) => Math.cos(2 * i))
  test('carries the running moments on both targets as interpreted', async () => {
    const given = { x: xs, t: ts, learningRate: [0.125] }
    const wanted = interpretTraining(step, given, 5)
    expect(Array.from(wanted['mean'] ?? [])).not.toEqual([0, 0, 0])
    for (const target of ['wasm', 'javascript'] as const) {
      const found = await compileTraining(step, given, 5, target)
      for (const [name, values] of Object.entries(wanted))
        expectNear(Array.from(found[name] ?? []), Array.from(values), 5)
    }
  })

  test('the same artifact then predicts with them', async () => {
    const predicted = model('predict').output
    const artifact = await compile({ step, predict: { y: predicted } }, { target: 'javascript', checked: true })
    if (isLeft(artifact)) throw new Error(artifact.left.message)
    const program = await load(artifact.right)
    if (isLeft(program)) throw new Error(program.left.message)
    const { call, params, state: states } = program.right
    for (let k = 0; k < 5; k++) expect(isLeft(call('step', { x: xs, t: ts, learningRate: 0.125 }))).toBe(false)
    const found = call('predict', { x: xs })
    if (isLeft(found)) throw new Error(found.left.message)
    expectNear(Array.from(found.right.y), valueOf(predicted, { ...params, ...states, x: xs }), 4)
  })
})
