/**
 * Ops with closed-form derivatives that are written in simpler ops only when they are lowered: that is what keeps their
 * gradients stable and readable. In: floats, labels. Out: floats. Losses stand in losses.ts.
 * Invariant: `expand` is stable for every finite input, and the derivative is the textbook's.
 */
import { right } from 'fp-ts/lib/Either.js'
import { type DType, isFloat } from '../core/dtype.ts'
import type { Shape, TensorType } from '../core/shape.ts'
import { call, floatConstraint, type Inferred, lit, strayAxes, violation, wrongDtype } from './common.ts'
import { type Axes, behindBatch, reducedShape, showAxes, spread } from './reduction.ts'
import { type Builder, defineOp, type Printed, type Sig } from './signature.ts'

declare module './signature.ts' {
  interface OpSignatures {
    readonly mean: Sig<1, Axes, 'composite'>
    readonly logSumExp: Sig<1, Axes, 'composite'>
    readonly softmax: Sig<1, { readonly axis: number }, 'composite'>
    readonly logSoftmax: Sig<1, { readonly axis: number }, 'composite'>
    readonly oneHot: Sig<1, { readonly depth: number; readonly dtype: DType }, 'composite'>
  }
}

const one = { kind: 'composite' as const, arity: 1 as const, identities: [] }

const countOf = (shape: Shape, axes: readonly number[]): number => axes.reduce((n, i) => n * (shape[i] as number), 1)

const inferFloat = (name: string, [x]: readonly [TensorType], axes: readonly number[]): Inferred =>
  !isFloat(x.dtype) ? wrongDtype(name, 'C1', 'float', x.dtype) : (strayAxes(name, 'C2', axes, x.shape) ?? right(x))

const inferReduced =
  (name: string) =>
  (ins: readonly [TensorType], p: Axes): Inferred => {
    const t = inferFloat(name, ins, p.axes)
    return t._tag === 'Left' ? t : right({ dtype: t.right.dtype, shape: reducedShape(t.right.shape, p) })
  }

const axesConstraints = { ...floatConstraint, C2: 'the axes exist and ascend' }

const printReduced =
  (sign: string) =>
  ([x]: readonly [Printed], { axes }: Axes, [t]: readonly [TensorType]): Printed => ({
    text: `${sign}${showAxes(axes, t.shape.length)}(${x.text})`,
    precedence: 4,
  })

export const mean = defineOp<'mean'>({
  ...one,
  name: 'mean',
  batch: (b, { ins, params }) => b.mean(ins, { ...params, axes: behindBatch(params.axes) }),
  doc: {
    summary: 'Mean along axes; NaN over nothing.',
    constraints: axesConstraints,
    formula: 'Σx/n; derivative: the cotangent/n, repeated',
  },
  infer: inferReduced('mean'),
  vjp: (b, a, ct) => {
    const { shape } = a.types[0]
    return [spread(b, b.div([ct, lit(b, a, countOf(shape, a.params.axes))]), shape, a.params.axes)]
  },
  jvp: (b, { params }, [t]) => b.mean([t as NonNullable<typeof t>], params),
  expand: (b, a) => b.div([b.sum([a.ins[0]], a.params), lit(b, a, countOf(a.types[0].shape, a.params.axes))]),
  print: printReduced('mean'),
  sample: { domain: [[-2, 2]] },
})

/** The row's maximum, kept; 0 where it is infinite, so that ∞ − ∞ never arises. It is a constant for the derivative. */
export const shift = <R>(b: Builder<R>, x: R, dtype: DType, axes: readonly number[]): R => {
  const m = b.max([x], { axes, keepDims: true })
  return b.where([b.isFinite([m]), m, b.lit(0, dtype)])
}

export const logSumExp = defineOp<'logSumExp'>({
  ...one,
  name: 'logSumExp',
  batch: (b, { ins, params }) => b.logSumExp(ins, { ...params, axes: behindBatch(params.axes) }),
  doc: {
    summary: 'log Σ exp(x) along axes, stable for every x.',
    constraints: axesConstraints,
    formula: 'max + log Σ exp(x − max); derivative softmax(x)',
  },
  infer: inferReduced('logSumExp'),
  vjp: (b, a, ct) => {
    const { shape } = a.types[0]
    const { axes } = a.params
    const p =
      axes.length === 1
        ? b.softmax([a.ins[0]], { axis: axes[0] as number })
        : b.exp([b.sub([a.ins[0], spread(b, a.out, shape, axes)])])
    return [b.mul([p, spread(b, ct, shape, axes)])]
  },
  jvp: (b, a, [t]) => {
    const { axes } = a.params
    const p =
      axes.length === 1
        ? b.softmax([a.ins[0]], { axis: axes[0] as number })
        : b.exp([b.sub([a.ins[0], spread(b, a.out, a.types[0].shape, axes)])])
    return b.sum([b.mul([p, t as NonNullable<typeof t>])], a.params)
  },
  expand: (b, a) => {
    const [x] = a.ins
    const m = shift(b, x, a.outType.dtype, a.params.axes)
    const total = b.log([b.sum([b.exp([b.sub([x, m])])], { axes: a.params.axes, keepDims: true })])
    return b.reshape([b.add([m, total])], { shape: a.outType.shape })
  },
  print: printReduced('logsumexp'),
  sample: { domain: [[-2, 2]], special: [100, -100, 1000] },
})

