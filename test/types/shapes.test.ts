// In: expressions of every family. Out: whether the shape and dtype that the type checker sees are those of the node.
// Invariant: `is` demands both at once; test/types/failing-shapes.test.ts holds that this file compiles.

import { describe, expect, test } from 'vitest'
import * as n from 'nabla'

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

interface Claims<X extends n.Expr> {
  /** The type of x has exactly this shape and dtype, and so has its value. */
  readonly is: <const S extends n.Shape, const D extends n.DType>(
    shape: S & (Same<X['shape'], S> extends true ? unknown : { readonly shapeInTheTypes: X['shape'] }),
    dtype: D & (Same<X['dtype'], D> extends true ? unknown : { readonly dtypeInTheTypes: X['dtype'] }),
  ) => void
  /** The value has this shape, of which the type checker knows an extent as `number` alone. */
  readonly isLate: (shape: number extends X['shape'][number] ? n.Shape : { readonly knownShape: X['shape'] }) => void
}

const expectThe = <X extends n.Expr>(x: X): Claims<X> => ({
  is: (shape, dtype) => {
    expect(x.shape).toEqual(shape)
    expect(x.dtype).toBe(dtype)
  },
  isLate: (shape) => expect(x.shape).toEqual(shape),
})

const x = n.input('x', [2, 3])
const y = n.input('y', [4, 1, 3])
const i = n.input('i', [2, 3], 'i32')
const b = n.input('b', [2, 3], 'bool')
const d = n.input('d', [2, 3], 'f64')
const v = n.input('v', [3])
const batch: number = 5
const late = n.input('late', [batch, 3])

test('a choice has the types of its branches', () => {
  const p = n.input('p', [], 'bool')
  const { a, rest } = n.cond(
    p,
    () => ({ a: n.exp(x), rest: [n.sum(d)] as const }),
    () => ({ a: n.neg(x), rest: [n.sum(d)] as const }),
  )
  expectThe(a).is([2, 3], 'f32')
  expectThe(rest[0]).is([], 'f64')
  const given = n.cond(
    p,
    (u, w) => n.add(u, w),
    (u) => u,
    x,
    v,
  )
  expectThe(given).is([2, 3], 'f32')
  const [f, g] = [() => x, () => v]
  // @ts-expect-error the predicate must be bool
  expect(() => n.cond(n.sum(x), f, f)).toThrow('the predicate is f32[]')
  // @ts-expect-error the predicate must be a scalar
  expect(() => n.cond(b, f, f)).toThrow('the predicate is bool[2,3]')
  // @ts-expect-error the branches differ
  expect(() => n.cond(p, f, g)).toThrow('the result is f32[2,3] in one branch and f32[3] in the other')
})

test('a wrong claim is refused twice', () => {
  // @ts-expect-error the shape is [2, 3]
  expect(() => expectThe(x).is([3, 2], 'f32')).toThrow('to deeply equal [ 3, 2 ]')
  // @ts-expect-error the dtype is f32
  expect(() => expectThe(x).is([2, 3], 'f64')).toThrow("to be 'f64'")
})

