// The large embedding in Nabla: its derivative, clipping and plain SGD in one entry.

import { embedding as lookup, input, mean, param, sgd, square, sub, sum, zeros } from 'nabla'
import { trainStep } from 'nabla/compiler'
import type { Step, Variant } from '../subject.ts'
import { embedding, embeddingSizes } from '../workloads/embedding.ts'
import { stepOf } from './program.ts'

export const entries = () => {
  const { rows, width, looked, clipNorm } = embeddingSizes
  const found = lookup(param('table', [rows, width], zeros), input('id', [looked], 'i32'))
  const distance = sum(square(sub(found, input('target', [looked, width]))), 1)
  return { step: trainStep(mean(distance), sgd(), { clipNorm }) }
}

export const train = (_workload: string, variant: Variant): Promise<Step> => stepOf(embedding(), entries(), variant)
