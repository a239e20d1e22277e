// W2 in Nabla: the classifier, its derivative and Adam in one entry.

import { adam, crossEntropy, dense, glorotUniform, input, mean, param, pipe, relu, zeros } from 'nabla'
import { trainStep } from 'nabla/compiler'
import type { Step, Variant } from '../subject.ts'
import { w2, w2Optimizer } from '../workloads/w2.ts'
import { stepOf } from './program.ts'

/** As a page would have it compiled; measured by itself too: its compilation, its size, its start. */
export const entries = () => {
  const x = input('x', [128, 784])
  const label = input('label', [128], 'i32')
  const logits = pipe(
    x,
    dense(param('w1', [784, 512], glorotUniform), param('b1', [512], zeros)),
    relu,
    dense(param('w2', [512, 256], glorotUniform), param('b2', [256], zeros)),
    relu,
    dense(param('w3', [256, 10], glorotUniform), param('b3', [10], zeros)),
  )
  const { beta1, beta2, epsilon } = w2Optimizer
  return { step: trainStep(pipe(logits, crossEntropy(label), mean), adam({ beta1, beta2, epsilon })) }
}

export const train = (_workload: string, variant: Variant): Promise<Step> => stepOf(w2(), entries(), variant)
