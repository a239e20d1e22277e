// In: optimizers over a small problem. Out: whether their trajectories are those of the published rules, written once more
// in plain numbers, and whether tiny moments vanish.

import * as n from 'nabla'
import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../compiler/interpret/tensor.ts'
import type { Node } from '../../src/expr/expr.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { evaluate } from '../expr/run.ts'

const gradient = n.input('gradient', [3], 'f64')
const param = n.param('w', [3], [1, -2, 0.5], 'f64')

/** Gradients of ten steps, zeros among them. */
const steps = Array.from({ length: 10 }, (_, t) => [0.3 * t - 1, Math.sin(t), t % 3 === 0 ? 0 : 1e-3])
const rate = 0.1
/** The learning rate is an input of f32. */
const lr = Math.fround(rate)

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

/** Adam's moments of the gradients so far, and what the rule makes of them. */
const withMoments =
  (
    after: (w: number, m: number, v: number, g: number, t: number) => number,
    isIdle: (g: number) => boolean = () => false,
  ) =>
  () => {
    let m = 0
    let v = 0
    return (w: number, g: number, t: number): number => {
      if (isIdle(g)) return w
      m = 0.9 * m + 0.1 * g
      v = 0.999 * v + 0.001 * g * g
      return after(w, m, v, g, t)
    }
  }

const adamStep = (w: number, m: number, v: number, _: number, t: number): number =>
  w - (lr * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)

