// y, loss and the gradient, derived and simplified by Nabla.

import { input, matmul, mul, outer, param, randomUniform, sigmoid, square, sub, sum, transpose } from 'nabla'

export const x = input('x', [3])
export const t = input('t', [2])
export const W1 = param('W₁', [3, 4], randomUniform())
export const W2 = param('W₂', [4, 2], randomUniform())

const inp1 = matmul(x, W1)
const o = sigmoid(inp1)
const inp2 = matmul(o, W2)
export const y = sigmoid(inp2)
export const loss = mul(0.5, sum(square(sub(t, y))))
const delta = mul(mul(sub(y, t), y), sub(1, y))
export const gradient = { W1: outer(x, mul(mul(matmul(delta, transpose(W2)), o), sub(1, o))), W2: outer(o, delta) }