describe('elementwise', () => {
  test('one operand keeps shape and dtype', () => {
    expectThe(n.exp(x)).is([2, 3], 'f32')
    expectThe(n.pipe(d, n.exp, n.relu)).is([2, 3], 'f64')
    expectThe(n.neg(i)).is([2, 3], 'i32')
    expectThe(n.isNan(x)).is([2, 3], 'bool')
    expectThe(n.pipe(x, n.isFinite, n.logicalNot)).is([2, 3], 'bool')
    expectThe(n.cube(i)).is([2, 3], 'i32')
    expectThe(n.clip(x, 0, 1)).is([2, 3], 'f32')
    expectThe(n.pipe(d, n.clip(0, 1))).is([2, 3], 'f64')
  })

  test('two operands broadcast', () => {
    expectThe(n.add(x, v)).is([2, 3], 'f32')
    expectThe(n.mul(x, y)).is([4, 2, 3], 'f32')
    expectThe(n.pipe(y, n.sub(x))).is([4, 2, 3], 'f32')
    expectThe(n.squaredDifference(v, x)).is([2, 3], 'f32')
    expectThe(n.greater(x, y)).is([4, 2, 3], 'bool')
    expectThe(n.logicalAnd(b, n.equal(i, 1))).is([2, 3], 'bool')
  })

  test('literals take the dtype of the expression', () => {
    expectThe(n.add(1, x)).is([2, 3], 'f32')
    expectThe(n.mul(d, 2)).is([2, 3], 'f64')
    expectThe(n.pipe(i, n.add(1))).is([2, 3], 'i32')
    expectThe(n.add(1, 2)).is([], 'f32')
    expectThe(n.logicalOr(b, true)).is([2, 3], 'bool')
    expectThe(n.where(b, x, 0)).is([2, 3], 'f32')
    expectThe(n.where(b, 1, n.input('z', [4, 1, 1]))).is([4, 2, 3], 'f32')
    expectThe(n.where(b, true, false)).is([2, 3], 'bool')
    expectThe(n.pipe(b, n.where(0, v))).is([2, 3], 'f32')
  })

  test('conversion', () => {
    expectThe(n.cast(i, 'f64')).is([2, 3], 'f64')
    expectThe(n.pipe(b, n.cast('f32'))).is([2, 3], 'f32')
    expectThe(n.bitcast(x, 'i32')).is([2, 3], 'i32')
    expectThe(n.stopGradient(d)).is([2, 3], 'f64')
    expectThe(n.named('h', n.tanh(x))).is([2, 3], 'f32')
    expectThe(n.pipe(n.exp(x), n.named('h'))).is([2, 3], 'f32')
  })
})

describe('reductions', () => {
  test('one axis, several, all', () => {
    expectThe(n.sum(x)).is([], 'f32')
    expectThe(n.pipe(x, n.sum)).is([], 'f32')
    expectThe(n.pipe(d, n.mean)).is([], 'f64')
    expectThe(n.sum(y, 0)).is([1, 3], 'f32')
    expectThe(n.pipe(y, n.max(-1))).is([4, 1], 'f32')
    expectThe(n.sum(y, [0, -1])).is([1], 'f32')
    expectThe(n.mean(y, [0, 2], { keepDims: true })).is([1, 1, 1], 'f32')
    expectThe(n.pipe(y, n.sum(-1, { keepDims: true }))).is([4, 1, 1], 'f32')
    expectThe(n.prod(i, null, { keepDims: true })).is([1, 1], 'i32')
    expectThe(n.sum(y, [])).is([4, 1, 3], 'f32')
  })

  test('the others', () => {
    expectThe(n.argmax(x, -1)).is([2], 'i32')
    expectThe(n.argmin(x)).is([], 'i32')
    expectThe(n.pipe(x, n.argmax(0, { keepDims: true }))).is([1, 3], 'i32')
    expectThe(n.variance(x, 0, { ddof: 1 })).is([3], 'f32')
    expectThe(n.pipe(x, n.std(-1))).is([2], 'f32')
    expectThe(n.norm(x, -1, { order: 1, keepDims: true })).is([2, 1], 'f32')
    expectThe(n.logSumExp(d, 1)).is([2], 'f64')
    expectThe(n.any(b, 0)).is([3], 'bool')
    expectThe(n.pipe(b, n.all)).is([], 'bool')
  })
})

test('options that are not literal leave both ranks open', () => {
  const options: n.ReduceOptions = { keepDims: true }
  const y: n.Expr<readonly [2] | readonly [2, 1], 'f32'> = n.sum(x, 1, options)
  expect(y.shape).toEqual([2, 1])
  // @ts-expect-error it may be either
  const z: n.Expr<readonly [2], 'f32'> = n.sum(x, 1, options)
  expect(z).toBe(y)
})

