/**
 * Losses with closed-form derivatives, written in simpler ops only when they are lowered. In: predictions and targets. Out: a
 * loss a row, or a scalar. Invariant: `expand` is stable for every finite input, and the derivative is the textbook's.
 */
import { right } from 'fp-ts/lib/Either.js'
import { isFloat } from '../core/dtype.ts'
import { equalShapes, showShape, sizeOf, type TensorType } from '../core/shape.ts'
import { call, type Inferred, mixedDtypes, violation, wrongDtype } from './common.ts'
import { isLabel, shift } from './composite.ts'
import { behindBatch, keptShape } from './reduction.ts'
import { type BatchArgs, type Builder, defineOp, type Sig } from './signature.ts'

declare module './signature.ts' {
  interface OpSignatures {
    readonly crossEntropy: Sig<2, null, 'composite'>
    readonly softCrossEntropy: Sig<2, null, 'composite'>
    readonly mse: Sig<2, null, 'composite'>
  }
}

const noClasses = (constraint: 'C2' | 'C3') =>
  violation(constraint, 'E_SHAPE_LABELS', 'crossEntropy: logits [] have no axis of classes')

const inferCrossEntropy = ([z, y]: readonly [TensorType, TensorType]): Inferred => {
  if (!isFloat(z.dtype)) return wrongDtype('crossEntropy', 'C1', 'float', z.dtype)
  if (y.dtype !== 'i32') return violation('C2', 'E_DTYPE', `crossEntropy: the labels must be i32, not ${y.dtype}`)
  if (z.shape.length === 0) return noClasses('C3')
  return equalShapes(z.shape.slice(0, -1), y.shape)
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
  { ins: [x, y], batched, size, types }: BatchArgs<'crossEntropy' | 'softCrossEntropy' | 'mse', R>,
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

const inferSoft = ([z, t]: readonly [TensorType, TensorType]): Inferred => {
  if (!isFloat(z.dtype)) return wrongDtype('crossEntropy', 'C1', 'float', z.dtype)
  if (z.dtype !== t.dtype) return mixedDtypes('crossEntropy', 'C1', z.dtype, t.dtype)
  if (z.shape.length === 0) return noClasses('C2')
  return equalShapes(z.shape, t.shape)
    ? right({ dtype: z.dtype, shape: z.shape.slice(0, -1) })
    : violation(
        'C2',
        'E_SHAPE_LABELS',
        `crossEntropy: logits ${showShape(z.shape)} want labels ${showShape(z.shape)}, not ${showShape(t.shape)}`,
      )
}

/** Σ x · y along an axis. */
const overRow = <R>(b: Builder<R>, x: R, y: R, axis: number): R =>
  b.sum([b.mul([x, y])], { axes: [axis], keepDims: false })

export const softCrossEntropy = defineOp<'softCrossEntropy'>({
  kind: 'composite',
  arity: 2,
  name: 'softCrossEntropy',
  batch: (b, a) => b.softCrossEntropy(repeated(b, a)),
  doc: {
    summary:
      'log Σ exp(z) − Σ z · t of logits z and probabilities t of the classes, along the last axis: an element a row.',
    constraints: { C1: 'z and t are of one float dtype', C2: 'z and t are of one shape, not []' },
    formula: 'where Σt = 1, −Σ t · log softmax(z); derivatives softmax(z) − t and −z',
  },
  infer: inferSoft,
  vjp: (b, { ins: [z, t], types: [tz] }, ct) => {
    const last = tz.shape.length - 1
    const rows = b.reshape([ct], { shape: keptShape(tz.shape, [last]) })
    return [b.mul([b.sub([b.softmax([z], { axis: last }), t]), rows]), b.neg([b.mul([z, rows])])]
  },
  jvp: (b, { ins: [z, t], types: [tz] }, [dz, dt]) => {
    const last = tz.shape.length - 1
    const byLogits = dz === null ? null : overRow(b, b.sub([b.softmax([z], { axis: last }), t]), dz, last)
    if (dt === null) return byLogits as NonNullable<typeof dz>
    return byLogits === null ? b.neg([overRow(b, z, dt, last)]) : b.sub([byLogits, overRow(b, z, dt, last)])
  },
  identities: [],
  expand: (b, { ins: [z, t], types: [tz], outType }) => {
    const along = { axes: [tz.shape.length - 1], keepDims: true }
    const [zero, one] = [b.lit(0, tz.dtype), b.lit(1, tz.dtype)]
    const m = shift(b, z, tz.dtype, along.axes)
    const total = b.log([b.sum([b.exp([b.sub([z, m])])], along)])
    // Σ t·(m − z) and not m − Σ t·z: a large common part of the logits cancels exactly; a class of weight 0 may be at −∞
    const apart = b.where([b.equal([t, zero]), zero, b.mul([t, b.sub([m, z])])])
    const excess = b.mul([m, b.sub([one, b.sum([t], along)])])
    return b.reshape([b.add([b.add([total, b.sum([apart], along)]), excess])], { shape: outType.shape })
  },
  print: (ins) => call('crossEntropy', ins),
  sample: {
    domain: [
      [-2, 2],
      [0, 1],
    ],
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
    if (y.dtype !== t.dtype) return mixedDtypes('mse', 'C1', y.dtype, t.dtype)
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
