// Layers whose parameters do not fit their inputs. Each must not compile, and must not run, with the words above it.
import { attention, batchNorm, input, multiHeadAttention, ones, pipe, state, zeros } from 'nabla'

const x = input('x', [8, 3, 10])
const running = { mean: state('mean', [10], zeros), variance: state('variance', [10], ones) }
const short = { mean: state('short', [3], zeros), variance: state('variance', [10], ones) }
const wide = { mean: state('mean', [10], zeros), variance: state('wide', [10, 1], ones) }

const [q, k, v] = [input('q', [8, 5, 64]), input('k', [8, 7, 64]), input('v', [8, 7, 32])]
const square = input('square', [64, 64])

export const faults = [
  // expect: matmul: inner dimensions 64 and 32 differ ([8,5,64] x [8,32,7])
  () => attention(q, v, k),
  // expect: matmul: inner dimensions 7 and 5 differ ([8,5,7] x [8,5,64])
  () => attention(q, k, q),
  // expect: matmul: batch dimensions 8 and 3 differ ([8,5,64] x [3,64,7])
  () => pipe(q, attention(input('k', [3, 7, 64]), v)),
  // expect: attention: dtypes f32 and f64 differ
  () => attention(q, k, input('d', [8, 7, 32], 'f64')),
  // expect: matmul: inner dimensions 32 and 64 differ ([8,7,32] x [64,64])
  () => multiHeadAttention(v, { wq: square, wk: square, wv: square, wo: square }, { heads: 4 }),
  // expect: batchNorm: the running mean is [3], not [10] for axis -1 of [8,3,10]
  () => batchNorm(x, short),
  // expect: batchNorm: the running variance is [10,1], not [10] for axis -1 of [8,3,10]
  () => pipe(x, batchNorm(wide)),
  // expect: batchNorm: the running mean is [10], not [3] for axis 1 of [8,3,10]
  () => batchNorm(x, running, { axis: 1 }),
  // expect: batchNorm: the scale is [3], not [10] for axis -1 of [8,3,10]
  () => batchNorm(x, running, { scale: input('scale', [3]) }),
  // expect: batchNorm: the shift is [3], not [10] for axis -1 of [8,3,10]
  () => pipe(x, batchNorm(running, { shift: input('shift', [3]) })),
  // expect: batchNorm: axis 3 does not exist in shape [8,3,10]
  () => batchNorm(x, running, { axis: 3 }),
  // expect: batchNorm: the operand must be f32 or f64, not i32
  () => batchNorm(input('n', [8, 10], 'i32'), running),
  // expect: batchNorm: dtypes f64 and f32 differ
  () => batchNorm(input('d', [8, 10], 'f64'), running),
]
