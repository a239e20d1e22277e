/**
 * Ops with closed-form derivatives that are written in simpler ops only when they are lowered: that is what keeps their
 * gradients stable and readable. In: floats, labels. Out: floats.
 * Invariant: `expand` is stable for every finite input, and the derivative is the textbook's.
 */
import { right } from 'fp-ts/lib/Either.js'
import { type DType, isFloat } from '../core/dtype.ts'
import { equalShapes, type Shape, showShape, sizeOf, type TensorType } from '../core/shape.ts'
import { call, floatConstraint, type Inferred, lit, violation, wrongDtype } from './common.ts'
import { type Axes, behindBatch, checkAxes, keptShape, reducedShape, showAxes, spread } from './reduction.ts'
import { type BatchArgs, type Builder, defineOp, type Printed, type Sig } from './signature.ts'

declare module './signature.ts' {
  interface OpSignatures {
    readonly mean: Sig<1, Axes, 'composite'>
    readonly logSumExp: Sig<1, Axes, 'composite'>
    readonly softmax: Sig<1, { readonly axis: number }, 'composite'>
    readonly logSoftmax: Sig<1, { readonly axis: number }, 'composite'>
    readonly oneHot: Sig<1, { readonly depth: number; readonly dtype: DType }, 'composite'>
    readonly crossEntropy: Sig<2, null, 'composite'>
    readonly mse: Sig<2, null, 'composite'>
  }
}

const one = { kind: 'composite' as const, arity: 1 as const, identities: [] }

const countOf = (shape: Shape, axes: readonly number[]): number => axes.reduce((n, i) => n * (shape[i] as number), 1)

const inferFloat = (name: string, [x]: readonly [TensorType], axes: readonly number[]): Inferred =>
  !isFloat(x.dtype) ? wrongDtype(name, 'C1', 'float', x.dtype) : (checkAxes(name, x.shape, axes) ?? right(x))

const inferReduced =
  (name: string) =>
  (ins: readonly [TensorType], p: Axes): Inferred => {
    const t = inferFloat(name, ins, p.axes)
    return t._tag === 'Left' ? t : right({ dtype: t.right.dtype, shape: reducedShape(t.right.shape, p) })
  }

const axesConstraints = { ...floatConstraint, C2: 'the axes exist and are distinct' }

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
const shift = <R>(b: Builder<R>, x: R, dtype: DType, axes: readonly number[]): R => {
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
    constraints: axesConstraints,
    formula: 'derivative: y·(t − Σ y·t) over the saved output y',
  },
  vjp: (b, { out, params }, ct) => [softmaxPush(b, out, ct, params.axis)],
  jvp: (b, { out, params }, [t]) => softmaxPush(b, out, t as NonNullable<typeof t>, params.axis),
  expand: (b, a) => {
    const axes = [a.params.axis]
    const e = b.exp([b.sub([a.ins[0], shift(b, a.ins[0], a.outType.dtype, axes)])])
    return b.div([e, b.sum([e], { axes, keepDims: true })])
  },
})

