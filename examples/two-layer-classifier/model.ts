// h₁ = σ(x W₁ + b₁), ŷ = softmax(h₁ W₂ + b₂), J = CE(ŷ, y): the slides "Backpropagation" of the midterm review.
// In: one example as a row x, the index of its class. Out: the intermediate variables, under the slides' names, and J.

import {
  add,
  crossEntropy,
  glorotUniform,
  input,
  matmul,
  named,
  oneHot,
  param,
  sgd,
  sigmoid,
  softmax,
  sum,
  zeros,
} from 'nabla'
import { trainStep } from 'nabla/compiler'

export const [Dx, Dz, Dy] = [5, 4, 3] as const

export const x = input('x', [1, Dx])
export const label = input('y', [1], 'i32')
export const W1 = param('W₁', [Dx, Dz], glorotUniform)
export const b1 = param('b₁', [1, Dz], zeros)
export const W2 = param('W₂', [Dz, Dy], glorotUniform)
export const b2 = param('b₂', [1, Dy], zeros)

export const z1 = named('z₁', add(matmul(x, W1), b1))
export const h1 = named('h₁', sigmoid(z1))
export const theta = named('θ', add(matmul(h1, W2), b2))
export const prediction = named('ŷ', softmax(theta))
export const y = oneHot(label, Dy)

export const J = sum(crossEntropy(theta, label))
export const step = trainStep(J, sgd())

export const model = { prediction, J }
