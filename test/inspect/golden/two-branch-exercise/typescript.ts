// prediction, J and the gradient, derived and simplified by Nabla.

import {
  add,
  crossEntropy,
  glorotUniform,
  greater,
  input,
  matmul,
  mean,
  mul,
  oneHot,
  param,
  relu,
  sigmoid,
  softmax,
  sub,
  transpose,
  where,
  zeros,
} from 'nabla'

export const x = input('x', [8, 5])
export const y = input('y', [8], 'i32')
export const W1 = param('W₁', [4, 5], glorotUniform)
export const W2 = param('W₂', [4, 5], glorotUniform)
export const W3 = param('W₃', [3, 4], glorotUniform)
export const b1 = param('b₁', [4], zeros)
export const b2 = param('b₂', [4], zeros)
export const b3 = param('b₃', [3], zeros)

const h1 = sigmoid(add(matmul(x, transpose(W1)), b1))
const h2 = relu(add(matmul(x, transpose(W2)), b2))
const theta = add(matmul(add(h1, h2), transpose(W3)), b3)
export const prediction = softmax(theta)
export const J = mean(crossEntropy(theta, y))
const y1 = oneHot(y, 3)
const delta1 = matmul(mul(0.125, sub(prediction, y1)), W3)
const delta2 = matmul(where(greater(h2, 0), delta1, 0), W2)
export const gradient = { h1: delta1, h2: delta1, x: add(delta2, matmul(mul(mul(delta1, h1), sub(1, h1)), W1)) }
