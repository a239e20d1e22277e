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

export const Wz = param('W⁽ᶻ⁾', [3, 4], glorotUniform)
export const Uz = param('U⁽ᶻ⁾', [4, 4], glorotUniform)
export const Wr = param('W⁽ʳ⁾', [3, 4], glorotUniform)
export const Ur = param('U⁽ʳ⁾', [4, 4], glorotUniform)
export const W = param('W', [3, 4], glorotUniform)
export const U = param('U', [4, 4], glorotUniform)
export const x = input('x', [5, 2, 3])
export const Ws = param('W⁽ˢ⁾', [4, 3], glorotUniform)
export const y = input('y', [2], 'i32')

const loop = scan(
  (h, x1) => {
    const z = sigmoid(add(matmul(x1, Wz), matmul(h, Uz)))
    const r = sigmoid(add(matmul(x1, Wr), matmul(h, Ur)))
    const s = matmul(h, U)
    const hTilde = tanh(add(matmul(x1, W), mul(r, s)))
    return { carry: add(mul(z, h), mul(sub(1, z), hTilde)), output: { h, z, r, s, hTilde } }
  },
  zeros([2, 4]),
  x,
)
const theta = matmul(loop.carry, Ws)
export const J = mean(crossEntropy(theta, y))
const delta1 = mul(0.5, sub(softmax(theta), oneHot(y, 3)))
const delta2 = matmul(delta1, transpose(Ws))
const back = scan(
  (dh, { h, z, r, s, hTilde }) => {
    const a = sub(1, z)
    const delta3 = mul(mul(a, dh), sub(1, square(hTilde)))
    const delta4 = mul(r, delta3)
    const delta5 = mul(mul(mul(s, delta3), r), sub(1, r))
    const delta6 = add(add(mul(z, dh), matmul(delta4, transpose(U))), matmul(delta5, transpose(Ur)))
    const delta7 = mul(mul(sub(mul(h, dh), mul(hTilde, dh)), z), a)
    return { carry: add(delta6, matmul(delta7, transpose(Uz))), output: { delta7, delta5, delta3, delta4 } }
  },
  delta2,
  { h: loop.outputs.h, z: loop.outputs.z, r: loop.outputs.r, s: loop.outputs.s, hTilde: loop.outputs.hTilde },
  { reverse: true },
)
export const gradient = {
  Wz: einsum('abc,abd->cd', x, back.outputs.delta7),
  Uz: einsum('abc,abd->cd', loop.outputs.h, back.outputs.delta7),
  Wr: einsum('abc,abd->cd', x, back.outputs.delta5),
  Ur: einsum('abc,abd->cd', loop.outputs.h, back.outputs.delta5),
  W: einsum('abc,abd->cd', x, back.outputs.delta3),
  U: einsum('abc,abd->cd', loop.outputs.h, back.outputs.delta4),
  Ws: matmul(transpose(loop.carry), delta1),
}
