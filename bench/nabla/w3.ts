// W3 in Nabla: the averaging network, its derivative and Adagrad in one entry.

import { adagrad, crossEntropy, dense, embedding, glorotUniform, input, mean, param, pipe, relu, zeros } from 'nabla'
import { trainStep } from 'nabla/compiler'
import type { Step, Variant } from '../subject.ts'
import { w3, w3Optimizer, w3Sizes } from '../workloads/w3.ts'
import { stepOf } from './program.ts'

export const entries = () => {
  const { vocabulary, width, tokens, classes, batch } = w3Sizes
  const token = input('token', [batch, tokens], 'i32')
  const label = input('label', [batch], 'i32')
  const sentence = mean(embedding(param('table', [vocabulary, width], zeros), token), 1)
  const logits = pipe(
    sentence,
    dense(param('w1', [width, width], glorotUniform), param('b1', [width], zeros)),
    relu,
    dense(param('w2', [width, classes], glorotUniform), param('b2', [classes], zeros)),
  )
  return { step: trainStep(pipe(logits, crossEntropy(label), mean), adagrad({ epsilon: w3Optimizer.epsilon })) }
}

export const train = (_workload: string, variant: Variant): Promise<Step> => stepOf(w3(), entries(), variant)
