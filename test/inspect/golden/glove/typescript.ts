// J and the gradient, derived and simplified by Nabla.

import { greater, input, log, matmul, mul, param, randomUniform, square, sub, sum, transpose, where } from 'nabla'

export const X = input('X', [8, 8])
export const V = param('V', [8, 5], randomUniform(-0.5, 0.5))
export const U = param('U', [8, 5], randomUniform(-0.5, 0.5))

const logX = where(greater(X, 0), log(X), 0)
const z = sub(matmul(V, transpose(U)), logX)
export const J = sum(mul(X, square(z)))
const delta = mul(mul(2, z), X)
export const gradient = { V: matmul(delta, U), U: matmul(transpose(delta), V) }
