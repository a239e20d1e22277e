/**
 * Indexing: rows taken, and rows added, where integers say. In: a tensor, i32 indices. Out: a tensor.
 * Invariant: gather and scatterRows are each other's derivative. A computed index that is out of range means the same on every
 * target: gather takes the nearest row and scatterRows adds to it, scatterAdd leaves its update out.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { isFloat } from '../core/dtype.ts'
import type { Shape, TensorType } from '../core/shape.ts'
import { equalShapes, range, showShape, sizeOf } from '../core/shape.ts'
import { call, type Inferred, mixedDtypes, strayAxis, violation, wrongDtype } from './common.ts'
import { type Builder, defineOp, type Printed, type Sig, type Violation } from './signature.ts'

export interface Indexing {
  /** The axis whose rows the indices count, at or behind the batch axes. */
  readonly axis: number
  /** How many first axes the tensor and the indices have in common. */
  readonly batch: number
}

export interface Scattering extends Indexing {
  /** How many rows the result has. */
  readonly extent: number
}

declare module './signature.ts' {
  interface OpSignatures {
    readonly gather: Sig<2, Indexing, 'indexing'>
    /** into, indices, updates */
    readonly scatterAdd: Sig<3, Indexing, 'indexing'>
    /** indices, rows */
    readonly scatterRows: Sig<2, Scattering, 'composite'>
    readonly lastEqual: Sig<1, { readonly extent: number }, 'indexing'>
  }
}

/** The shape of rows taken from `x`: what the indices add stands in the place of the axis. */
const takenShape = (x: Shape, indices: Shape, { axis, batch }: Indexing): Shape => [
  ...x.slice(0, axis),
  ...indices.slice(batch),
  ...x.slice(axis + 1),
]

/** What both ops ask of a tensor and its indices. */
const misfit = (name: string, x: TensorType, indices: TensorType, p: Indexing): Violation | null => {
  const fault = (v: Either<Violation, never>): Violation | null => (v._tag === 'Left' ? v.left : null)
  if (indices.dtype !== 'i32')
    return fault(violation('C1', 'E_DTYPE', `${name}: the indices must be i32, not ${indices.dtype}`))
  const stray = strayAxis(name, 'C2', p.axis, x.shape)
  if (stray !== null) return fault(stray)
  const shared = equalShapes(x.shape.slice(0, p.batch), indices.shape.slice(0, p.batch))
  if (p.batch < 0 || p.batch > p.axis || p.batch > indices.shape.length || !shared)
    return fault(
      violation(
        'C3',
        'E_SHAPE_INDICES',
        `${name}: ${showShape(x.shape)} and indices ${showShape(indices.shape)} do not have the first ${p.batch} axes in common`,
      ),
    )
  return null
}

const printIndexing =
  (name: string) =>
  (ins: readonly Printed[], { axis, batch }: Indexing): Printed =>
    call(name, ins, ...(axis === 0 ? [] : [`axis ${axis}`]), ...(batch === 0 ? [] : [`batch ${batch}`]))

const zeros = <R>(b: Builder<R>, { dtype, shape }: TensorType): R => b.full([], { dtype, shape, value: 0 })

/** A value with the batch axis in front, repeated along it where it has none. */
const over = <R>(b: Builder<R>, x: R, batched: boolean, { shape }: TensorType, size: number): R =>
  batched ? x : b.broadcastTo([x], { shape: [size, ...shape] })

/** Indices moved to the row that gather takes for them. */
const nearest = <R>(b: Builder<R>, indices: R, extent: number): R =>
  extent === 0 ? indices : b.clip([indices], { lo: 0, hi: extent - 1 })

/** Rows of `x` by indices, and 0 where an index is out of range: what scatterAdd's updates get. */
const takenInside = <R>(b: Builder<R>, x: R, type: TensorType, indices: R, at: TensorType, p: Indexing): R => {
  const shape = takenShape(type.shape, at.shape, p)
  const extent = type.shape[p.axis] as number
  if (extent === 0) return zeros(b, { dtype: type.dtype, shape })
  const inside = b.logicalAnd([b.greaterEqual([indices, b.lit(0, 'i32')]), b.less([indices, b.lit(extent, 'i32')])])
  const ones = (n: number): Shape => range(n).map(() => 1)
  const aligned = [
    ...at.shape.slice(0, p.batch),
    ...ones(p.axis - p.batch),
    ...at.shape.slice(p.batch),
    ...ones(type.shape.length - p.axis - 1),
  ]
  return b.where([b.reshape([inside], { shape: aligned }), b.gather([x, indices], p), b.lit(0, type.dtype)])
}

