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
  type Expr,
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
  dense(param(`w${i}`, [x.shape.at(-1) as number, out], glorotUniform), param(`b${i}`, [out], zeros))(x) as Node

const classified = (h: Node): Scalar =>
  pipe(layer(h, 99, 10) as never, crossEntropy(input('y', [h.shape[0] as number], 'i32') as never), mean as never)

/** A chain of layers. */
export const chain = (layers: number, act: (x: Node) => Node = (x) => relu(x) as Node): EntryInput => {
  let h = input('x', [batch, width]) as Node
  for (let i = 0; i < layers; i++) h = act(layer(h, i))
  return trainStep(classified(h), sgd())
}

const residual = (): EntryInput => {
  let h = input('x', [batch, width]) as Node
  for (let i = 0; i < 3; i++) {
    const n = layerNorm(h, { scale: param(`g${i}`, [width], ones), shift: param(`a${i}`, [width], zeros) }) as Node
    h = add(h, layer(gelu(layer(n, 2 * i, 2 * width)) as Node, 2 * i + 1)) as Node
  }
  return trainStep(classified(h), adam(), { clipNorm: 1 })
}

const convolve = conv2d as unknown as (x: Node, w: Node, options: { pads: 'same' }) => Node

const convolutional = (): EntryInput => {
  let h = input('x', [4, 12, 12, 2]) as Node
  for (let i = 0; i < 3; i++) {
    const filter = param(`f${i}`, [3, 3, h.shape[3] as number, 4], glorotUniform)
    h = relu(convolve(h, filter as Node, { pads: 'same' })) as Node
  }
  const pooled = maxPool2d(h as Expr<[4, 12, 12, 4], 'f32'>, 2) as Node
  return trainStep(classified(reshape(pooled, [4, 144]) as Node), sgd())
}

const recurrent = (): EntryInput => {
  const [table, tokens] = [param('table', [20, 8], glorotUniform), input('tokens', [6, 4], 'i32')]
  const gates = (k: number, size: number) => ({
    w: param(`wx${k}`, [size, 32], glorotUniform),
    u: param(`wh${k}`, [8, 32], glorotUniform),
    b: param(`wb${k}`, [32], zeros),
  })
  const first = lstm(gates(1, 8) as never)(embedding(table, tokens) as never) as { outputs: Node }
  const second = lstm(gates(2, 8) as never)(first.outputs as never) as { outputs: Node }
  return trainStep(classified(reshape(second.outputs, [24, 8]) as Node), sgd())
}

const random = (): EntryInput => {
  const k = key(7)
  let h = input('x', [batch, width]) as Node
  for (let i = 0; i < 4; i++) h = dropout(tanh(layer(h, i)) as never, 0.3, k) as Node
  return trainStep(classified(h), sgd())
}

const choosing = (): EntryInput => {
  let h = input('x', [batch, width]) as Node
  for (let i = 0; i < 4; i++) {
    const z = layer(h, i)
    h = cond(
      greater(sum(z), 0) as never,
      () => tanh(z) as never,
      () => sin(z) as never,
    ) as Node
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
