// prediction, J and the gradient, derived and simplified by Nabla.

import {
  add,
  crossEntropy,
  glorotUniform,
  input,
  matmul,
  mul,
  oneHot,
  param,
  sigmoid,
  softmax,
  sub,
  sum,
  transpose,
  zeros,
} from 'nabla'

export const x = input('x', [1, 5])
export const y = input('y', [1], 'i32')
export const W1 = param('W₁', [5, 4], glorotUniform)
export const b1 = param('b₁', [1, 4], zeros)
export const W2 = param('W₂', [4, 3], glorotUniform)
export const b2 = param('b₂', [1, 3], zeros)

const z1 = add(matmul(x, W1), b1)
const h1 = sigmoid(z1)
const theta = add(matmul(h1, W2), b2)
export const prediction = softmax(theta)
export const J = sum(crossEntropy(theta, y))
const y1 = oneHot(y, 3)
const delta1 = sub(prediction, y1)
const delta2 = mul(mul(matmul(delta1, transpose(W2)), h1), sub(1, h1))
export const gradient = {
  x: matmul(delta2, transpose(W1)),
  W1: matmul(transpose(x), delta2),
  b1: delta2,
  W2: matmul(transpose(h1), delta1),
  b2: delta1,
}
