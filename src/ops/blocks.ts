/**
 * Blocks at computed places: blocks of a tensor that begin where an integer says. In: a tensor, i32 places. Out: a tensor.
 * Invariant: taking and adding blocks are each other's derivative. A place is one number, counted as `blocksOf` says, so
 * that a block costs one computed address whatever axes it moves along. A place out of range means the same on every
 * target: the nearest block is taken, and nothing is added or set.
 */
import { right } from 'fp-ts/lib/Either.js'
import type { Shape, TensorType } from '../core/shape.ts'
import { equalShapes, range, showShape, sizeOf, stridesOf } from '../core/shape.ts'
import { call, type Inferred, violation, wrongDtype } from './common.ts'
import { type Builder, defineOp, type Sig, type View, type Violation } from './signature.ts'

export interface Blocks {
  /** How many first axes the tensor and the places have in common. */
  readonly batch: number
  /** Extents of a block, one for each axis behind the batch. It moves along those that it does not fill. */
  readonly sizes: readonly number[]
}

export interface BlockUpdate extends Blocks {
  /** What a block does to what lies there; of blocks set at one place the last one stays. */
  readonly combine: 'sum' | 'set'
}

declare module './signature.ts' {
  interface OpSignatures {
    readonly blocks: Sig<1, Blocks, 'movement'>
    /** x, places */
    readonly block: Sig<2, Blocks, 'composite'>
    /** into, places, updates */
    readonly withBlocks: Sig<3, BlockUpdate, 'indexing'>
  }
}

export interface Places {
  /** How many there are: 0, …, count − 1. */
  readonly count: number
  /** What a step along each axis behind the batch adds to the place; 0 where the block fills the axis. */
  readonly weights: readonly number[]
  /** The last axis, behind the batch, that the block moves along; −1 where it fills all. One place is one step along it. */
  readonly unit: number
}

/** How the blocks of a tensor of these extents, the batch left out, are counted: as if the tensor were flat. */
export const blocksOf = (shape: Shape, sizes: readonly number[]): Places => {
  const moves = (i: number): boolean => (sizes[i] as number) < (shape[i] as number)
  const unit = range(shape.length).findLastIndex(moves)
  const strides = stridesOf(shape)
  const weights = range(shape.length).map((i) => (moves(i) ? (strides[i] as number) / (strides[unit] as number) : 0))
  const steps = weights.reduce((n, w, i) => n + w * ((shape[i] as number) - (sizes[i] as number)), 0)
  return { count: steps + 1, weights, unit }
}

const behind = (x: TensorType, batch: number): Shape => x.shape.slice(batch)

/** What all ops ask of a tensor and the extents of a block. */
const misfit = (name: string, x: TensorType, { batch, sizes }: Blocks): Violation | null => {
  const own = behind(x, batch)
  const fits =
    Number.isInteger(batch) &&
    batch >= 0 &&
    own.length === sizes.length &&
    sizes.every((s, i) => Number.isInteger(s) && s >= 0 && s <= (own[i] as number))
  if (fits) return null
  const sentence = `${name}: ${showShape(sizes)} is no block of ${showShape(x.shape)}${batch === 0 ? '' : ` behind ${batch} axes`}`
  return { constraint: 'C1', code: 'E_SLICE', sentence }
}

/** What a tensor and the places of blocks have to be. */
const misplaced = (name: string, x: TensorType, places: TensorType, p: Blocks): Violation | null => {
  if (places.dtype !== 'i32')
    return { constraint: 'C2', code: 'E_DTYPE', sentence: `${name}: the places must be i32, not ${places.dtype}` }
  if (equalShapes(x.shape.slice(0, p.batch), places.shape.slice(0, p.batch))) return misfit(name, x, p)
  const sentence = `${name}: ${showShape(x.shape)} and places ${showShape(places.shape)} do not have the first ${p.batch} axes in common`
  return { constraint: 'C3', code: 'E_SHAPE_INDICES', sentence }
}

const refuse = ({ constraint, code, sentence }: Violation) => violation(constraint, code, sentence)

const constraints = {
  C1: 'the block has an extent for each axis behind the batch, no greater than that of x',
  C2: 'the places are i32',
  C3: 'x and the places have the batch axes in common',
} as const

