/**
 * Windows of a tensor, and windows put back. In: a tensor of any rank. Out: every position of a window along some axes, as a
 * view; or the sum of overlapping windows. Invariant: the two are each other's derivative. A convolution is a contraction
 * with windows, a pooling a reduction of them; padding is `pad`.
 */
import { right } from 'fp-ts/lib/Either.js'
import { equalShapes, range, type Shape, showShape } from '../core/shape.ts'
import { call, type Inferred, strayAxes, violation, wrongDtype } from './common.ts'
import { behindBatch } from './reduction.ts'
import { type Builder, defineOp, type Printed, type Sig } from './signature.ts'

/** A window along some axes, which ascend: for each of them so many elements, `dilation` apart, every `stride` elements. */
export interface Windows {
  readonly axes: readonly number[]
  readonly size: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
}

/**
 * Windows that may reach over the tensor: along each axis by so many elements before it and behind it, which read as zeros and
 * are no memory. Lowering makes them of padding, for products alone: nothing else knows how to read them.
 */
export interface Reaching extends Windows {
  readonly around?: readonly (readonly [low: number, high: number])[]
}

/** Windows of a tensor whose axes had these extents. */
export interface Overlap extends Windows {
  readonly extents: readonly number[]
}

declare module './signature.ts' {
  interface OpSignatures {
    readonly windows: Sig<1, Reaching, 'movement'>
    readonly overlapAdd: Sig<1, Overlap, 'composite'>
  }
}

/** Elements from the first of a window to its last, both included. */
export const spanOf = (size: number, dilation: number): number => (size - 1) * dilation + 1

/** How often a window fits into an extent. */
const countOf = (extent: number, size: number, stride: number, dilation: number): number =>
  Math.floor((extent - spanOf(size, dilation)) / stride) + 1

/** Where the result has the i-th window: how often it fits stands at the place of its axis, its extent right behind. */
export const countAxis = ({ axes }: Windows, i: number): number => (axes[i] as number) + i
export const ownAxis = (p: Windows, i: number): number => countAxis(p, i) + 1

/** A list with two entries for each axis that a window runs along. */
const opened = (
  list: readonly number[],
  { axes }: Windows,
  pair: (entry: number, i: number) => readonly [number, number],
): readonly number[] =>
  list.flatMap((entry, a) => {
    const i = axes.indexOf(a)
    return i < 0 ? [entry] : pair(entry, i)
  })

const isNatural = (n: number | undefined): boolean => n !== undefined && Number.isInteger(n) && n >= 1

/** What both ops ask of their parameters, for a tensor of rank `rank`. */
const misfit = (name: string, { axes, size, stride, dilation }: Windows, rank: number, shape: Shape) => {
  const stray = strayAxes(name, 'C1', axes, shape.slice(0, rank))
  if (stray !== null) return stray
  for (const [what, list] of Object.entries({ size, stride, dilation }))
    if (list.length !== axes.length || !list.every(isNatural))
      return violation(
        'C2',
        'E_WINDOW',
        `${name}: ${what} ${showShape(list)} is not a positive number for each of ${axes.length} axes`,
      )
  return null
}

const printed =
  (name: string) =>
  ([x]: readonly [Printed], { size, stride, dilation }: Windows): Printed =>
    call(
      name,
      [x],
      size.join(' × '),
      ...(stride.some((s) => s !== 1) ? [`every ${stride.join(', ')}`] : []),
      ...(dilation.some((d) => d !== 1) ? [`${dilation.join(', ')} apart`] : []),
    )

/** Elements before and behind the i-th axis. */
const aroundOf = ({ around }: Reaching, i: number): readonly [low: number, high: number] => around?.[i] ?? [0, 0]

const windowsShape = (shape: Shape, p: Reaching): Shape =>
  opened(shape, p, (d, i) => {
    const size = p.size[i] as number
    const [low, high] = aroundOf(p, i)
    return [countOf(low + d + high, size, p.stride[i] as number, p.dilation[i] as number), size]
  })