export const gather = defineOp<'gather'>({
  kind: 'indexing',
  arity: 2,
  name: 'gather',
  doc: {
    summary: 'Rows along an axis, by i32 indices; an index out of range takes the nearest row.',
    constraints: {
      C1: 'the indices are i32',
      C2: 'the axis exists',
      C3: 'the batch axes lie before the axis, and x and the indices have them in common',
      C4: 'the axis is not empty, unless there is no index',
    },
    formula: 'yₚᵢᵣ = x at [p, indices[i], r]; derivative: scatterRows',
  },
  infer: ([x, indices], p): Inferred => {
    const bad = misfit('gather', x, indices, p)
    if (bad !== null) return left(bad)
    if (x.shape[p.axis] === 0 && sizeOf(indices.shape) > 0)
      return violation('C4', 'E_EMPTY', `gather: axis ${p.axis} of ${showShape(x.shape)} has no row to take`)
    return right({ dtype: x.dtype, shape: takenShape(x.shape, indices.shape, p) })
  },
  vjp: (b, { ins: [, indices], types: [x], params }, ct) => [
    b.scatterRows([indices, ct], { ...params, extent: x.shape[params.axis] as number }),
    null,
  ],
  jvp: (b, { ins: [, indices], params, outType }, [t]) =>
    t === null ? zeros(b, outType) : b.gather([t, indices], params),
  batch: (b, { ins: [x, indices], batched, params, types, size }) => {
    const { axis, batch } = params
    if (batch === 0 && !batched[1]) return b.gather([x, indices], { axis: axis + 1, batch })
    if (batch === 0 && !batched[0]) {
      const rank = types[0].shape.length + types[1].shape.length
      const perm = [axis, ...range(rank).filter((i) => i !== axis)]
      return b.transpose([b.gather([x, indices], params)], { perm })
    }
    const whole = [over(b, x, batched[0], types[0], size), over(b, indices, batched[1], types[1], size)] as const
    return b.gather(whole, { axis: axis + 1, batch: batch + 1 })
  },
  identities: [],
  // rows are told as E[i]
  print: (ins, p) => {
    const [x, indices] = ins
    if (x === undefined || indices === undefined || p.axis !== 0) return printIndexing('gather')(ins, p)
    return { text: `${x.precedence < 4 ? `(${x.text})` : x.text}[${indices.text}]`, precedence: 4 }
  },
  sample: {
    domain: [
      [-2, 2],
      [-2, 6],
    ],
    dtypes: ['f64', 'i32'],
    special: [-0, Infinity, Number.NaN],
  },
})

export const scatterAdd = defineOp<'scatterAdd'>({
  kind: 'indexing',
  arity: 3,
  name: 'scatterAdd',
  doc: {
    summary:
      'A tensor with updates added to its rows, one after the other in row-major order; an update whose index is out of range is left out.',
    constraints: {
      C1: 'the indices are i32',
      C2: 'the axis exists',
      C3: 'the batch axes lie before the axis, and x and the indices have them in common',
      C4: 'the updates have the shape of the rows that the indices take',
      C5: 'x and the updates have one dtype: f32, f64 or i32',
    },
    formula: 'y = x, then y at [p, indices[i], r] += updatesₚᵢᵣ; derivative by the updates: a gather',
  },
  infer: ([x, indices, updates], p): Inferred => {
    const bad = misfit('scatterAdd', x, indices, p)
    if (bad !== null) return left(bad)
    const shape = takenShape(x.shape, indices.shape, p)
    if (!equalShapes(shape, updates.shape))
      return violation(
        'C4',
        'E_SHAPE_UPDATES',
        `scatterAdd: updates ${showShape(updates.shape)} are not of shape ${showShape(shape)}, which indices ${showShape(indices.shape)} take from ${showShape(x.shape)} along axis ${p.axis}`,
      )
    if (x.dtype === 'bool') return wrongDtype('scatterAdd', 'C5', 'number', x.dtype)
    if (x.dtype !== updates.dtype) return mixedDtypes('scatterAdd', 'C5', x.dtype, updates.dtype)
    return right({ dtype: x.dtype, shape: x.shape })
  },
  vjp: (b, { ins: [, indices], types, params }, ct) => [
    ct,
    null,
    takenInside(b, ct, types[0], indices, types[1], params),
  ],
  jvp: (b, { ins: [, indices], types, params }, [into, , updates]) => {
    if (updates === null) return into ?? zeros(b, types[0])
    return b.scatterAdd([into ?? zeros(b, types[0]), indices, updates], params)
  },
  batch: (b, { ins: [x, indices, updates], batched, params, types, size }) => {
    const { axis, batch } = params
    const shared = batch === 0 && !batched[1]
    const at = shared ? indices : over(b, indices, batched[1], types[1], size)
    return b.scatterAdd([over(b, x, batched[0], types[0], size), at, over(b, updates, batched[2], types[2], size)], {
      axis: axis + 1,
      batch: shared ? 0 : batch + 1,
    })
  },
  identities: [],
  print: printIndexing('scatterAdd'),
  sample: {
    domain: [
      [-2, 2],
      [-2, 6],
      [-2, 2],
    ],
    dtypes: ['f64', 'i32', 'f64'],
    special: [-0, 1e-40, Infinity],
  },
})

