// W3: the deep averaging network. A sentence is the mean of its tokens' vectors; a step's time is that of the 2,560 rows that
// it looks up and trains, unless a subject walks the table, and of two small products.

import { filled, glorotUniform, labels, uniform } from './random.ts'
import { type Adagrad, type Training, unlimited } from './workload.ts'

export const w3Sizes = { vocabulary: 10_000, width: 300, tokens: 40, classes: 2, batch: 64 } as const
const distinctBatches = 8

export const w3Optimizer: Adagrad = { _tag: 'adagrad', learningRate: 0.05, epsilon: 1e-10 }

/**
 * x = mean over the 40 tokens of table[token], h = relu(x·w1 + b1), z = h·w2 + b2, loss = mean over the batch of the
 * cross-entropy of softmax(z) and the class `label` (i32). Adagrad: s ← s + g², θ ← θ − rate · g / (√s + ε), s from 0.
 */
export type W3 = Training<'table' | 'w1' | 'b1' | 'w2' | 'b2', 'token' | 'label', Adagrad>

export const w3 = (): W3 => {
  const { vocabulary, width, tokens, classes, batch } = w3Sizes
  return {
    _tag: 'training',
    name: 'W3',
    summary: 'DAN: embedding 10000x300, mean of 40 tokens, 300-300-2, batch 64, Adagrad 0.05',
    parameters: {
      table: uniform(31, [vocabulary, width], -0.5, 0.5),
      w1: glorotUniform(32, width, width),
      b1: filled(width),
      w2: glorotUniform(33, width, classes),
      b2: filled(classes),
    },
    batches: Array.from({ length: distinctBatches }, (_, index) => ({
      token: labels(3100 + index, [batch, tokens], vocabulary),
      label: labels(3200 + index, [batch], classes),
    })),
    optimizer: w3Optimizer,
    productFlops: 0,
    stepLimit: unlimited,
  }
}
