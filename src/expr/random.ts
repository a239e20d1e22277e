/**
 * Random numbers as expressions. In: a key (two i32 words). Out: keys, bits, and numbers of a shape.
 * Invariant: counter-based and pure: element i of a draw is a function of the key and of i alone, so the same key gives the
 * same bits on every target and every use of a key wants a key of its own (`splitKey`, `foldIn`). Derived keys live at a
 * counter that draws never reach, as in core/threefry.ts. No derivative flows into a key.
 */
import { expecting, numberOf, oneOf } from './arguments.ts'
import type { DType, Float } from '../core/dtype.ts'
import { range, type Shape, showType, stridesOf } from '../core/shape.ts'
import type { CheckAxis, CheckDType, Reduce, ShapeOf } from '../core/shape-types.ts'
import { keyOf } from '../core/threefry.ts'
import { constantOf } from './constant.ts'
import type { Expr, Node } from './expr.ts'
import { graph, literal, shapeError } from './node.ts'
import { madeAtOnce } from './origin.ts'
import { accepting, axisOf, extentsOf, type First, typed } from './typed.ts'

/** A key: two words of i32. */
export type Key = Expr<readonly [2], 'i32'>

/** The high counter word of derived keys (core/threefry.ts: 0xffffffff). */
const derivation = -1
/** The high counter word of draws. */
const draws = 0

const wordsOf = (op: string, key: Node): readonly [Node, Node] => {
  expecting(op, [key])
  if (key.dtype !== 'i32' || key.shape.length !== 1 || key.shape[0] !== 2)
    throw shapeError({ code: 'E_KEY', sentence: `${op}: a key is i32[2], not ${showType(key)}` }, [key])
  const word = (i: number) =>
    graph.reshape([graph.slice([key], { start: [i], limit: [i + 1], step: [1] })], { shape: [] })
  return [word(0), word(1)]
}

const i32 = (n: number): Node => literal(n | 0, 'i32')

/**
 * A key from a seed, a non-negative integer below 2^53.
 * @example key(42)
 */
export const key: (seed: number) => Key = typed((seed: number) => {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw shapeError({ code: 'E_KEY', sentence: `key: the seed ${seed} is not an integer from 0 to 2^53` }, [])
  return constantOf(Int32Array.from(keyOf(seed), (w) => w | 0))
})

/** A number to derive a key from, which counts modulo 2^32. */
const countOf = (n: number | Node): Node => {
  if (typeof n !== 'number') {
    expecting('foldIn', [n])
    if (n.dtype === 'i32' && n.shape.length === 0) return n
    throw shapeError({ code: 'E_KEY', sentence: `foldIn: the number is ${showType(n)}, not i32[]` }, [n])
  }
  if (Number.isSafeInteger(n)) return i32(n)
  throw shapeError({ code: 'E_KEY', sentence: `foldIn: ${n} is not an integer` }, [])
}

/**
 * The key that follows from a key and a number: independent of the key's own draws and of other numbers.
 * `n` is an integer, or an i32 scalar such as the step counter.
 * @example
 * const step = state('step', [], zeros, 'i32')
 * console.log(uniform(foldIn(key(1), step), [3]).shape) // [ 3 ]
 */
export const foldIn: (key: Key | Node, n: number | Expr<readonly [], 'i32'>) => Key = typed(
  (from: Node, n: number | Node) => {
    const [k0, k1] = wordsOf('foldIn', from)
    const count = countOf(n)
    const word = (w: 0 | 1) =>
      graph.reshape([graph.threefry([k0, k1, count], { word: w, stream: derivation })], { shape: [1] })
    return madeAtOnce(() => graph.concat([word(0), word(1)], { axis: 0 }))
  },
)

/**
 * n keys, independent of one another and of the key's own draws. Key i is `foldIn(key, i)`: a key is split or folded, not both.
 * @example const [a, b] = splitKey(key(1), 2)
 */
export const splitKey = (from: Key | Node, n: number): readonly Key[] =>
  range(numberOf('splitKey', 'the count', n, 'a natural number')).map((i) => foldIn(from, i))

