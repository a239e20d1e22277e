// W7 in Nabla: LeNet-5, its derivative and momentum in one entry.

import {
  conv,
  crossEntropy,
  dense,
  glorotUniform,
  input,
  maxPool2d,
  mean,
  momentum,
  param,
  pipe,
  relu,
  reshape,
  zeros,
} from 'nabla'
import { trainStep } from 'nabla/compiler'
import type { Step, Variant } from '../subject.ts'
import { w7, w7Optimizer } from '../workloads/w7.ts'
import { stepOf } from './program.ts'

export const entries = () => {
  const x = input('x', [64, 28, 28, 1])
  const label = input('label', [64], 'i32')
  const features = pipe(
    x,
    conv(param('k1', [5, 5, 1, 6], glorotUniform), param('c1', [6], zeros), { pads: 'same' }),
    relu,
    maxPool2d(2),
    conv(param('k2', [5, 5, 6, 16], glorotUniform), param('c2', [16], zeros)),
    relu,
    maxPool2d(2),
    reshape([64, 400]),
  )
  const logits = pipe(
    features,
    dense(param('w1', [400, 120], glorotUniform), param('b1', [120], zeros)),
    relu,
    dense(param('w2', [120, 84], glorotUniform), param('b2', [84], zeros)),
    relu,
    dense(param('w3', [84, 10], glorotUniform), param('b3', [10], zeros)),
  )
  return { step: trainStep(pipe(logits, crossEntropy(label), mean), momentum({ momentum: w7Optimizer.momentum })) }
}

export const train = (_workload: string, variant: Variant): Promise<Step> => stepOf(w7(), entries(), variant)
