// The single units of the lecture's history, in the order of their discovery, each with its learning rule as an expression.
// In: an example x with x₀ = 1 for the bias, its target t. Out: the unit's output, and what the rule makes of its weights.

import {
  add,
  div,
  dot,
  exp,
  type Expr,
  greaterEqual,
  input,
  mul,
  named,
  neg,
  param,
  randomNormal,
  sgd,
  square,
  sub,
  sum,
  where,
  zeros,
} from 'nabla'
import { trainStep } from 'nabla/compiler'

/** The input that is always 1, and two more. */
export const inputs = 3

export const x = input('x', [inputs])
export const t = input('t', [])

/** McCulloch and Pitts, 1943: y = 1 if Σ xᵢ ≥ 0, else 0. It has no weights; x₀ is minus the threshold. */
export const mcCullochPitts = where(greaterEqual(sum(x), 0), 1, 0)

// ---- Perceptron, Rosenblatt 1957: y = 1 if Σ wᵢ xᵢ ≥ 0, else 0. Only where y is wrong, its rule moves the weights.

export const w = param('w', [inputs], zeros)
export const perceptron = named('y', where(greaterEqual(dot(w, x), 0), 1, 0))
export const perceptronRule = {
  results: { y: perceptron },
  updates: [{ target: w, value: add(w, mul(sub(t, perceptron), x)) }],
}

// ---- Adaline, Widrow and Hoff 1960: the error is taken before the threshold, so that it has a derivative.

export const u = param('u', [inputs], zeros)
export const adaline = dot(u, x)
export const adalineLoss = mul(0.5, square(sub(t, adaline)))
export const adalineRule = trainStep(adalineLoss, sgd())

// ---- Logistic unit, Rumelhart, Hinton and Williams 1986.

/** The paper's y of the units below is x here, and its w_ji is v. */
export const v = param('v', [inputs], randomNormal(0.1))
/** Equation 1: x_j = Σᵢ yᵢ w_ji. */
export const totalInput = dot(x, v)
/** Equation 2: y_j = 1 / (1 + e^(−x_j)). */
const equation2 = (total: Expr<readonly [], 'f32'>) => div(1, add(1, exp(neg(total))))

export const logistic = equation2(totalInput)
/** Equation 2 of any total input, to be differentiated by it. */
export const xj = input('x_j', [])
export const output = equation2(xj)
export const logisticLoss = mul(0.5, square(sub(logistic, t)))
export const logisticRule = trainStep(logisticLoss, sgd())

export const model = {
  mcCullochPitts: { y: mcCullochPitts },
  perceptronRule,
  adalineRule,
  logisticRule,
  predict: { y: logistic },
}
