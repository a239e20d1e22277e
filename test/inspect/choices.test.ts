// In: choices between functions, and their derivatives. Out: whether they print as cases. Invariant: golden.

import { add, cond, exp, greater, input, less, log, matmul, mul, type Node, scan, sum, tanh, zeros } from 'nabla'
import { grad, print, type Scalar } from 'nabla/compiler'
import { expect, test } from 'vitest'

const [x, w] = [input('x', [3]), input('w', [3])]

test('a choice and its gradients are cases over what is around them', () => {
  const y = cond(
    greater(sum(x), 0),
    () => sum(mul(w, log(x))),
    () => sum(exp(x)),
  )
  expect(print(y)).toBe('{ Σ(w · log(x)) if Σ(x) > 0, Σ(exp(x)) otherwise }')
  expect(print({ y, ...grad(y, { x, w }) })).toBe(
    [
      'm = Σ(x) > 0                                     bool[]',
      'y = { Σ(w · log(x)) if m, Σ(exp(x)) otherwise }  []',
      'x : { w / x if m, exp(x) otherwise }             [3]',
      'w : { log(x) if m, 0 otherwise }                 [3]',
    ].join('\n'),
  )
})

test('what a branch uses twice is defined before', () => {
  const m = input('m', [3, 3])
  const y = cond(
    greater(sum(x), 0),
    () => {
      const h = tanh(matmul(x, m))
      return add(mul(h, exp(h)), w)
    },
    () => w,
  )
  expect(print({ y })).toBe(
    [
      'h = tanh(x m)                                    [3]',
      'y = { h · exp(h) + w if Σ(x) > 0, w otherwise }  [3]',
    ].join('\n'),
  )
})

test('a choice at each step of a loop, and the way back', () => {
  const xs = input('xs', [5, 3])
  const { outputs } = scan(
    (c: Node, v: Node) => {
      const next = cond(
        less(sum(c), 1),
        () => add(c, v) as Node,
        () => mul(tanh(c), w) as Node,
      )
      return { carry: next, output: sum(next) as Node }
    },
    zeros([3]) as Node,
    xs as never,
  )
  expect(print(grad(sum(outputs as Node) as Scalar, { w }))).toBe(
    [
      'for t = 1…5',
      '  lₜ = Σ(cₜ₋₁)                                                                []',
      '  cₜ = { cₜ₋₁ + xsₜ if lₜ < 1, tanh(cₜ₋₁) · w otherwise }                     [3]',
      'with c₀ = 0',
      'for t = 5…1',
      '  δcₜ₋₁ = { δcₜ + 1 if lₜ < 1, w · (δcₜ + 1) · (1 − tanh(cₜ₋₁)²) otherwise }  [3]',
      '  Δwₜ   = Δwₜ₊₁ + { 0 if lₜ < 1, tanh(cₜ₋₁) · (δcₜ + 1) otherwise }           [3]',
      'with δc₅ = 0, Δw₆ = 0',
      'w : Δw₁                                                                       [3]',
    ].join('\n'),
  )
})
