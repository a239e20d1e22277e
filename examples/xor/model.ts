// XOR: the slides "Neural Networks: XOR", and the ones on how initialization affects learning.
// In: the rows of the truth table. Out: formulas with one tanh unit, given and learned, and networks 2-8-1.

import {
  add,
  dense,
  type Expr,
  glorotUniform,
  type Initial,
  input,
  mean,
  momentum,
  mse,
  mul,
  named,
  neg,
  param,
  sigmoid,
  sigmoidCrossEntropy,
  sub,
  tanh,
  zeros,
} from 'nabla'
import { trainStep } from 'nabla/compiler'

export const rows = 4
export const hidden = 8

// ---- one tanh unit; every row of the table has its place in x₁, x₂ and y

export const x1 = input('x₁', [rows])
export const x2 = input('x₂', [rows])
const or = tanh(add(x1, x2))

/** y = −x₁ − x₂ + 2 tanh(x₁ + x₂): clearly above 0 where exactly one input is 1. */
export const exclusive = add(sub(neg(x1), x2), mul(2, or))

/** y = −2x₁ − x₂ + 2 tanh(x₁ + x₂): above 0 only for "good" without "not". */
export const notGood = add(sub(mul(-2, x1), x2), mul(2, or))

/** y = a₁x₁ + a₂x₂ + a₃ tanh(x₁ + x₂) with a learned. */
const [a1, a2, a3] = [param('a₁', [], 0), param('a₂', [], 0), param('a₃', [], 0)]
export const unit = add(add(mul(a1, x1), mul(a2, x2)), mul(a3, or))
export const target = input('y', [rows])
export const unitStep = trainStep(mse(unit, target), momentum())

// ---- a network 2-8-1; a row of the table is a row of x

export const x = input('x', [rows, 2])
export const y = input('t', [rows, 1])

type Hidden = Expr<readonly [4, 8], 'f32'>

const network = (activation: (z: Hidden) => Hidden, initial: Initial, mark = '') => {
  const w1 = param(`W₁${mark}`, [2, hidden], initial)
  const b1 = param(`b₁${mark}`, [hidden], zeros)
  const w2 = param(`W₂${mark}`, [hidden, 1], initial)
  const b2 = param(`b₂${mark}`, [1], zeros)
  const h = named(`h${mark}`, activation(dense(x, w1, b1)))
  const z = named(`z${mark}`, dense(h, w2, b2))
  const loss = mean(sigmoidCrossEntropy(z, y))
  return {
    h,
    output: sigmoid(z),
    loss,
    parameters: { w1, b1, w2, b2 },
    step: trainStep(loss, momentum(), { results: { h } }),
  }
}

export const solving = network(tanh, glorotUniform)
/** All values of the hidden layer are 0, and so are all gradients: it never changes. */
export const fromZeros = network(tanh, zeros, '′')
/** All values of the hidden layer are equal, and so are their gradients: it changes, but its units stay copies. */
export const fromEqual = network(sigmoid, 0.5, '″')

export const model = { output: solving.output, loss: solving.loss }
