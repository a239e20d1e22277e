// An exercise of the midterm review: how similar are two words, by the Euclidean distance of their hidden activations?
// In: word vectors x₁ and x₂, shared W and b, λ. Out: J = ½‖h₁ − h₂‖² + λ/2 ‖W‖², h_i = σ(W x_i + b).

import {
  add,
  div,
  glorotUniform,
  input,
  matmul,
  mul,
  named,
  param,
  randomNormal,
  sgd,
  sigmoid,
  square,
  sub,
  sum,
} from 'nabla'
import { trainStep } from 'nabla/compiler'

export const [m, n] = [4, 5] as const

export const x1 = input('x₁', [n])
export const x2 = input('x₂', [n])
export const lambda = input('λ', [])
export const W = param('W', [m, n], glorotUniform)
export const b = param('b', [m], randomNormal(0.1))

export const h1 = named('h₁', sigmoid(add(matmul(W, x1), b)))
export const h2 = named('h₂', sigmoid(add(matmul(W, x2), b)))

export const J = add(mul(0.5, sum(square(sub(h1, h2)))), mul(div(lambda, 2), sum(square(W))))
export const step = trainStep(J, sgd())

export const model = { J }