/** Places of a tensor's memory, a block each; null where strides do not count them as a flat tensor does. */
export const blocksView = (from: View, { batch, sizes }: Blocks): View | null => {
  const { count, weights, unit } = blocksOf(from.shape.slice(batch), sizes)
  const own = from.strides.slice(batch)
  const step = unit < 0 ? 0 : (own[unit] as number)
  if (weights.some((w, i) => w !== 0 && own[i] !== w * step)) return null
  return {
    shape: [...from.shape.slice(0, batch), count, ...sizes],
    offset: from.offset,
    strides: [...from.strides.slice(0, batch), step, ...own],
  }
}

const printBlock = ({ batch, sizes }: Blocks): readonly string[] => [
  `block ${showShape(sizes)}`,
  ...(batch === 0 ? [] : [`batch ${batch}`]),
]

const zeros = <R>(b: Builder<R>, { dtype, shape }: TensorType): R => b.full([], { dtype, shape, value: 0 })

/** A value with the batch axis in front, repeated along it where it has none. */
const over = <R>(b: Builder<R>, x: R, batched: boolean, { shape }: TensorType, size: number): R =>
  batched ? x : b.broadcastTo([x], { shape: [size, ...shape] })

export const blocks = defineOp<'blocks'>({
  kind: 'movement',
  arity: 1,
  name: 'blocks',
  doc: {
    summary: 'All blocks of a tensor, those that begin in the middle of an axis and reach over its end included.',
    constraints: { C1: constraints.C1 },
    formula: 'place n is where a flat tensor has moved n steps along the last axis that the block does not fill',
  },
  infer: ([x], p): Inferred => {
    const bad = misfit('blocks', x, p)
    if (bad !== null) return refuse(bad)
    const { count } = blocksOf(behind(x, p.batch), p.sizes)
    return right({ dtype: x.dtype, shape: [...x.shape.slice(0, p.batch), count, ...p.sizes] })
  },
  vjp: (b, { params, types: [x] }, ct) => {
    const { count } = blocksOf(behind(x, params.batch), params.sizes)
    const places = b.iota([], { shape: [...x.shape.slice(0, params.batch), count], axis: params.batch })
    return [b.withBlocks([zeros(b, x), places, ct], { ...params, combine: 'sum' })]
  },
  jvp: (b, { params, outType }, [t]) => (t === null ? zeros(b, outType) : b.blocks([t], params)),
  batch: (b, { ins, params }) => b.blocks(ins, { ...params, batch: params.batch + 1 }),
  move: { tag: 'view', view: blocksView },
  identities: [],
  print: ([x], p) => call('blocks', [x], ...printBlock(p)),
})

export const block = defineOp<'block'>({
  kind: 'composite',
  arity: 2,
  name: 'block',
  doc: {
    summary: 'The blocks of x that begin at computed places; a place out of range takes the nearest one.',
    constraints,
    formula: 'yₚᵢᵣ = x at p, r elements behind places[p, i]; derivative: the blocks added into zeros',
  },
  infer: ([x, places], p): Inferred => {
    const bad = misplaced('block', x, places, p)
    if (bad !== null) return refuse(bad)
    return right({ dtype: x.dtype, shape: [...places.shape, ...p.sizes] })
  },
  vjp: (b, { ins: [, places], types: [x], params }, ct) => {
    const { count } = blocksOf(behind(x, params.batch), params.sizes)
    const nearest = b.clip([places], { lo: 0, hi: count - 1 })
    return [b.withBlocks([zeros(b, x), nearest, ct], { ...params, combine: 'sum' }), null]
  },
  jvp: (b, { ins: [, places], params, outType }, [t]) =>
    t === null ? zeros(b, outType) : b.block([t, places], params),
  batch: (b, { ins: [x, places], batched, params, types, size }) => {
    const { batch, sizes } = params
    if (batch === 0 && !batched[0]) return b.block([x, places], params)
    if (batch === 0 && !batched[1] && types[1].shape.length === 0)
      return b.block([x, places], { batch, sizes: [size, ...sizes] })
    const whole = [over(b, x, batched[0], types[0], size), over(b, places, batched[1], types[1], size)] as const
    return b.block(whole, { batch: batch + 1, sizes })
  },
  expand: (b, { ins: [x, places], params }) =>
    b.gather([b.blocks([x], params), places], { axis: params.batch, batch: params.batch }),
  identities: [],
  print: (ins, p) => call('block', ins, ...printBlock(p)),
  sample: {
    domain: [
      [-2, 2],
      [-2, 9],
    ],
    dtypes: ['f64', 'i32'],
    special: [-0, Infinity, Number.NaN],
  },
})

