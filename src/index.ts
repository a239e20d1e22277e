/**
 * The language: everything a user imports to write a model. In: nothing. Out: the names of src/expr, src/nn and src/optim.
 * Invariant: pure expressions; importing this brings neither the compiler nor the runtime.
 */
export { flow, pipe } from 'fp-ts/lib/function.js'
export type { DType, Float } from './core/dtype.ts'
export { ShapeError, type Source, showSource } from './core/errors.ts'
export type { Shape, TensorType } from './core/shape.ts'
export { checkpoint, type CheckpointOptions } from './expr/checkpoint.ts'
export { constant, type Nested } from './expr/constant.ts'
export { conv1d, conv2d, convTranspose2d, type Conv2dOptions, type ConvTransposeOptions } from './expr/convolution.ts'
export { conv } from './nn/convolution.ts'
export { type AvgPoolOptions, avgPool2d, maxPool2d, type PoolOptions } from './expr/pooling.ts'
export { dot, dotGeneral, type DotOptions, matmul, outer } from './expr/contraction.ts'
export {
  arange,
  eye,
  full,
  iota,
  linspace,
  oneHot,
  ones,
  tril,
  triu,
  zeros,
} from './expr/creation.ts'
export { cumLogSumExp, cummax, cummin, cumprod, cumsum, type CumulativeOptions } from './expr/cumulative.ts'
export {
  type CustomOptions,
  customVjp,
  type PullbackArguments,
  type PushforwardArguments,
  withGradient,
} from './expr/custom.ts'
export {
  abs,
  acos,
  acosh,
  add,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  ceil,
  clip,
  cos,
  cosh,
  cube,
  div,
  erf,
  erfc,
  exp,
  exp2,
  expm1,
  floor,
  hypot,
  log,
  log1p,
  log2,
  logAddExp,
  logSigmoid,
  logSubExp,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  pow,
  reciprocal,
  relu,
  round,
  rsqrt,
  rsqrtOrZero,
  sigmoid,
  sign,
  sin,
  sinh,
  softplus,
  sqrt,
  square,
  squaredDifference,
  stopGradient,
  sub,
  tan,
  tanh,
  trunc,
} from './expr/elementwise.ts'
export { cond, switchCase } from './expr/cond.ts'
export { einsum } from './expr/einsum.ts'
export type { Expr, Node } from './expr/expr.ts'
export { graph } from './expr/node.ts'
export { concat, repeat, roll, split, stack, tile } from './expr/joining.ts'
export { embedding, gather, scatterAdd, scatterRows, segmentSum, takeAlongAxis } from './expr/indexing.ts'
export { type Initial, type Initializer, input, named, param, state, type Update } from './expr/leaves.ts'
export {
  bitcast,
  cast,
  equal,
  greater,
  greaterEqual,
  isFinite,
  isNan,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
  where,
} from './expr/logic.ts'
export {
  broadcastTo,
  diag,
  diagonal,
  expandDims,
  reshape,
  reverse,
  slice,
  squeeze,
  transpose,
} from './expr/movement.ts'
export { pad, type PadMode, type PadWidths } from './expr/padding.ts'
export { shaped } from './expr/shaped.ts'
export {
  bernoulli,
  categorical,
  foldIn,
  key,
  type Key,
  normal,
  permutation,
  randomBits,
  splitKey,
  uniform,
} from './expr/random.ts'
export { map, scan, type ScanOptions } from './expr/loop.ts'
export type { SavePolicy } from './expr/policy.ts'
export { dynamicSlice, dynamicUpdateSlice, gatherNd, scatterSet, type Start } from './expr/dynamic.ts'
export { argsort, sort, type SortOptions, topK } from './expr/sorting.ts'
export {
  all,
  any,
  argmax,
  argmin,
  firstMax,
  logSumExp,
  max,
  mean,
  min,
  type MomentOptions,
  norm,
  type NormOptions,
  prod,
  type ReduceOptions,
  std,
  sum,
  variance,
} from './expr/reduction.ts'
export { whileLoop, type WhileOptions } from './expr/while.ts'
export { type MovingOptions, overlapAdd, windows } from './expr/windows.ts'
export {
  elu,
  gelu,
  type GeluForm,
  hardTanh,
  leakyRelu,
  logSoftmax,
  maxout,
  mish,
  prelu,
  silu,
  softmax,
  softsign,
} from './nn/activations.ts'
export {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  identity,
  randomNormal,
  randomUniform,
} from './nn/initializers.ts'
export {
  attention,
  type AttentionOptions,
  type AttentionWeights,
  multiHeadAttention,
  type MultiHeadOptions,
} from './nn/attention.ts'
export {
  batchNorm,
  type BatchNormalized,
  type BatchNormOptions,
  type RunningMoments,
} from './nn/batch-norm.ts'
export { dense, dropout, layerNorm, type NormalizeOptions, rmsNorm } from './nn/layers.ts'
export {
  crossEntropy,
  type CrossEntropyOptions,
  hinge,
  huber,
  type HuberOptions,
  type LossOptions,
  type LossReduction,
  mae,
  mse,
  sigmoidCrossEntropy,
} from './nn/losses.ts'
export { accuracy, type ClassOptions, type ClassScore, f1, perplexity, precision, recall } from './nn/metrics.ts'
export {
  bidirectional,
  type Directions,
  type Gate,
  gru,
  gruCell,
  type GruGates,
  lstm,
  lstmCell,
  type LstmGates,
  type LstmLayer,
  type LstmState,
  type Recurrent,
  type RecurrentLayer,
  type RecurrentOptions,
  rnn,
  type RnnActivation,
  rnnCell,
  type RnnOptions,
} from './nn/recurrent.ts'
export { dropConnect, l1, l2, maxNorm } from './nn/regularization.ts'
export { adagrad, type AdagradOptions } from './optim/adagrad.ts'
export { adam, adamax, type AdamaxOptions, type AdamOptions, type Laziness, nadam } from './optim/adam.ts'
export { clipByGlobalNorm, globalNorm } from './optim/clip.ts'
export {
  constrained,
  learningRate,
  optimizer,
  type Optimizer,
  type RuleInput,
  type RuleOutput,
  stepCounter,
} from './optim/optimizer.ts'
export { adadelta, type AdadeltaOptions, rmsprop, type RmspropOptions } from './optim/rmsprop.ts'
export { cosineDecay, exponentialDecay, linearDecay, warmUp } from './optim/schedules.ts'
export { momentum, type MomentumOptions, sgd } from './optim/sgd.ts'
