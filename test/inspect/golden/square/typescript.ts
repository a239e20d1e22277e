// y, dy and the gradient, derived and simplified by Nabla.

import { input, mul } from 'nabla'

export const x = input('x', [])
export const dx = input('dx', [])

export const y = mul(x, x)
const h = mul(2, x)
export const dy = mul(h, dx)
export const yGradient = { x: h }
export const dyGradient = { x: mul(2, dx), dx: h }
