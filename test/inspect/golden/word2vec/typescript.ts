// skipGram, cbow, negative and the gradient, derived and simplified by Nabla.

import {
  add,
  broadcastTo,
  crossEntropy,
  dot,
  gather,
  input,
  logSigmoid,
  matmul,
  mean,
  mul,
  neg,
  oneHot,
  outer,
  param,
  randomUniform,
  scatterRows,
  sigmoid,
  softmax,
  softplus,
  sub,
  sum,
  transpose,
  zeros,
} from 'nabla'

export const V = param('V', [9, 5], randomUniform(-0.1, 0.1))
export const U = param('U', [9, 5], zeros)
export const c = input('c', [], 'i32')
export const o = input('o', [4], 'i32')
export const w = input('w', [], 'i32')
export const n = input('n', [3], 'i32')

const v = gather(V, c)
const z = matmul(U, v)
export const skipGram = sum(crossEntropy(broadcastTo(z, [4, 9]), o))
const vBar = mean(gather(V, o), 0)
const s1 = matmul(U, vBar)
export const cbow = crossEntropy(s1, c)
const h1 = gather(U, n)
const s2 = matmul(h1, v)
const h2 = gather(U, w)
const s3 = dot(h2, v)
export const negative = sub(sum(softplus(s2)), logSigmoid(s3))
const delta1 = sum(sub(softmax(broadcastTo(z, [4, 9])), oneHot(o, 9)), 0)
export const skipGramGradient = { V: scatterRows(matmul(transpose(U), delta1), c, 9), U: outer(delta1, v) }
const delta2 = sub(softmax(s1), oneHot(c, 9))
export const cbowGradient = {
  V: scatterRows(broadcastTo(mul(0.25, matmul(transpose(U), delta2)), [4, 5]), o, 9),
  U: outer(delta2, vBar),
}
const delta3 = sigmoid(s2)
const delta4 = neg(sigmoid(neg(s3)))
export const negativeGradient = {
  V: scatterRows(add(matmul(transpose(h1), delta3), mul(h2, delta4)), c, 9),
  U: add(scatterRows(outer(delta3, v), n, 9), scatterRows(mul(delta4, v), w, 9)),
}
