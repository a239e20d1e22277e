// logLikelihood, loss and the gradient, derived and simplified by Nabla.

import {
  crossEntropy,
  input,
  matmul,
  mean,
  mul,
  neg,
  oneHot,
  outer,
  param,
  randomNormal,
  softmax,
  sub,
  transpose,
} from 'nabla'

export const W = param('W', [3, 4], randomNormal(0.1))
export const z = input('z', [4])
export const i = input('i*', [], 'i32')
export const Z = input('Z', [20, 4])
export const labels = input('labels', [20], 'i32')

const s = matmul(W, z)
export const logLikelihood = neg(crossEntropy(s, i))
const scores = matmul(Z, transpose(W))
export const loss = mean(crossEntropy(scores, labels))
const e = oneHot(i, 3)
const P = softmax(s)
export const logLikelihoodGradient = { W: outer(sub(e, P), z) }
export const lossGradient = { W: matmul(transpose(mul(0.05, sub(softmax(scores), oneHot(labels, 3)))), Z) }
