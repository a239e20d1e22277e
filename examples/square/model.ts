// y = x·x, and what its derivative does to a small change dx: the slide "Computation Graphs" of the neural-network lecture.
// In: the scalars x and dx. Out: y, and dy as generated.

import { input, mul } from 'nabla'
import { jvp } from 'nabla/compiler'

export const x = input('x', [])
export const dx = input('dx', [])

export const y = mul(x, x)
export const dy = jvp(y, x, dx)

export const model = { y, dy }
