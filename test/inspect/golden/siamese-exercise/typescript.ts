// J and the gradient, derived and simplified by Nabla.

import { add, glorotUniform, input, matmul, mul, outer, param, randomNormal, sigmoid, square, sub, sum } from 'nabla'

export const x1 = input('x₁', [5])
export const x2 = input('x₂', [5])
export const lambda = input('λ', [])
export const W = param('W', [4, 5], glorotUniform)
export const b = param('b', [4], randomNormal(0.1))

const h1 = sigmoid(add(matmul(W, x1), b))
const h2 = sigmoid(add(matmul(W, x2), b))
const h = sub(h1, h2)
export const J = add(mul(0.5, sum(square(h))), mul(mul(0.5, lambda), sum(square(W))))
const delta1 = mul(mul(h, h2), sub(1, h2))
const delta2 = mul(mul(h, h1), sub(1, h1))
export const gradient = { W: add(sub(mul(W, lambda), outer(delta1, x2)), outer(delta2, x1)), b: sub(delta2, delta1) }
