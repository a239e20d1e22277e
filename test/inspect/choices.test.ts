// In: choices between functions, and their derivatives. Out: whether they print as cases. Invariant: golden.

import {
  abs,
  add,
  cond,
  div,
  exp,
  greater,
  input,
  less,
  log,
  matmul,
  mul,
  type Node,
  scan,
  square,
  sub,
  sum,
  tanh,
  whileLoop,
  zeros,
} from 'nabla'
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

const a = input('a', [])
const root = (options = {}) =>
  whileLoop(
    a,
    (c) => greater(abs(sub(square(c), a)), 1e-3),
    (c) => mul(0.5, add(c, div(a, c))),
    options,
  )

test('a loop that ends by a condition is a recurrence while it holds', () => {
  expect(print({ root: root() })).toBe(
    [
      'for t = 1… while |cₜ₋₁² − a| > 0.001',
      '  cₜ = ½ · (cₜ₋₁ + a / cₜ₋₁)          []',
      'with c₀ = a',
      'root = cₙ                             []',
    ].join('\n'),
  )
  const [x0, s] = [input('x0', [3]), input('s', [])]
  const { x: last, count } = whileLoop(
    { x: x0, count: s },
    (c) => less(add(sum(square(c.x)), c.count), 100),
    (c) => ({ x: tanh(mul(c.x, c.count)), count: add(c.count, 1) }),
  )
  expect(print({ last, count })).toBe(
    [
      'for t = 1… while ‖xₜ₋₁‖² + countₜ₋₁ < 100',
      '  xₜ     = tanh(countₜ₋₁ · xₜ₋₁)           [3]',
      '  countₜ = countₜ₋₁ + 1                    []',
      'with x₀ = x0, count₀ = s',
      'last  = xₙ                                 [3]',
      'count = countₙ                             []',
    ].join('\n'),
  )
})

test('with a bound it is a loop of choices', () => {
  expect(print({ root: root({ bound: 9 }) })).toBe(
    [
      'for t = 1…9',
      '  cₜ = { ½ · (cₜ₋₁ + a / cₜ₋₁) if |cₜ₋₁² − a| > 0.001, cₜ₋₁ otherwise }  []',
      'with c₀ = a',
      'root = c₉                                                                []',
    ].join('\n'),
  )
})
