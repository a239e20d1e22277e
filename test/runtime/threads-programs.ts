// In: nothing. Out: training steps like those of the workloads, small, but with kernels that are worth cutting.

import {
  adam,
  add,
  conv2d,
  crossEntropy,
  dense,
  div,
  dropout,
  embedding,
  glorotUniform,
  gru,
  input,
  layerNorm,
  lstm,
  matmul,
  mean,
  multiHeadAttention,
  oneHot,
  ones,
  param,
  pipe,
  relu,
  reshape,
  sgd,
  sum,
  tanh,
  zeros,
} from 'nabla'
import { type EntryInputs, trainStep } from 'nabla/compiler'

const weight = <const M extends number, const N extends number>(name: string, rows: M, columns: N) =>
  param(name, [rows, columns], glorotUniform)
const bias = <const N extends number>(name: string, size: N) => param(name, [size], zeros)
const rules = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

/** W2, with dropout: random numbers depend on places. */
const classifier = (): EntryInputs => {
  const logits = pipe(
    input('x', [64, 100]),
    dense(weight('w1', 100, 96), bias('b1', 96)),
    relu,
    dropout(0.25, input('dropKey', [2], 'i32')),
    dense(weight('w2', 96, 10), bias('b2', 10)),
  )
  return { step: trainStep(pipe(logits, crossEntropy(input('label', [64], 'i32')), mean), adam(rules)) }
}

/** W6: products inside of loops, forwards and backwards. */
const characters = (): EntryInputs => {
  const token = input('token', [6, 16], 'i32')
  const cell = { w: weight('w', 32, 192), b: bias('b', 192), u: weight('u', 64, 192), c: bias('c', 192) }
  const { outputs } = pipe(matmul(oneHot(token, 40), weight('table', 40, 32)), gru(cell))
  const logits = pipe(outputs, dense(weight('v', 64, 40), bias('e', 40)))
  return { step: trainStep(pipe(logits, crossEntropy(input('next', [6, 16], 'i32')), mean), adam(rules)) }
}

/** W5: an embedding, clipping, updates in place. */
const words = (): EntryInputs => {
  const token = input('token', [5, 20], 'i32')
  const cell = { w: weight('w', 48, 192), u: weight('u', 48, 192), b: bias('b', 192) }
  const { outputs } = pipe(embedding(weight('table', 300, 48), token), lstm(cell))
  const logits = pipe(outputs, dense(weight('v', 48, 300), bias('e', 300)))
  const loss = div(sum(pipe(logits, crossEntropy(input('next', [5, 20], 'i32')))), 20)
  return { step: trainStep(loss, sgd(), { clipNorm: 5 }) }
}

/** W9: rows normalized, scores of batches, a mask of places. */
const transformer = (): EntryInputs => {
  const normalized = (name: string) => layerNorm({ scale: param(`s${name}`, [32], ones), shift: bias(`t${name}`, 32) })
  const square = (name: string) => weight(name, 32, 32)
  const weights = { wq: square('q'), wk: square('k'), wv: square('v'), wo: square('o') }
  const wide = dense(weight('w1', 32, 128), bias('c1', 128))
  const narrow = dense(weight('w2', 128, 32), bias('c2', 32))
  const x = add(embedding(weight('table', 50, 32), input('token', [6, 24], 'i32')), weight('place', 24, 32))
  const y = add(x, pipe(x, normalized('1'), multiHeadAttention(weights, { heads: 4, causal: true })))
  const z = add(y, pipe(y, normalized('2'), wide, relu, narrow))
  const logits = pipe(z, dense(weight('out', 32, 50), bias('e', 50)))
  return { step: trainStep(pipe(logits, crossEntropy(input('next', [6, 24], 'i32')), mean), adam(rules)) }
}

/** W7: products that read windows. */
const digits = (): EntryInputs => {
  const filters = param('f', [5, 5, 3, 8], glorotUniform)
  const seen = relu(conv2d(input('image', [16, 20, 20, 3]), filters))
  const logits = pipe(reshape(seen, [16, 2048]), dense(weight('v', 2048, 10), bias('e', 10)))
  return { step: trainStep(pipe(logits, crossEntropy(input('label', [16], 'i32')), mean), sgd()) }
}

/** Sums along k in pieces, in f64, and a function of each element. */
const deep = (): EntryInputs => ({
  step: { y: tanh(matmul(input('x', [40, 2500], 'f64'), input('w', [2500, 24], 'f64'))) },
})

export const programs = { classifier, characters, words, transformer, digits, deep } as const