describe('products', () => {
  test("NumPy's rules", () => {
    const w = n.input('w', [3, 7])
    expectThe(n.matmul(x, w)).is([2, 7], 'f32')
    expectThe(n.pipe(x, n.matmul(w))).is([2, 7], 'f32')
    expectThe(n.matmul(x, v)).is([2], 'f32')
    expectThe(n.matmul(v, w)).is([7], 'f32')
    expectThe(n.matmul(v, v)).is([], 'f32')
    expectThe(n.matmul(y, w)).is([4, 1, 7], 'f32')
    expectThe(n.matmul(x, n.input('q', [4, 3, 5]))).is([4, 2, 5], 'f32')
    expectThe(n.matmul(n.input('p', [6, 1, 2, 3]), n.input('q', [4, 3, 5]))).is([6, 4, 2, 5], 'f32')
    expectThe(n.matmul(v, n.input('q', [4, 3, 5]))).is([4, 5], 'f32')
    expectThe(n.dot(v, v)).is([], 'f32')
    expectThe(n.outer(v, n.input('u', [5]))).is([3, 5], 'f32')
    expectThe(n.pipe(x, n.dense(w, n.input('c', [7])), n.tanh)).is([2, 7], 'f32')
    expectThe(n.dense(x, w, n.input('c', [7]))).is([2, 7], 'f32')
    expectThe(n.pipe(x, n.dense(w))).is([2, 7], 'f32')
  })
})

describe('movement', () => {
  test('one expression', () => {
    expectThe(n.reshape(y, [2, -1])).is([2, 6], 'f32')
    expectThe(n.pipe(y, n.reshape([12]))).is([12], 'f32')
    expectThe(n.reshape(n.sum(x), [])).is([], 'f32')
    expectThe(n.transpose(y)).is([3, 1, 4], 'f32')
    expectThe(n.pipe(y, n.transpose)).is([3, 1, 4], 'f32')
    expectThe(n.pipe(y, n.transpose([1, -1, 0]))).is([1, 3, 4], 'f32')
    expectThe(n.expandDims(x, 1)).is([2, 1, 3], 'f32')
    expectThe(n.pipe(x, n.expandDims(-1))).is([2, 3, 1], 'f32')
    expectThe(n.squeeze(y)).is([4, 3], 'f32')
    expectThe(n.pipe(y, n.squeeze(1))).is([4, 3], 'f32')
    expectThe(n.pipe(y, n.squeeze)).is([4, 3], 'f32')
    expectThe(n.broadcastTo(v, [5, 3])).is([5, 3], 'f32')
    expectThe(n.reverse(x)).is([2, 3], 'f32')
    expectThe(n.pipe(x, n.reverse(-1))).is([2, 3], 'f32')
    expectThe(n.diagonal(n.input('m', [5, 4, 4]))).is([5, 4], 'f32')
    expectThe(n.diag(v)).is([3, 3], 'f32')
  })

  test('ranges', () => {
    const a = n.input('a', [10, 20])
    expectThe(n.slice(a, 2, 5)).is([3, 20], 'f32')
    expectThe(n.slice(a, [0, -4])).is([10, 4], 'f32')
    expectThe(n.pipe(a, n.slice([1, 0], [-1, 20], [3, 2]))).is([3, 10], 'f32')
  })

  test('joining and growing', () => {
    expectThe(n.concat([x, n.input('x2', [5, 3])])).is([7, 3], 'f32')
    expectThe(n.concat([x, x, x], -1)).is([2, 9], 'f32')
    expectThe(n.stack([x, x])).is([2, 2, 3], 'f32')
    expectThe(n.stack([x, x], -1)).is([2, 3, 2], 'f32')
    const [p, q] = n.split(n.input('s', [6, 3]), 2)
    expectThe(p).is([3, 3], 'f32')
    expectThe(q).is([3, 3], 'f32')
    const [a, c] = n.pipe(x, n.split([1, 2], -1))
    expectThe(a).is([2, 1], 'f32')
    expectThe(c).is([2, 2], 'f32')
    expectThe(
      n.pad(x, [
        [1, 0],
        [0, 2],
      ]),
    ).is([3, 5], 'f32')
    expectThe(
      n.pipe(
        x,
        n.pad(
          [
            [1, 0],
            [0, 2],
          ],
          'reflect',
        ),
      ),
    ).is([3, 5], 'f32')
    expectThe(n.tile(x, [2, 2])).is([4, 6], 'f32')
    expectThe(n.pipe(x, n.repeat(3, 0))).is([6, 3], 'f32')
    expectThe(n.roll(x, 1, -1)).is([2, 3], 'f32')
  })
})

