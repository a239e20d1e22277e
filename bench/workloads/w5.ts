// W5: Zaremba's small language model. Two layers of LSTM, one product a step, layer and direction, and as in W4 three
// products with a vocabulary of 10,000.

import { filled, labels, uniform } from './random.ts'
import type { Sgd, Training } from './workload.ts'

export const w5Sizes = { vocabulary: 10_000, hidden: 200, batch: 20, steps: 20, clipNorm: 5 } as const
const distinctBatches = 4

type Layers = 'w1' | 'u1' | 'b1' | 'w2' | 'u2' | 'b2'

/**
 * x = table[token]; two layers, each with the gates i, f, g and o side by side: a = x·w + h·u + b, c ← σ(a_f)∘c + σ(a_i)∘tanh(a_g),
 * h ← σ(a_o)∘tanh(c), from c = h = 0; logits = h·v + e. The loss is that of W4, summed over the steps instead: the mean over
 * the batch alone, as Zaremba, Sutskever and Vinyals have it (2014), so that the norm of 5 is exceeded. No dropout.
 */
export type W5 = Training<'table' | Layers | 'v' | 'e', 'token' | 'next', Sgd>

const productFlops = (): number => {
  const { vocabulary, hidden, batch, steps } = w5Sizes
  return 3 * 2 * batch * steps * (2 * 2 * hidden * 4 * hidden + hidden * vocabulary)
}

export const w5 = (): W5 => {
  const { vocabulary, hidden, batch, steps } = w5Sizes
  const weight = (seed: number, rows: number, columns: number) => uniform(seed, [rows, columns], -0.1, 0.1)
  const gates = (seed: number) => weight(seed, hidden, 4 * hidden)
  return {
    _tag: 'training',
    name: 'W5',
    summary: 'LSTM language model (Zaremba small): V 10000, 2 x 200, batch 20, 20 steps, SGD 1.0, clipped at 5',
    parameters: {
      table: weight(51, vocabulary, hidden),
      w1: gates(52),
      u1: gates(53),
      b1: filled(4 * hidden),
      w2: gates(54),
      u2: gates(55),
      b2: filled(4 * hidden),
      v: weight(56, hidden, vocabulary),
      e: filled(vocabulary),
    },
    batches: Array.from({ length: distinctBatches }, (_, index) => ({
      token: labels(5500 + index, [steps, batch], vocabulary),
      next: labels(5600 + index, [steps, batch], vocabulary),
    })),
    optimizer: { _tag: 'sgd', learningRate: 1 },
    productFlops: productFlops(),
    stepLimit: 700,
  }
}
