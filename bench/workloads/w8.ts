// W8: word2vec, skip-grams with negative sampling. Nothing but rows: a step reads and trains 1,024 of one table and 6,144 of
// another, of 50,000 each, unless a subject walks the tables.

import { labels, uniform } from './random.ts'
import { type Sgd, type Training, unlimited } from './workload.ts'

export const w8Sizes = { vocabulary: 50_000, width: 100, pairs: 1024, negatives: 5 } as const
const distinctBatches = 8

/**
 * c = inner[center], p = outer[context], n = outer[negative]; loss = Σ over pairs of −log σ(c · p) − Σ over the pair's five
 * negatives of log σ(−c · n). The loss is summed, as in the C program: every pair takes a step of its own size.
 */
export type W8 = Training<'inner' | 'outer', 'center' | 'context' | 'negative', Sgd>

export const w8 = (): W8 => {
  const { vocabulary, width, pairs, negatives } = w8Sizes
  return {
    _tag: 'training',
    name: 'W8',
    summary: 'word2vec SGNS: V 50000, dim 100, 1024 pairs, 5 negatives, SGD 0.025, summed loss',
    parameters: {
      inner: uniform(81, [vocabulary, width], -0.1, 0.1),
      outer: uniform(82, [vocabulary, width], -0.1, 0.1),
    },
    batches: Array.from({ length: distinctBatches }, (_, index) => ({
      center: labels(8100 + index, [pairs], vocabulary),
      context: labels(8200 + index, [pairs], vocabulary),
      negative: labels(8300 + index, [pairs, negatives], vocabulary),
    })),
    optimizer: { _tag: 'sgd', learningRate: 0.025 },
    productFlops: 0,
    stepLimit: unlimited,
  }
}
