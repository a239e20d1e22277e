// In: optimizers over a small problem. Out: whether their trajectories are those of the published rules, written once more
// in plain numbers, and whether tiny moments vanish.

import * as n from 'nabla'
import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../compiler/interpret.ts'
import type { Node } from '../../src/expr/expr.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { evaluate } from '../expr/run.ts'

const gradient = n.input('gradient', [3], 'f64')
const param = n.param('w', [3], [1, -2, 0.5], 'f64')

/** Gradients of ten steps, zeros among them. */
const steps = Array.from({ length: 10 }, (_, t) => [0.3 * t - 1, Math.sin(t), t % 3 === 0 ? 0 : 1e-3])
const rate = 0.1

/** The parameter after each step, and the states at the end. */
const run = (optimizer: n.Optimizer, gradients: readonly (readonly number[])[]) => {
  const updates = optimizer.updates([param], [gradient])
  const path: (readonly number[])[] = []
  let state: Readonly<Record<string, ArrayLike<number>>> = Object.fromEntries(
    updates.map((u) => [nameOf(u.target), nameOf(u.target) === 'w' ? [1, -2, 0.5] : new Array(3).fill(0)]),
  )
  state = { ...state, step: [0] }
  for (const g of gradients) {
    const values = evaluate(
      updates.map((u) => u.value),
      { ...state, gradient: g, learningRate: [rate] },
    )
    state = Object.fromEntries(updates.map((u, i) => [nameOf(u.target), (values[i] as Tensor).data]))
    path.push(Array.from(state.w as ArrayLike<number>))
  }
  return { path, state }
}

/** One coordinate by hand: `rule` gets the gradient and the number of the step, from 1. */
const byHand = (rule: () => (w: number, g: number, t: number) => number): readonly (readonly number[])[] => {
  const rules = [rule(), rule(), rule()]
  let w: readonly number[] = [1, -2, 0.5]
  return steps.map((g, t) => {
    w = w.map((v, i) => (rules[i] as ReturnType<typeof rule>)(v, g[i] as number, t + 1))
    return w
  })
}

const expectPaths = (found: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): void => {
  expect(found).toHaveLength(wanted.length)
  // the learning rate is an input of f32
  for (const [t, w] of wanted.entries()) for (const [i, v] of w.entries()) expect(found[t]?.[i]).toBeCloseTo(v, 7)
}

const lr = Math.fround(rate)

describe('trajectories', () => {
  test('sgd', () => {
    expectPaths(
      run(n.sgd(), steps).path,
      byHand(() => (w, g) => w - lr * g),
    )
  })

  test.each([false, true])('momentum, nesterov %s', (nesterov) => {
    const hand = byHand(() => {
      let velocity = 0
      return (w, g) => {
        velocity = 0.8 * velocity + g
        return w - lr * (nesterov ? g + 0.8 * velocity : velocity)
      }
    })
    expectPaths(run(n.momentum({ momentum: 0.8, nesterov }), steps).path, hand)
  })

  test('adam', () => {
    const hand = byHand(() => {
      let m = 0
      let v = 0
      return (w, g, t) => {
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        return w - (lr * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
      }
    })
    expectPaths(run(n.adam(), steps).path, hand)
  })

  test('the step counter counts', () => {
    for (const optimizer of [n.sgd(), n.adam()])
      expect(Array.from(run(optimizer, steps).state.step ?? [])).toEqual([10])
  })
})

describe('precision', () => {
  test("adam's first step in f32 is the learning rate to the last digits, where 1 − 0.999 would lose them", () => {
    const w = n.param('w32', [1], 0)
    const g = n.input('g32', [1])
    const [update] = n.adam().updates([w], [g])
    const given = { w32: [0], 'w32/m': [0], 'w32/v': [0], step: [0], learningRate: [0.125], g32: [0.5] }
    const value = evaluate([update?.value as Node], given)[0]?.data[0]
    expect(value).toBeCloseTo(-0.125, 7)
  })

  test.each([
    ['f32', 2 ** -100],
    ['f64', 2 ** -996],
  ] as const)('moments of %s below the bound become 0, and NaN stays', (dtype, bound) => {
    const w = n.param('p', [4], 0, dtype)
    const g = n.input('g', [4], dtype)
    const velocity = n.momentum({ momentum: 0.5 }).updates([w], [g])[1]
    const slots = { p: [0, 0, 0, 0], g: [0, 0, 0, Number.NaN], step: [0], learningRate: [1] }
    const values = evaluate([velocity?.value as Node], { ...slots, 'p/velocity': [2 * bound, bound, -bound, 0] })
    expect(Array.from(values[0]?.data ?? [])).toEqual([bound, 0, 0, Number.NaN])
  })
})

describe('clipByGlobalNorm', () => {
  const a = n.input('a', [2], 'f64')
  const b = n.input('b', [], 'f64')

  test('scales all gradients to the bound, and leaves small ones alone', () => {
    const clipped = n.clipByGlobalNorm({ a, b }, 5)
    const at = (given: Readonly<Record<string, readonly number[]>>) =>
      evaluate([clipped.a, clipped.b], given).map((t) => Array.from(t.data))
    expect(at({ a: [6, 0], b: [8] })).toEqual([[3, 0], [4]])
    expect(at({ a: [0.1, 0.3], b: [-4] })).toEqual([[0.1, 0.3], [-4]])
    expect(at({ a: [0, 0], b: [0] })).toEqual([[0, 0], [0]])
  })

  test('keeps a list a list', () => {
    const [first] = n.clipByGlobalNorm([a, b], 1)
    expect(first.shape).toEqual([2])
    expect(evaluate([n.globalNorm([a, b])], { a: [2, 3], b: [6] })[0]?.data[0]).toBe(7)
  })
})

describe('what does not fit', () => {
  const other = n.input('other', [2], 'f64')
  test.each([
    [() => n.sgd().updates([param], []), 'sgd: 1 parameters and 0 gradients'],
    [() => n.adam().updates([param], [other]), 'adam: the gradient of w is f64[2], not f64[3]'],
    [() => n.sgd().updates([gradient], [gradient]), 'sgd: gradient is not a parameter'],
    [() => n.globalNorm([]), 'globalNorm: no gradient given'],
  ])('%s', (f, words) => {
    expect(f).toThrow(words)
  })
})
