// P(y | x) = softmax(W g(V f(x))): the slides "Computing Gradients: Backpropagation" of the neural-network lecture.
// In: the features f(x) of an example and the index i* of its label. Out: the log-likelihood, to be maximized.

import { crossEntropy, glorotUniform, input, matmul, named, neg, oneHot, param, sgd, softmax, tanh } from 'nabla'
import { trainStep } from 'nabla/compiler'

export const [features, d, classes] = [5, 4, 3] as const

export const f = input('f', [features])
export const label = input('i*', [], 'i32')
export const V = param('V', [d, features], glorotUniform)
export const W = param('W', [classes, d], glorotUniform)

export const a = named('a', matmul(V, f))
/** z = g(V f(x)) with g = tanh. */
export const z = named('z', tanh(a))
export const scores = named('s', matmul(W, z))
export const P = named('P', softmax(scores))
export const e = oneHot(label, classes)

/** L(x, i*) = log P(y = i* | x), by an op that never leaves the logarithm. */
export const logLikelihood = neg(crossEntropy(scores, label))
export const step = trainStep(neg(logLikelihood), sgd())

export const model = { P, logLikelihood }
