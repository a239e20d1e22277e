// W1: XOR. A 2-8-1 network so small that only what surrounds the arithmetic is measured.

import { filled, glorotUniform } from './random.ts'
import { type Sgd, type Training, unlimited } from './workload.ts'

/** h = tanh(x·w1 + b1), z = h·w2 + b2, loss = mean over the batch of the binary cross-entropy of σ(z) and y. */
export type W1 = Training<'w1' | 'b1' | 'w2' | 'b2', 'x' | 'y', Sgd>

export const w1 = (): W1 => ({
  _tag: 'training',
  name: 'W1',
  summary: 'XOR 2-8-1, tanh, sigmoid and binary cross-entropy, batch 4, SGD 0.5',
  parameters: {
    w1: glorotUniform(11, 2, 8),
    b1: filled(8),
    w2: glorotUniform(12, 8, 1),
    b2: filled(1),
  },
  batches: [
    {
      x: { shape: [4, 2], data: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1) },
      y: { shape: [4, 1], data: Float32Array.of(0, 1, 1, 0) },
    },
  ],
  optimizer: { _tag: 'sgd', learningRate: 0.5 },
  productFlops: 0,
  stepLimit: unlimited,
})
