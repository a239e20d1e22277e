// An exercise of the midterm review: ŷ = softmax(W₃(h₁ + h₂) + b₃) with h₁ = σ(W₁x + b₁) and h₂ = relu(W₂x + b₂).
// In: N examples as the rows of x, the indices of their classes. Out: J = −1/N Σⱼ Σᵢ yⱼⁱ log ŷⱼⁱ.

import {
  add,
  crossEntropy,
  glorotUniform,
  input,
  matmul,
  mean,
  named,
  oneHot,
  param,
  relu,
  sgd,
  sigmoid,
  softmax,
  transpose,
  zeros,
} from 'nabla'
import { trainStep } from 'nabla/compiler'

export const [N, n, m, k] = [8, 5, 4, 3] as const

export const x = input('x', [N, n])
export const label = input('y', [N], 'i32')
export const W1 = param('W₁', [m, n], glorotUniform)
export const W2 = param('W₂', [m, n], glorotUniform)
export const W3 = param('W₃', [k, m], glorotUniform)
export const b1 = param('b₁', [m], zeros)
export const b2 = param('b₂', [m], zeros)
export const b3 = param('b₃', [k], zeros)

// Examples are rows, so W x of the exercise is x Wᵀ here.
export const h1 = named('h₁', sigmoid(add(matmul(x, transpose(W1)), b1)))
export const h2 = named('h₂', relu(add(matmul(x, transpose(W2)), b2)))
export const theta = named('θ', add(matmul(add(h1, h2), transpose(W3)), b3))
export const prediction = named('ŷ', softmax(theta))
export const y = oneHot(label, k)

export const J = mean(crossEntropy(theta, label))
export const step = trainStep(J, sgd())

export const model = { prediction, J }
