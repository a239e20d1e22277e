// Constructs: layers, and shapes.

import {
  add,
  attention,
  batchNorm,
  broadcastTo,
  concat,
  crossEntropy,
  cumLogSumExp,
  cummax,
  cumprod,
  cumsum,
  dropout,
  exp,
  gather,
  gru,
  key,
  layerNorm,
  log,
  logSumExp,
  lstm,
  matmul,
  max,
  min,
  mul,
  multiHeadAttention,
  neg,
  type Node,
  norm,
  normal,
  pad,
  prod,
  reshape,
  reverse,
  rmsNorm,
  roll,
  sigmoidCrossEntropy,
  sin,
  slice,
  softmax,
  square,
  sum,
  variance,
  zeros,
} from 'nabla'
import { type Construct, COUNT, indices, spread } from './construct.ts'

export const layers: readonly Construct[] = [
  {
    title: 'attention, causal',
    build: (x, w) => attention(spread(x, [3, 2]), spread(w, [3, 2]), spread(x, [3, 2], 1), { causal: true }),
  },
  {
    title: 'attention, of several heads',
    build: (x, w) => {
      const weight = (seed: number): Node => spread(w, [4, 4], seed)
      const weights = { wq: weight(0), wk: weight(1), wv: weight(2), wo: weight(3) }
      return multiHeadAttention(spread(x, [3, 4]), weights, { heads: 2 })
    },
  },
  {
    title: 'batchNorm',
    build: (x, w) => {
      const running = { mean: zeros([2], x.dtype), variance: zeros([2], x.dtype) }
      const scale = spread(w, [2])
      return batchNorm(spread(x, [4, 2]), running, { scale }).output
    },
  },
  { title: 'layerNorm', build: (x, w) => mul(layerNorm(add(x, sin(mul(3, x)))), w) },
  { title: 'rmsNorm', build: (x, w) => rmsNorm(mul(x, w)) },
  {
    title: 'lstm',
    build: (x, w) => lstm(spread(x, [3, 2, 2]), { w: spread(w, [2, 8]), u: spread(w, [2, 8], 1) }).outputs,
  },
  {
    title: 'gru backwards, which saves its products',
    build: (x, w) =>
      gru(spread(x, [3, 2, 2]), { w: spread(w, [2, 6]), u: spread(w, [2, 6], 1) }, { reverse: true, save: 'products' })
        .outputs,
  },
  { title: 'dropout', build: (x, w) => dropout(mul(x, sin(w)), 0.4, key(7)) },
  {
    title: 'noise',
    build: (x, w) => sin(add(mul(x, w), mul(x, normal(key(1), [COUNT], 0, 1, x.dtype as 'f64')))),
  },
  { title: 'logSumExp', build: (x, w) => mul(logSumExp(mul(3, mul(x, w))), x) },
  {
    title: 'crossEntropy with classes',
    build: (x, w) => crossEntropy(matmul(spread(x, [3, 2]), spread(w, [2, 4])), indices([1, 3, 1])),
  },
  {
    title: 'crossEntropy with probabilities',
    build: (x, w) => crossEntropy(spread(x, [2, 3]), softmax(spread(w, [2, 3])), { smoothing: 0.1 }),
  },
  { title: 'sigmoidCrossEntropy', build: (x, w) => sigmoidCrossEntropy(mul(3, x), square(sin(w))) },
  {
    title: 'the cross-entropy, written naively',
    build: (x, w) => neg(log(gather(softmax(mul(x, w)), reshape(indices([2]), [])))),
  },
  { title: 'log(1 + exp), written naively', build: (x, w) => log(add(1, exp(mul(x, w)))) },
]

export const shapes: readonly Construct[] = [
  {
    title: 'cumsum and cumprod',
    build: (x, w) => add(cumsum(mul(x, w), 0), cumprod(add(1, mul(0.5, mul(x, w))), 0)),
  },
  { title: 'cummax', build: (x, w) => mul(cummax(x, 0), w) },
  { title: 'cumLogSumExp, backwards', build: (x, w) => cumLogSumExp(mul(x, w), 0, { reverse: true }) },
  { title: 'prod, max, min', build: (x, w) => add(prod(add(1, mul(x, w))), mul(max(x), min(mul(x, w)))) },
  { title: 'variance and norm', build: (x, w) => add(variance(mul(x, w)), norm(add(x, w))) },
  { title: 'pad, reflected', build: (x, w) => mul(pad(x, [[2, 1]], 'reflect'), sum(w)) },
  {
    title: 'movement',
    build: (x, w) => mul(concat([slice(reverse(x, 0), [1], [6], [2]), roll(x, 2, 0)], 0), sum(mul(x, w))),
  },
  { title: 'broadcastTo', build: (x, w) => mul(broadcastTo(mul(sum(x), w), [3, COUNT]), x) },
]
