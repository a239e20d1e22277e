// W5 in Nabla: Zaremba's small language model, its derivative through time, clipping and plain SGD in one entry.

import { crossEntropy, dense, div, embedding, glorotUniform, input, lstm, param, pipe, sgd, sum, zeros } from 'nabla'
import { trainStep } from 'nabla/compiler'
import type { Step, Variant } from '../subject.ts'
import { w5, w5Sizes } from '../workloads/w5.ts'
import { stepOf } from './program.ts'

export const loss = () => {
  const { vocabulary, hidden, batch, steps } = w5Sizes
  const token = input('token', [steps, batch], 'i32')
  const next = input('next', [steps, batch], 'i32')
  const gates = (k: 1 | 2) => ({
    w: param(`w${k}`, [hidden, 800], glorotUniform),
    u: param(`u${k}`, [hidden, 800], glorotUniform),
    b: param(`b${k}`, [800], zeros),
  })
  const first = pipe(embedding(param('table', [vocabulary, hidden], zeros), token), lstm(gates(1)))
  const logits = pipe(
    pipe(first.outputs, lstm(gates(2))).outputs,
    dense(param('v', [hidden, vocabulary], glorotUniform), param('e', [vocabulary], zeros)),
  )
  return div(sum(pipe(logits, crossEntropy(next))), batch)
}

export const entries = () => ({ step: trainStep(loss(), sgd(), { clipNorm: w5Sizes.clipNorm }) })

export const train = (_workload: string, variant: Variant): Promise<Step> => stepOf(w5(), entries(), variant)
