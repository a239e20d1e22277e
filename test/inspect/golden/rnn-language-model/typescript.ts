// loss and the gradient, derived and simplified by Nabla.

import {
  add,
  crossEntropy,
  einsum,
  glorotUniform,
  input,
  matmul,
  mean,
  mul,
  oneHot,
  param,
  randomUniform,
  scan,
  softmax,
  square,
  sub,
  sum,
  tanh,
  transpose,
  zeros,
} from 'nabla'

export const Whx = param('W⁽ʰˣ⁾', [5, 4], randomUniform(-0.1, 0.1))
export const Whh = param('W⁽ʰʰ⁾', [4, 4], glorotUniform)
export const b = param('b', [4], zeros)
export const Ws = param('W⁽ˢ⁾', [4, 5], glorotUniform)
export const x = input('x', [6, 2], 'i32')
export const y = input('y', [6, 2], 'i32')
export const state = input('state', [2, 4])

const h = oneHot(x, 5)
const s = add(matmul(h, Whx), b)
const loop = scan(
  (h1, x1) => {
    const h1Next = tanh(add(x1, matmul(h1, Whh)))
    return { carry: h1Next, output: { h1Next, h1 } }
  },
  state,
  s,
)
const z = matmul(loop.outputs.h1Next, Ws)
export const loss = mean(crossEntropy(z, y))
const delta1 = mul(1 / 12, sub(softmax(z), oneHot(y, 5)))
const delta2 = matmul(delta1, transpose(Ws))
const back = scan(
  (dh, { h1Next, x1 }) => {
    const delta = mul(add(dh, x1), sub(1, square(h1Next)))
    return { carry: matmul(delta, transpose(Whh)), output: delta }
  },
  zeros([2, 4]),
  { h1Next: loop.outputs.h1Next, x1: delta2 },
  { reverse: true },
)
export const gradient = {
  Whx: einsum('abc,abd->cd', h, back.outputs),
  Whh: einsum('abc,abd->cd', loop.outputs.h1, back.outputs),
  b: sum(back.outputs, [0, 1]),
  Ws: einsum('abc,abd->cd', loop.outputs.h1Next, delta1),
}
