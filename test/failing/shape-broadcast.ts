// Operands that do not broadcast, and dtypes that do not fit. Each must not compile, and must not run, with the words above it.
import {
  add,
  argmax,
  broadcastTo,
  clip,
  cube,
  div,
  dropout,
  exp,
  gelu,
  greater,
  input,
  key,
  layerNorm,
  leakyRelu,
  logicalAnd,
  logicalNot,
  mean,
  mul,
  neg,
  pipe,
  prelu,
  sigmoid,
  silu,
  softmax,
  sub,
  sum,
  where,
} from 'nabla'

const x = input('x', [2, 3])
const y = input('y', [4])
const n = input('n', [2, 3], 'i32')
const m = input('m', [2, 3], 'bool')

export const faults = [
  // expect: add: extents 3 and 4 of axis -1 do not broadcast ([2,3] and [4])
  () => add(x, y),
  // expect: add: extents 3 and 4 of axis -1 do not broadcast ([2,3] and [4])
  () => pipe(x, add(y)),
  // expect: mul: extents 2 and 5 of axis -2 do not broadcast ([2,3] and [5,1])
  () => mul(x, input('z', [5, 1])),
  // expect: where: extents 3 and 4 of axis -1 do not broadcast ([2,3] and [2,3] and [4])
  () => where(m, x, y),
  // expect: where: extents 3 and 4 of axis -1 do not broadcast ([2,3] and [2,3] and [4])
  () => pipe(m, where(x, y)),
  // expect: greater: extents 3 and 4 of axis -1 do not broadcast ([2,3] and [4])
  () => greater(x, y),
  // expect: prelu: extents 3 and 4 of axis -1 do not broadcast ([2,3] and [4])
  () => prelu(x, y),
  // expect: broadcastTo: [2,3] does not broadcast to [2,4]
  () => broadcastTo(x, [2, 4]),
  // expect: broadcastTo: [2,3] does not broadcast to [3]
  () => pipe(x, broadcastTo([3])),
  // expect: add: dtypes f32 and i32 differ
  () => add(x, n),
  // expect: sub: dtypes f32 and i32 differ
  () => pipe(x, sub(n)),
  // expect: add: the operand must be f32, f64 or i32, not bool
  () => add(m, x),
  // expect: div: the operand must be f32 or f64, not i32
  () => div(n, n),
  // expect: logicalAnd: the operand must be bool, not f32
  () => logicalAnd(m, x),
  // expect: logicalNot: the operand must be bool, not f32
  () => logicalNot(x),
  // expect: exp: the operand must be f32 or f64, not i32
  () => exp(n),
  // expect: sigmoid: the operand must be f32 or f64, not bool
  () => pipe(m, sigmoid),
  // expect: neg: the operand must be f32, f64 or i32, not bool
  () => neg(m),
  // expect: cube: the operand must be f32, f64 or i32, not bool
  () => cube(m),
  // expect: clip: the operand must be f32, f64 or i32, not bool
  () => clip(m, 0, 1),
  // expect: silu: the operand must be f32 or f64, not i32
  () => silu(n),
  // expect: gelu: the operand must be f32 or f64, not i32
  () => pipe(n, gelu),
  // expect: leakyRelu: the operand must be f32 or f64, not i32
  () => pipe(n, leakyRelu(0.2)),
  // expect: softmax: the operand must be f32 or f64, not i32
  () => softmax(n),
  // expect: layerNorm: the operand must be f32 or f64, not i32
  () => layerNorm(n),
  // expect: dropout: the operand must be f32 or f64, not i32
  () => dropout(n, 0.5, key(1)),
  // expect: mean: the operand must be f32 or f64, not i32
  () => mean(n),
  // expect: sum: the operand must be f32, f64 or i32, not bool
  () => pipe(m, sum(0)),
  // expect: argmax: the operand must be f32, f64 or i32, not bool
  () => argmax(m, 0),
  // expect: where: the condition must be bool, not f32
  () => where(x, x, x),
  // expect: where: dtypes f32 and i32 of the branches differ
  () => where(m, x, n),
]
