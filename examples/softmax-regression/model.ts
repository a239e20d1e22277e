// Multiclass logistic regression: the slides "Training Neural Networks" and "Computing Gradients".
// In: a feature vector z and the index i* of its label. Out: P(y | x), and the log-likelihood as it stands on the slides.

import {
  argmax,
  crossEntropy,
  dot,
  exp,
  input,
  log,
  matmul,
  mean,
  named,
  oneHot,
  param,
  randomNormal,
  sgd,
  softmax,
  sub,
  sum,
  transpose,
} from 'nabla'
import { trainStep } from 'nabla/compiler'

export const classes = 3
export const features = 4

/** A weight vector per class: [classes, features]. */
export const W = param('W', [classes, features], randomNormal(0.1))
export const z = input('z', [features])
export const label = input('i*', [], 'i32')

/** P(y | x) = softmax(W z). */
export const P = named('P', softmax(matmul(W, z)))
/** eᵢ: 1 in the i-th row, zero elsewhere. */
export const e = oneHot(label, classes)

/** L(x, i*) = log(softmax(W z) · e_i*): to be maximized. */
export const logLikelihood = log(dot(P, e))

/** L(x, i*) = W z · e_i* − log Σⱼ exp(W z) · eⱼ: the same, multiplied out. */
export const multipliedOut = sub(dot(matmul(W, z), e), log(sum(exp(matmul(W, z)))))

// ---- trained on batches: the negative log-likelihood, an example a row

export const batch = 20
export const Z = input('Z', [batch, features])
export const labels = input('labels', [batch], 'i32')
export const scores = matmul(Z, transpose(W))
export const loss = mean(crossEntropy(scores, labels))
export const predicted = argmax(scores, -1)
export const step = trainStep(loss, sgd())

export const model = { logLikelihood, loss }
