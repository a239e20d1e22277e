// mcCullochPitts, perceptronRule, adalineRule, logisticRule, predict and the gradient, derived and simplified by Nabla.

import {
  add,
  dot,
  greaterEqual,
  input,
  mul,
  param,
  randomNormal,
  sigmoid,
  square,
  state,
  sub,
  sum,
  where,
  zeros,
} from 'nabla'

export const x = input('x', [3])
export const t = input('t', [])
export const w = param('w', [3], zeros)
export const u = param('u', [3], zeros)
export const learningRate = input('learningRate', [])
export const step = state('step', [], zeros, 'i32')
export const v = param('v', [3], randomNormal(0.1))

const mcCullochPitts1 = where(greaterEqual(sum(x), 0), 1, 0)
export const mcCullochPitts = { y: mcCullochPitts1 }
const y = where(greaterEqual(dot(w, x), 0), 1, 0)
export const perceptronRule = { results: { y }, updates: [{ target: w, value: add(w, mul(sub(t, y), x)) }] }
const adaline = dot(u, x)
const z = sub(adaline, t)
const adalineLoss = mul(0.5, square(z))
const du = mul(z, x)
const h1 = add(1, step)
export const adalineRule = {
  results: { loss: adalineLoss },
  updates: [
    { target: u, value: sub(u, mul(learningRate, du)) },
    { target: step, value: h1 },
  ],
}
const totalInput = dot(x, v)
const logistic = sigmoid(totalInput)
const h2 = sub(logistic, t)
const logisticLoss = mul(0.5, square(h2))
const delta = sub(1, logistic)
const dv = mul(x, mul(mul(h2, logistic), delta))
export const logisticRule = {
  results: { loss: logisticLoss },
  updates: [
    { target: v, value: sub(v, mul(learningRate, dv)) },
    { target: step, value: h1 },
  ],
}
export const predict = { y: logistic }
export const mcCullochPittsYGradient = { x: zeros([3]) }
export const perceptronRuleYGradient = { w: zeros([3]) }
export const adalineRuleLossGradient = { u: du }
export const logisticRuleLossGradient = { v: dv }
export const predictYGradient = { v: mul(x, mul(logistic, delta)) }
