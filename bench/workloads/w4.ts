// W4: Elman's language model. Its time is that of three products with a vocabulary of 10,000: what is said about every word
// at every step, and the two products of the way back.

import { filled, glorotUniform, labels, uniform } from './random.ts'
import type { Sgd, Training } from './workload.ts'

export const w4Sizes = { vocabulary: 10_000, hidden: 200, batch: 20, steps: 35, clipNorm: 5 } as const
const distinctBatches = 4

/**
 * x = table[token], h ← tanh(x·w + h·u + b) from h = 0, logits = h·v + e, loss = mean over steps and batch of the
 * cross-entropy of softmax(logits) and the class `next` (i32); `token` and `next` are [steps, batch]. All gradients together
 * are scaled down to a norm of 5 where they exceed it.
 */
export type W4 = Training<'table' | 'w' | 'u' | 'b' | 'v' | 'e', 'token' | 'next', Sgd>

// Forward, and both transposed products backward.
const productFlops = (): number => {
  const { vocabulary, hidden, batch, steps } = w4Sizes
  return 3 * 2 * batch * steps * (2 * hidden * hidden + hidden * vocabulary)
}

export const w4 = (): W4 => {
  const { vocabulary, hidden, batch, steps } = w4Sizes
  return {
    _tag: 'training',
    name: 'W4',
    summary: 'Elman tanh language model: V 10000, E = H = 200, batch 20, 35 steps, SGD 1.0, clipped at 5',
    parameters: {
      table: uniform(41, [vocabulary, hidden], -0.1, 0.1),
      w: glorotUniform(42, hidden, hidden),
      u: glorotUniform(43, hidden, hidden),
      b: filled(hidden),
      v: uniform(44, [hidden, vocabulary], -0.1, 0.1),
      e: filled(vocabulary),
    },
    batches: Array.from({ length: distinctBatches }, (_, index) => ({
      token: labels(4100 + index, [steps, batch], vocabulary),
      next: labels(4200 + index, [steps, batch], vocabulary),
    })),
    optimizer: { _tag: 'sgd', learningRate: 1 },
    productFlops: productFlops(),
    stepLimit: 700,
  }
}