const axisConstraints = { ...floatConstraint, C2: 'the axis exists' }

const along = (name: string) => ({
  ...one,
  infer: (ins: readonly [TensorType], { axis }: { readonly axis: number }): Inferred => inferFloat(name, ins, [axis]),
  print: ([x]: readonly [Printed], { axis }: { readonly axis: number }, [t]: readonly [TensorType]): Printed =>
    call(axis === t.shape.length - 1 ? name : `${name}${showAxes([axis], -1)}`, [x]),
  sample: { domain: [[-2, 2]] as const, special: [100, -100, 1000] },
})

/** y·(t − Σ y·t): the symmetric Jacobian of softmax applied to t. */
const softmaxPush = <R>(b: Builder<R>, y: R, t: R, axis: number): R =>
  b.mul([y, b.sub([t, b.sum([b.mul([y, t])], { axes: [axis], keepDims: true })])])

export const softmax = defineOp<'softmax'>({
  ...along('softmax'),
  name: 'softmax',
  batch: (b, { ins, params }) => b.softmax(ins, { axis: params.axis + 1 }),
  doc: {
    summary: 'exp(x) / Σ exp(x) along an axis, stable for every x.',
    constraints: axisConstraints,
    formula: 'derivative: y·(t − Σ y·t) over the saved output y',
  },
  vjp: (b, { out, params }, ct) => [softmaxPush(b, out, ct, params.axis)],
  jvp: (b, { out, params }, [t]) => softmaxPush(b, out, t as NonNullable<typeof t>, params.axis),
  expand: (b, a) => {
    const axes = [a.params.axis]
    const e = b.exp([b.sub([a.ins[0], shift(b, a.ins[0], a.outType.dtype, axes)])])
    // the sum is at least 1: one division a row, and its reciprocal never overflows
    return b.mul([e, b.div([lit(b, a, 1), b.sum([e], { axes, keepDims: true })])])
  },
})

export const logSoftmax = defineOp<'logSoftmax'>({
  ...along('logSoftmax'),
  name: 'logSoftmax',
  batch: (b, { ins, params }) => b.logSoftmax(ins, { axis: params.axis + 1 }),
  doc: {
    summary: 'log softmax(x) along an axis, stable for every x.',
    constraints: axisConstraints,
    formula: 'x − logsumexp(x); derivative: t − softmax(x)·Σt',
  },
  vjp: (b, { ins: [x], params: { axis } }, ct) => [
    b.sub([ct, b.mul([b.softmax([x], { axis }), b.sum([ct], { axes: [axis], keepDims: true })])]),
  ],
  jvp: (b, { ins: [x], params: { axis } }, [t]) => {
    const dx = t as NonNullable<typeof t>
    return b.sub([dx, b.sum([b.mul([b.softmax([x], { axis }), dx])], { axes: [axis], keepDims: true })])
  },
  expand: (b, a) => {
    const axes = [a.params.axis]
    const shifted = b.sub([a.ins[0], shift(b, a.ins[0], a.outType.dtype, axes)])
    return b.sub([shifted, b.log([b.sum([b.exp([shifted])], { axes, keepDims: true })])])
  },
})

/** Whether a label is the class, along a new last axis. */
export const isLabel = <R>(b: Builder<R>, y: R, shape: Shape, depth: number): R => {
  const wide = [...shape, depth]
  return b.equal([b.reshape([y], { shape: [...shape, 1] }), b.iota([], { shape: wide, axis: shape.length })])
}

export const oneHot = defineOp<'oneHot'>({
  ...one,
  name: 'oneHot',
  batch: (b, { ins, params }) => b.oneHot(ins, params),
  doc: {
    summary: '1 at the label, 0 elsewhere, along a new last axis; all 0 for a label out of range.',
    constraints: { C1: 'the labels are i32', C2: 'the depth is a natural number' },
  },
  infer: ([y], { depth, dtype }) => {
    if (y.dtype !== 'i32') return violation('C1', 'E_DTYPE', `oneHot: the labels must be i32, not ${y.dtype}`)
    return Number.isInteger(depth) && depth >= 0
      ? right({ dtype, shape: [...y.shape, depth] })
      : violation('C2', 'E_EXTENT', `oneHot: the depth ${depth} is not a natural number`)
  },
  vjp: 'zero',
  jvp: 'zero',
  expand: (b, a) => b.where([isLabel(b, a.ins[0], a.types[0].shape, a.params.depth), lit(b, a, 1), lit(b, a, 0)]),
  print: ([y]) => call('onehot', [y]),
  sample: { domain: [[0, 3]], dtypes: ['i32'] },
})
