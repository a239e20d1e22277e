// In: the systems of the lecture texts. Out: whether their derivatives print as the lectures write them.
// Invariant: golden, whole pages; what must not appear (a transpose, a reduction, a one) is stated too.

import {
  add,
  crossEntropy,
  glorotUniform,
  input,
  logSoftmax,
  matmul,
  mean,
  mul,
  named,
  neg,
  oneHot,
  param,
  relu,
  sgd,
  sigmoid,
  square,
  sub,
  sum,
  tanh,
  zeros,
} from 'nabla'
import { grad, inspect, jvp, print, trainStep } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { page } from './page.ts'

/** The part of a page under a title. */
const part = (text: string, title: string): string =>
  text.split('\n\n').find((section) => section.startsWith(`${title}\n`)) ?? ''

test('y = x · x becomes (x · x, 2 · x · dx)', () => {
  const [x, dx] = [input('x', []), input('dx', [])]
  const y = mul(x, x)
  expect([print(y), print(jvp(y, x, dx))]).toEqual(['x · x', '2 · x · dx'])
  expect(print(grad(y, x))).toBe('2 · x')
  expect(print(grad(grad(y, x), x))).toBe('2')
})

describe('XOR with one tanh unit', () => {
  const [x1, x2, t] = [input('x₁', [4]), input('x₂', [4]), input('t', [4])]

  test('prints as the solution on the slide', () => {
    expect(print(add(sub(mul(-2, x1), x2), mul(2, tanh(add(x1, x2)))))).toBe('−2 · x₁ − x₂ + 2 · tanh(x₁ + x₂)')
  })

  test('its derivatives are sums over the four examples', () => {
    const [a1, a2, a3] = [param('a₁', [], 0.1), param('a₂', [], 0.1), param('a₃', [], 0.1)]
    const y = named('y', add(add(mul(a1, x1), mul(a2, x2)), mul(a3, tanh(add(x1, x2)))))
    expect(inspect(named('L', mean(square(sub(y, t)))))).toBe(page`
    inputs      x₁ [4] · x₂ [4] · t [4]
    parameters  a₁ [] · a₂ [] · a₃ []

    model
      h = tanh(x₁ + x₂)               [4]
      y = a₁ · x₁ + a₂ · x₂ + a₃ · h  [4]
      L = mean((y − t)²)              []

    derivatives
      δ      = ½ · (y − t)  [4]
      ∂L/∂a₁ = Σ(x₁ · δ)    []
      ∂L/∂a₂ = Σ(x₂ · δ)    []
      ∂L/∂a₃ = Σ(h · δ)     []
    `)
  })
})

describe('multiclass logistic regression', () => {
  const [z, i] = [input('z', [64]), input('i', [], 'i32')]
  const w = param('W', [10, 64], glorotUniform)

  test.each([
    ['of the cross-entropy', named('L', neg(crossEntropy(matmul(w, z), i)))],
    ['of a one-hot product', named('ℓ', sum(mul(logSoftmax(matmul(w, z)), oneHot(i, 10))))],
  ])('the derivative of the log-likelihood, %s, is (e − P) zᵀ', (_, l) => {
    const derivative = print(grad(l, w))
    expect(derivative).toBe('(onehot(i) − softmax(W z)) zᵀ')
  })

  test('a mean over a batch divides by its length', () => {
    const [x, y, v] = [input('x', [32, 64]), input('y', [32], 'i32'), param('V', [64, 10], glorotUniform)]
    expect(print(grad(mean(crossEntropy(matmul(x, v), y)), v))).toBe('xᵀ (softmax(x V) − onehot(y)) / 32')
  })
})

