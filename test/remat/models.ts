// In: sizes. Out: training steps of several kinds of models, whose way back needs much of the way forward.

import {
  adam,
  add,
  conv2d,
  cond,
  crossEntropy,
  dense,
  dropout,
  embedding,
  gelu,
  glorotUniform,
  greater,
  input,
  key,
  layerNorm,
  lstm,
  maxPool2d,
  mean,
  type Node,
  ones,
  param,
  pipe,
  relu,
  reshape,
  sgd,
  sin,
  sum,
  tanh,
  zeros,
} from '../../src/index.ts'
import type { EntryInput } from '../../compiler/entries.ts'
import type { Scalar } from '../../compiler/transforms.ts'
import { trainStep } from '../../compiler/train-step.ts'

const width = 24
const batch = 32

const layer = (x: Node, i: number, out = width): Node =>
  dense(param(`w${i}`, [x.shape.at(-1) as number, out], glorotUniform), param(`b${i}`, [out], zeros))(x)

const classified = (h: Node): Scalar =>
  pipe(layer(h, 99, 10), crossEntropy(input('y', [h.shape[0] as number], 'i32')), mean as never)

/** A chain of layers. */
export const chain = (layers: number, act: (x: Node) => Node = (x) => relu(x)): EntryInput => {
  let h = input('x', [batch, width]) as Node
  for (let i = 0; i < layers; i++) h = act(layer(h, i))
  return trainStep(classified(h), sgd())
}

const residual = (): EntryInput => {
  let h = input('x', [batch, width]) as Node
  for (let i = 0; i < 3; i++) {
    const n = layerNorm(h, { scale: param(`g${i}`, [width], ones), shift: param(`a${i}`, [width], zeros) })
    h = add(h, layer(gelu(layer(n, 2 * i, 2 * width)), 2 * i + 1))
  }
  return trainStep(classified(h), adam(), { clipNorm: 1 })
}

const convolve = conv2d

const convolutional = (): EntryInput => {
  let h = input('x', [4, 12, 12, 2]) as Node
  for (let i = 0; i < 3; i++) {
    const filter = param(`f${i}`, [3, 3, h.shape[3] as number, 4], glorotUniform)
    h = relu(convolve(h, filter, { pads: 'same' }))
  }
  const pooled = maxPool2d(h, 2)
  return trainStep(classified(reshape(pooled, [4, 144])), sgd())
}

const recurrent = (): EntryInput => {
  const [table, tokens] = [param('table', [20, 8], glorotUniform), input('tokens', [6, 4], 'i32')]
  const gates = (k: number, size: number) => ({
    w: param(`wx${k}`, [size, 32], glorotUniform),
    u: param(`wh${k}`, [8, 32], glorotUniform),
    b: param(`wb${k}`, [32], zeros),
  })
  const first = lstm(gates(1, 8))(embedding(table, tokens))
  const second = lstm(gates(2, 8))(first.outputs)
  return trainStep(classified(reshape(second.outputs, [24, 8])), sgd())
}

const random = (): EntryInput => {
  const k = key(7)
  let h = input('x', [batch, width]) as Node
  for (let i = 0; i < 4; i++) h = dropout(tanh(layer(h, i)), 0.3, k)
  return trainStep(classified(h), sgd())
}

const choosing = (): EntryInput => {
  let h = input('x', [batch, width]) as Node
  for (let i = 0; i < 4; i++) {
    const z = layer(h, i)
    h = cond(
      greater(sum(z), 0),
      () => tanh(z),
      () => sin(z),
    )
  }
  return trainStep(classified(h), sgd())
}

export const models: Readonly<Record<string, () => EntryInput>> = {
  chain: () => chain(8),
  residual,
  convolutional,
  recurrent,
  random,
  choosing,
}
