// J and the gradient, derived and simplified by Nabla.

import {
  add,
  crossEntropy,
  cube,
  gather,
  glorotUniform,
  input,
  matmul,
  mean,
  mul,
  oneHot,
  param,
  randomUniform,
  reshape,
  scatterRows,
  softmax,
  square,
  sub,
  sum,
  transpose,
  zeros,
} from 'nabla'

export const words = input('words', [2, 3], 'i32')
export const Ew = param('E⁽ʷ⁾', [12, 4], randomUniform(-0.1, 0.1))
export const Ww = param('W⁽ʷ⁾', [12, 5], glorotUniform)
export const tags = input('tags', [2, 3], 'i32')
export const Et = param('E⁽ᵗ⁾', [6, 4], randomUniform(-0.1, 0.1))
export const Wt = param('W⁽ᵗ⁾', [12, 5], glorotUniform)
export const labels = input('labels', [2, 2], 'i32')
export const El = param('E⁽ˡ⁾', [5, 4], randomUniform(-0.1, 0.1))
export const Wl = param('W⁽ˡ⁾', [8, 5], glorotUniform)
export const b = param('b', [5], zeros)
export const W2 = param('W₂', [5, 3], randomUniform(-0.1, 0.1))
export const y = input('y', [2], 'i32')

const xw = reshape(gather(Ew, words), [2, 12])
const xt = reshape(gather(Et, tags), [2, 12])
const xl = reshape(gather(El, labels), [2, 8])
const s = add(add(add(matmul(xw, Ww), matmul(xt, Wt)), matmul(xl, Wl)), b)
const h = cube(s)
const z = matmul(h, W2)
export const J = mean(crossEntropy(z, y))
const delta1 = mul(0.5, sub(softmax(z), oneHot(y, 3)))
const delta2 = mul(mul(3, square(s)), matmul(delta1, transpose(W2)))
export const gradient = {
  Ew: scatterRows(reshape(matmul(delta2, transpose(Ww)), [2, 3, 4]), words, 12),
  Ww: matmul(transpose(xw), delta2),
  Et: scatterRows(reshape(matmul(delta2, transpose(Wt)), [2, 3, 4]), tags, 6),
  Wt: matmul(transpose(xt), delta2),
  El: scatterRows(reshape(matmul(delta2, transpose(Wl)), [2, 2, 4]), labels, 5),
  Wl: matmul(transpose(xl), delta2),
  b: sum(delta2, 0),
  W2: matmul(transpose(h), delta1),
}
