// output, loss and the gradient, derived and simplified by Nabla.

import {
  add,
  glorotUniform,
  input,
  matmul,
  mean,
  mul,
  param,
  sigmoid,
  sigmoidCrossEntropy,
  square,
  sub,
  sum,
  tanh,
  transpose,
  zeros,
} from 'nabla'

export const x = input('x', [4, 2])
export const t = input('t', [4, 1])
export const W1 = param('W₁', [2, 8], glorotUniform)
export const b1 = param('b₁', [8], zeros)
export const W2 = param('W₂', [8, 1], glorotUniform)
export const b2 = param('b₂', [1], zeros)

const h = tanh(add(matmul(x, W1), b1))
const z = add(matmul(h, W2), b2)
export const output = sigmoid(z)
export const loss = mean(sigmoidCrossEntropy(z, t))
const delta1 = mul(0.25, sub(output, t))
const delta2 = mul(matmul(delta1, transpose(W2)), sub(1, square(h)))
export const gradient = {
  W1: matmul(transpose(x), delta2),
  b1: sum(delta2, 0),
  W2: matmul(transpose(h), delta1),
  b2: sum(delta1, 0),
}