export const logSoftmax = defineOp<'logSoftmax'>({
  ...along('logSoftmax'),
  name: 'logSoftmax',
  batch: (b, { ins, params }) => b.logSoftmax(ins, { axis: params.axis + 1 }),
  doc: {
    summary: 'log softmax(x) along an axis, stable for every x.',
    constraints: axesConstraints,
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

const isLabel = <R>(b: Builder<R>, y: R, shape: Shape, depth: number): R => {
  const wide = [...shape, depth]
  return b.equal([b.reshape([y], { shape: [...shape, 1] }), b.iota([], { shape: wide, axis: shape.length })])
}

export const oneHot = defineOp<'oneHot'>({
  ...one,
  name: 'oneHot',
  batch: (b, { ins, params }) => b.oneHot(ins, params),
  doc: {
    summary: '1 at the label, 0 elsewhere, along a new last axis; all 0 for a label out of range.',
    constraints: { C1: 'the labels are i32' },
  },
  infer: ([y], { depth, dtype }) =>
    y.dtype === 'i32'
      ? right({ dtype, shape: [...y.shape, depth] })
      : violation('C1', 'E_DTYPE', `oneHot: the labels must be i32, not ${y.dtype}`),
  vjp: 'zero',
  jvp: 'zero',
  expand: (b, a) => b.where([isLabel(b, a.ins[0], a.types[0].shape, a.params.depth), lit(b, a, 1), lit(b, a, 0)]),
  print: ([y]) => call('onehot', [y]),
  sample: { domain: [[0, 3]], dtypes: ['i32'] },
})

const inferCrossEntropy = ([z, y]: readonly [TensorType, TensorType]): Inferred => {
  if (!isFloat(z.dtype)) return wrongDtype('crossEntropy', 'C1', 'float', z.dtype)
  if (y.dtype !== 'i32') return violation('C2', 'E_DTYPE', `crossEntropy: the labels must be i32, not ${y.dtype}`)
  return z.shape.length > 0 && equalShapes(z.shape.slice(0, -1), y.shape)
    ? right({ dtype: z.dtype, shape: y.shape })
    : violation(
        'C3',
        'E_SHAPE_LABELS',
        `crossEntropy: logits ${showShape(z.shape)} want labels ${showShape(z.shape.slice(0, -1))}, not ${showShape(y.shape)}`,
      )
}

/** softmax(z) − onehot(y) */
const residual = <R>(b: Builder<R>, z: R, y: R, { shape, dtype }: TensorType): R =>
  b.sub([b.softmax([z], { axis: shape.length - 1 }), b.oneHot([y], { depth: shape.at(-1) as number, dtype })])

/** Both operands over the batch, the one without a batch axis repeated. */
const repeated = <R>(
  b: Builder<R>,
  { ins: [x, y], batched, size, types }: BatchArgs<'crossEntropy' | 'mse', R>,
): readonly [R, R] => [
  batched[0] ? x : b.broadcastTo([x], { shape: [size, ...types[0].shape] }),
  batched[1] ? y : b.broadcastTo([y], { shape: [size, ...types[1].shape] }),
]

export const crossEntropy = defineOp<'crossEntropy'>({
  kind: 'composite',
  arity: 2,
  name: 'crossEntropy',
  batch: (b, a) => b.crossEntropy(repeated(b, a)),
  doc: {
    summary: '−log softmax(z)[y] of logits z (classes along the last axis) and integer labels y, an element a row.',
    constraints: { C1: 'z is f32 or f64', C2: 'y is i32', C3: 'shape(y) is shape(z) without its last axis' },
    formula: 'logsumexp(z) − z[y]; derivative softmax(z) − onehot(y)',
  },
  infer: inferCrossEntropy,
  vjp: (b, { ins: [z, y], types: [tz] }, ct) => {
    const last = tz.shape.length - 1
    return [b.mul([residual(b, z, y, tz), b.reshape([ct], { shape: keptShape(tz.shape, [last]) })]), null]
  },
  jvp: (b, { ins: [z, y], types: [tz] }, [t]) => {
    const axes = [tz.shape.length - 1]
    return b.sum([b.mul([residual(b, z, y, tz), t as NonNullable<typeof t>])], { axes, keepDims: false })
  },
  identities: [],
  expand: (b, { ins: [z, y], types: [tz, ty], outType }) => {
    const axes = [tz.shape.length - 1]
    const m = shift(b, z, tz.dtype, axes)
    const total = b.log([b.sum([b.exp([b.sub([z, m])])], { axes, keepDims: true })])
    const chosen = b.where([isLabel(b, y, ty.shape, tz.shape.at(-1) as number), z, b.lit(0, tz.dtype)])
    // m − z[y] first: both terms are then ≥ 0, and a large common part of the logits cancels exactly
    const rows = b.add([total, b.sub([m, b.sum([chosen], { axes, keepDims: true })])])
    return b.reshape([rows], { shape: outType.shape })
  },
  print: (ins) => call('crossEntropy', ins),
  sample: {
    domain: [
      [-2, 2],
      [0, 3],
    ],
    dtypes: ['f64', 'i32'],
    special: [100, -100],
  },
})

export const mse = defineOp<'mse'>({
  kind: 'composite',
  arity: 2,
  name: 'mse',
  batch: (b, a) => {
    const axes = behindBatch(a.types[0].shape.map((_, i) => i))
    return b.mean([b.square([b.sub(repeated(b, a))])], { axes, keepDims: false })
  },
  doc: {
    summary: 'Mean of (y − t)² over all elements: a scalar.',
    constraints: { C1: 'one float dtype', C2: 'equal shapes' },
    formula: 'derivative 2·(y − t)/n',
  },
  infer: ([y, t]) => {
    if (!isFloat(y.dtype)) return wrongDtype('mse', 'C1', 'float', y.dtype)
    if (y.dtype !== t.dtype) return violation('C1', 'E_DTYPE_MISMATCH', `mse: dtypes ${y.dtype} and ${t.dtype} differ`)
    return equalShapes(y.shape, t.shape)
      ? right({ dtype: y.dtype, shape: [] })
      : violation('C2', 'E_SHAPE_EQUAL', `mse: shapes ${showShape(y.shape)} and ${showShape(t.shape)} differ`)
  },
  vjp: (b, a, ct) => {
    const { shape, dtype } = a.types[0]
    const scaled = b.mul([b.mul([b.lit(2 / sizeOf(shape), dtype), b.sub(a.ins)]), ct])
    return [scaled, b.neg([scaled])]
  },
  jvp: (b, a, [dy, dt]) => {
    const { shape, dtype } = a.types[0]
    const d = dt === null ? (dy as NonNullable<typeof dy>) : dy === null ? b.neg([dt]) : b.sub([dy, dt])
    const axes = shape.map((_, i) => i)
    return b.mul([b.lit(2 / sizeOf(shape), dtype), b.sum([b.mul([b.sub(a.ins), d])], { axes, keepDims: false })])
  },
  identities: [],
  expand: (b, a) => b.mean([b.square([b.sub(a.ins)])], { axes: a.types[0].shape.map((_, i) => i), keepDims: false }),
  print: (ins) => call('mse', ins),
  sample: {
    domain: [
      [-2, 2],
      [-2, 2],
    ],
  },
})
