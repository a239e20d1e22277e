// W7: LeNet-5 on images of MNIST's size, whose time is that of two convolutions, their derivatives and three products.

import { filled, glorotUniform, labels, uniform } from './random.ts'
import type { Momentum, Training } from './workload.ts'

const batch = 64
const distinctBatches = 16

export const w7Optimizer: Momentum = { _tag: 'momentum', learningRate: 0.01, momentum: 0.9 }

type Layers = 'k1' | 'c1' | 'k2' | 'c2' | 'w1' | 'b1' | 'w2' | 'b2' | 'w3' | 'b3'

/**
 * h1 = pool(relu(x * k1 + c1)), padded by 2; h2 = pool(relu(h1 * k2 + c2)); then relu(h·w1 + b1), relu(h·w2 + b2) and
 * z = h·w3 + b3; loss = mean over the batch of the cross-entropy of softmax(z) and the class `label` (i32). Images are
 * [n, h, w, c], filters [h, w, c, f]; a pool takes the greatest of 2x2.
 */
export type W7 = Training<Layers, 'x' | 'label', Momentum>

const shapes = {
  k1: [5, 5, 1, 6],
  k2: [5, 5, 6, 16],
  w1: [400, 120],
  w2: [120, 84],
  w3: [84, 10],
} as const

// 2 operations a multiply-add, padding included; forward, by the filters, and but for the first layer by the image.
const productFlops = (): number => {
  const first = 28 * 28 * 6 * 25
  const others = 10 * 10 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10
  return 2 * batch * (2 * first + 3 * others)
}

export const w7 = (): W7 => {
  const weight = (seed: number, name: keyof typeof shapes) => {
    const shape = shapes[name]
    const [outputs, inputs] = [shape.at(-1) as number, shape.slice(0, -1).reduce<number>((n, d) => n * d, 1)]
    return { ...glorotUniform(seed, inputs, outputs), shape }
  }
  return {
    _tag: 'training',
    name: 'W7',
    summary: 'LeNet-5, 28x28, ReLU, max-pool, softmax cross-entropy, batch 64, momentum 0.9',
    parameters: {
      k1: weight(51, 'k1'),
      c1: filled(6),
      k2: weight(52, 'k2'),
      c2: filled(16),
      w1: weight(53, 'w1'),
      b1: filled(120),
      w2: weight(54, 'w2'),
      b2: filled(84),
      w3: weight(55, 'w3'),
      b3: filled(10),
    },
    batches: Array.from({ length: distinctBatches }, (_, index) => ({
      x: uniform(5100 + index, [batch, 28, 28, 1], 0, 1),
      label: labels(5200 + index, [batch], 10),
    })),
    optimizer: w7Optimizer,
    productFlops: productFlops(),
    stepLimit: 2000,
  }
}