/** 0, 1, 2, … over a shape in row-major order, as sums along the axes, so that it stays inside a fused loop. */
const counter = (shape: Shape): Node =>
  stridesOf(shape).reduce((total: Node | null, stride, axis) => {
    const along = graph.iota([], { shape, axis })
    const term = stride === 1 ? along : graph.mul([along, i32(stride)])
    return total === null ? term : graph.add([total, term])
  }, null) ?? i32(0)

const bits = (op: string, from: Node, shape: Shape, word: 0 | 1): Node => {
  const [k0, k1] = wordsOf(op, from)
  return graph.threefry([k0, k1, counter(extentsOf(op, shape))], { word, stream: draws })
}

/** In [0, 1), multiples of 2^-23. */
const unit = (op: string, from: Node, shape: Shape, word: 0 | 1, dtype: DType): Node => {
  oneOf(op, 'dtype', dtype, ['f32', 'f64'])
  const u = graph.unitFloat([bits(op, from, shape, word)])
  return dtype === 'f32' ? u : graph.cast([u], { dtype })
}

/** 32 random bits an element, as i32. */
export const randomBits: <const S extends Shape>(key: Key | Node, shape: S) => Expr<S, 'i32'> = typed(
  (from: Node, shape: Shape) => bits('randomBits', from, shape, 0),
)

/**
 * Uniform in [lo, hi): lo + (hi − lo)·u with u a multiple of 2^-23 in [0, 1).
 * @example console.log(uniform(key(1), [64, 3], -1, 1).shape) // [ 64, 3 ]
 */
export const uniform: <const S extends Shape, const D extends Float = 'f32'>(
  key: Key | Node,
  shape: S,
  lo?: number,
  hi?: number,
  dtype?: D,
) => Expr<S, D> = typed((from: Node, shape: Shape, lo = 0, hi = 1, dtype: Float = 'f32') => {
  for (const end of [lo, hi]) numberOf('uniform', 'an end', end, 'a finite number')
  if (lo > hi) throw shapeError({ code: 'E_RANGE', sentence: `uniform: ${lo} to ${hi} is not a range` }, [])
  return madeAtOnce(() => {
    const u = unit('uniform', from, shape, 0, dtype)
    const scaled = hi - lo === 1 ? u : graph.mul([u, literal(hi - lo, dtype)])
    return lo === 0 ? scaled : graph.add([scaled, literal(lo, dtype)])
  })
})

/**
 * Normal with the given mean and standard deviation, finite for every bit pattern (at most 5.65 deviations away).
 * √(−2 log(1 − u₁)) · cos(2π·u₂), u₁ and u₂ the two words of one block: Box and Muller, "A note on the generation of random
 * normal deviates" (1958).
 * @example console.log(normal(key(1), [784, 10], 0, 0.01).shape) // [ 784, 10 ]
 */
export const normal: <const S extends Shape, const D extends Float = 'f32'>(
  key: Key | Node,
  shape: S,
  mean?: number,
  deviation?: number,
  dtype?: D,
) => Expr<S, D> = typed((from: Node, shape: Shape, mean = 0, deviation = 1, dtype: Float = 'f32') => {
  numberOf('normal', 'the mean', mean, 'a finite number')
  numberOf('normal', 'the deviation', deviation, 'a number of 0 or more')
  return madeAtOnce(() => {
    const away = graph.sub([literal(1, dtype), unit('normal', from, shape, 0, dtype)])
    const radius = graph.sqrt([graph.mul([literal(-2, dtype), graph.log([away])])])
    const angle = graph.mul([literal(2 * Math.PI, dtype), unit('normal', from, shape, 1, dtype)])
    const standard = graph.mul([radius, graph.cos([angle])])
    const scaled = deviation === 1 ? standard : graph.mul([standard, literal(deviation, dtype)])
    return mean === 0 ? scaled : graph.add([scaled, literal(mean, dtype)])
  })
})

/**
 * true with probability p (a number, or a float expression that broadcasts to the shape).
 * @example console.log(bernoulli(key(1), 0.5, [128, 512]).shape) // [ 128, 512 ]
 */