test('the δ rule: output and hidden units as on the slides', () => {
  const [o, t] = [input('o', [8, 4]), input('t', [8, 3])]
  const [w1, w2] = [param('W₁', [4, 5], glorotUniform), param('W₂', [5, 3], glorotUniform)]
  const o1 = named('o₁', sigmoid(matmul(o, w1)))
  const y = named('y', sigmoid(matmul(o1, w2)))
  expect(inspect(named('L', mul(0.5, sum(square(sub(t, y))))))).toBe(page`
    inputs      o [8,4] · t [8,3]
    parameters  W₁ [4,5] · W₂ [5,3]

    model
      o₁ = σ(o W₁)       [8,5]
      y  = σ(o₁ W₂)      [8,3]
      L  = ½ · ‖t − y‖²  []

    derivatives
      δ₁     = (y − t) · y · (1 − y)     [8,3]
      δ₂     = (δ₁ W₂ᵀ) · o₁ · (1 − o₁)  [8,5]
      ∂L/∂W₁ = oᵀ δ₂                     [4,5]
      ∂L/∂W₂ = o₁ᵀ δ₁                    [5,3]
    `)
})

test('softmax(W g(V f(x))): the error at the root goes through Wᵀ and the derivative of g', () => {
  const [f, i] = [input('f', [6]), input('i', [], 'i32')]
  const [v, w] = [param('V', [5, 6], glorotUniform), param('W', [3, 5], glorotUniform)]
  const z = named('z', tanh(matmul(v, f)))
  expect(part(inspect(named('L', crossEntropy(matmul(w, z), i))), 'derivatives')).toBe(page`
    derivatives
      δ₁    = softmax(W z) − onehot(i)  [3]
      δ₂    = (Wᵀ δ₁) · (1 − z²)        [5]
      ∂L/∂V = δ₂ fᵀ                     [5,6]
      ∂L/∂W = δ₁ zᵀ                     [3,5]
    `)
})

describe('h₁ = σ(xW₁ + b₁), ŷ = softmax(h₁W₂ + b₂), J = CE(y, ŷ)', () => {
  const [w1, b1] = [param('W₁', [64, 16], glorotUniform), param('b₁', [16], zeros)]
  const [w2, b2] = [param('W₂', [16, 10], glorotUniform), param('b₂', [10], zeros)]

  test('one example: all gradients of the slides', () => {
    const [x, y] = [input('x', [64]), input('y', [], 'i32')]
    const h1 = named('h₁', sigmoid(add(matmul(x, w1), b1)))
    const theta = named('θ', add(matmul(h1, w2), b2))
    const shown = inspect(named('J', crossEntropy(theta, y)), { wrt: [x, w1, b1, w2, b2] })
    expect(shown).toBe(page`
    inputs      x [64] · y i32[]
    parameters  W₁ [64,16] · b₁ [16] · W₂ [16,10] · b₂ [10]

    model
      h₁ = σ(x W₁ + b₁)        [16]
      θ  = h₁ W₂ + b₂          [10]
      J  = crossEntropy(θ, y)  []

    derivatives
      δ₁     = softmax(θ) − onehot(y)    [10]
      δ₂     = (δ₁ W₂ᵀ) · h₁ · (1 − h₁)  [16]
      ∂J/∂x  = δ₂ W₁ᵀ                    [64]
      ∂J/∂W₁ = x δ₂ᵀ                     [64,16]
      ∂J/∂b₁ = δ₂                        [16]
      ∂J/∂W₂ = h₁ δ₁ᵀ                    [16,10]
      ∂J/∂b₂ = δ₁                        [10]
    `)
    expect(shown).not.toContain('Σ')
  })

  test('a batch: the biases are summed over it, and nothing else is', () => {
    const [x, y] = [input('x', [32, 64]), input('y', [32], 'i32')]
    const h1 = named('h₁', sigmoid(add(matmul(x, w1), b1)))
    const theta = named('θ', add(matmul(h1, w2), b2))
    const derivatives = part(inspect(named('J', mean(crossEntropy(theta, y)))), 'derivatives')
    expect(derivatives).toBe(page`
    derivatives
      δ₁     = (softmax(θ) − onehot(y)) / 32  [32,10]
      δ₂     = (δ₁ W₂ᵀ) · h₁ · (1 − h₁)       [32,16]
      ∂J/∂W₁ = xᵀ δ₂                          [64,16]
      ∂J/∂b₁ = Σ₀(δ₂)                         [16]
      ∂J/∂W₂ = h₁ᵀ δ₁                         [16,10]
      ∂J/∂b₂ = Σ₀(δ₁)                         [10]
    `)
    // the factor of the mean is applied once, and no weight is transposed but the one that the error goes back through
    expect(derivatives.match(/\/ 32/g)).toHaveLength(1)
    expect(derivatives).not.toContain('W₁ᵀ')
  })
})

