// In: the cross-entropies in all their forms, the reductions of all losses. Out: whether values are those of the definition in
// plain numbers, derivatives those of central differences, and the formulas those of the textbook.

import {
  add,
  crossEntropy,
  hinge,
  huber,
  input,
  log,
  mae,
  mse,
  mul,
  neg,
  type Node,
  oneHot,
  pipe,
  sigmoidCrossEntropy,
  softmax,
  sum,
} from 'nabla'
import { grad, print, type Scalar } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { valueOf } from '../expr/run.ts'

const z = input('z', [2, 3], 'f64')
const t = input('t', [2, 3], 'f64')
const y = input('y', [2], 'i32')
const given = { z: [1, -2, 0.5, 300, 301, 299], t: [0.2, 0.5, 0.3, 0, 1, 0], y: [2, 0] }

const rowsOf = (flat: readonly number[]): readonly (readonly number[])[] => [flat.slice(0, 3), flat.slice(3)]
const total = (row: readonly number[]): number => row.reduce((a, b) => a + b, 0)

/** −Σ t · log softmax(z), a row each, as the definition has it; the large row is taken down first. */
const byHand = (targets: readonly number[]): readonly number[] =>
  rowsOf(given.z).map((row, i) => {
    const down = row.map((v) => v - Math.max(...row))
    const logTotal = Math.log(total(down.map(Math.exp)))
    return -total(down.map((v, k) => (rowsOf(targets)[i]?.[k] as number) * (v - logTotal)))
  })
const hot = [0, 0, 1, 1, 0, 0]
const smooth = (targets: readonly number[], epsilon: number): readonly number[] =>
  targets.map((v) => (1 - epsilon) * v + epsilon / 3)

const expectNear = (found: readonly number[], wanted: readonly number[], digits = 12): void => {
  expect(found).toHaveLength(wanted.length)
  for (const [i, v] of wanted.entries()) expect(found[i]).toBeCloseTo(v, digits)
}

