// Movements that do not fit. Each must not compile, and must not run, with the words above it.
import { broadcastTo, concat, input, maxout, pad, pipe, repeat, reshape, slice, split, stack, tile } from 'nabla'

const x = input('x', [2, 3])
const y = input('y', [5, 4])
const v = input('v', [3])
const images = input('images', [128, 28, 28])
const empty = input('empty', [0, 3])

export const faults = [
  // expect: reshape: [2,3] has 6 elements, [4] has 4
  () => reshape(x, [4]),
  // expect: reshape: [128,28,28] has 100352 elements, [128,783] has 100224
  () => pipe(images, reshape([128, 783])),
  // expect: reshape: the 6 elements of [2,3] do not fill [4,-1]
  () => reshape(x, [4, -1]),
  // expect: reshape: [-1,-1] has more than one -1
  () => pipe(x, reshape([-1, -1])),
  // expect: reshape: -1 of [0,-1] could be any extent
  () => reshape(empty, [0, -1]),
  // expect: slice: 1 to 5 is not a range of axis 0 of [2,3]
  () => slice(x, 1, 5),
  // expect: slice: 2 to 1 is not a range of axis 1 of [2,3]
  () => pipe(x, slice([0, 2], [2, 1])),
  // expect: slice: -4 to 3 is not a range of axis 1 of [2,3]
  () => slice(x, [0, -4]),
  // expect: slice: more ranges than the 1 axes of [3]
  () => slice(v, [0, 0]),
  // expect: slice: more ranges than the 1 axes of [3]
  () => pipe(v, slice(0, [1, 2])),
  // expect: slice: step 0 of axis 1 is not a positive integer
  () => slice(x, [0, 0], [2, 3], [1, 0]),
  // expect: slice: -5 to -6 is not a range of axis 1 of [2,3]
  () => pipe(x, slice([0, -5], [2, -6])),
  // expect: reshape: [-2,-3] is not a shape: extents are natural numbers
  () => reshape(x, [-2, -3]),
  // expect: reshape: [-1,1.5] is not a shape: extents are natural numbers
  () => pipe(x, reshape([-1, 1.5])),
  // expect: broadcastTo: [2,-3] is not a shape: extents are natural numbers
  () => broadcastTo(x, [2, -3]),
  // expect: concat: dtypes f32 and i32 differ
  () => concat([x, x, input('n', [2, 3], 'i32')]),
  // expect: stack: dtypes f32 and i32 differ
  () => stack([x, input('n', [2, 3], 'i32')], 0),
  // expect: split: axis 0 of [2,3] does not divide into 0 equal parts
  () => split(x, 0),
  // expect: concat: [2,3] and [5,4] differ at axis 1, not only at axis 0
  () => concat([x, y]),
  // expect: concat: the ranks of [2,3] and [3] differ
  () => concat([x, v]),
  // expect: concat: axis 2 does not exist in shape [2,3]
  () => concat([x, x], 2),
  // expect: concat: no operand given
  () => concat([]),
  // expect: stack: shapes [2,3] and [5,4] differ
  () => stack([x, y]),
  // expect: stack: 3 is not a place for a new axis of [2,3]
  () => stack([x, x], 3),
  // expect: split: axis 1 of [2,3] does not divide into 2 equal parts
  () => split(x, 2, -1),
  // expect: split: the sizes [1,3] do not add up to the extent 3 of axis 1 of [2,3]
  () => pipe(x, split([1, 3], 1)),
  // expect: split: axis 2 does not exist in shape [2,3]
  () => split(x, 1, 2),
  // expect: pad: counts given for 1 axes, but [2,3] has 2
  () => pad(x, [[1, 1]]),
  // expect: tile: 1 counts given, but [2,3] has 2 axes
  () => pipe(x, tile([2])),
  // expect: repeat: axis 2 does not exist in shape [2,3]
  () => repeat(x, 2, 2),
  // expect: maxout: the last extent 3 does not divide into pieces of 2
  () => maxout(x, 2),
]
