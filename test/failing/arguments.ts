/**
 * Arguments that no function takes: numbers out of range, NaN, options that there are not, what is no expression. In: nothing. Out:
 * programs by their words. Invariant: each is refused where it is given, under the name of the function that was called.
 */
import * as nabla from 'nabla'
import { some } from './program.ts'

type Loose = (...args: readonly unknown[]) => unknown
/** A function as JavaScript calls it. */
const call =
  (name: keyof typeof nabla, ...args: readonly unknown[]) =>
  (): unknown =>
    (Reflect.get(nabla, name) as Loose)(...args)

const x = nabla.input('x', [4, 3])
const n = nabla.input('n', [4, 3], 'i32')
const ids = nabla.input('ids', [4], 'i32')
const v = nabla.input('v', [3])
const w = nabla.param('w', [3, 2], 0)
const image = nabla.input('image', [2, 6, 6, 3])
const filters = nabla.param('filters', [3, 3, 3, 4], 0)
const key = nabla.key(1)
const moments = { mean: nabla.state('mean', [3], 0), variance: nabla.state('variance', [3], 1) }
const bits = nabla.input('bits', [2], 'bool')
const xs = nabla.input('xs', [7, 4, 3])
const gate = { w: nabla.input('rw', [3, 5]), u: nabla.input('ru', [5, 5]) }
const step = (carry: unknown) => ({ carry, output: carry })

