// Convolutions, poolings and batches of products as mathematics. In: small networks. Out: what is printed, which is what a
// textbook would print, and the rules that a derivation names.

import {
  attention,
  avgPool2d,
  conv,
  conv2d,
  crossEntropy,
  dense,
  glorotUniform,
  input,
  maxPool2d,
  mean,
  param,
  pipe,
  relu,
  reshape,
  square,
  sum,
  zeros,
} from 'nabla'
import { derivation, inspect } from 'nabla/compiler'
import { expect, test } from 'vitest'
import { page } from './page.ts'

const net = () => {
  const [x, y] = [input('x', [8, 12, 12, 1]), input('y', [8], 'i32')]
  const seen = pipe(
    x,
    conv(param('k', [3, 3, 1, 4], glorotUniform), param('c', [4], zeros), { pads: 'same' }),
    relu,
    maxPool2d(2),
    conv(param('l', [3, 3, 4, 6], glorotUniform), param('d', [6], zeros)),
    relu,
    maxPool2d(2),
    reshape([8, 24]),
  )
  return pipe(seen, dense(param('w', [24, 10], glorotUniform), param('b', [10], zeros)), crossEntropy(y), mean)
}

test('a network of convolutions reads as its equations', () => {
  expect(inspect({ loss: net() })).toBe(page`
    inputs      x [8,12,12,1] · y i32[8]
    parameters  k [3,3,1,4] · c [4] · l [3,3,4,6] · d [6] · w [24,10] · b [10]

    model
      h    = reshape(maxpool(relu(maxpool(relu(x ∗ k + c), 2 × 2) ∗ l + d), 2 × 2), [8,24])  [8,24]
      loss = mean(crossEntropy(h w + b, y))                                                  []

    simplified
      h₁   = relu(x ∗ k + c)                      [8,12,12,4]
      h₂   = relu(maxpool(h₁, 2 × 2) ∗ l + d)     [8,4,4,6]
      h₃   = reshape(maxpool(h₂, 2 × 2), [8,24])  [8,24]
      z    = h₃ w + b                             [8,10]
      loss = mean(crossEntropy(z, y))             []

    derivatives
      δ₁       = (softmax(z) − onehot(y)) / 8                        [8,10]
      δ₂       = (δ₁ wᵀ) · 1[h₂ = maxpool(h₂, 2 × 2)] · 1[h₂ > 0]    [8,4,4,6]
      δ₃       = (δ₂ ∗ᵀ l) · 1[h₁ = maxpool(h₁, 2 × 2)] · 1[h₁ > 0]  [8,12,12,4]
      ∂loss/∂k = x ∗ δ₃                                              [3,3,1,4]
      ∂loss/∂c = Σ₀‚₁‚₂(δ₃)                                          [4]
      ∂loss/∂l = maxpool(h₁, 2 × 2) ∗ δ₂                             [3,3,4,6]
      ∂loss/∂d = Σ₀‚₁‚₂(δ₂)                                          [6]
      ∂loss/∂w = h₃ᵀ δ₁                                              [24,10]
      ∂loss/∂b = Σ₀(δ₁)                                              [10]
  `)
})

test('its derivation names the rules', () => {
  const text = derivation({ loss: net() })
  expect(text).toContain('(convolution)')
  expect(text).toContain('maximum: the greatest receives the error')
  expect(text).not.toMatch(/overlapAdd|firstMax/)
})

test('steps wider than one are told', () => {
  const [x, k] = [param('x', [2, 8, 8, 1], zeros), param('k', [3, 3, 1, 4], glorotUniform)]
  const text = inspect({ loss: sum(square(avgPool2d(conv2d(x, k, { stride: 2 }), 2, { stride: 1 }))) })
  expect(text).toContain('avgpool(conv(x, k, every 2, 2), 2 × 2, every 1, 1)')
  expect(text).toMatch(/∂loss\/∂x = convᵀ\(δ, k, every 2, 2\)/)
  expect(text).toMatch(/∂loss\/∂k = conv\(x, δ, 2, 2 apart\)/)
})

test('products of matrices, one for each place of a batch', () => {
  const [q, k, v] = [param('q', [2, 5, 4], zeros), param('k', [2, 5, 4], zeros), param('v', [2, 5, 4], zeros)]
  const text = inspect({ loss: sum(square(attention(q, k, v))) })
  expect(text).toContain('q kᵀ')
  expect(text).not.toContain('batch')
})
