/**
 * Reductions along axes. In: a tensor and sorted axes counted from the front. Out: the tensor without these axes, or with
 * extent 1 there (`keepDims`). Invariant: axes are ascending, distinct and in range; no axes means the identity.
 */
import { right } from 'fp-ts/lib/Either.js'
import type { TensorType } from '../core/shape.ts'
import { type Inferred, lit, numberConstraint, strayAxes, violation, wrongDtype } from './common.ts'
import { type Builder, defineOp, type Printed, type RuleArgs, type Sig } from './signature.ts'

export interface Axes {
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

declare module './signature.ts' {
  interface OpSignatures {
    readonly sum: Sig<1, Axes, 'reduction'>
    readonly prod: Sig<1, Axes, 'reduction'>
    readonly max: Sig<1, Axes, 'reduction'>
    readonly min: Sig<1, Axes, 'reduction'>
    readonly argmax: Sig<1, { readonly axis: number }, 'reduction'>
    readonly argmin: Sig<1, { readonly axis: number }, 'reduction'>
  }
}

export const reducedShape = (shape: readonly number[], { axes, keepDims }: Axes): readonly number[] =>
  keepDims ? shape.map((d, i) => (axes.includes(i) ? 1 : d)) : shape.filter((_, i) => !axes.includes(i))

/** The shape with extent 1 at the reduced axes, from which the result broadcasts back. */
export const keptShape = (shape: readonly number[], axes: readonly number[]): readonly number[] =>
  shape.map((d, i) => (axes.includes(i) ? 1 : d))

const inferReduction =
  (name: string, empty: boolean) =>
  ([x]: readonly [TensorType], p: Axes): Inferred => {
    if (x.dtype === 'bool') return wrongDtype(name, 'C1', 'number', x.dtype)
    const bad = strayAxes(name, 'C2', p.axes, x.shape)
    if (bad !== null) return bad
    const gone = p.axes.find((a) => x.shape[a] === 0)
    if (!empty && gone !== undefined)
      return violation(
        'C3',
        'E_EMPTY',
        `${name}: axis ${gone} of [${x.shape.join(',')}] is empty, so it has no ${name}`,
      )
    return right({ dtype: x.dtype, shape: reducedShape(x.shape, p) })
  }

/** A reduced value back over the operand's shape. */
export const spread = <R>(b: Builder<R>, x: R, shape: readonly number[], axes: readonly number[]): R =>
  b.broadcastTo([b.reshape([x], { shape: keptShape(shape, axes) })], { shape })

const subscript = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉']
export const showAxes = (axes: readonly number[], rank: number): string =>
  axes.length === rank ? '' : axes.map((a) => [...String(a)].map((c) => subscript[Number(c)]).join('')).join('‚')

const constraints = { ...numberConstraint, C2: 'the axes exist and ascend' }
const nonEmpty = { ...constraints, C3: 'the reduced axes are not empty' }

/** Axes counted behind a new first one. */
export const behindBatch = (axes: readonly number[]): readonly number[] => axes.map((a) => a + 1)

const reduction = (name: string, sign: string, empty: boolean) => ({
  kind: 'reduction' as const,
  arity: 1 as const,
  infer: inferReduction(name, empty),
  print: ([x]: readonly [Printed], { axes }: Axes, [t]: readonly [TensorType]): Printed => ({
    text: `${sign}${showAxes(axes, t.shape.length)}(${x.text})`,
    precedence: 4,
  }),
})

export const sum = defineOp<'sum'>({
  ...reduction('sum', 'Σ', true),
  name: 'sum',
  batch: (b, { ins, params }) => b.sum(ins, { ...params, axes: behindBatch(params.axes) }),
  combine: 'sum',
  doc: { summary: 'Sum along axes; 0 over nothing.', constraints, formula: 'derivative: the cotangent, repeated' },
  vjp: (b, { params, types: [x] }, ct) => [spread(b, ct, x.shape, params.axes)],
  jvp: (b, { params }, [t]) => b.sum([t as NonNullable<typeof t>], params),
  identities: [],
  sample: { domain: [[-2, 2]] },
})

/** 1 at the extreme elements, shared evenly among equal ones. */
const share = <R>(b: Builder<R>, a: RuleArgs<'max' | 'min', R>): R => {
  const { shape } = a.types[0]
  const at = b.where([b.equal([a.ins[0], spread(b, a.out, shape, a.params.axes)]), lit(b, a, 1), lit(b, a, 0)])
  const count = b.sum([at], { axes: a.params.axes, keepDims: false })
  return b.div([at, spread(b, count, shape, a.params.axes)])
}

const extreme = (name: 'max' | 'min', summary: string) => ({
  ...reduction(name, name, false),
  combine: name,
  doc: { summary, constraints: nonEmpty, formula: 'derivative: 1 at the extreme, shared evenly among equals' },
  sample: { domain: [[-2, 2]] as const, special: [Infinity, -Infinity, Number.NaN, 0, -0] },
  identities: [],
})

export const max = defineOp<'max'>({
  ...extreme('max', 'The greatest element along axes; NaN if one is NaN.'),
  name: 'max',
  batch: (b, { ins, params }) => b.max(ins, { ...params, axes: behindBatch(params.axes) }),
  vjp: (b, a, ct) => [b.mul([share(b, a), spread(b, ct, a.types[0].shape, a.params.axes)])],
  jvp: (b, a, [t]) => b.sum([b.mul([share(b, a), t as NonNullable<typeof t>])], a.params),
})

export const min = defineOp<'min'>({
  ...extreme('min', 'The least element along axes; NaN if one is NaN.'),
  name: 'min',
  batch: (b, { ins, params }) => b.min(ins, { ...params, axes: behindBatch(params.axes) }),
  vjp: (b, a, ct) => [b.mul([share(b, a), spread(b, ct, a.types[0].shape, a.params.axes)])],
  jvp: (b, a, [t]) => b.sum([b.mul([share(b, a), t as NonNullable<typeof t>])], a.params),
})

/** The product of all other elements of the row: exact with zeros, where out / x is not. */
const others = <R>(b: Builder<R>, a: RuleArgs<'prod', R>): R => {
  const { shape } = a.types[0]
  const [x] = a.ins
  const zero = lit(b, a, 0)
  const one = lit(b, a, 1)
  const isZero = b.equal([x, zero])
  const zeros = spread(b, b.sum([b.where([isZero, one, zero])], { ...a.params, keepDims: false }), shape, a.params.axes)
  const rest = spread(b, b.prod([b.where([isZero, one, x])], { ...a.params, keepDims: false }), shape, a.params.axes)
  const without = b.div([rest, b.where([isZero, one, x])])
  // no zero: rest/x; x is the only zero: rest; else 0
  const alone = b.logicalAnd([isZero, b.equal([zeros, one])])
  return b.where([b.equal([zeros, zero]), without, b.where([alone, rest, zero])])
}

export const prod = defineOp<'prod'>({
  ...reduction('prod', 'Π', true),
  name: 'prod',
  batch: (b, { ins, params }) => b.prod(ins, { ...params, axes: behindBatch(params.axes) }),
  combine: 'prod',
  doc: {
    summary: 'Product along axes; 1 over nothing.',
    constraints,
    formula: 'derivative: the product of the others',
  },
  vjp: (b, a, ct) => [b.mul([others(b, a), spread(b, ct, a.types[0].shape, a.params.axes)])],
  jvp: (b, a, [t]) => b.sum([b.mul([others(b, a), t as NonNullable<typeof t>])], a.params),
  identities: [],
  sample: { domain: [[0.5, 1.5]], special: [0] },
})

const position = (name: 'argmax' | 'argmin', summary: string) => ({
  kind: 'reduction' as const,
  arity: 1 as const,
  combine: name,
  doc: { summary, constraints: { ...numberConstraint, C2: 'the axis exists', C3: 'the axis is not empty' } },
  infer: ([x]: readonly [TensorType], { axis }: { readonly axis: number }): Inferred => {
    const type = inferReduction(name, false)([x], { axes: [axis], keepDims: false })
    return type._tag === 'Left' ? type : right({ dtype: 'i32', shape: type.right.shape })
  },
  vjp: 'zero' as const,
  jvp: 'zero' as const,
  identities: [],
  print: ([x]: readonly [Printed], { axis }: { readonly axis: number }, [t]: readonly [TensorType]): Printed => ({
    text: `${name}${showAxes([axis], t.shape.length)}(${x.text})`,
    precedence: 4,
  }),
  sample: { domain: [[-2, 2]] as const, special: [0, Infinity, Number.NaN] },
})

export const argmax = defineOp<'argmax'>({
  ...position('argmax', 'The first position of the greatest element (i32).'),
  name: 'argmax',
  batch: (b, { ins, params }) => b.argmax(ins, { axis: params.axis + 1 }),
})
export const argmin = defineOp<'argmin'>({
  ...position('argmin', 'The first position of the least element (i32).'),
  name: 'argmin',
  batch: (b, { ins, params }) => b.argmin(ins, { axis: params.axis + 1 }),
})