/** [the words, the code, the program] */
export const refusedArguments: readonly (readonly [message: string, code: string, run: () => unknown])[] = [
  // ---- what is no expression
  ['exp: operand 0 is undefined, not an expression', 'E_OPERAND', call('exp', undefined)],
  ['gather: operand 1 is 2, not an expression, operand x [4,3]', 'E_OPERAND', call('gather', x, 2)],
  ["matmul: operand 0 is '2', not an expression", 'E_OPERAND', call('matmul', x, '2')],
  ['bernoulli: operand 0 is 7, not an expression', 'E_OPERAND', call('dropout', x, 0.5, 7)],
  ['scan: operand 0 is 0, not an expression', 'E_OPERAND', call('scan', step, 0, xs)],
  [
    'cond: operand 0 is true, not an expression',
    'E_OPERAND',
    call(
      'cond',
      true,
      () => x,
      () => x,
    ),
  ],
  [
    'whileLoop: operand 0 is true, not an expression',
    'E_OPERAND',
    call(
      'whileLoop',
      v,
      () => true,
      (c: unknown) => c,
    ),
  ],
  ['sgd: operand 0 is 0.1, not an expression', 'E_OPERAND', () => nabla.sgd().updates([w], [w], 0.1 as never)],
  ['rnn: operand 1 is undefined, not an expression, operand xs [7,4,3]', 'E_OPERAND', call('rnn', xs, {})],
  ["add: '2' is not of dtype f32, operand x [4,3]", 'E_LITERAL', call('add', x, '2')],
  ['where: an object is not of dtype f32, operand x [4,3]', 'E_LITERAL', call('where', nabla.greater(x, 0), x, {})],
  // ---- dtypes and shapes
  ['full: f16 is none of f32, f64, i32, bool', 'E_DTYPE', call('zeros', [2], 'f16')],
  ['cast: f16 is none of f32, f64, i32, bool', 'E_DTYPE', call('cast', x, 'f16')],
  ['input: float32 is none of f32, f64, i32, bool', 'E_DTYPE', call('input', 'q', [3], 'float32')],
  ['ones: 3 is not a shape: extents are natural numbers', 'E_EXTENT', call('ones', 3)],
  ['input q: [-1] is not a shape: extents are natural numbers', 'E_EXTENT', call('input', 'q', [-1])],
  [
    'constant: [-2,-2] is not a shape: extents are natural numbers',
    'E_EXTENT',
    call('constant', new Float32Array(4), [-2, -2]),
  ],
  ['uniform: [2.5] is not a shape: extents are natural numbers', 'E_EXTENT', call('uniform', key, [2.5])],
  ['full: 0.5 is not of dtype i32', 'E_LITERAL', call('full', [2], 0.5, 'i32')],
  ['full: 2 is not of dtype bool', 'E_LITERAL', call('full', [2], 2, 'bool')],
  ['param q: 0.5 is not of dtype i32', 'E_LITERAL', call('param', 'q', [3], 0.5, 'i32')],
  ['param q: no initial value is given', 'E_INITIAL', call('param', 'q', [3])],
  ['input: the name 7 is not a text', 'E_NAME', call('input', 7, [3])],
  ['arange: 0.25 is not of dtype i32', 'E_LITERAL', call('arange', 0, 1, 0.25, 'i32')],
  ['arange: 0 to 5 by Infinity has no end', 'E_RANGE', call('arange', 0, 5, Infinity)],
  ['linspace: an end is NaN, not a finite number', 'E_OPTION', call('linspace', 0, Number.NaN, 3)],
  ['tril: the diagonal is 0.5, not an integer', 'E_OPTION', call('tril', x, 0.5)],
  // ---- lists and counts
  ["sum: what names the axes is '0', not a list", 'E_OPTION', call('sum', x, '0')],
  ['reshape: the shape is 12, not a list', 'E_OPTION', call('reshape', x, 12)],
  ['transpose: the permutation is 1, not a list', 'E_OPTION', call('transpose', x, 1)],
  ['concat: what is joined is an expression, not a list', 'E_OPTION', call('concat', x)],
  ['stack: what is joined is an expression, not a list', 'E_OPTION', call('stack', x)],
  ['roll: the shift is 0.5, not an integer', 'E_OPTION', call('roll', x, 0.5, 0)],
  ['pad: the list of counts is 1, not a list', 'E_OPTION', call('pad', x, 1)],
  [
    "pad: mode is 'circle', not 'reflect' or 'edge'",
    'E_OPTION',
    call(
      'pad',
      x,
      [
        [1, 1],
        [1, 1],
      ],
      'circle',
    ),
  ],
  [
    'pad: 0.5 is not of dtype i32',
    'E_LITERAL',
    call(
      'pad',
      n,
      [
        [1, 1],
        [1, 1],
      ],
      0.5,
    ),
  ],
  ['oneHot: the depth -1 is not a natural number, operand ids [4]', 'E_EXTENT', () => nabla.oneHot(ids, some(-1))],
  ['clip: 2 to 1 is not a range, operand x [4,3]', 'E_RANGE', call('clip', x, 2, 1)],
  ['variance: ddof is -1, not a natural number', 'E_OPTION', call('variance', x, 0, { ddof: -1 })],
  ['std: ddof 4 of 4 elements leaves none, operand x [4,3]', 'E_OPTION', call('std', x, 0, { ddof: 4 })],
  ['norm: order is 3, not 1 or 2', 'E_OPTION', call('norm', x, 0, { order: 3 })],
  // ---- windows
  ["conv2d: layout is 'CHWN', not 'NHWC' or 'NCHW'", 'E_OPTION', call('conv2d', image, filters, { layout: 'CHWN' })],
  ["conv2d: pads is 'full', not 'same' or 'valid'", 'E_OPTION', call('conv2d', image, filters, { pads: 'full' })],
  ["maxPool2d: layout is 'NWC', not 'NHWC' or 'NCHW'", 'E_OPTION', call('maxPool2d', image, 2, { layout: 'NWC' })],
  [
    'maxPool2d: beside pads [3,3] a window of [2,2] sees nothing of [2,6,6,3], operand image [2,6,6,3]',
    'E_PAD',
    call('maxPool2d', image, 2, {
      pads: [
        [3, 3],
        [3, 3],
      ],
    }),
  ],
  [
    'avgPool2d: window [[object Object],[object Object]] is not a positive number for each of 2 axes',
    'E_WINDOW',
    call('avgPool2d', image, { size: 2 }),
  ],
  // ---- random numbers
  ['splitKey: the count is -1, not a natural number', 'E_OPTION', call('splitKey', key, -1)],
  ['foldIn: 0.5 is not an integer', 'E_KEY', call('foldIn', key, 0.5)],
  ['foldIn: the number is f32[4,3], not i32[], operand x [4,3]', 'E_KEY', call('foldIn', key, x)],
  ['uniform: 3 to 1 is not a range', 'E_RANGE', call('uniform', key, [2], 3, 1)],
  ["uniform: dtype is 'i32', not 'f32' or 'f64'", 'E_OPTION', call('uniform', key, [2], 0, 1, 'i32')],
  ['normal: the deviation is -1, not a number of 0 or more', 'E_OPTION', call('normal', key, [2], 0, -1)],
  ['bernoulli: the probability 1.5 is not in [0, 1]', 'E_RATE', call('bernoulli', key, 1.5, [2])],
  [
    'bernoulli: the operand must be f32 or f64, not bool, operand bits bool[2]',
    'E_DTYPE',
    call('bernoulli', key, bits, [2]),
  ],
  ['broadcastTo: [3] does not broadcast to [2], operand v [3]', 'E_SHAPE_BROADCAST', call('bernoulli', key, v, [2])],
  // ---- loops
  ['scan: length is -1, not a natural number', 'E_OPTION', call('scan', step, v, [], { length: -1 })],
  [
    "scan: save is 'half', not 'all', 'products', 'nothing' or 'sqrt'",
    'E_OPTION',
    call('scan', step, v, xs, { save: 'half' }),
  ],
  [
    'switchCase: the list of branches is a function, not a list',
    'E_OPTION',
    call('switchCase', nabla.input('i', [], 'i32'), () => x),
  ],
  // ---- layers and losses
  ['leakyRelu: the parameter is NaN, not a finite number', 'E_OPTION', call('leakyRelu', x, Number.NaN)],
  ["gelu: form is 'fast', not 'erf' or 'tanh'", 'E_OPTION', call('gelu', x, 'fast')],
  ['maxout: the number of pieces is 1.5, not an integer of 1 or more', 'E_OPTION', call('maxout', x, 1.5)],
  ['layerNorm: epsilon is -1, not a number of 0 or more', 'E_OPTION', call('layerNorm', x, { epsilon: -1 })],
  ["batchNorm: mode is 'test', not 'train' or 'predict'", 'E_OPTION', call('batchNorm', x, moments, { mode: 'test' })],
  ['batchNorm: momentum is 2, not a number in [0, 1]', 'E_OPTION', call('batchNorm', x, moments, { momentum: 2 })],
  ['attention: scale is NaN, not a finite number', 'E_OPTION', call('attention', x, x, x, { scale: Number.NaN })],
  ['huber: delta is -1, not a number above 0', 'E_OPTION', call('huber', x, x, { delta: -1 })],
  [
    "the loss: reduction is 'average', not 'none', 'mean' or 'sum'",
    'E_OPTION',
    call('mse', x, x, { reduction: 'average' }),
  ],
  ['the score: classes is 0, not an integer of 1 or more', 'E_OPTION', call('precision', ids, ids, { classes: 0 })],
  ["rnn: activation is 'sigmoid', not 'tanh' or 'relu'", 'E_OPTION', call('rnn', xs, gate, { activation: 'sigmoid' })],
  ['maxNorm: the limit is 0, not a number above 0', 'E_OPTION', call('maxNorm', w, 0)],
  ['l2: the list of weights is an expression, not a list', 'E_OPTION', call('l2', w)],
  // ---- optimizers
  ['adam: beta2 is 1, not a number in [0, 1)', 'E_OPTION', call('adam', { beta2: 1 })],
  ['rmsprop: epsilon is NaN, not a number of 0 or more', 'E_OPTION', call('rmsprop', { epsilon: Number.NaN })],
  ['momentum: momentum is -0.5, not a number in [0, 1)', 'E_OPTION', call('momentum', { momentum: -0.5 })],
  ['clipByGlobalNorm: the bound is 0, not a number above 0', 'E_OPTION', call('clipByGlobalNorm', [w], 0)],
  ['cosineDecay: a rate is NaN, not a number of 0 or more', 'E_OPTION', call('cosineDecay', Number.NaN, 0, 10)],
  ['warmUp: a rate is -1, not a number of 0 or more', 'E_OPTION', call('warmUp', 5, -1)],
]