describe('draws', () => {
  test('shapes and dtypes', () => {
    const k = n.key(1)
    expectThe(n.categorical(k, x)).is([2], 'i32')
    expectThe(n.categorical(k, x, 0)).is([3], 'i32')
    expectThe(n.categorical(k, x, 1, [5, 7])).is([5, 7, 2], 'i32')
    expectThe(n.permutation(k, 10)).is([10], 'i32')
    expectThe(n.permutation(k, d, 1)).is([2, 3], 'f64')
  })
})

describe('computed places', () => {
  test('shapes and dtypes', () => {
    const s = n.input('s', [], 'i32')
    expectThe(n.dynamicSlice(x, [s, 0], [1, 3])).is([1, 3], 'f32')
    expectThe(n.dynamicUpdateSlice(d, n.input('u', [1, 2], 'f64'), [s, s])).is([2, 3], 'f64')
    expectThe(n.gatherNd(y, n.input('places', [5, 2], 'i32'))).is([5, 3], 'f32')
    expectThe(n.gather(y, n.input('each', [4, 7], 'i32'), 2, 1)).is([4, 1, 7], 'f32')
    expectThe(n.scatterRows(x, n.input('of', [2], 'i32'), 9)).is([9, 3], 'f32')
    expectThe(n.scatterRows(d, n.input('one', [], 'i32'), 9, 1)).is([2, 9, 3], 'f64')
    expectThe(n.scatterRows(x, n.input('own', [2, 3], 'i32'), 9, 1, 1)).is([2, 9], 'f32')
    expectThe(n.shaped(n.graph.copy([y]), [4, 1, 3])).is([4, 1, 3], 'f32')
    // @ts-expect-error the rows are floats
    expect(() => n.scatterRows(i, n.input('of', [2], 'i32'), 9)).toThrow('scatterRows')
    expectThe(n.gatherNd(y, n.input('elements', [3], 'i32'))).is([], 'f32')
    expectThe(n.scatterSet(x, n.input('ids', [4], 'i32'), n.input('rows', [4, 3]))).is([2, 3], 'f32')
  })
})

describe('sorting', () => {
  test('shapes and dtypes', () => {
    expectThe(n.sort(x)).is([2, 3], 'f32')
    expectThe(n.pipe(x, n.sort(0, { descending: true }))).is([2, 3], 'f32')
    expectThe(n.argsort(n.input('k', [4], 'i32'))).is([4], 'i32')
    expectThe(n.pipe(x, n.argsort(-1))).is([2, 3], 'i32')
    const { values, indices } = n.topK(x, 2)
    expectThe(values).is([2, 2], 'f32')
    expectThe(indices).is([2, 2], 'i32')
    expectThe(n.pipe(x, n.topK(1, 0)).values).is([1, 3], 'f32')
  })
})

