// W1 in Nabla: the 2-8-1 network, its derivative and plain SGD in one entry.

import {
  add,
  dense,
  glorotUniform,
  input,
  matmul,
  mean,
  param,
  pipe,
  sgd,
  sigmoidCrossEntropy,
  tanh,
  zeros,
} from 'nabla'
import { trainStep } from 'nabla/compiler'
import type { Step, Variant } from '../subject.ts'
import { w1 } from '../workloads/w1.ts'
import { stepOf } from './program.ts'

export const entries = () => {
  const x = input('x', [4, 2])
  const y = input('y', [4, 1])
  const h = pipe(x, dense(param('w1', [2, 8], glorotUniform), param('b1', [8], zeros)), tanh)
  const z = pipe(h, matmul(param('w2', [8, 1], glorotUniform)), add(param('b2', [1], zeros)))
  return { step: trainStep(pipe(z, sigmoidCrossEntropy(y), mean), sgd()) }
}

export const train = (_workload: string, variant: Variant): Promise<Step> => stepOf(w1(), entries(), variant)
