// Wrong products. Each must not compile, and must not run, with the words above it.
import { dense, dot, input, matmul, outer, param, pipe, relu, zeros } from 'nabla'

const x = input('x', [128, 784])
const v = param('v', [512, 10], zeros)
const w = param('w', [784, 512], zeros)
const b = param('b', [10], zeros)
const labels = input('labels', [784], 'i32')
const mask = input('mask', [784, 3], 'bool')
const s = input('s', [])

export const faults = [
  // expect: matmul: inner dimensions 784 and 512 differ ([128,784] x [512,10])
  () => matmul(x, v),
  // expect: matmul: inner dimensions 784 and 512 differ ([128,784] x [512,10])
  () => pipe(x, matmul(v)),
  // expect: matmul: inner dimensions 784 and 512 differ ([128,784] x [512,10])
  () => pipe(x, relu, matmul(v), relu),
  // expect: matmul: inner dimensions 10 and 512 differ ([10] x [512,10])
  () => matmul(b, v),
  // expect: matmul: inner dimensions 784 and 10 differ ([128,784] x [10])
  () => matmul(x, b),
  // expect: matmul: batch dimensions 7 and 5 differ ([7,2,3] x [5,3,4])
  () => matmul(input('a', [7, 2, 3]), input('c', [5, 3, 4])),
  // expect: matmul: a scalar has no inner dimension ([] x [784,512])
  () => matmul(s, w),
  // expect: matmul: dtypes f32 and i32 differ
  () => matmul(x, labels),
  // expect: matmul: the operand must be f32, f64 or i32, not bool
  () => matmul(x, mask),
  // expect: matmul: inner dimensions 784 and 512 differ ([128,784] x [512,10])
  () => dense(x, v, b),
  // expect: matmul: inner dimensions 784 and 512 differ ([128,784] x [512,10])
  () => pipe(x, dense(v, b), relu),
  // expect: add: extents 512 and 10 of axis -1 do not broadcast ([128,512] and [10])
  () => dense(x, w, b),
  // expect: add: extents 512 and 10 of axis -1 do not broadcast ([128,512] and [10])
  () => pipe(x, dense(w, b)),
  // expect: dot: the operands must be vectors
  () => dot(b, v),
  // expect: matmul: inner dimensions 10 and 3 differ ([10] x [3])
  () => dot(b, input('u', [3])),
  // expect: outer: the operands must be vectors
  () => outer(v, b),
]