describe('creation', () => {
  test('shapes and dtypes', () => {
    expectThe(n.zeros([2, 3])).is([2, 3], 'f32')
    expectThe(n.ones([2], 'i32')).is([2], 'i32')
    expectThe(n.full([], 3, 'f64')).is([], 'f64')
    expectThe(n.eye(3)).is([3, 3], 'f32')
    expectThe(n.eye(3, 4, 'i32')).is([3, 4], 'i32')
    expectThe(n.iota([2, 3], -1)).is([2, 3], 'i32')
    expectThe(n.arange(4)).is([4], 'i32')
    expectThe(n.linspace(0, 1, 5)).is([5], 'f32')
    expectThe(n.oneHot(i, 10)).is([2, 3, 10], 'f32')
    expectThe(n.pipe(i, n.oneHot(10, 'f64'))).is([2, 3, 10], 'f64')
    expectThe(n.tril(x)).is([2, 3], 'f32')
    expectThe(n.pipe(x, n.triu(1))).is([2, 3], 'f32')
    expectThe(n.constant(2)).is([], 'f32')
    expectThe(n.constant([1, 2, 3])).is([3], 'f32')
    expectThe(n.constant([[1, 2, 3]], 'i32')).is([1, 3], 'i32')
    expectThe(n.constant([true, false])).is([2], 'bool')
    expectThe(n.constant(new Float64Array(6), [2, 3])).is([2, 3], 'f64')
    expectThe(n.constant(new Int32Array(2), [2], 'bool')).is([2], 'bool')
  })

  test('random numbers', () => {
    const k = n.key(1)
    expectThe(k).is([2], 'i32')
    expectThe(n.foldIn(k, 3)).is([2], 'i32')
    expectThe(n.uniform(k, [2, 3])).is([2, 3], 'f32')
    expectThe(n.normal(k, [4], 0, 1, 'f64')).is([4], 'f64')
    expectThe(n.bernoulli(k, 0.5, [2])).is([2], 'bool')
    expectThe(n.randomBits(k, [7])).is([7], 'i32')
    expectThe(n.dropout(x, 0.5, k)).is([2, 3], 'f32')
    expectThe(n.pipe(d, n.dropout(0.5, k))).is([2, 3], 'f64')
  })
})