export const windows = defineOp<'windows'>({
  kind: 'movement',
  arity: 1,
  name: 'windows',
  doc: {
    summary:
      'Every position of a window along some axes: the extent of each becomes how often it fits, and the extent of the window stands behind it.',
    constraints: {
      C1: 'the axes exist and ascend',
      C2: 'size, stride and dilation are positive, one an axis',
      C3: 'the window fits at least once',
    },
    formula: 'y[…, o, k, …] = x[…, o·stride + k·dilation, …]; derivative: an overlapAdd',
  },
  infer: ([x], p): Inferred => {
    const bad = misfit('windows', p, x.shape.length, x.shape)
    if (bad !== null) return bad
    for (const [i, a] of p.axes.entries()) {
      const [size, dilation, extent] = [p.size[i], p.dilation[i], x.shape[a]] as [number, number, number]
      const [low, high] = aroundOf(p, i)
      if (spanOf(size, dilation) > low + extent + high)
        return violation(
          'C3',
          'E_SHAPE_WINDOW',
          `windows: a window of ${size}${dilation === 1 ? '' : `, ${dilation} apart,`} does not fit into axis ${a} of ${showShape(x.shape)}`,
        )
    }
    return right({ dtype: x.dtype, shape: windowsShape(x.shape, p) })
  },
  vjp: (b, { types: [x], params }, ct) => [
    b.overlapAdd([ct], { ...params, extents: params.axes.map((a) => x.shape[a] as number) }),
  ],
  jvp: (b, { params }, [t]) => b.windows([t as NonNullable<typeof t>], params),
  batch: (b, { ins, params }) => b.windows(ins, { ...params, axes: behindBatch(params.axes) }),
  move: {
    tag: 'view',
    view: (from, p) => ({
      shape: windowsShape(from.shape, p),
      offset: p.axes.reduce((at, a, i) => at - aroundOf(p, i)[0] * (from.strides[a] as number), from.offset),
      strides: opened(from.strides, p, (step, i) => [(p.stride[i] as number) * step, (p.dilation[i] as number) * step]),
    }),
  },
  identities: [],
  print: printed('windows'),
})

/** Zeros before, behind and between the elements of one axis. */
const spaced = <R>(
  b: Builder<R>,
  x: R,
  rank: number,
  axis: number,
  { low = 0, high = 0, interior = 0 }: { readonly low?: number; readonly high?: number; readonly interior?: number },
): R => {
  if (low === 0 && high === 0 && interior === 0) return x
  const only = (count: number): readonly number[] => range(rank).map((i) => (i === axis ? count : 0))
  return b.pad([x], { low: only(low), high: only(high), interior: only(interior), value: 0 })
}

/** Elements from … to − 1 of one axis. */
const cut = <R>(b: Builder<R>, x: R, shape: Shape, axis: number, from: number, to: number): R =>
  b.slice([x], {
    start: shape.map((_, i) => (i === axis ? from : 0)),
    limit: shape.with(axis, to),
    step: shape.map(() => 1),
  })

/**
 * Windows along one axis put back, from the shape […, count, size, …] with the count at `axis`.
 *
 * Where windows do not overlap, each is made as long as the stride, and one lies behind the other. Where they do, element p
 * is the sum over k of what window (p − k·dilation) / stride has at k, which is 0 where there is no such window: with zeros
 * around and between the windows that is a sum along the diagonals of (window, k), and those are windows of their memory.
 */
