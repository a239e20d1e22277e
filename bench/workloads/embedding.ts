// A large embedding: a step looks 1,024 rows up in a table of 50,000, some of them several times. Its time is that of the
// rows, unless a subject walks the table.

import { labels, uniform } from './random.ts'
import { type Sgd, type Training, unlimited } from './workload.ts'

export const embeddingSizes = { rows: 50_000, width: 100, looked: 1024, clipNorm: 0.05 } as const
const distinctBatches = 8

/**
 * e = table[id], loss = mean over the batch of Σ (e − target)²; the gradient is scaled down to a norm of 0.05, which it
 * exceeds. A thousand ids are drawn from the first tenth of the table, so that about a tenth of them repeat.
 */
export type Embedding = Training<'table', 'id' | 'target', Sgd>

export const embedding = (): Embedding => {
  const { rows, width, looked } = embeddingSizes
  return {
    _tag: 'training',
    name: 'embedding',
    summary: 'embedding 50000x100, 1024 rows, squared distance, clipped by the global norm, SGD 0.5',
    parameters: { table: uniform(71, [rows, width], -0.1, 0.1) },
    batches: Array.from({ length: distinctBatches }, (_, index) => ({
      id: labels(7100 + index, [looked], rows / 10),
      target: uniform(7200 + index, [looked, width], -1, 1),
    })),
    optimizer: { _tag: 'sgd', learningRate: 0.5 },
    productFlops: 0,
    stepLimit: unlimited,
  }
}