/** For each place whether it is that of a block, and, of blocks set, whether no later one is set there. */
const reaching = <R>(b: Builder<R>, places: R, at: TensorType, x: TensorType, p: BlockUpdate): R => {
  const { count } = blocksOf(behind(x, p.batch), p.sizes)
  const inside = b.logicalAnd([b.greaterEqual([places, b.lit(0, 'i32')]), b.less([places, b.lit(count, 'i32')])])
  const many = sizeOf(at.shape.slice(p.batch))
  if (p.combine === 'sum' || many <= 1) return inside
  const flat = [...at.shape.slice(0, p.batch), many]
  // places out of range hide no other: they have rows of their own, one before and one behind
  const rows = b.add([b.clip([b.reshape([places], { shape: flat })], { lo: -1, hi: count }), b.lit(1, 'i32')])
  const isLast = b.equal([b.lastEqual([rows], { extent: count + 2 }), b.iota([], { shape: flat, axis: p.batch })])
  return b.logicalAnd([inside, b.reshape([isLast], { shape: at.shape })])
}

export const withBlocks = defineOp<'withBlocks'>({
  kind: 'indexing',
  arity: 3,
  name: 'withBlocks',
  doc: {
    summary:
      'A tensor with blocks added or set at computed places, one after the other in row-major order; a block whose place is out of range is left out.',
    constraints: {
      ...constraints,
      C4: 'the updates are a block for each place',
      C5: 'x and the updates have one dtype, no bool where they are added',
      C6: 'blocks that are set do not overlap but where they are at one place: there is one, or each is one element along the axes that it moves along',
    },
    formula: 'y = x, then y at p, r elements behind places[p, i], += or = updatesₚᵢᵣ; derivative by the updates: block',
  },
  infer: ([x, places, updates], p): Inferred => {
    const bad = misplaced('withBlocks', x, places, p)
    if (bad !== null) return refuse(bad)
    const wanted = [...places.shape, ...p.sizes]
    if (!equalShapes(updates.shape, wanted))
      return violation(
        'C4',
        'E_SHAPE_UPDATES',
        `withBlocks: updates ${showShape(updates.shape)} are not of shape ${showShape(wanted)}`,
      )
    if (x.dtype !== updates.dtype)
      return violation(
        'C5',
        'E_DTYPE_MISMATCH',
        `withBlocks: dtypes ${x.dtype} and ${updates.dtype} differ`,
        'nothing is converted silently: cast one of them',
      )
    if (p.combine === 'sum' && x.dtype === 'bool') return wrongDtype('withBlocks', 'C5', 'number', x.dtype)
    const { weights } = blocksOf(behind(x, p.batch), p.sizes)
    if (p.combine === 'set' && places.shape.length > p.batch && p.sizes.some((s, i) => weights[i] !== 0 && s > 1))
      return violation('C6', 'E_SLICE', `withBlocks: blocks ${showShape(p.sizes)} that are set may overlap`)
    return right({ dtype: x.dtype, shape: x.shape })
  },
  vjp: (b, { ins: [, places], types: [x, at, u], params }, ct) => {
    const { batch, sizes } = params
    const own = b.reshape([reaching(b, places, at, x, params)], { shape: [...at.shape, ...params.sizes.map(() => 1)] })
    const taken = b.where([own, b.block([ct, places], { batch, sizes }), b.lit(0, u.dtype)])
    if (params.combine === 'sum') return [ct, null, taken]
    return [b.withBlocks([ct, places, zeros(b, u)], params), null, taken]
  },
  jvp: (b, { ins: [, places], types: [x, , u], params }, [into, , updates]) => {
    if (params.combine === 'sum' && updates === null) return into ?? zeros(b, x)
    return b.withBlocks([into ?? zeros(b, x), places, updates ?? zeros(b, u)], params)
  },
  batch: (b, { ins: [x, places, updates], batched, params, types, size }) => {
    const { batch, sizes } = params
    const all = over(b, x, batched[0], types[0], size)
    const news = over(b, updates, batched[2], types[2], size)
    // a block as wide as the batch, at one place
    if (batch === 0 && !batched[1] && types[1].shape.length === 0)
      return b.withBlocks([all, places, news], { ...params, sizes: [size, ...sizes] })
    return b.withBlocks([all, over(b, places, batched[1], types[1], size), news], { ...params, batch: batch + 1 })
  },
  identities: [],
  print: (ins, p) => call(p.combine === 'set' ? 'setBlock' : 'addBlock', ins, ...printBlock(p)),
  sample: {
    domain: [
      [-2, 2],
      [-2, 9],
      [-2, 2],
    ],
    dtypes: ['f64', 'i32', 'f64'],
    special: [-0, 1e-40, Infinity],
  },
})
