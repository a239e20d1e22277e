/**
 * Movement: the same elements at other places. In: tensors. Out: a view where strides can say it, else regions of a new
 * tensor. Invariant: linear in every operand; the derivative of a movement is a movement (or a sum, for a broadcast).
 */
import { right } from 'fp-ts/lib/Either.js'
import type { Shape, TensorType } from '../core/shape.ts'
import { broadcastAxes, broadcastsTo, showShape, sizeOf, stridesOf } from '../core/shape.ts'
import { call, type Inferred, mixedDtypes, paren, strayAxes, strayAxis, violation } from './common.ts'
import { behindBatch } from './reduction.ts'
import { type Builder, defineOp, type Printed, type Sig, type View } from './signature.ts'

export interface Slice {
  readonly start: readonly number[]
  /** One past the last index, an axis each. */
  readonly limit: readonly number[]
  readonly step: readonly number[]
}

export interface Pad {
  readonly low: readonly number[]
  readonly high: readonly number[]
  /** Elements put between neighbours. */
  readonly interior: readonly number[]
  readonly value: number
}

declare module './signature.ts' {
  interface OpSignatures {
    readonly reshape: Sig<1, { readonly shape: Shape }, 'movement'>
    readonly broadcastTo: Sig<1, { readonly shape: Shape }, 'movement'>
    readonly transpose: Sig<1, { readonly perm: readonly number[] }, 'movement'>
    readonly slice: Sig<1, Slice, 'movement'>
    readonly reverse: Sig<1, { readonly axes: readonly number[] }, 'movement'>
    readonly pad: Sig<1, Pad, 'movement'>
    readonly concat: Sig<'n', { readonly axis: number }, 'movement'>
  }
}

/** Sums a cotangent over the axes along which `from` was repeated to reach `to`. */
export const unbroadcast = <R>(b: Builder<R>, ct: R, from: Shape, to: Shape): R => {
  const axes = broadcastAxes(from, to)
  const summed = axes.length === 0 ? ct : b.sum([ct], { axes, keepDims: false })
  const left = to.filter((_, i) => !axes.includes(i))
  return left.length === from.length && left.every((d, i) => d === from[i])
    ? summed
    : b.reshape([summed], { shape: from })
}

/** Strides of a reshaped view where memory allows it: groups of old axes that lie together become groups of new ones. */
const reshapeView = (from: View, shape: Shape): View | null => {
  if (sizeOf(shape) <= 1 || sizeOf(from.shape) === 0) return { shape, offset: from.offset, strides: stridesOf(shape) }
  const old = from.shape.flatMap((d, i) => (d === 1 ? [] : [{ d, s: from.strides[i] }]))
  const strides = new Array<number>(shape.length).fill(0)
  let i = 0
  let j = 0
  while (i < old.length || j < shape.length) {
    if (j < shape.length && shape[j] === 1) {
      j++
      continue
    }
    let have = (old[i] as { d: number }).d
    let need = shape[j] as number
    const firstOld = i++
    const firstNew = j++
    while (have !== need) {
      if (have < need) have *= (old[i++] as { d: number }).d
      else need *= shape[j++] as number
    }
    for (let k = firstOld; k < i - 1; k++) {
      const [x, y] = [old[k], old[k + 1]] as [{ d: number; s: number }, { d: number; s: number }]
      if (x.s !== y.s * y.d) return null
    }
    let s = (old[i - 1] as { s: number }).s
    for (let k = j - 1; k >= firstNew; k--) {
      strides[k] = s
      s *= shape[k] as number
    }
  }
  return { shape, offset: from.offset, strides }
}

const one = { kind: 'movement' as const, arity: 1 as const, identities: [] }

export const reshape = defineOp<'reshape'>({
  ...one,
  name: 'reshape',
  batch: (b, { ins, params, size }) => b.reshape(ins, { shape: [size, ...params.shape] }),
  doc: {
    summary: 'The same elements in row-major order under another shape.',
    constraints: { C1: 'the number of elements stays' },
  },
  infer: ([x], { shape }) =>
    sizeOf(x.shape) === sizeOf(shape)
      ? right({ dtype: x.dtype, shape })
      : violation(
          'C1',
          'E_SHAPE_RESHAPE',
          `reshape: ${showShape(x.shape)} has ${sizeOf(x.shape)} elements, ${showShape(shape)} has ${sizeOf(shape)}`,
        ),
  vjp: (b, { types: [x] }, ct) => [b.reshape([ct], { shape: x.shape })],
  jvp: (b, { params }, [t]) => b.reshape([t as NonNullable<typeof t>], params),
  move: { tag: 'view', view: (from, { shape }) => reshapeView(from, shape) },
  print: ([x], { shape }, [t]) =>
    sizeOf(shape) === 1 || t.shape.filter((d) => d !== 1).join() === shape.filter((d) => d !== 1).join()
      ? x
      : call('reshape', [x], showShape(shape)),
})

