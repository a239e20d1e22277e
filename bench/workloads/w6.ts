// W6: the character model. A gated recurrent network over 64 steps, whose time is that of its recurrent products, one a
// step and direction, and of the two products over all steps that hold its vocabulary.

import { filled, glorotUniform, labels, uniform } from './random.ts'
import type { Adam, Training } from './workload.ts'

export const w6Sizes = { vocabulary: 64, embedding: 64, hidden: 256, batch: 32, steps: 64 } as const
const distinctBatches = 8

export const w6Optimizer: Adam = { _tag: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

/**
 * x = table[token], the gates of h being r, z and n side by side: a = x·w + b, c = h·u + d, r = σ(a_r + c_r),
 * z = σ(a_z + c_z), n = tanh(a_n + r∘c_n), h ← z∘h + (1 − z)∘n from h = 0, logits = h·v + e. The loss is the mean over
 * steps and batch of the cross-entropy of softmax(logits) and the class `next` (i32); `token` and `next` are [steps, batch].
 */
export type W6 = Training<'table' | 'w' | 'b' | 'u' | 'd' | 'v' | 'e', 'token' | 'next', Adam>

// The table's product with one-hot rows is a look-up and counts as none. Forward, and both transposed products backward.
const productFlops = (): number => {
  const { vocabulary, embedding, hidden, batch, steps } = w6Sizes
  return 3 * 2 * batch * steps * (embedding * 3 * hidden + hidden * 3 * hidden + hidden * vocabulary)
}

export const w6 = (): W6 => {
  const { vocabulary, embedding, hidden, batch, steps } = w6Sizes
  const bound = 1 / Math.sqrt(hidden)
  return {
    _tag: 'training',
    name: 'W6',
    summary: 'GRU character model: V 64, embedding 64, hidden 256, batch 32, 64 steps, Adam 1e-3',
    parameters: {
      table: uniform(61, [vocabulary, embedding], -1, 1),
      w: uniform(62, [embedding, 3 * hidden], -bound, bound),
      b: filled(3 * hidden),
      u: uniform(63, [hidden, 3 * hidden], -bound, bound),
      d: filled(3 * hidden),
      v: glorotUniform(64, hidden, vocabulary),
      e: filled(vocabulary),
    },
    batches: Array.from({ length: distinctBatches }, (_, index) => ({
      token: labels(6000 + index, [steps, batch], vocabulary),
      next: labels(7000 + index, [steps, batch], vocabulary),
    })),
    optimizer: w6Optimizer,
    productFlops: productFlops(),
    // As W2's: what is measured is the ordinary step.
    stepLimit: 700,
  }
}
