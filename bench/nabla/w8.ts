// W8 in Nabla: skip-grams with negative sampling, their derivative and plain SGD in one entry.

import { add, embedding, expandDims, input, logSigmoid, mul, neg, param, sgd, sum, zeros } from 'nabla'
import { trainStep } from 'nabla/compiler'
import type { Step, Variant } from '../subject.ts'
import { w8, w8Sizes } from '../workloads/w8.ts'
import { stepOf } from './program.ts'

export const entries = () => {
  const { vocabulary, width, pairs, negatives } = w8Sizes
  const outer = param('outer', [vocabulary, width], zeros)
  const center = embedding(param('inner', [vocabulary, width], zeros), input('center', [pairs], 'i32'))
  const context = embedding(outer, input('context', [pairs], 'i32'))
  const negative = embedding(outer, input('negative', [pairs, negatives], 'i32'))
  const near = logSigmoid(sum(mul(center, context), -1))
  const far = logSigmoid(neg(sum(mul(expandDims(center, 1), negative), -1)))
  return { step: trainStep(neg(add(sum(near), sum(far))), sgd()) }
}

export const train = (_workload: string, variant: Variant): Promise<Step> => stepOf(w8(), entries(), variant)