export const broadcastTo = defineOp<'broadcastTo'>({
  ...one,
  name: 'broadcastTo',
  batch: (b, { ins, params, size, types: [x] }) => {
    const aligned = [size, ...params.shape.slice(x.shape.length).map(() => 1), ...x.shape]
    return b.broadcastTo([b.reshape(ins, { shape: aligned })], { shape: [size, ...params.shape] })
  },
  doc: {
    summary: 'Repeated along new axes and along axes of extent 1.',
    constraints: { C1: 'the shape broadcasts to the new one' },
  },
  infer: ([x], { shape }) =>
    broadcastsTo(x.shape, shape)
      ? right({ dtype: x.dtype, shape })
      : violation(
          'C1',
          'E_SHAPE_BROADCAST',
          `broadcastTo: ${showShape(x.shape)} does not broadcast to ${showShape(shape)}`,
        ),
  vjp: (b, { types: [x], outType }, ct) => [unbroadcast(b, ct, x.shape, outType.shape)],
  jvp: (b, { params }, [t]) => b.broadcastTo([t as NonNullable<typeof t>], params),
  move: {
    tag: 'view',
    view: (from, { shape }) => {
      const lead = shape.length - from.shape.length
      const strides = shape.map((d, i) =>
        i < lead || (from.shape[i - lead] === 1 && d !== 1) ? 0 : (from.strides[i - lead] as number),
      )
      return { shape, offset: from.offset, strides }
    },
  },
  print: ([x]) => x,
})

const isPermutation = (perm: readonly number[], rank: number): boolean =>
  perm.length === rank && perm.toSorted((i, j) => i - j).every((p, i) => p === i)

export const transpose = defineOp<'transpose'>({
  ...one,
  name: 'transpose',
  batch: (b, { ins, params }) => b.transpose(ins, { perm: [0, ...behindBatch(params.perm)] }),
  doc: {
    summary: 'Axis i of the result is axis perm[i] of the operand.',
    constraints: { C1: 'perm is a permutation of the axes' },
  },
  infer: ([x], { perm }) =>
    isPermutation(perm, x.shape.length)
      ? right({ dtype: x.dtype, shape: perm.map((p) => x.shape[p] as number) })
      : violation(
          'C1',
          'E_AXIS_PERMUTATION',
          `transpose: ${showShape(perm)} is not a permutation of the axes of ${showShape(x.shape)}`,
        ),
  vjp: (b, { params: { perm } }, ct) => [b.transpose([ct], { perm: perm.map((_, i) => perm.indexOf(i)) })],
  jvp: (b, { params }, [t]) => b.transpose([t as NonNullable<typeof t>], params),
  move: {
    tag: 'view',
    view: (from, { perm }) => ({
      shape: perm.map((p) => from.shape[p] as number),
      offset: from.offset,
      strides: perm.map((p) => from.strides[p] as number),
    }),
  },
  print: ([x], { perm }) =>
    perm.length === 2 ? { text: `${paren(x, 4)}ᵀ`, precedence: 3 } : call('transpose', [x], showShape(perm)),
})

const sliceShape = ({ start, limit, step }: Slice): Shape =>
  start.map((s, i) => Math.max(0, Math.ceil(((limit[i] as number) - s) / (step[i] as number))))

const inferSlice = ([x]: readonly [TensorType], p: Slice): Inferred => {
  const rank = x.shape.length
  if (p.start.length !== rank || p.limit.length !== rank || p.step.length !== rank)
    return violation(
      'C1',
      'E_SLICE',
      `slice: ${p.start.length} ranges given for the ${rank} axes of ${showShape(x.shape)}`,
    )
  for (const [i, s] of p.start.entries()) {
    const [limit, d, step] = [p.limit[i], x.shape[i], p.step[i]] as [number, number, number]
    if (!Number.isInteger(s) || !Number.isInteger(limit) || s < 0 || limit < s || limit > d)
      return violation('C2', 'E_SLICE', `slice: ${s} to ${limit} is not a range of axis ${i} of ${showShape(x.shape)}`)
    if (!Number.isInteger(step) || step < 1)
      return violation(
        'C3',
        'E_SLICE',
        `slice: step ${step} of axis ${i} is not a positive integer`,
        'reverse(x) walks backwards',
      )
  }
  return right({ dtype: x.dtype, shape: sliceShape(p) })
}