test('exercise: J = ½‖h₁ − h₂‖² + λ/2 ‖W‖²', () => {
  const [x1, x2, lambda] = [input('x₁', [6]), input('x₂', [6]), input('λ', [])]
  const [w, b] = [param('W', [5, 6], glorotUniform), param('b', [5], zeros)]
  const h1 = named('h₁', sigmoid(add(matmul(w, x1), b)))
  const h2 = named('h₂', sigmoid(add(matmul(w, x2), b)))
  const j = named('J', add(mul(0.5, sum(square(sub(h1, h2)))), mul(mul(0.5, lambda), sum(square(w)))))
  expect(inspect(j)).toBe(page`
    inputs      x₁ [6] · x₂ [6] · λ []
    parameters  W [5,6] · b [5]

    model
      h₁ = σ(W x₁ + b)                    [5]
      h₂ = σ(W x₂ + b)                    [5]
      J  = ½ · ‖h₁ − h₂‖² + ½ · λ · ‖W‖²  []

    derivatives
      δ₁    = (h₁ − h₂) · h₂ · (1 − h₂)  [5]
      δ₂    = (h₁ − h₂) · h₁ · (1 − h₁)  [5]
      ∂J/∂W = λ · W − δ₁ x₂ᵀ + δ₂ x₁ᵀ    [5,6]
      ∂J/∂b = δ₂ − δ₁                    [5]
    `)
})

describe('exercise: ŷ = softmax(W₃(σ(W₁x + b₁) + relu(W₂x + b₂)) + b₃) over N examples', () => {
  const [x, y] = [input('x', [32, 6]), input('y', [32], 'i32')]
  const [w1, b1] = [param('W₁', [6, 5], glorotUniform), param('b₁', [5], zeros)]
  const [w2, b2] = [param('W₂', [6, 5], glorotUniform), param('b₂', [5], zeros)]
  const [w3, b3] = [param('W₃', [5, 3], glorotUniform), param('b₃', [3], zeros)]
  const h1 = named('h₁', sigmoid(add(matmul(x, w1), b1)))
  const h2 = named('h₂', relu(add(matmul(x, w2), b2)))
  const j = named('J', mean(crossEntropy(add(matmul(add(h1, h2), w3), b3), y)))

  test('by h₁, h₂ and x', () => {
    expect(part(inspect(j, { wrt: [h1, h2, x] }), 'derivatives')).toBe(page`
    derivatives
      δ₁     = (softmax(z) − onehot(y)) W₃ᵀ / 32  [32,5]
      ∂J/∂h₁ = δ₁                                 [32,5]
      ∂J/∂h₂ = δ₁                                 [32,5]
      δ₂     = δ₁ · 1[h₂ > 0]                     [32,5]
      δ₃     = δ₁ · h₁ · (1 − h₁)                 [32,5]
      ∂J/∂x  = δ₂ W₂ᵀ + δ₃ W₁ᵀ                    [32,6]
    `)
  })

  test('a training step shows what becomes of the parameters, over the derivatives named before', () => {
    const updates = part(inspect({ step: trainStep(j, sgd()) }), 'updates')
    expect(updates).toContain('  W₁   ← W₁ − learningRate · ∂J/∂W₁  [6,5]')
    expect(updates).not.toMatch(/softmax|δ/)
  })
})
