// W9: a small transformer of the kind that normalizes ahead of each block. Its time is that of products with its weights, of
// many small ones between queries, keys and values, and of what stands between them.

import { filled, glorotUniform, labels, uniform } from './random.ts'
import type { Adam, Training } from './workload.ts'

export const w9Sizes = { vocabulary: 256, width: 128, heads: 4, layers: 2, inner: 512, length: 64, batch: 16 } as const
const distinctBatches = 8

export const w9Optimizer: Adam = { _tag: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

/**
 * x = table[token] + place; in each layer k of two, x ← x + attention(norm(x)) with four heads, each query meeting the keys up
 * to its own, and x ← x + relu(norm(x)·w1k + c1k)·w2k + c2k; logits = norm(x)·v + e. A norm subtracts the mean, divides by
 * √(variance + 1e-5), scales (s) and shifts (t). The loss is the mean over batch and places of the cross-entropy of
 * softmax(logits) and the class `next` (i32); `token` and `next` are [batch, length]. Parameters of layer k end in its number.
 */
export type W9 = Training<string, 'token' | 'next', Adam>

// Forward, and both transposed products backward: weights, vocabulary, and queries by keys, weights by values in each head.
const productFlops = (): number => {
  const { vocabulary, width, layers, inner, length, batch } = w9Sizes
  const perRow = layers * (4 * width * width + 2 * width * inner + 2 * width * length) + width * vocabulary
  return 3 * 2 * batch * length * perRow
}

export const w9 = (): W9 => {
  const { vocabulary, width, layers, inner, length, batch } = w9Sizes
  const layer = (k: number) => ({
    [`s1${k}`]: filled(width, 1),
    [`t1${k}`]: filled(width),
    [`wq${k}`]: glorotUniform(910 + 10 * k, width, width),
    [`wk${k}`]: glorotUniform(911 + 10 * k, width, width),
    [`wv${k}`]: glorotUniform(912 + 10 * k, width, width),
    [`wo${k}`]: glorotUniform(913 + 10 * k, width, width),
    [`s2${k}`]: filled(width, 1),
    [`t2${k}`]: filled(width),
    [`w1${k}`]: glorotUniform(914 + 10 * k, width, inner),
    [`c1${k}`]: filled(inner),
    [`w2${k}`]: glorotUniform(915 + 10 * k, inner, width),
    [`c2${k}`]: filled(width),
  })
  return {
    _tag: 'training',
    name: 'W9',
    summary: 'transformer, pre-LN, ReLU: d 128, 4 heads, 2 layers, seq 64, V 256, batch 16, Adam 1e-3',
    parameters: {
      table: uniform(91, [vocabulary, width], -1, 1),
      place: uniform(92, [length, width], -1, 1),
      ...Object.fromEntries(Array.from({ length: layers }, (_, k) => Object.entries(layer(k))).flat()),
      s: filled(width, 1),
      t: filled(width),
      v: glorotUniform(93, width, vocabulary),
      e: filled(vocabulary),
    },
    batches: Array.from({ length: distinctBatches }, (_, index) => ({
      token: labels(9100 + index, [batch, length], vocabulary),
      next: labels(9200 + index, [batch, length], vocabulary),
    })),
    optimizer: w9Optimizer,
    productFlops: productFlops(),
    // As W2's: what is measured is the ordinary step.
    stepLimit: 700,
  }
}
