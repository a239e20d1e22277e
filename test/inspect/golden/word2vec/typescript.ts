// skipGram, cbow, negative and the gradient, derived and simplified by Nabla.

import {
  add,
  broadcastTo,
  crossEntropy,
  dot,
  type Expr,
  gather,
  graph,
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
const z1 = matmul(U, vBar)
export const cbow = crossEntropy(z1, c)
const h1 = gather(U, n)
const z2 = matmul(h1, v)
const h2 = gather(U, w)
const z3 = dot(h2, v)
export const negative = sub(sum(softplus(z2)), logSigmoid(z3))
const delta1 = sum(sub(softmax(broadcastTo(z, [4, 9])), oneHot(o, 9)), 0)
const delta2 = matmul(transpose(U), delta1)
export const skipGramGradient = {
  V: graph.scatterRows([c, delta2], { axis: 0, batch: 0, extent: 9 }) as Expr<readonly [9, 5], 'f32'>,
  U: outer(delta1, v),
}
const delta3 = sub(softmax(z1), oneHot(c, 9))
const delta4 = broadcastTo(mul(0.25, matmul(transpose(U), delta3)), [4, 5])
export const cbowGradient = {
  V: graph.scatterRows([o, delta4], { axis: 0, batch: 0, extent: 9 }) as Expr<readonly [9, 5], 'f32'>,
  U: outer(delta3, vBar),
}
const delta5 = sigmoid(z2)
const delta6 = neg(sigmoid(neg(z3)))
const delta7 = add(matmul(transpose(h1), delta5), mul(h2, delta6))
const delta8 = outer(delta5, v)
const delta9 = graph.scatterRows([n, delta8], { axis: 0, batch: 0, extent: 9 }) as Expr<readonly [9, 5], 'f32'>
const delta10 = graph.scatterRows([w, mul(delta6, v)], { axis: 0, batch: 0, extent: 9 }) as Expr<readonly [9, 5], 'f32'>
export const negativeGradient = {
  V: graph.scatterRows([c, delta7], { axis: 0, batch: 0, extent: 9 }) as Expr<readonly [9, 5], 'f32'>,
  U: add(delta9, delta10),
}
