// W2: the classifier. A multilayer perceptron of MNIST's size, whose time is that of eight matrix products and Adam.

import { filled, glorotUniform, labels, uniform } from './random.ts'
import type { Adam, Training } from './workload.ts'

const batch = 128
const layers = [784, 512, 256, 10] as const
const distinctBatches = 16

export const w2Optimizer: Adam = { _tag: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

/**
 * h1 = relu(x·w1 + b1), h2 = relu(h1·w2 + b2), z = h2·w3 + b3, loss = mean over the batch of the cross-entropy of
 * softmax(z) and the class `label` (i32).
 */
export type W2 = Training<'w1' | 'b1' | 'w2' | 'b2' | 'w3' | 'b3', 'x' | 'label', Adam>

// Forward x·W and backward Xᵀ·dY for every layer, dY·Wᵀ for every layer but the first: 2 operations a multiply-add.
const productFlops = (): number => {
  const [a, b, c, d] = layers
  return 2 * batch * (2 * (a * b + b * c + c * d) + b * c + c * d)
}

export const w2 = (): W2 => {
  const [a, b, c, d] = layers
  return {
    _tag: 'training',
    name: 'W2',
    summary: 'MLP 784-512-256-10, ReLU, softmax cross-entropy, batch 128, Adam 1e-3',
    parameters: {
      w1: glorotUniform(21, a, b),
      b1: filled(b),
      w2: glorotUniform(22, b, c),
      b2: filled(c),
      w3: glorotUniform(23, c, d),
      b3: filled(d),
    },
    batches: Array.from({ length: distinctBatches }, (_, index) => ({
      x: uniform(1000 + index, [batch, a], 0, 1),
      label: labels(2000 + index, [batch], d),
    })),
    optimizer: w2Optimizer,
    productFlops: productFlops(),
    // After some 830 steps the first moments of units that died early are subnormal (0.9^830 < 1e-37), and a step of a
    // subject that does not flush them takes three times as long. That is a measure of its own, not this one's.
    stepLimit: 700,
  }
}
