// P, logLikelihood and the gradient, derived and simplified by Nabla.

import {
  crossEntropy,
  glorotUniform,
  input,
  matmul,
  mul,
  neg,
  oneHot,
  outer,
  param,
  softmax,
  square,
  sub,
  tanh,
  transpose,
} from 'nabla'

export const f = input('f', [5])
export const i = input('i*', [], 'i32')
export const V = param('V', [4, 5], glorotUniform)
export const W = param('W', [3, 4], glorotUniform)

const a = matmul(V, f)
const z = tanh(a)
const s = matmul(W, z)
export const P = softmax(s)
export const logLikelihood = neg(crossEntropy(s, i))
const e = oneHot(i, 3)
const delta = sub(e, P)
export const gradient = { V: outer(mul(matmul(transpose(W), delta), sub(1, square(z))), f), W: outer(delta, z) }