const putBack = <R>(b: Builder<R>, x: R, shape: Shape, axis: number, p: Along): R => {
  const [count, size] = [shape[axis], shape[axis + 1]] as [number, number]
  const span = spanOf(size, p.dilation)
  const rank = shape.length
  /** The shape with one axis in the place of both. */
  const joined = (extent: number): Shape => shape.toSpliced(axis, 2, extent)
  if (p.stride >= span || count === 1) {
    const length = count === 1 ? span : p.stride
    const wide = spaced(b, x, rank, axis + 1, { high: length - span, interior: p.dilation - 1 })
    const total = count * length
    const row = b.reshape([wide], { shape: joined(total) })
    if (p.extent < total) return cut(b, row, joined(total), axis, 0, p.extent)
    return spaced(b, row, rank - 1, axis, { high: p.extent - total })
  }
  const low = (size - 1) * p.dilation
  const high = p.extent - 1 - (count - 1) * p.stride
  const wide = spaced(b, x, rank, axis, { low, high, interior: p.stride - 1 })
  // element (p, k) of it lies at p·size + k; a diagonal starts at k = size − 1 and steps by dilation·size − 1
  const total = (low + p.extent) * size
  const flat = b.reshape([wide], { shape: joined(total) })
  const from = cut(b, flat, joined(total), axis, size - 1, total)
  const diagonals = b.windows([from], {
    axes: [axis],
    size: [size],
    stride: [size],
    dilation: [p.dilation * size - 1],
  })
  return b.sum([diagonals], { axes: [axis + 1], keepDims: false })
}

interface Along {
  readonly stride: number
  readonly dilation: number
  readonly extent: number
}

const putBackShape = (shape: Shape, p: Overlap): Shape =>
  p.axes.reduceRight((rest, _, i) => rest.toSpliced(countAxis(p, i), 2, p.extents[i] as number), shape)

export const overlapAdd = defineOp<'overlapAdd'>({
  kind: 'composite',
  arity: 1,
  name: 'overlapAdd',
  doc: {
    summary: 'Windows put back to where they were taken from, and added where they overlap; 0 where none lies.',
    constraints: {
      C1: 'the axes exist and ascend',
      C2: 'size, stride and dilation are positive, one an axis',
      C3: 'the operand has the shape of such windows of such extents',
      C4: 'dtype(x) is f32, f64 or i32',
    },
    formula: 'x[p] = Σ y[o, k] over o·stride + k·dilation = p; derivative: windows',
  },
  infer: ([x], p): Inferred => {
    const bad = misfit('overlapAdd', p, x.shape.length - p.axes.length, x.shape)
    if (bad !== null) return bad
    if (x.dtype === 'bool') return wrongDtype('overlapAdd', 'C4', 'number', x.dtype)
    const counts = p.axes.map((_, i) =>
      countOf(p.extents[i] as number, p.size[i] as number, p.stride[i] as number, p.dilation[i] as number),
    )
    const found = p.axes.map((_, i) => x.shape[countAxis(p, i)] as number)
    const sizes = p.axes.map((_, i) => x.shape[ownAxis(p, i)] as number)
    if (!equalShapes(counts, found) || !equalShapes(sizes, p.size))
      return violation(
        'C3',
        'E_SHAPE_WINDOW',
        `overlapAdd: ${showShape(x.shape)} does not have ${counts.join(' × ')} windows of ${p.size.join(' × ')}`,
      )
    return right({ dtype: x.dtype, shape: putBackShape(x.shape, p) })
  },
  vjp: (b, { params: { axes, size, stride, dilation } }, ct) => [b.windows([ct], { axes, size, stride, dilation })],
  jvp: (b, { params }, [t]) => b.overlapAdd([t as NonNullable<typeof t>], params),
  batch: (b, { ins, params }) => b.overlapAdd(ins, { ...params, axes: behindBatch(params.axes) }),
  expand: (b, { ins: [x], params: p, types: [t] }) => {
    // one axis after the other, the last one first
    let [y, shape]: readonly [typeof x, Shape] = [x, t.shape]
    for (const [i, extent] of [...p.extents.entries()].toReversed()) {
      const axis = countAxis(p, i)
      y = putBack(b, y, shape, axis, { stride: p.stride[i] as number, dilation: p.dilation[i] as number, extent })
      shape = shape.toSpliced(axis, 2, extent)
    }
    return y
  },
  identities: [],
  print: printed('overlapAdd'),
  sample: { domain: [[-2, 2]] },
})
