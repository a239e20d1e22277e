// Convolutions that do not fit. Each must not compile, and must not run, with the words above it.
import { conv1d, conv2d, input, param, zeros } from 'nabla'

const x = input('x', [8, 28, 28, 3])
const w = param('w', [5, 5, 3, 6], zeros)
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
]
