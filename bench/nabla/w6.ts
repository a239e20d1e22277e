// W6 in Nabla: the character model, its derivative through time and Adam in one entry.

import { adam, crossEntropy, dense, glorotUniform, gru, input, matmul, mean, oneHot, param, pipe, zeros } from 'nabla'
import { trainStep } from 'nabla/compiler'
import type { Step, Variant } from '../subject.ts'
import { w6, w6Optimizer, w6Sizes } from '../workloads/w6.ts'
import { stepOf } from './program.ts'

export const entries = () => {
  const { vocabulary, embedding, hidden, batch, steps } = w6Sizes
  const token = input('token', [steps, batch], 'i32')
  const next = input('next', [steps, batch], 'i32')
  const table = param('table', [vocabulary, embedding], glorotUniform)
  const params = {
    w: param('w', [embedding, 768], glorotUniform),
    b: param('b', [768], zeros),
    u: param('u', [hidden, 768], glorotUniform),
    c: param('d', [768], zeros),
  }
  const { outputs } = pipe(matmul(oneHot(token, vocabulary), table), gru(params))
  const logits = pipe(outputs, dense(param('v', [hidden, vocabulary], glorotUniform), param('e', [vocabulary], zeros)))
  const { beta1, beta2, epsilon } = w6Optimizer
  return { step: trainStep(pipe(logits, crossEntropy(next), mean), adam({ beta1, beta2, epsilon })) }
}

export const train = (_workload: string, variant: Variant): Promise<Step> => stepOf(w6(), entries(), variant)
