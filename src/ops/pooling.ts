/**
 * The maximum of max-pooling. In: a tensor. Out: its greatest elements along axes.
 * Invariant: as `max`, but the derivative is that of the first of equal elements, in row-major order of the axes.
 */
import { type Shape, sizeOf } from '../core/shape.ts'
import { lit } from './common.ts'
import { type Axes, behindBatch, max, spread } from './reduction.ts'
import { type Builder, defineOp, type RuleArgs, type Sig } from './signature.ts'

declare module './signature.ts' {
  interface OpSignatures {
    readonly firstMax: Sig<1, Axes, 'composite'>
  }
}

/** Where each element stands within the reduced axes, over a shape that has 1 for all others. */
const positions = <R>(b: Builder<R>, shape: Shape, axes: readonly number[]): R => {
  const own = shape.map((d, a) => (axes.includes(a) ? d : 1))
  return b.reshape([b.iota([], { shape: [sizeOf(own)], axis: 0 })], { shape: own })
}

/** Which elements are the first greatest of their row; none where that is NaN. */
const isFirst = <R>(b: Builder<R>, a: RuleArgs<'firstMax', R>): R => {
  const { shape } = a.types[0]
  const { axes } = a.params
  const position = positions(b, shape, axes)
  const isMax = b.equal([a.ins[0], spread(b, a.out, shape, axes)])
  const none = b.lit(
    axes.reduce((n, i) => n * (shape[i] as number), 1),
    'i32',
  )
  return b.equal([position, b.min([b.where([isMax, position, none])], { axes, keepDims: true })])
}

export const firstMax = defineOp<'firstMax'>({
  kind: 'composite',
  arity: 1,
  name: 'firstMax',
  doc: {
    summary: 'The greatest element along axes, of which only the first is differentiated; NaN if one is NaN.',
    constraints: max.doc.constraints,
    formula: 'derivative: 1 at the first greatest element, 0 at its equals; 0 throughout where the result is NaN',
  },
  infer: max.infer,
  batch: (b, { ins, params }) => b.firstMax(ins, { ...params, axes: behindBatch(params.axes) }),
  vjp: (b, a, ct) => [b.where([isFirst(b, a), spread(b, ct, a.types[0].shape, a.params.axes), lit(b, a, 0)])],
  jvp: (b, a, [t]) => b.sum([b.where([isFirst(b, a), t as NonNullable<typeof t>, lit(b, a, 0)])], a.params),
  expand: (b, { ins, params }) => b.max(ins, params),
  identities: [],
  print: max.print,
  sample: max.sample,
})
