// Axes that do not exist. Each must not compile, and must not run, with the words above it.
import {
  all,
  argmax,
  argsort,
  categorical,
  dynamicSlice,
  dynamicUpdateSlice,
  expandDims,
  gather,
  gatherNd,
  input,
  key,
  logSumExp,
  max,
  mean,
  norm,
  permutation,
  pipe,
  reverse,
  roll,
  scatterAdd,
  scatterSet,
  softmax,
  sort,
  squeeze,
  std,
  sum,
  takeAlongAxis,
  topK,
  transpose,
  variance,
} from 'nabla'

const x = input('x', [2, 3])
const ids = input('ids', [4], 'i32')
const m = input('m', [2, 3], 'bool')

export const faults = [
  // expect: gather: axis 2 does not exist in shape [2,3]
  () => gather(x, ids, 2),
  // expect: gather: the indices must be i32, not f32
  () => gather(x, x),
  // expect: takeAlongAxis: axis -3 does not exist in shape [2,3]
  () => takeAlongAxis(x, ids, -3),
  // expect: scatterAdd: axis 2 does not exist in shape [2,3]
  () => scatterAdd(x, ids, input('u', [2, 3, 4]), 2),
  // expect: scatterAdd: dtypes f32 and i32 differ
  () => scatterAdd(x, ids, input('n', [4, 3], 'i32')),
  // expect: dynamicSlice: sizes given for 1 axes, but [2,3] has 2
  () => dynamicSlice(x, [0, 0], [1]),
  // expect: dynamicUpdateSlice: dtypes f32 and i32 differ
  () => dynamicUpdateSlice(x, input('n', [1, 1], 'i32'), [0, 0]),
  // expect: dynamicUpdateSlice: sizes given for 1 axes, but [2,3] has 2
  () => dynamicUpdateSlice(x, input('v', [1]), [0, 0]),
  // expect: gatherNd: indices [5,3] do not name places along the first axes of [2,3]
  () => gatherNd(x, input('places', [5, 3], 'i32')),
  // expect: gatherNd: the indices must be i32, not f32
  () => gatherNd(x, x),
  // expect: scatterSet: axis 2 does not exist in shape [2,3]
  () => scatterSet(x, ids, input('u', [2, 3, 4]), 2),
  // expect: scatterSet: dtypes f32 and i32 differ
  () => scatterSet(x, ids, input('n', [4, 3], 'i32')),
  // expect: categorical: axis 2 does not exist in shape [2,3]
  () => categorical(key(1), x, 2),
  // expect: categorical: the operand must be f32 or f64, not bool
  () => categorical(key(1), m),
  // expect: permutation: axis -3 does not exist in shape [2,3]
  () => permutation(key(1), x, -3),
  // expect: sort: axis 2 does not exist in shape [2,3]
  () => sort(x, 2),
  // expect: sort: the operand must be f32, f64 or i32, not bool
  () => sort(m, 0),
  // expect: argsort: axis -3 does not exist in shape [2,3]
  () => pipe(x, argsort(-3, { descending: true })),
  // expect: argsort: axis -1 does not exist in shape []
  () => argsort(sum(x)),
  // expect: topK: axis 2 does not exist in shape [2,3]
  () => topK(x, 1, 2),
  // expect: topK: the operand must be f32, f64 or i32, not bool
  () => pipe(m, topK(1)),
  // expect: sum: axis 2 does not exist in shape [2,3]
  () => sum(x, 2),
  // expect: sum: axis -3 does not exist in shape [2,3]
  () => pipe(x, sum(-3)),
  // expect: mean: axis 5 does not exist in shape [2,3]
  () => mean(x, [0, 5], { keepDims: true }),
  // expect: max: axis 1 is given twice
  () => max(x, [1, -1]),
  // expect: logSumExp: axis 2 does not exist in shape [2,3]
  () => pipe(x, logSumExp(2, { keepDims: true })),
  // expect: variance: axis 2 does not exist in shape [2,3]
  () => variance(x, 2, { ddof: 1 }),
  // expect: std: axis 2 does not exist in shape [2,3]
  () => pipe(x, std(2)),
  // expect: norm: axis -3 does not exist in shape [2,3]
  () => norm(x, -3),
  // expect: all: axis 2 does not exist in shape [2,3]
  () => all(m, 2),
  // expect: argmax: axis 2 does not exist in shape [2,3]
  () => argmax(x, 2),
  // expect: softmax: axis 2 does not exist in shape [2,3]
  () => softmax(x, 2),
  // expect: softmax: axis -3 does not exist in shape [2,3]
  () => pipe(x, softmax(-3)),
  // expect: transpose: [0,0] is not a permutation of the axes of [2,3]
  () => transpose(x, [0, 0]),
  // expect: transpose: [0,1,2] is not a permutation of the axes of [2,3]
  () => pipe(x, transpose([0, 1, 2])),
  // expect: expandDims: 4 is not a place for a new axis of [2,3]
  () => expandDims(x, 4),
  // expect: squeeze: axis 1 of [2,3] has extent 3, not 1
  () => squeeze(x, 1),
  // expect: squeeze: axis 2 does not exist in shape [2,3]
  () => pipe(x, squeeze(2)),
  // expect: reverse: axis 2 does not exist in shape [2,3]
  () => reverse(x, 2),
  // expect: reverse: axis 0 is given twice
  () => pipe(x, reverse([0, -2])),
  // expect: roll: axis 2 does not exist in shape [2,3]
  () => roll(x, 1, 2),
]