describe('neural', () => {
  test('activations and normalizations keep the shape', () => {
    expectThe(n.pipe(x, n.softmax)).is([2, 3], 'f32')
    expectThe(n.pipe(d, n.logSoftmax(0))).is([2, 3], 'f64')
    expectThe(n.softmax(x, -2)).is([2, 3], 'f32')
    expectThe(n.pipe(x, n.leakyRelu)).is([2, 3], 'f32')
    expectThe(n.pipe(x, n.elu(0.5))).is([2, 3], 'f32')
    expectThe(n.pipe(x, n.gelu)).is([2, 3], 'f32')
    expectThe(n.gelu(x, 'tanh')).is([2, 3], 'f32')
    expectThe(n.pipe(x, n.gelu('tanh'), n.silu, n.mish, n.softsign, n.hardTanh)).is([2, 3], 'f32')
    expectThe(n.prelu(x, v)).is([2, 3], 'f32')
    expectThe(n.pipe(x, n.layerNorm)).is([2, 3], 'f32')
    expectThe(n.pipe(x, n.layerNorm({ scale: v }))).is([2, 3], 'f32')
    expectThe(n.rmsNorm(x, { axis: 0 })).is([2, 3], 'f32')
    const running = { mean: n.state('mean', [3], n.zeros), variance: n.state('variance', [3], n.ones) }
    expectThe(n.batchNorm(x, running).output).is([2, 3], 'f32')
    expectThe(n.pipe(y, n.batchNorm(running, { scale: v, mode: 'predict' })).output).is([4, 1, 3], 'f32')
    expectThe(n.batchNorm(n.input('nchw', [5, 3, 7, 7]), running, { axis: 1 }).output).is([5, 3, 7, 7], 'f32')
    const [q, k] = [n.input('q', [4, 5, 2, 8]), n.input('k', [5, 7, 8])]
    expectThe(n.attention(q, k, n.input('values', [5, 7, 6]))).is([4, 5, 2, 6], 'f32')
    expectThe(n.pipe(q, n.attention(k, k, { causal: true }))).is([4, 5, 2, 8], 'f32')
    const [wq, wo] = [n.input('wq', [8, 6]), n.input('wo', [6, 9])]
    expectThe(n.multiHeadAttention(k, { wq, wk: wq, wv: wq, wo }, { heads: 3 })).is([5, 7, 9], 'f32')
    expectThe(n.pipe(q, n.multiHeadAttention({ wq, wk: wq, wv: wq, wo }, { heads: 2 }))).is([4, 5, 2, 9], 'f32')
    expectThe(n.maxout(n.input('m', [2, 6]), 3)).is([2, 2], 'f32')
  })

  test('losses', () => {
    const labels = n.input('labels', [2], 'i32')
    expectThe(n.crossEntropy(x, labels)).is([2], 'f32')
    expectThe(n.pipe(x, n.crossEntropy(labels), n.mean)).is([], 'f32')
    expectThe(n.accuracy(labels, labels)).is([], 'f32')
    expectThe(n.pipe(i, n.embedding(n.input('table', [9, 4])))).is([2, 3, 4], 'f32')
    expectThe(n.pipe(x, n.argmax(-1), n.precision(labels))).is([], 'f32')
    expectThe(n.recall(labels, labels, { classes: 7 })).is([7], 'f32')
    expectThe(n.pipe(labels, n.f1(labels, { classes: 7, average: 'macro' }))).is([], 'f32')
    expectThe(n.perplexity(n.mean(d))).is([], 'f64')
    expectThe(n.crossEntropy(x, labels, { reduction: 'none' })).is([2], 'f32')
    expectThe(n.crossEntropy(d, n.input('t', [2, 3], 'f64'))).is([2], 'f64')
    expectThe(n.crossEntropy(x, x, { smoothing: 0.1 })).is([2], 'f32')
    expectThe(n.pipe(x, n.crossEntropy(labels, { smoothing: 0.1, reduction: 'mean' }))).is([], 'f32')
    expectThe(n.sigmoidCrossEntropy(x, v)).is([2, 3], 'f32')
    expectThe(n.sigmoidCrossEntropy(x, 1, { reduction: 'sum' })).is([], 'f32')
    expectThe(n.pipe(x, n.sigmoidCrossEntropy(v, { reduction: 'mean' }))).is([], 'f32')
    expectThe(n.pipe(x, n.sigmoidCrossEntropy(v))).is([2, 3], 'f32')
    expectThe(n.mse(x, x, { reduction: 'none' })).is([2, 3], 'f32')
    expectThe(n.pipe(x, n.huber(x, { delta: 2, reduction: 'sum' }))).is([], 'f32')
    expectThe(n.mse(x, x)).is([], 'f32')
    expectThe(n.pipe(d, n.mae(d))).is([], 'f64')
    expectThe(n.huber(x, x)).is([], 'f32')
    expectThe(n.pipe(x, n.huber(x, { delta: 2 }))).is([], 'f32')
    expectThe(n.hinge(x, x)).is([], 'f32')
  })
})