const expectPaths = (found: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): void => {
  expect(found).toHaveLength(wanted.length)
  for (const [t, w] of wanted.entries()) for (const [i, v] of w.entries()) expect(found[t]?.[i]).toBeCloseTo(v, 7)
}

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
    expectPaths(run(n.adam(), steps).path, byHand(withMoments(adamStep)))
  })

  test('adam, lazy: where the gradient is 0 nothing moves', () => {
    const hand = byHand(withMoments(adamStep, (g) => g === 0))
    expectPaths(run(n.adam({ lazy: true }), steps).path, hand)
  })

  test('adagrad', () => {
    const hand = byHand(() => {
      let s = 0
      return (w, g) => {
        s += g * g
        return w - (lr * g) / (Math.sqrt(s) + 1e-10)
      }
    })
    expectPaths(run(n.adagrad(), steps).path, hand)
  })

  test('rmsprop', () => {
    const hand = byHand(() => {
      let v = 0
      return (w, g) => {
        v = 0.9 * v + 0.1 * g * g
        return w - (lr * g) / (Math.sqrt(v) + 1e-8)
      }
    })
    expectPaths(run(n.rmsprop(), steps).path, hand)
  })

  test('adadelta', () => {
    const rms = (x: number) => Math.sqrt(x + 1e-6)
    const hand = byHand(() => {
      let v = 0
      let u = 0
      return (w, g) => {
        v = 0.95 * v + 0.05 * g * g
        const d = -(rms(u) / rms(v)) * g
        u = 0.95 * u + 0.05 * d * d
        return w + lr * d
      }
    })
    expectPaths(run(n.adadelta(), steps).path, hand)
  })

  test('adamax', () => {
    const hand = byHand(() => {
      let m = 0
      let u = 0
      return (w, g, t) => {
        m = 0.9 * m + 0.1 * g
        u = Math.max(0.999 * u, Math.abs(g))
        // the paper divides by 0 before the first gradient that is not 0
        return u === 0 ? w : w - ((lr / (1 - 0.9 ** t)) * m) / u
      }
    })
    expectPaths(run(n.adamax(), steps).path, hand)
  })

  test('nadam', () => {
    const hand = byHand(
      withMoments((w, m, v, g, t) => {
        const ahead = (0.9 * m) / (1 - 0.9 ** (t + 1)) + (0.1 * g) / (1 - 0.9 ** t)
        return w - (lr * ahead) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
      }),
    )
    expectPaths(run(n.nadam(), steps).path, hand)
  })

  test('gradients of 0 move nothing, from the first step on', () => {
    const none = steps.map(() => [0, 0, 0])
    for (const optimizer of [
      n.adagrad(),
      n.rmsprop(),
      n.adadelta(),
      n.adam(),
      n.adam({ lazy: true }),
      n.adamax(),
      n.nadam(),
    ])
      expect(run(optimizer, none).path.at(-1)).toEqual([1, -2, 0.5])
  })

  test('a constraint comes behind the step', () => {
    const halved = n.constrained(n.sgd(), (v) => n.mul(0.5, v))
    const hand = byHand(() => (w, g) => 0.5 * (w - lr * g))
    expectPaths(run(halved, steps).path, hand)
  })

  test('the step counter counts', () => {
    for (const optimizer of [n.sgd(), n.adam(), n.nadam()])
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

describe('schedules', () => {
  const at = (rate: n.Expr, step: number) => evaluate([rate], { step: [step] })[0]?.data[0]
  const tau = 40
  const schedules: readonly (readonly [string, n.Expr, (k: number) => number])[] = [
    ['linearDecay', n.linearDecay(0.5, 0.1, tau), (k) => (1 - Math.min(k / tau, 1)) * 0.5 + Math.min(k / tau, 1) * 0.1],
    ['exponentialDecay', n.exponentialDecay(0.5, 0.25, tau), (k) => 0.5 * 0.25 ** (k / tau)],
    [
      'cosineDecay',
      n.cosineDecay(0.5, 0.1, tau),
      (k) => 0.1 + 0.5 * 0.4 * (1 + Math.cos((Math.PI * Math.min(k, tau)) / tau)),
    ],
    ['warmUp of a number', n.warmUp(tau, 0.5), (k) => 0.5 * Math.min((k + 1) / tau, 1)],
    [
      'warmUp of a schedule',
      n.warmUp(4, n.exponentialDecay(0.5, 0.25, tau)),
      (k) => 0.5 * 0.25 ** (k / tau) * Math.min((k + 1) / 4, 1),
    ],
  ]
  test.each(schedules)('%s', (_, rate, formula) => {
    for (const k of [0, 1, 3, 20, 39, 40, 41, 100]) expect(at(rate, k)).toBeCloseTo(formula(k), 6)
  })

  test('a step with a schedule has no input for the rate, and counts', () => {
    const [update, counter] = n.sgd().updates([param], [gradient], n.linearDecay(0.5, 0.25, 2))
    for (const [k, rate] of [0.5, 0.375, 0.25, 0.25].entries()) {
      const given = { w: [1, 1, 1], gradient: [1, 2, 4], step: [k] }
      const [w, next] = evaluate([update?.value as Node, counter?.value as Node], given)
      expect(Array.from(w?.data ?? [])).toEqual([1 - rate, 1 - 2 * rate, 1 - 4 * rate])
      expect(next?.data[0]).toBe(k + 1)
    }
  })

  test.each([
    [() => n.cosineDecay(1, 0, -1), 'cosineDecay: -1 is no number of steps'],
    [() => n.exponentialDecay(1, 0, 10), 'exponentialDecay: the factor 0 is not above 0'],
  ])('%s', (f, words) => {
    expect(f).toThrow(words)
  })
})

describe('regularization', () => {
  const v = n.input('v', [2, 3], 'f64')
  const given = { v: [3, -1, 0, 4, 1, 0] }

  test('penalties are sums over all elements of all weights', () => {
    const b = n.input('b', [2], 'f64')
    expect(evaluate([n.l2([v, b])], { ...given, b: [1, -2] })[0]?.data[0]).toBe(32)
    expect(evaluate([n.l1([v, b])], { ...given, b: [1, -2] })[0]?.data[0]).toBe(12)
    expect(() => n.l2([])).toThrow('l2: no weights are given')
  })

  test('maxNorm scales the columns that are too long, and no others', () => {
    expect(Array.from(evaluate([n.maxNorm(v, 2.5)], given)[0]?.data ?? [])).toEqual([1.5, -1, 0, 2, 1, 0])
    expect(Array.from(evaluate([n.pipe(v, n.maxNorm(100, -1))], given)[0]?.data ?? [])).toEqual(given.v)
  })

  test('dropConnect keeps the mean, and each weight or none of it', () => {
    const w = n.input('many', [100, 100], 'f64')
    const [dropped] = evaluate([n.dropConnect(w, 0.25, n.key(7))], { many: new Array(10_000).fill(0.75) })
    const values = Array.from(dropped?.data ?? [])
    expect(new Set(values)).toEqual(new Set([0, 1]))
    expect(Math.abs(values.filter((x) => x === 1).length / 1e4 - 0.75)).toBeLessThan(0.02)
    expect(() => n.dropConnect(w, 1, n.key(7))).toThrow('dropConnect: the rate 1 is not in [0, 1)')
  })
})

describe('what does not fit', () => {
  const other = n.input('other', [2], 'f64')
  test.each([
    [() => n.sgd().updates([param], []), 'sgd: 1 parameters and 0 gradients'],
    [() => n.adam().updates([param], [other]), 'adam: the gradient of w is f64[2], not f64[3]'],
    [() => n.sgd().updates([gradient], [gradient]), 'sgd: gradient is not a parameter'],
    [() => n.sgd().updates([param], [gradient], gradient), 'sgd: the learning rate is f64[3], not a scalar'],
    [() => n.globalNorm([]), 'globalNorm: no gradient given'],
  ])('%s', (f, words) => {
    expect(f).toThrow(words)
  })
})
