// Convolutions that do not fit. Each must not compile, and must not run, with the words above it.
import { avgPool2d, conv, conv1d, conv2d, convTranspose2d, input, maxPool2d, param, pipe, zeros } from 'nabla'

const x = input('x', [8, 28, 28, 3])
const w = param('w', [5, 5, 3, 6], zeros)
const much = [
  [2, 2],
  [3, 2],
] as const
const labels = input('labels', [8, 28, 28, 3], 'i32')

export const faults = [
  // expect: conv2d: 1 x 4 channels of the filters are not the 3 of the image ([8,28,28,3] and [5,5,4,6])
  () => conv2d(x, param('v', [5, 5, 4, 6], zeros)),
  // expect: conv2d: 2 x 3 channels of the filters are not the 3 of the image ([8,28,28,3] and [5,5,3,6])
  () => conv2d(x, w, { groups: 2 }),
  // expect: conv2d: 3 groups do not divide 8 filters
  () => conv2d(x, param('v', [5, 5, 1, 8], zeros), { groups: 3 }),
  // expect: conv2d: a window of [29,5] does not fit into [8,28,28,3]
  () => conv2d(x, param('v', [29, 5, 3, 6], zeros)),
  // expect: conv2d: a window of [5,5] does not fit into [8,28,28,3]
  () => conv2d(x, w, { dilation: 7 }),
  // expect: conv2d: 1 x 5 channels of the filters are not the 28 of the image ([8,28,28,3] and [5,5,3,6])
  () => conv2d(x, w, { layout: 'NCHW' }),
  // expect: conv2d: image and filter have 4 axes, not [8,28,28] and [5,5,3,6]
  () => conv2d(input('y', [8, 28, 28]), w),
  // expect: conv2d: the operand must be f32 or f64, not i32
  () => conv2d(labels, w),
  // expect: conv2d: dtypes f32 and f64 differ
  () => conv2d(x, input('v', [5, 5, 3, 6], 'f64')),
  // expect: conv1d: a window of [9] does not fit into [8,5,3]
  () => conv1d(input('s', [8, 5, 3]), param('f', [9, 3, 4], zeros)),
  // expect: convTranspose2d: 6 filters are not the 3 channels of the image ([8,28,28,3] and [5,5,3,6])
  () => convTranspose2d(x, w),
  // expect: convTranspose2d: pads leave nothing of [8,1,1,6]
  () => convTranspose2d(input('y', [8, 1, 1, 6]), w, { pads: much }),
  // expect: maxPool2d: a window of [29,29] does not fit into [8,28,28,3]
  () => maxPool2d(x, 29),
  // expect: avgPool2d: the image has 4 axes, not [8,5,3]
  () => avgPool2d(input('s', [8, 5, 3]), 2),
  // expect: maxPool2d: the operand must be f32 or f64, not i32
  () => pipe(labels, maxPool2d(2)),
  // expect: conv: the bias [5] is not one number for each of 6 filters
  () => pipe(x, conv(w, param('b', [5], zeros))),
]
