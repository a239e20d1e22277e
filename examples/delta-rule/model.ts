// A multilayer perceptron with squared error: the slides "Backprop for MLPs" of the optimization lecture.
// In: an example x with its target t. Out: the outputs o of every neuron, from its input inp, and L = ½(t − y)².

import { input, matmul, mul, named, param, randomUniform, sgd, sigmoid, square, sub, sum } from 'nabla'
import { trainStep } from 'nabla/compiler'

export const x = input('x', [3])
export const t = input('t', [2])

/** w_ij leads from neuron i to neuron j. */
export const W1 = param('W₁', [3, 4], randomUniform())
export const W2 = param('W₂', [4, 2], randomUniform())

/** inp_j = Σₖ w_kj oₖ, o_j = σ(inp_j) */
export const inp1 = named('inp₁', matmul(x, W1))
export const o = named('o', sigmoid(inp1))
export const inp2 = named('inp₂', matmul(o, W2))
export const y = named('y', sigmoid(inp2))

export const loss = mul(0.5, sum(square(sub(t, y))))
export const step = trainStep(loss, sgd())

export const model = { y, loss }