export const slice = defineOp<'slice'>({
  ...one,
  name: 'slice',
  batch: (b, { ins, params, size }) =>
    b.slice(ins, { start: [0, ...params.start], limit: [size, ...params.limit], step: [1, ...params.step] }),
  doc: {
    summary: 'From start, below limit, every step-th element of each axis.',
    constraints: {
      C1: 'a range an axis',
      C2: '0 ≤ start ≤ limit ≤ extent, in whole numbers',
      C3: 'step ≥ 1, a whole number',
    },
  },
  infer: inferSlice,
  vjp: (b, { params: { start, step }, types: [x], outType }, ct) => {
    const last = start.map((s, i) => s + Math.max(0, (outType.shape[i] as number) - 1) * (step[i] as number))
    const empty = outType.shape.map((d) => d === 0)
    return [
      b.pad([ct], {
        low: start,
        high: x.shape.map((d, i) => (empty[i] ? d - (start[i] as number) : d - (last[i] as number) - 1)),
        interior: step.map((s) => s - 1),
        value: 0,
      }),
    ]
  },
  jvp: (b, { params }, [t]) => b.slice([t as NonNullable<typeof t>], params),
  move: {
    tag: 'view',
    view: (from, p) => ({
      shape: sliceShape(p),
      offset: from.offset + p.start.reduce((n, s, i) => n + s * (from.strides[i] as number), 0),
      strides: from.strides.map((s, i) => s * (p.step[i] as number)),
    }),
  },
  print: ([x], { start, limit, step }, [t]) => ({
    text: `${paren(x, 4)}[${start
      .map((s, i) =>
        s === 0 && limit[i] === t.shape[i] && step[i] === 1
          ? ':'
          : `${s}:${limit[i]}${step[i] === 1 ? '' : `:${step[i]}`}`,
      )
      .join(', ')}]`,
    precedence: 4,
  }),
})

export const reverse = defineOp<'reverse'>({
  ...one,
  name: 'reverse',
  batch: (b, { ins, params }) => b.reverse(ins, { axes: behindBatch(params.axes) }),
  doc: { summary: 'Axes walked backwards.', constraints: { C1: 'the axes exist and ascend' } },
  infer: ([x], { axes }) => strayAxes('reverse', 'C1', axes, x.shape) ?? right(x),
  vjp: (b, { params }, ct) => [b.reverse([ct], params)],
  jvp: (b, { params }, [t]) => b.reverse([t as NonNullable<typeof t>], params),
  move: {
    tag: 'view',
    view: (from, { axes }) => ({
      shape: from.shape,
      offset:
        from.offset +
        axes.reduce((n, a) => n + Math.max(0, (from.shape[a] as number) - 1) * (from.strides[a] as number), 0),
      strides: from.strides.map((s, i) => (axes.includes(i) ? -s : s)),
    }),
  },
  print: ([x], { axes }) => call('reverse', [x], axes.join(', ')),
})

const padShape = (shape: Shape, { low, high, interior }: Pad): Shape =>
  shape.map((d, i) => (low[i] as number) + (high[i] as number) + d + Math.max(0, d - 1) * (interior[i] as number))

