/**
 * Expressions that cannot be built, one a code. In: nothing. Out: programs and their words.
 * Invariant: each is refused while it is built, though its types were made loose enough to compile.
 */
import {
  adam,
  add,
  arange,
  argmax,
  broadcastTo,
  concat,
  cond,
  constant,
  conv2d,
  crossEntropy,
  customVjp,
  diagonal,
  dropout,
  einsum,
  exp,
  gather,
  greater,
  gru,
  input,
  key,
  layerNorm,
  less,
  linearDecay,
  matmul,
  maxout,
  mse,
  mul,
  multiHeadAttention,
  param,
  neg,
  type Node,
  reshape,
  scan,
  scatterAdd,
  sgd,
  shaped,
  slice,
  split,
  squeeze,
  stack,
  sum,
  takeAlongAxis,
  tile,
  topK,
  transpose,
  uniform,
  whileLoop,
} from 'nabla'
import type { expressionErrorCodes } from '../../src/core/codes.ts'
import { graph } from '../../src/expr/node.ts'
import { type FailingPrograms, some } from './program.ts'

/** For what no type would let pass. */
const loose = <T>(f: (...args: never) => T): ((...args: readonly unknown[]) => T) =>
  f as (...args: readonly unknown[]) => T

const x = input('x', [some(4), 3])
const w = param('w', [some(5), 2], 0)
const wide = input('wide', [3, 10])
const labels = input('labels', [some(4)], 'i32')
const image = input('image', [some(1), 4, 4, 3])
const filters = param('filters', [3, 3, some(2), 8], 0)

