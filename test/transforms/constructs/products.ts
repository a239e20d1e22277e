// Constructs: products, convolutions and pooling.

import { avgPool2d, conv1d, conv2d, convTranspose2d, einsum, matmul, maxPool2d, mul, square } from 'nabla'
import { type Construct, spread } from './construct.ts'

export const products: readonly Construct[] = [
  { title: 'matmul', build: (x, w) => matmul(spread(x, [2, 3]), spread(w, [3, 2])) },
  { title: 'einsum of a diagonal', build: (x, w) => einsum('ii,ij->ij', spread(x, [3, 3]), spread(w, [3, 2])) },
  { title: 'einsum, a trace', build: (x, w) => mul(einsum('ii->', spread(x, [3, 3])), w) },
  {
    title: 'einsum with an ellipsis',
    build: (x, w) => einsum('...ij,...jk->...ki', spread(x, [2, 1, 2, 3]), spread(w, [2, 3, 2])),
  },
  {
    title: 'einsum of three',
    build: (x, w) => einsum('bi,ij,bj->b', spread(x, [3, 2]), spread(w, [2, 4]), spread(x, [3, 4], 1)),
  },
  { title: 'conv1d', build: (x, w) => conv1d(spread(x, [1, 6, 2]), spread(w, [3, 2, 2])) },
  {
    title: 'conv2d',
    build: (x, w) => conv2d(spread(x, [1, 5, 5, 2]), spread(w, [3, 3, 1, 2]), { stride: 2, pads: 'same', groups: 2 }),
  },
  {
    title: 'conv2d, channels first',
    build: (x, w) => conv2d(spread(x, [1, 2, 5, 4]), spread(w, [2, 2, 2, 2]), { layout: 'NCHW', dilation: 2 }),
  },
  {
    title: 'convTranspose2d',
    build: (x, w) => convTranspose2d(spread(x, [1, 2, 2, 2]), spread(w, [3, 3, 1, 2]), { stride: 2 }),
  },
  {
    title: 'maxPool2d',
    build: (x, w) => maxPool2d(mul(spread(x, [1, 4, 4, 2]), spread(w, [2])), 2),
  },
  {
    title: 'maxPool2d of a conv2d',
    build: (x, w) =>
      maxPool2d(conv2d(spread(x, [1, 5, 5, 1]), spread(w, [2, 2, 1, 2])), 3, { stride: 1, pads: 'same' }),
  },
  {
    title: 'avgPool2d',
    build: (x, w) => avgPool2d(square(mul(spread(x, [1, 4, 4, 2]), spread(w, [2]))), 3, { pads: 'same' }),
  },
]