export const pad = defineOp<'pad'>({
  ...one,
  name: 'pad',
  batch: (b, { ins, params }) =>
    b.pad(ins, { ...params, low: [0, ...params.low], high: [0, ...params.high], interior: [0, ...params.interior] }),
  doc: {
    summary: 'A value before, behind and between the elements of each axis.',
    constraints: { C1: 'three counts an axis', C2: 'the counts are not negative' },
  },
  infer: ([x], p) => {
    const rank = x.shape.length
    if (p.low.length !== rank || p.high.length !== rank || p.interior.length !== rank)
      return violation(
        'C1',
        'E_PAD',
        `pad: counts given for ${p.low.length} axes, but ${showShape(x.shape)} has ${rank}`,
      )
    for (const counts of [p.low, p.high, p.interior])
      for (const [i, n] of counts.entries())
        if (!Number.isInteger(n) || n < 0)
          return violation('C2', 'E_PAD', `pad: the count ${n} of axis ${i} is not a natural number`)
    return right({ dtype: x.dtype, shape: padShape(x.shape, p) })
  },
  vjp: (b, { params: { low, interior }, types: [x] }, ct) => [
    b.slice([ct], {
      start: low,
      limit: low.map((l, i) =>
        x.shape[i] === 0 ? l : l + ((x.shape[i] as number) - 1) * ((interior[i] as number) + 1) + 1,
      ),
      step: interior.map((n) => n + 1),
    }),
  ],
  jvp: (b, { params }, [t]) => b.pad([t as NonNullable<typeof t>], { ...params, value: 0 }),
  move: {
    tag: 'regions',
    regions: ([x], p) => {
      const to = stridesOf(padShape(x.shape, p))
      return {
        fill: p.value,
        parts: [
          {
            shape: x.shape,
            offset: p.low.reduce((n, l, i) => n + l * (to[i] as number), 0),
            strides: to.map((s, i) => s * ((p.interior[i] as number) + 1)),
          },
        ],
      }
    },
  },
  print: ([x], { low, high }) => call('pad', [x], low.map((l, i) => `${l}+${high[i]}`).join(', ')),
})

export const concat = defineOp<'concat'>({
  kind: 'movement',
  arity: 'n',
  name: 'concat',
  batch: (b, { ins, batched, size, params, types }) =>
    b.concat(
      ins.map((x, i) =>
        batched[i] === true ? x : b.broadcastTo([x], { shape: [size, ...(types[i] as TensorType).shape] }),
      ),
      { axis: params.axis + 1 },
    ),
  identities: [],
  doc: {
    summary: 'Tensors one behind the other along an axis.',
    constraints: { C1: 'at least one operand, of one dtype', C2: 'the axis exists', C3: 'all other extents are equal' },
  },
  infer: (ins, { axis }) => {
    const [first] = ins
    if (first === undefined) return violation('C1', 'E_CONCAT_EMPTY', 'concat: no operand given')
    const stray = strayAxis('concat', 'C2', axis, first.shape)
    if (stray !== null) return stray
    for (const t of ins) {
      if (t.dtype !== first.dtype) return mixedDtypes('concat', 'C1', first.dtype, t.dtype)
      if (t.shape.length !== first.shape.length)
        return violation(
          'C3',
          'E_SHAPE_CONCAT',
          `concat: the ranks of ${showShape(first.shape)} and ${showShape(t.shape)} differ`,
        )
      const i = t.shape.findIndex((d, k) => k !== axis && d !== first.shape[k])
      if (i >= 0)
        return violation(
          'C3',
          'E_SHAPE_CONCAT',
          `concat: ${showShape(first.shape)} and ${showShape(t.shape)} differ at axis ${i}, not only at axis ${axis}`,
        )
    }
    const total = ins.reduce((n, t) => n + (t.shape[axis] as number), 0)
    return right({ dtype: first.dtype, shape: first.shape.map((d, i) => (i === axis ? total : d)) })
  },
  vjp: (b, { params: { axis }, types }, ct) => {
    let at = 0
    return types.map((t) => {
      const start = t.shape.map((_, i) => (i === axis ? at : 0))
      at += t.shape[axis] as number
      return b.slice([ct], { start, limit: t.shape.map((d, i) => (i === axis ? at : d)), step: t.shape.map(() => 1) })
    })
  },
  jvp: (b, { params, types, outType }, tangents) =>
    b.concat(
      tangents.map((t, i) => t ?? b.broadcastTo([b.lit(0, outType.dtype)], { shape: (types[i] as TensorType).shape })),
      params,
    ),
  move: {
    tag: 'regions',
    regions: (types, { axis }) => {
      const total = types.reduce((n, t) => n + (t.shape[axis] as number), 0)
      const strides = stridesOf((types[0] as TensorType).shape.map((d, i) => (i === axis ? total : d)))
      let at = 0
      return {
        fill: null,
        parts: types.map((t) => {
          const offset = at * (strides[axis] as number)
          at += t.shape[axis] as number
          return { shape: t.shape, offset, strides }
        }),
      }
    },
  },
  print: (ins: readonly Printed[]) => ({ text: `[${ins.map((p) => p.text).join('; ')}]`, precedence: 4 }),
})