export const expressions: FailingPrograms<keyof typeof expressionErrorCodes> = {
  E_AXIS: { message: 'sum: axis 2 does not exist in shape [4,3], operand x [4,3]', run: () => loose(sum)(x, 2) },
  E_AXIS_PAIRS: {
    message:
      'dotGeneral: the contract axes [0] of [4,3] and [] of [5,2] do not come in pairs, operands x [4,3] and w [5,2]',
    run: () => graph.dotGeneral([x, w], { batch: [[], []], contract: [[0], []] }),
  },
  E_AXIS_PERMUTATION: {
    message: 'transpose: [0,0] is not a permutation of the axes of [4,3], operand x [4,3]',
    run: () => loose(transpose)(x, [0, 0]),
  },
  E_AXIS_REPEATED: { message: 'sum: axis 1 is given twice, operand x [4,3]', run: () => loose(sum)(x, [1, 1]) },
  E_CONCAT_EMPTY: { message: 'stack: no operand given', run: () => loose(stack)([], 0) },
  E_COUNT: {
    message: 'tile: the count -1 is not a natural number, operand x [4,3]',
    run: () => loose(tile)(x, [2, -1]),
  },
  E_CUSTOM_RULE: {
    message: 'customVjp: the pullback gives 2 cotangents for 1 inputs, operand x [4,3]',
    run: () =>
      customVjp(
        (v: Node) => exp(v),
        ({ cotangent }) => [cotangent, cotangent],
      )(x),
  },
  E_DTYPE: {
    message: 'exp: the operand must be f32 or f64, not i32, operand labels i32[4]',
    run: () => loose(exp)(labels),
  },
  E_DTYPE_MISMATCH: {
    message: 'add: dtypes f32 and i32 differ, operands x f32[4,3] and n i32[4,3]',
    run: () => loose(add)(x, input('n', [some(4), 3], 'i32')),
  },
  E_EINSUM_EXTENT: {
    message: "einsum: letter j has extents 3 and 5 ('ij,jk->ik' of [4,3] and [5,2]), operands x [4,3] and w [5,2]",
    run: () => einsum('ij,jk->ik', x, w),
  },
  E_EINSUM_OPERANDS: {
    message: "einsum: 'ij,jk->ik' names 2 operands, 1 are given, operand x [4,3]",
    run: () => einsum('ij,jk->ik', x),
  },
  E_EINSUM_OUTPUT: {
    message: 'einsum: letter k of the output is in no operand, operand x [4,3]',
    run: () => einsum('ij->ik', x),
  },
  E_EINSUM_RANK: {
    message: "einsum: 'ijk' does not name the axes of [4,3], operand x [4,3]",
    run: () => einsum('ijk->i', x),
  },
  E_EINSUM_SPEC: {
    message: "einsum: 'i1->i' is not made of letters, commas, one ... a term and one ->, operand x [4,3]",
    run: () => einsum('i1->i', x),
  },
  E_EMPTY: {
    message: 'argmax: axis 0 of [0,3] is empty, so it has no argmax, operand none [0,3]',
    run: () => loose(argmax)(input('none', [some(0), 3]), 0),
  },
  E_EXTENT: {
    message: 'input half: [2.5] is not a shape: extents are natural numbers',
    run: () => input('half', [some(2.5)]),
  },
  E_INDEX_RANGE: {
    message: 'gather: index 4 is no row of axis 0 of [4,3], operand x [4,3]',
    run: () => gather(x, constant([0, 4], 'i32')),
  },
  E_INITIAL: {
    message: 'param b: the initial value depends on seed, not on the key alone',
    run: () =>
      param(
        'b',
        [3],
        loose(() => input('seed', [3])),
      ),
  },
  E_KEY: { message: 'uniform: a key is i32[2], not f32[4,3], operand x [4,3]', run: () => loose(uniform)(x, [3]) },
  E_LITERAL: { message: 'mul: 0.5 is not of dtype i32, operand labels [4]', run: () => loose(mul)(labels, 0.5) },
  E_NAME: { message: 'input: the name is empty', run: () => input('', [3]) },
  E_OPERAND: {
    message: 'matmul: operand 0 is undefined, not an expression',
    run: () => loose(matmul)(x, undefined),
  },
  E_OPTION: {
    message: 'adam: beta1 is 1, not a number in [0, 1)',
    run: () => adam({ beta1: 1 }),
  },
  E_OPTIMIZER: { message: 'sgd: 1 parameters and 0 gradients', run: () => sgd().updates([w], []) },
  E_PAD: {
    message: 'pad: the count -1 of axis 1 is not a natural number, operand x [4,3]',
    run: () => graph.pad([x], { low: [0, -1], high: [0, 0], interior: [0, 0], value: 0 }),
  },
  E_RANGE: { message: 'arange: 0 to 5 by 0 has no end', run: () => arange(some(0), some(5), some(0)) },
  E_RANK: { message: 'diagonal: [4] is not a matrix, operand labels [4]', run: () => loose(diagonal)(labels) },
  E_RATE: { message: 'dropout: the rate 1 is not in [0, 1), operand x [4,3]', run: () => dropout(x, some(1), key(0)) },
  E_SCHEDULE: { message: 'linearDecay: 0 is no number of steps', run: () => linearDecay(0.1, 0.01, some(0)) },
  E_COND_BRANCHES: {
    message: 'cond: the result loss is f32[] in one branch and f32[4] in the other',
    run: () =>
      cond(
        greater(sum(x), 0),
        () => ({ loss: sum(x) as Node }),
        () => ({ loss: sum(x, 1) }),
      ),
  },
  E_COND_OPERAND: {
    message: 'cond: operand 0 is f32[4,3], the branches take f32[3], operands Σ(x) > 0 [] and x [4,3]',
    run: () => graph.cond([greater(sum(x), 0), x], { fn: { params: [input('p', [3])], results: [] }, branches: 2 }),
  },
  E_COND_PREDICATE: {
    message: 'cond: the predicate is bool[4,3], not a scalar of bool, operand mask [4,3]',
    run: () =>
      loose(cond)(
        input('mask', [some(4), 3], 'bool'),
        () => x,
        () => neg(x),
      ),
  },
  E_WHILE_BOUND: {
    message: 'whileLoop: the bound -1 is no number of steps, operand x [4,3]',
    run: () =>
      whileLoop(
        x,
        (c) => less(sum(c), 1),
        (c) => mul(c, 2),
        { bound: -1 },
      ),
  },
  E_WHILE_CARRY: {
    message: 'whileLoop: carry 0 goes in as f32[4,3] and comes out as f32[4], operand x [4,3]',
    run: () =>
      whileLoop(
        x as Node,
        (c) => less(sum(c), 1),
        (c) => sum(c, 1),
      ),
  },
  E_WHILE_CONDITION: {
    message: 'whileLoop: the condition is bool[4,3], not a scalar of bool',
    run: () =>
      whileLoop(
        x,
        (c) => less(c, 1),
        (c) => mul(c, 2),
      ),
  },
  E_SCAN_ARITY: {
    message: 'scan: the function takes 1 values, 0 are given',
    run: () =>
      graph.scan([], { fn: { params: [x], results: [x] }, length: 2, reverse: false, carries: 1, sequences: 0 }),
  },
  E_SCAN_CARRY: {
    message: 'scan: carry 0 goes in as f32[4,3] and comes out as f32[4], operand x [4,3]',
    run: () => scan((c: Node) => ({ carry: sum(c, 1), output: c }), x, [], { length: 3 }),
  },
  E_SCAN_KEY: {
    message: 'scan: the function takes a key for each step, and the options name none',
    run: () => scan((c: Node, _x, k) => ({ carry: add(c, uniform(k, [])), output: c }), x, x),
  },
  E_SCAN_LENGTH: {
    message: 'scan: no sequence and no length say how many steps there are',
    run: () => scan((c: Node) => ({ carry: c, output: c }), x, []),
  },
  E_SCAN_SEGMENT: {
    message: 'scan: segments of 0 steps; a whole number of 1 or more is meant, operand x [4,3]',
    run: () => scan((c: Node) => ({ carry: c, output: c }), x, [], { length: 3, save: { every: 0 } }),
  },
  E_SCAN_TYPE: {
    message: 'scan: value 0 is f32[4,3], the function takes f32[3], operand x [4,3]',
    run: () =>
      graph.scan([x], {
        fn: { params: [input('p', [3])], results: [input('p', [3])] },
        length: 2,
        reverse: false,
        carries: 1,
        sequences: 0,
      }),
  },
  E_SHAPE_BROADCAST: {
    message: 'broadcastTo: [4,3] does not broadcast to [4,6], operand x [4,3]',
    run: () => broadcastTo(x, [some(4), some(6)]),
  },
  E_SHAPE_CHANNELS: {
    message:
      'conv2d: 1 x 2 channels of the filters are not the 3 of the image ([1,4,4,3] and [3,3,2,8]), operands image [1,4,4,3] and filters [3,3,2,8]',
    run: () => loose(conv2d)(image, filters),
  },
  E_SHAPE_CONCAT: {
    message: 'concat: [4,3] and [5,2] differ at axis 1, not only at axis 0, operands x [4,3] and w [5,2]',
    run: () => loose(concat)([x, w], 0),
  },
  E_SHAPE_CONSTANT: {
    message: 'constant: a row of 1 where a row of 2 was expected',
    run: () => constant([[1, 2], [3]]),
  },
  E_SHAPE_EQUAL: {
    message: 'mse: shapes [4,3] and [5,2] differ, operands x [4,3] and w [5,2]',
    run: () => loose(mse)(x, w),
  },
  E_SHAPE_HEADS: {
    message: 'multiHeadAttention: 10 columns do not divide into 4 heads, operand wide [3,10]',
    run: () => multiHeadAttention(x, { wq: wide, wk: wide, wv: wide, wo: wide }, { heads: 4 }),
  },
  E_SHAPE_INDICES: {
    message: 'takeAlongAxis: indices [4] and [4,3] differ, not only at axis 1, operands x [4,3] and labels [4]',
    run: () => loose(takeAlongAxis)(x, labels, 1),
  },
  E_SHAPE_LABELS: {
    message: 'crossEntropy: logits [5,2] want labels [5], not [4], operands w [5,2] and labels [4]',
    run: () => loose(crossEntropy)(w, labels),
  },
  E_SHAPE_MATMUL_BATCH: {
    message: 'matmul: batch dimensions 7 and 5 differ ([7,2,3] x [5,3,4]), operands a [7,2,3] and c [5,3,4]',
    run: () => matmul(input('a', [some(7), 2, 3]), input('c', [some(5), 3, 4])),
  },
  E_SHAPE_MATMUL_INNER: {
    message: 'matmul: inner dimensions 3 and 5 differ ([4,3] x [5,2]), operands x [4,3] and w [5,2]',
    run: () => matmul(x, w),
  },
  E_SHAPE_MATMUL_RANK: {
    message: 'matmul: a scalar has no inner dimension ([4,3] x []), operands x [4,3] and rate []',
    run: () => loose(matmul)(x, input('rate', [])),
  },
  E_SHAPE_MAXOUT: {
    message: 'maxout: the last extent 3 does not divide into pieces of 2, operand x [4,3]',
    run: () => loose(maxout)(x, 2),
  },
  E_SHAPE_RECURRENT: {
    message:
      'gru: [7,4,3], [3,6] and [2,8] are not [time,batch,e], [e,3·h] and [h,3·h], operands xs [7,4,3] and w [3,6] and u [2,8]',
    run: () => gru(input('xs', [7, 4, 3]), { w: input('w', [3, 6]), u: input('u', [2, 8]) }),
  },
  E_SHAPE_RESHAPE: {
    message: 'reshape: [4,3] has 12 elements, [5,2] has 10, operand x [4,3]',
    run: () => reshape(x, [some(5), some(2)]),
  },
  E_SHAPE_SCALE: {
    message: 'layerNorm: scale and shift turn [4,3] into [2,4,3], operand x [4,3]',
    run: () => loose(layerNorm)(x, { scale: input('scale', [2, 4, 3]) }),
  },
  E_SHAPE_SPLIT: {
    message: 'split: the sizes [1,1] do not add up to the extent 3 of axis 1 of [4,3], operand x [4,3]',
    run: () => loose(split)(x, [1, 1], 1),
  },
  E_SHAPE_SQUEEZE: {
    message: 'squeeze: axis 1 of [4,3] has extent 3, not 1, operand x [4,3]',
    run: () => loose(squeeze)(x, 1),
  },
  E_SHAPE_UPDATES: {
    message:
      'scatterAdd: updates [5,2] are not of shape [4,3], which indices [4] take from [4,3] along axis 0, operands x [4,3] and labels [4] and w [5,2]',
    run: () => scatterAdd(x, labels, w),
  },
  E_SHAPE_WINDOW: {
    message: 'conv2d: a window of [3,3] does not fit into [1,4,4,3], operand image [1,4,4,3]',
    run: () => loose(conv2d)(image, input('wide', [3, 3, 3, some(8)]), { dilation: 2 }),
  },
  E_SLICE: {
    message: 'slice: 0 to 9 is not a range of axis 1 of [4,3], operand x [4,3]',
    run: () => loose(slice)(x, [0, 0], [4, 9]),
  },
  E_TOP_K: {
    message: 'topK: 4 is no number of elements of axis 1 of [4,3], operand x [4,3]',
    run: () => topK(x, some(4)),
  },
  E_TYPE_TOLD: {
    message: 'shaped: f32[4,3] is not i32[4,3], operand x [4,3]',
    run: () => shaped(x, [4, 3], 'i32'),
  },
  E_WINDOW: {
    message: 'conv2d: stride [0,1] is not a positive number for each of 2 axes',
    run: () => loose(conv2d)(image, input('fitting', [3, 3, 3, some(8)]), { stride: [0, 1] }),
  },
}