/** The shape of the tensor that rows are scattered over: the axis stands in the place of what the indices added. */
const scatteredShape = (indices: Shape, rows: Shape, { axis, batch, extent }: Scattering): Shape => [
  ...rows.slice(0, axis),
  extent,
  ...rows.slice(axis + Math.max(indices.length - batch, 0)),
]

export const scatterRows = defineOp<'scatterRows'>({
  kind: 'composite',
  arity: 2,
  name: 'scatterRows',
  doc: {
    summary:
      'The cotangent of a tensor of which gather has taken rows: rows of one index are added up, and a row without an index carries none. An absent row reads as 0 but is a structural zero: the compiler takes it through products, sums and updates as nothing at all, even where a factor is infinite or NaN.',
    constraints: {
      C1: 'the indices are i32',
      C2: 'the axis exists',
      C3: 'the batch axes lie before the axis, and rows and indices have them in common',
      C4: 'the rows have the shape that the indices take along the axis',
      C5: 'the rows are float',
      C6: 'there is a row, unless there is no index',
    },
    formula: 'y = 0, then y at [p, indices[i], r] += rowsₚᵢᵣ; derivative by the rows: gather',
  },
  infer: ([indices, rows], p): Inferred => {
    const shape = scatteredShape(indices.shape, rows.shape, p)
    const x = { dtype: rows.dtype, shape }
    const bad = misfit('scatterRows', x, indices, p)
    if (bad !== null) return left(bad)
    if (!equalShapes(takenShape(shape, indices.shape, p), rows.shape))
      return violation(
        'C4',
        'E_SHAPE_UPDATES',
        `scatterRows: rows ${showShape(rows.shape)} are not what indices ${showShape(indices.shape)} take along axis ${p.axis}`,
      )
    if (p.extent === 0 && sizeOf(indices.shape) > 0)
      return violation('C6', 'E_EMPTY', `scatterRows: ${showShape(shape)} has no row along axis ${p.axis}`)
    return isFloat(rows.dtype) ? right(x) : wrongDtype('scatterRows', 'C5', 'float', rows.dtype)
  },
  vjp: (b, { ins: [indices], params: { axis, batch } }, ct) => [null, b.gather([ct, indices], { axis, batch })],
  jvp: (b, { ins: [indices], params, outType }, [, rows]) =>
    rows === null ? zeros(b, outType) : b.scatterRows([indices, rows], params),
  batch: (b, { ins: [indices, rows], batched, params, types, size }) => {
    const { axis, batch, extent } = params
    const shared = batch === 0 && !batched[0]
    const at = shared ? indices : over(b, indices, batched[0], types[0], size)
    return b.scatterRows([at, over(b, rows, batched[1], types[1], size)], {
      axis: axis + 1,
      batch: shared ? 0 : batch + 1,
      extent,
    })
  },
  expand: (b, { ins: [indices, rows], params: { axis, batch, extent }, outType }) =>
    b.scatterAdd([zeros(b, outType), nearest(b, indices, extent), rows], { axis, batch }),
  identities: [],
  print: (ins, { axis, batch }) =>
    call('scatter', ins, ...(axis === 0 ? [] : [`axis ${axis}`]), ...(batch === 0 ? [] : [`batch ${batch}`])),
  sample: {
    domain: [
      [-2, 6],
      [-2, 2],
    ],
    dtypes: ['i32', 'f64'],
    special: [-0, 1e-40, Infinity],
  },
})

export const lastEqual = defineOp<'lastEqual'>({
  kind: 'indexing',
  arity: 1,
  name: 'lastEqual',
  doc: {
    summary:
      'For each index the position, along the last axis, of the last one that names the same of `extent` rows; an index out of range names the nearest row.',
    constraints: {
      C1: 'the indices are i32',
      C2: 'there is an axis',
      C3: 'there is a row, unless there is no index',
    },
    formula: 'yₚₖ = max {j : indicesₚⱼ = indicesₚₖ}',
  },
  infer: ([indices], { extent }): Inferred => {
    if (indices.dtype !== 'i32')
      return violation('C1', 'E_DTYPE', `lastEqual: the indices must be i32, not ${indices.dtype}`)
    if (indices.shape.length === 0) return violation('C2', 'E_AXIS', 'lastEqual: one index alone has no axis')
    return extent > 0 || sizeOf(indices.shape) === 0
      ? right(indices)
      : violation('C3', 'E_EMPTY', `lastEqual: ${extent} rows, none to name`)
  },
  vjp: 'zero',
  jvp: 'zero',
  batch: (b, { ins, params }) => b.lastEqual(ins, params),
  identities: [],
  print: (ins) => call('lastEqual', ins),
  sample: { domain: [[-2, 6]], dtypes: ['i32'] },
})