export const bernoulli: <const S extends Shape>(
  key: Key | Node,
  p: number | Expr<Shape, Float>,
  shape: S,
) => Expr<S, 'bool'> = typed((from: Node, p: number | Node, shape: Shape) => {
  if (typeof p === 'number' && !(p >= 0 && p <= 1))
    throw shapeError({ code: 'E_RATE', sentence: `bernoulli: the probability ${p} is not in [0, 1]` }, [])
  const chance = typeof p === 'number' ? literal(p, 'f32') : accepting('bernoulli', 'float', p)
  const chances =
    chance.shape.length === 0 ? chance : graph.broadcastTo([chance], { shape: extentsOf('bernoulli', shape) })
  return graph.less([unit('bernoulli', from, shape, 0, chance.dtype), chances])
})

/**
 * Draws of a class, i32, with probabilities softmax(logits) along an axis (the last unless told): one for each of the other
 * axes, and as many as `draws` says of all of these, in front. A logit of −∞ is never drawn. The class of the greatest
 * logit + g, where the g are Gumbel, −log(−log u): Gumbel, "Statistical theory of extreme values" (1954). E_AXIS, E_DTYPE.
 * @example
 * console.log(categorical(key(1), input('logits', [32, 10])).shape) // [ 32 ]
 * console.log(categorical(key(1), input('logits', [10]), 0, [1000]).shape) // [ 1000 ]
 */
export const categorical: <X extends Expr, const A extends number = -1, const S extends Shape = readonly []>(
  key: Key | Node,
  logits: X & First<[CheckDType<'categorical', 'float', X['dtype']>, CheckAxis<'categorical', X['shape'], A>]>,
  axis?: A,
  draws?: S,
) => Expr<readonly [...S, ...ShapeOf<Reduce<'categorical', X['shape'], A, false>>], 'i32'> = typed(
  (from: Node, logits: Node, axis = -1, draws: Shape = []) => {
    const { dtype, shape } = accepting('categorical', 'float', logits)
    const at = axisOf('categorical', logits, axis)
    const u = unit('categorical', from, [...extentsOf('categorical', draws), ...shape], 0, dtype)
    const gumbel = graph.neg([graph.log([graph.neg([graph.log([u])])])])
    return graph.argmax([graph.add([logits, gumbel])], { axis: draws.length + at })
  },
)

/**
 * How often to sort by 32 random bits: after r rounds two of n numbers are still undecided with a probability of 2^-32r, and
 * with 32·r ≥ 3·log₂ n fewer than 1/n of all n²/2 pairs are expected to be.
 */
const roundsFor = (n: number): number => Math.max(1, Math.ceil((3 * Math.log2(n)) / 32))

const shuffled = (from: Node, n: number): Node =>
  range(roundsFor(n)).reduce((places: Node | null, round) => {
    const own = round === 0 ? from : foldIn(from, round)
    const order = graph.argsort([bits('permutation', own, [n], 0)], { descending: false, nan: 'last' })
    return places === null ? order : graph.gather([places, order], { axis: 0, batch: 0 })
  }, null) as Node

/**
 * The numbers 0 … n − 1, i32, in a random order; or the rows of x along an axis, the first unless told, in such an order.
 * Sorted by random bits, in several rounds where n is so large that bits are likely to be equal. E_AXIS, E_EXTENT.
 * @example
 * console.log(permutation(key(1), 10).shape, permutation(key(1), input('x', [64, 3])).shape) // [ 10 ] [ 64, 3 ]
 */
export const permutation: {
  <const N extends number>(key: Key | Node, n: N): Expr<readonly [N], 'i32'>
  <X extends Expr, const A extends number = 0>(
    key: Key | Node,
    x: X & CheckAxis<'permutation', X['shape'], A>,
    axis?: A,
  ): Expr<X['shape'], X['dtype']>
} = typed((from: Node, x: number | Node, axis = 0) => {
  if (typeof x === 'number') return shuffled(from, extentsOf('permutation', [x])[0] as number)
  const at = axisOf('permutation', x, axis)
  return graph.gather([x, shuffled(from, x.shape[at] as number)], { axis: at, batch: 0 })
})
