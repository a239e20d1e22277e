// J and the gradient, derived and simplified by Nabla.

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
  scan,
  sigmoid,
  softmax,
  square,
  sub,
  tanh,
  transpose,
  zeros,
} from 'nabla'

export const x = input('x', [5, 2, 3])
export const Ws = param('W⁽ˢ⁾', [4, 3], glorotUniform)
export const y = input('y', [2], 'i32')
export const Wi = param('W⁽ⁱ⁾', [3, 4], glorotUniform)
export const Ui = param('U⁽ⁱ⁾', [4, 4], glorotUniform)
export const Wf = param('W⁽ᶠ⁾', [3, 4], glorotUniform)
export const Uf = param('U⁽ᶠ⁾', [4, 4], glorotUniform)
export const Wo = param('W⁽ᵒ⁾', [3, 4], glorotUniform)
export const Uo = param('U⁽ᵒ⁾', [4, 4], glorotUniform)
export const Wc = param('W⁽ᶜ⁾', [3, 4], glorotUniform)
export const Uc = param('U⁽ᶜ⁾', [4, 4], glorotUniform)

const loop = scan(
  ({ h, c }, x1) => {
    const o = sigmoid(add(matmul(x1, Wo), matmul(h, Uo)))
    const f = sigmoid(add(matmul(x1, Wf), matmul(h, Uf)))
    const i = sigmoid(add(matmul(x1, Wi), matmul(h, Ui)))
    const cTilde = tanh(add(matmul(x1, Wc), matmul(h, Uc)))
    const cNext = add(mul(f, c), mul(i, cTilde))
    const a = tanh(cNext)
    return { carry: { h: mul(o, a), c: cNext }, output: { h, c, i, f, o, cTilde, a } }
  },
  { h: zeros([2, 4]), c: zeros([2, 4]) },
  x,
)
const theta = matmul(loop.carry.h, Ws)
export const J = mean(crossEntropy(theta, y))
const delta1 = mul(0.5, sub(softmax(theta), oneHot(y, 3)))
const delta2 = matmul(delta1, transpose(Ws))
const back = scan(
  ({ dh, dc }, { c, i, f, o, cTilde, a }) => {
    const delta3 = add(dc, mul(mul(o, dh), sub(1, square(a))))
    const delta4 = mul(mul(i, delta3), sub(1, square(cTilde)))
    const delta5 = mul(mul(mul(a, dh), o), sub(1, o))
    const delta6 = add(matmul(delta4, transpose(Uc)), matmul(delta5, transpose(Uo)))
    const delta7 = mul(mul(mul(c, delta3), f), sub(1, f))
    const delta8 = mul(mul(mul(cTilde, delta3), i), sub(1, i))
    return {
      carry: { dh: add(add(delta6, matmul(delta7, transpose(Uf))), matmul(delta8, transpose(Ui))), dc: mul(f, delta3) },
      output: { delta8, delta7, delta5, delta4 },
    }
  },
  { dh: delta2, dc: zeros([2, 4]) },
  {
    c: loop.outputs.c,
    i: loop.outputs.i,
    f: loop.outputs.f,
    o: loop.outputs.o,
    cTilde: loop.outputs.cTilde,
    a: loop.outputs.a,
  },
  { reverse: true },
)
export const gradient = {
  Ws: matmul(transpose(loop.carry.h), delta1),
  Wi: einsum('abc,abd->cd', x, back.outputs.delta8),
  Ui: einsum('abc,abd->cd', loop.outputs.h, back.outputs.delta8),
  Wf: einsum('abc,abd->cd', x, back.outputs.delta7),
  Uf: einsum('abc,abd->cd', loop.outputs.h, back.outputs.delta7),
  Wo: einsum('abc,abd->cd', x, back.outputs.delta5),
  Uo: einsum('abc,abd->cd', loop.outputs.h, back.outputs.delta5),
  Wc: einsum('abc,abd->cd', x, back.outputs.delta4),
  Uc: einsum('abc,abd->cd', loop.outputs.h, back.outputs.delta4),
}