describe('crossEntropy', () => {
  test('of labels, of probabilities, smoothed: −Σ t · log softmax(z)', () => {
    expectNear(valueOf(crossEntropy(z, y), given), byHand(hot))
    expectNear(valueOf(crossEntropy(z, t), given), byHand(given.t))
    expectNear(valueOf(crossEntropy(z, y, { smoothing: 0.1 }), given), byHand(smooth(hot, 0.1)))
    expectNear(valueOf(pipe(z, crossEntropy(t, { smoothing: 0.3 })), given), byHand(smooth(given.t, 0.3)))
  })

  test('rows, their mean, their sum', () => {
    const rows = byHand(given.t)
    expectNear(valueOf(crossEntropy(z, t, { reduction: 'none' }), given), rows)
    expectNear(valueOf(crossEntropy(z, t, { reduction: 'mean' }), given), [total(rows) / 2])
    expectNear(valueOf(pipe(z, crossEntropy(t, { reduction: 'sum' })), given), [total(rows)])
  })

  test('a one-hot row of probabilities is a label, one out of range included', () => {
    const labels = { ...given, y: [1, 7] }
    const soft = crossEntropy(z, input('h', [2, 3], 'f64'))
    expectNear(valueOf(soft, { ...labels, h: [0, 1, 0, 0, 0, 0] }), valueOf(crossEntropy(z, y), labels))
    expect(print(crossEntropy(z, oneHot(y, 3, 'f64')))).toBe('crossEntropy(z, onehot(y))')
    expect(print(grad(crossEntropy(z, oneHot(y, 3, 'f64'), { reduction: 'sum' }), z))).toBe('softmax(z) − onehot(y)')
  })

  test('a class of weight 0 may be at −∞', () => {
    const masked = { z: [-Infinity, 0, 0, 1, 1, -Infinity], t: [0, 0.5, 0.5, 1, 0, 0] }
    expectNear(valueOf(crossEntropy(z, t), masked), [Math.LN2, Math.LN2])
  })

  test.each([
    ['labels', crossEntropy(z, y, { reduction: 'sum' }), 'softmax(z) − onehot(y)'],
    ['probabilities', crossEntropy(z, t, { reduction: 'sum' }), 'softmax(z) − t'],
    ['a mean of rows', crossEntropy(z, t, { reduction: 'mean' }), '½ · (softmax(z) − t)'],
    ['smoothed labels', crossEntropy(z, y, { smoothing: 0.3, reduction: 'sum' }), 'softmax(z) − 0.1 − 0.7 · onehot(y)'],
    ['smoothed probabilities', crossEntropy(z, t, { smoothing: 0.3, reduction: 'sum' }), 'softmax(z) − 0.1 − 0.7 · t'],
  ])('the derivative of %s prints as the textbook has it', (_, loss, formula) => {
    expect(print(grad(loss, z))).toBe(formula)
  })

  test('the derivatives are those of central differences', () => {
    const loss = crossEntropy(z, t, { smoothing: 0.2, reduction: 'sum' })
    const near = { z: [1, -2, 0.5, 0.3, 0.1, -0.2], t: given.t }
    for (const [name, x] of [
      ['z', z],
      ['t', t],
    ] as const) {
      const slopes = valueOf(grad(loss, x), near)
      for (const [i, slope] of slopes.entries()) {
        const at = (h: number): number =>
          valueOf(loss, { ...near, [name]: near[name].map((v, k) => (k === i ? v + h : v)) })[0] as number
        expect(slope).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 7)
      }
    }
  })

  test('written out over targets of which it is known that they sum to 1, the sum is gone', () => {
    const written = (target: Node): Scalar => neg(sum(mul(target, log(softmax(z))))) as Scalar
    const s = input('s', [2, 3], 'f64')
    const shown = (target: Node): string => print(grad(written(target), z))
    expect(shown(oneHot(y, 3, 'f64'))).toBe('softmax(z) − onehot(y)')
    expect(shown(softmax(s))).toBe('softmax(z) − softmax(s)')
    expect(shown(add(mul(0.7, oneHot(y, 3, 'f64')), 0.1))).toBe('softmax(z) − 0.1 − 0.7 · onehot(y)')
    // of targets that are given, nothing is known
    expect(shown(t)).toBe('softmax(z) · Σ₁(t) − t')
  })

  test.each([1, -0.1, Number.NaN])('a smoothing of %s is refused', (smoothing) => {
    expect(() => crossEntropy(z, y, { smoothing })).toThrow(`crossEntropy: the smoothing ${smoothing} is not in [0, 1)`)
  })
})

describe('the reductions of the other losses', () => {
  const [p, q] = [input('p', [4], 'f64'), input('q', [4], 'f64')]
  const at = { p: [0.5, -1, 2, 3], q: [1, -1, 1, -1] }
  const losses: readonly (readonly [
    string,
    (o: { readonly reduction?: 'none' | 'mean' | 'sum' }) => Node,
    readonly number[],
  ])[] = [
    ['mse', (o) => mse(p, q, o), [0.25, 0, 1, 16]],
    ['mae', (o) => pipe(p, mae(q, o)), [0.5, 0, 1, 4]],
    ['huber', (o) => huber(p, q, { delta: 2, ...o }), [0.125, 0, 0.5, 6]],
    ['hinge', (o) => pipe(p, hinge(q, o)), [0.5, 0, 0, 4]],
  ]
  test.each(losses)('%s', (_, loss, each) => {
    expectNear(valueOf(loss({ reduction: 'none' }), at), each)
    expectNear(valueOf(loss({ reduction: 'sum' }), at), [total(each)])
    expectNear(valueOf(loss({ reduction: 'mean' }), at), [total(each) / 4])
    expectNear(valueOf(loss({}), at), [total(each) / 4])
  })

  test('sigmoidCrossEntropy: the elements unless told', () => {
    const each = at.p.map((v) => Math.log1p(Math.exp(v)) - 0.5 * v)
    expectNear(valueOf(sigmoidCrossEntropy(p, 0.5), at), each)
    expectNear(valueOf(sigmoidCrossEntropy(p, 0.5, { reduction: 'mean' }), at), [total(each) / 4])
    expectNear(valueOf(pipe(p, sigmoidCrossEntropy(0.5, { reduction: 'sum' })), at), [total(each)])
  })
})