describe('an extent that is only a number', () => {
  test('stays one, and the known extents beside it stay known', () => {
    expectThe(n.relu(late)).isLate([5, 3])
    expectThe(n.add(late, v)).isLate([5, 3])
    expectThe(n.matmul(late, n.input('w', [3, 7]))).isLate([5, 7])
    expectThe(n.sum(late, -1)).isLate([5])
    expectThe(n.reshape(late, [-1])).isLate([15])
    expectThe(n.concat([late, x])).isLate([7, 3])
    expectThe(n.slice(late, 1, -1)).isLate([3, 3])
    expectThe(n.sum(late, 0)).is([3], 'f32')
    expectThe(n.slice(x, [], [2, 1])).is([2, 1], 'f32')
    expectThe(n.reshape(n.zeros([batch]), [5, 1])).is([5, 1], 'f32')
  })

  test('is not refused by the type checker, but by the run, with the same words', () => {
    const four: number = 4
    const wide: n.Expr = x
    expect(() => n.add(x, n.input('y', [four]))).toThrow(
      'add: extents 3 and 4 of axis -1 do not broadcast ([2,3] and [4]), operands x [2,3] and y [4]',
    )
    expect(() => n.matmul(wide, n.input('w', [four, 5]))).toThrow(
      'matmul: inner dimensions 3 and 4 differ ([2,3] x [4,5]), operands x [2,3] and w [4,5]',
    )
    expect(() => n.pipe(wide, n.reshape([four]))).toThrow('reshape: [2,3] has 6 elements, [4] has 4, operand x [2,3]')
    expect(() => n.sum(wide, four)).toThrow('sum: axis 4 does not exist in shape [2,3], operand x [2,3]')
    expect(() => n.pipe(wide, n.softmax(four))).toThrow('softmax: axis 4 does not exist in shape [2,3]')
    expect(() => n.concat([wide, n.input('z', [four, 2])])).toThrow(
      'concat: [2,3] and [4,2] differ at axis 1, not only at axis 0',
    )
    expect(() => n.exp(n.input('n', [2], 'i32') as n.Expr)).toThrow('exp: the operand must be f32 or f64, not i32')
  })
})

test('convolutions', () => {
  const image = n.input('image', [8, 28, 28, 3])
  const w = n.param('w', [5, 5, 3, 6], n.zeros)
  expectThe(n.conv2d(image, w)).is([8, 24, 24, 6], 'f32')
  expectThe(n.conv2d(image, w, { pads: 'same', stride: 3 })).is([8, 10, 10, 6], 'f32')
  const pads = [
    [1, 0],
    [2, 2],
  ] as const
  expectThe(n.conv2d(image, w, { stride: [2, 3], dilation: 2, pads })).is([8, 11, 8, 6], 'f32')
  const v = n.param('v', [4, 3, 2, 2], n.zeros)
  expectThe(n.conv2d(n.input('first', [8, 6, 9, 9]), v, { layout: 'NCHW', groups: 2 })).is([8, 4, 8, 8], 'f32')
  expectThe(n.pipe(image, n.conv(w, n.param('b', [6], n.zeros), { pads: 'same' }), n.relu)).is([8, 28, 28, 6], 'f32')
  const wide = n.param('wide', [4, 4, 5, 3], n.zeros)
  expectThe(n.convTranspose2d(image, wide, { stride: 2, pads })).is([8, 57, 54, 5], 'f32')
  expectThe(n.convTranspose2d(image, wide, { stride: 2, pads: 'same' })).is([8, 56, 56, 5], 'f32')
  expectThe(n.maxPool2d(image, 2)).is([8, 14, 14, 3], 'f32')
  expectThe(n.pipe(image, n.maxPool2d([2, 3], { layout: 'NCHW' }))).is([8, 28, 14, 1], 'f32')
  expectThe(n.avgPool2d(image, 3, { stride: 2, pads: 'same' })).is([8, 14, 14, 3], 'f32')
  expectThe(n.conv1d(n.input('s', [8, 20, 3]), n.param('f', [4, 3, 5], n.zeros))).is([8, 17, 5], 'f32')
  expectThe(n.conv2d(n.input('some', [batch, 28, 28, 3]), w)).isLate([5, 24, 24, 6])
  const seen = n.windows(image, [5, 4], { stride: [2, 3] })
  expectThe(seen).is([8, 12, 5, 9, 4, 3], 'f32')
  expectThe(n.overlapAdd(seen, [28, 28], { stride: [2, 3] })).is([8, 28, 28, 3], 'f32')
  expectThe(n.windows(n.input('s', [100]), [4], { axis: 0, stride: 2 })).is([49, 4], 'f32')
  // @ts-expect-error the window is wider than the image
  expect(() => n.windows(image, [29, 1])).toThrow('does not fit')
})
