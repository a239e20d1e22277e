// W9 in Nabla: the transformer, its derivative and Adam in one entry.

import {
  adam,
  add,
  crossEntropy,
  dense,
  embedding,
  glorotUniform,
  input,
  layerNorm,
  mean,
  multiHeadAttention,
  ones,
  param,
  pipe,
  relu,
  zeros,
} from 'nabla'
import { trainStep } from 'nabla/compiler'
import type { Step, Variant } from '../subject.ts'
import { w9, w9Optimizer, w9Sizes } from '../workloads/w9.ts'
import { stepOf } from './program.ts'

const { vocabulary, width, heads, inner, length, batch } = w9Sizes

const normalized = (name: string) =>
  layerNorm({ scale: param(`s${name}`, [width], ones), shift: param(`t${name}`, [width], zeros) })

const square = (name: string) => param(name, [width, width], glorotUniform)

const blocks = (k: number) => {
  const weights = { wq: square(`wq${k}`), wk: square(`wk${k}`), wv: square(`wv${k}`), wo: square(`wo${k}`) }
  const wide = dense(param(`w1${k}`, [width, inner], glorotUniform), param(`c1${k}`, [inner], zeros))
  const narrow = dense(param(`w2${k}`, [inner, width], glorotUniform), param(`c2${k}`, [width], zeros))
  return { attention: multiHeadAttention(weights, { heads, causal: true }), wide, narrow }
}

export const entries = () => {
  const token = input('token', [batch, length], 'i32')
  const next = input('next', [batch, length], 'i32')
  let x = add(embedding(param('table', [vocabulary, width], zeros), token), param('place', [length, width], zeros))
  for (let k = 0; k < w9Sizes.layers; k += 1) {
    const { attention, wide, narrow } = blocks(k)
    x = add(x, pipe(x, normalized(`1${k}`), attention))
    x = add(x, pipe(x, normalized(`2${k}`), wide, relu, narrow))
  }
  const logits = pipe(
    x,
    normalized(''),
    dense(param('v', [width, vocabulary], glorotUniform), param('e', [vocabulary], zeros)),
  )
  const { beta1, beta2, epsilon } = w9Optimizer
  return { step: trainStep(pipe(logits, crossEntropy(next), mean), adam({ beta1, beta2, epsilon })) }
}

export const train = (_workload: string, variant: Variant): Promise<Step> => stepOf(w9(), entries(), variant)
