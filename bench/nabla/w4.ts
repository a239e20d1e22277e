// W4 in Nabla: Elman's language model, its derivative through time, clipping and plain SGD in one entry.

import { crossEntropy, dense, embedding, glorotUniform, input, mean, param, pipe, rnn, sgd, zeros } from 'nabla'
import { trainStep } from 'nabla/compiler'
import type { Step, Variant } from '../subject.ts'
import { w4, w4Sizes } from '../workloads/w4.ts'
import { stepOf } from './program.ts'

export const entries = () => {
  const { vocabulary, hidden, batch, steps, clipNorm } = w4Sizes
  const token = input('token', [steps, batch], 'i32')
  const next = input('next', [steps, batch], 'i32')
  const params = {
    w: param('w', [hidden, hidden], glorotUniform),
    u: param('u', [hidden, hidden], glorotUniform),
    b: param('b', [hidden], zeros),
  }
  const { outputs } = pipe(embedding(param('table', [vocabulary, hidden], zeros), token), rnn(params))
  const logits = pipe(outputs, dense(param('v', [hidden, vocabulary], glorotUniform), param('e', [vocabulary], zeros)))
  return { step: trainStep(pipe(logits, crossEntropy(next), mean), sgd(), { clipNorm }) }
}

export const train = (_workload: string, variant: Variant): Promise<Step> => stepOf(w4(), entries(), variant)
