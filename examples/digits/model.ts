// The classifier: 784 pixels, two hidden layers of rectified linear units, ten classes.
// Exported so that `npx nabla inspect examples/digits/model.ts#loss` shows its derivative without training anything.

import {
  adam,
  argmax,
  crossEntropy,
  dense,
  glorotUniform,
  heUniform,
  input,
  mean,
  param,
  pipe,
  relu,
  softmax,
  zeros,
} from 'nabla'
import { trainStep } from 'nabla/compiler'

export const batch = 128

export const x = input('x', [batch, 784])
export const y = input('y', [batch], 'i32')

export const w1 = param('w1', [784, 512], heUniform)
export const b1 = param('b1', [512], zeros)
export const w2 = param('w2', [512, 256], heUniform)
export const b2 = param('b2', [256], zeros)
export const w3 = param('w3', [256, 10], glorotUniform)
export const b3 = param('b3', [10], zeros)

export const logits = pipe(x, dense(w1, b1), relu, dense(w2, b2), relu, dense(w3, b3))
export const loss = pipe(logits, crossEntropy(y), mean)

/** What the artifact can do: train by one step, and tell what a batch of pictures shows. */
export const entries = {
  step: trainStep(loss, adam()),
  predict: { label: argmax(logits, 1), probabilities: softmax(logits), loss },
}
