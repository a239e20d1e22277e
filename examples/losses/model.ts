// The losses and penalties of the lectures. In: what a model has predicted, and what was right. Out: a scalar each.

import {
  abs,
  add,
  crossEntropy,
  div,
  input,
  minimum,
  mul,
  named,
  neg,
  log,
  dot,
  norm,
  oneHot,
  param,
  relu,
  softmax,
  square,
  sub,
  sum,
} from 'nabla'

export const [examples, classes] = [4, 3] as const

// ---- classification

/** Scores θ, and the class y of one example as a one-hot vector. */
export const theta = input('θ', [classes])
export const label = input('k', [], 'i32')
export const y = named('y', oneHot(label, classes))
export const prediction = named('ŷ', softmax(theta))

/** CE(y, ŷ) = −Σᵢ yᵢ log ŷᵢ with ŷ = softmax(θ). */
export const softmaxCrossEntropy = neg(sum(mul(y, log(prediction))))

/** −Σᵢ log P(y⁽ⁱ⁾ | x⁽ⁱ⁾) over the examples, with P = softmax of their scores. */
export const scores = input('Θ', [examples, classes])
export const labels = input('labels', [examples], 'i32')
export const negativeLogLikelihood = sum(crossEntropy(scores, labels))

/** J = max(0, 1 − s + s_c), s the score of the right class and s_c that of a wrong one. */
export const s = input('s', [])
export const sc = input('s_c', [])
export const maxMargin = named('J', relu(add(sub(1, s), sc)))

// ---- regression

export const output = input('o', [classes])
export const target = input('t', [classes])

/** ‖o − t‖² */
export const l2 = sum(square(sub(output, target)))
/** Σ |o − t| */
export const l1 = sum(abs(sub(output, target)))

// ---- regularization

export const lambda = input('λ', [])
export const w = param('w', [5], [0.5, -1, 2, 0.1, -0.25])

/** ½ wᵀw, weighted */
export const l2Penalty = mul(div(lambda, 2), dot(w, w))
/** λ Σ |w| */
export const l1Penalty = mul(lambda, sum(abs(w)))

// ---- max-norm: no term of the loss, but what becomes of the weights after a step

/** The greatest norm that is allowed. */
export const c = input('c', [])
/** w, scaled down to norm c where it is longer. */
const held = (weights: typeof w) => mul(weights, minimum(1, div(c, norm(weights))))
export const maxNorm = held(w)

const gradient = input('g', [5])
export const maxNormStep = {
  results: { w: maxNorm },
  updates: [{ target: w, value: held(sub(w, gradient)) }],
}

export const model = { softmaxCrossEntropy, negativeLogLikelihood, maxMargin, l2, l1, l2Penalty, l1Penalty }
