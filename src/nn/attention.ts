/**
 * Attention. In: queries, keys and values as rows, which of them may meet. Out: for each query a mean of the values, weighted by
 * how well its key fits.
 * Invariant: a query that may meet no key gives zeros, and has derivative zero; nothing is NaN where the operands are finite.
 */
import { numberOf } from '../expr/arguments.ts'
import { showShape, type Shape } from '../core/shape.ts'
import type { CheckDType, Fits, MatMul, SameDType, ShapeOf } from '../core/shape-types.ts'
import { matmul } from '../expr/contraction.ts'
import { add, mul } from '../expr/elementwise.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { logicalAnd, where } from '../expr/logic.ts'
import { named } from '../expr/leaves.ts'
import { broadcastTo, expandDims, reshape, transpose } from '../expr/movement.ts'
import { graph, isExpr, literal, shapeError } from '../expr/node.ts'
import { accepting, dataLast, type First, sameDType, typed } from '../expr/typed.ts'

export interface AttentionOptions {
  /** bool, of a shape that broadcasts to [..., queries, keys]: true where a query may meet a key. */
  readonly mask?: Expr
  /** Query i meets the keys 0 to i alone. */
  readonly causal?: boolean
  /** The factor of the products; 1/√d for queries of d elements unless told. */
  readonly scale?: number
}

/** Far below every score, and finite: two of them have difference 0 and not NaN. */
const never = -1e30

/** Which keys a query may meet; undefined where it is all of them. */
const allowedOf = (scores: Node, { mask, causal = false }: AttentionOptions): Node | undefined => {
  const { shape } = scores
  const given = mask === undefined ? undefined : broadcastTo(accepting('attention', 'bool', mask), shape)
  if (!causal) return given
  const [query, key] = [shape.length - 2, shape.length - 1]
  const past = graph.greaterEqual([graph.iota([], { shape, axis: query }), graph.iota([], { shape, axis: key })])
  return given === undefined ? past : logicalAnd(given, past)
}

const turned = (x: Node): Node => {
  const r = x.shape.length
  return transpose(x, [...x.shape.keys()].toSpliced(r - 2, 2, r - 1, r - 2))
}

const weightsOf = (scores: Node, options: AttentionOptions): Node => {
  const along = { axis: scores.shape.length - 1 }
  const allowed = allowedOf(scores, options)
  if (allowed === undefined) return graph.softmax([scores], along)
  const weights = graph.softmax([where(allowed, scores, never)], along)
  // causal alone leaves every query a key; a mask may leave it none, and its row of equal weights is then taken away
  return options.mask === undefined ? weights : where(allowed, weights, 0)
}

const attend = (q: Node, k: Node, v: Node, options: AttentionOptions): Node => {
  for (const x of [q, k, v]) {
    accepting('attention', 'float', x)
    sameDType('attention', q, x)
    if (x.shape.length < 2)
      throw shapeError(
        { code: 'E_RANK', sentence: `attention: ${showShape(x.shape)} is not a matrix, nor several of them` },
        [x],
      )
  }
  const scale = options.scale ?? 1 / Math.sqrt(q.shape.at(-1) as number)
  numberOf('attention', 'scale', scale, 'a finite number')
  return matmul(weightsOf(mul(matmul(q, turned(k)), literal(scale, q.dtype)), options), v)
}

type Turned<S extends Shape> = S extends readonly [
  ...infer B extends Shape,
  infer M extends number,
  infer N extends number,
]
  ? readonly [...B, N, M]
  : Shape

type Scores<Q extends Expr, K extends Expr> = MatMul<Q['shape'], Turned<K['shape']>>
type Attended<Q extends Expr, K extends Expr, V extends Expr> = MatMul<ShapeOf<Scores<Q, K>>, V['shape']>

type Check<Q extends Expr, K extends Expr, V extends Expr> = First<
  [
    CheckDType<'attention', 'float', Q['dtype']>,
    SameDType<'attention', Q['dtype'], K['dtype']>,
    SameDType<'attention', Q['dtype'], V['dtype']>,
    Fits<Scores<Q, K>>,
    Fits<Attended<Q, K, V>>,
  ]
>

/**
 * softmax(q kᵀ/√d) v: queries q [..., n, d], keys k [..., m, d] and values v [..., m, e] give [..., n, e]; leading axes broadcast
 * as in `matmul`. Vaswani et al., "Attention is all you need" (2017), 3.2.1. A query whose keys are all masked gives zeros. Errors
 * of shapes are those of `matmul` and, for the mask, of `broadcastTo`; E_RANK, E_DTYPE, E_DTYPE_MISMATCH.
 * @example
 * print(attention(input('q', [5, 64]), input('k', [7, 64]), input('v', [7, 32]))) // softmax(q kᵀ / 8) v
 * const [q, k, v] = [input('q', [8, 5, 64]), input('k', [8, 7, 64]), input('v', [8, 7, 32])]
 * console.log(attention(q, k, v, { mask: input('mask', [8, 1, 7], 'bool') }).shape) // [ 8, 5, 32 ]
 */
export const attention: {
  <K extends Expr, V extends Expr>(
    k: K,
    v: V,
    options?: AttentionOptions & { readonly op?: never },
  ): <Q extends Expr>(q: Q & Check<Q, K, V>) => Expr<ShapeOf<Attended<Q, K, V>>, Q['dtype']>
  <Q extends Expr, K extends Expr, V extends Expr>(
    q: Q,
    k: K,
    v: V & Check<Q, K, V>,
    options?: AttentionOptions,
  ): Expr<ShapeOf<Attended<Q, K, V>>, Q['dtype']>
} = typed((first: Node, second: Node, third?: Node | AttentionOptions, options?: AttentionOptions) =>
  isExpr(third) ? attend(first, second, third, options ?? {}) : (q: Node) => attend(q, first, second, third ?? {}),
)

/** Matrices that make queries, keys and values of all heads side by side, and the one that puts the heads together. */
export interface AttentionWeights {
  /** [e, h·d] */
  readonly wq: Expr
  /** [c, h·d], c the width of what is attended to. */
  readonly wk: Expr
  /** [c, h·f] */
  readonly wv: Expr
  /** [h·f, o] */
  readonly wo: Expr
  readonly bq?: Expr
  readonly bk?: Expr
  readonly bv?: Expr
  readonly bo?: Expr
}

export interface MultiHeadOptions extends AttentionOptions {
  readonly heads: number
  /** What is attended to, [..., m, c]; x itself unless told. */
  readonly context?: Expr
}

/** x w + b of rows [..., n, h·d], as heads [..., h, n, d], by the name that they have in the paper. */
const headsOf = (name: string, x: Node, w: Node, b: Node | undefined, heads: number): Node => {
  const product = matmul(x, w)
  const rows = b === undefined ? product : add(product, b)
  const width = rows.shape.at(-1) as number
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0)
    throw shapeError(
      { code: 'E_SHAPE_HEADS', sentence: `multiHeadAttention: ${width} columns do not divide into ${heads} heads` },
      [w],
    )
  const split = named(name, reshape(rows, [...rows.shape.slice(0, -1), heads, width / heads]))
  const r = split.shape.length
  return transpose(split, [...split.shape.keys()].toSpliced(r - 3, 2, r - 2, r - 3))
}

const manyHeads = (x: Node, w: AttentionWeights, { heads, context = x, mask, ...options }: MultiHeadOptions): Node => {
  const [q, k, v] = [
    headsOf('q', x, w.wq, w.bq, heads),
    headsOf('k', context, w.wk, w.bk, heads),
    headsOf('v', context, w.wv, w.bv, heads),
  ]
  // one mask for all heads
  const shared = mask === undefined || mask.shape.length < 3 ? mask : expandDims(mask, -3)
  const seen = attend(q, k, v, { ...options, ...(shared === undefined ? {} : { mask: shared }) })
  const [r, f] = [seen.shape.length, seen.shape.at(-1) as number]
  // Σ over heads and their columns at once: [..., h, n, f] by [h, f, o], so that the heads are never laid side by side
  const out = graph.dotGeneral([seen, reshape(w.wo, [heads, f, -1])], {
    batch: [[], []],
    contract: [
      [r - 3, r - 1],
      [0, 1],
    ],
  })
  return w.bo === undefined ? out : add(out, w.bo)
}

type Mixed<X extends Expr, W extends AttentionWeights> = X['shape'] extends readonly [...infer B extends Shape, number]
  ? W['wo']['shape'] extends readonly [number, infer O extends number]
    ? readonly [...B, O]
    : Shape
  : Shape

type CheckHeads<X extends Expr, W extends AttentionWeights> = First<
  [
    CheckDType<'attention', 'float', X['dtype']>,
    SameDType<'matmul', X['dtype'], W['wq']['dtype']>,
    Fits<MatMul<X['shape'], W['wq']['shape']>>,
  ]
>

/**
 * Attention of several heads side by side: each projects x to queries of its own, `context` (x itself unless told) to keys and
 * values, and all outcomes are projected together. x [..., n, e] gives [..., n, o]. A mask [..., n, m] holds for all heads. Vaswani et
 * al. (2017), 3.2.2. E_SHAPE_HEADS where the columns do not divide into the heads; other errors are those of `matmul` and
 * `attention`.
 * @example
 * const x = input('x', [8, 20, 64])
 * const weight = (name: string) => param(name, [64, 64], glorotUniform)
 * const weights = { wq: weight('wq'), wk: weight('wk'), wv: weight('wv'), wo: weight('wo') }
 * console.log(multiHeadAttention(x, weights, { heads: 4, causal: true }).shape) // [ 8, 20, 64 ]
 */
export const multiHeadAttention: {
  <W extends AttentionWeights>(
    weights: W & { readonly op?: never },
    options: MultiHeadOptions,
  ): <X extends Expr>(x: X & CheckHeads<X, W>) => Expr<Mixed<X, W>, X['dtype']>
  <X extends Expr, W extends AttentionWeights>(
    x: X,
    weights: W & CheckHeads<X, W>,
    options: MultiHeadOptions,
  ): Expr<Mixed<X, W>, X['dtype']>
} = typed(
  dataLast((x, weights: AttentionWeights, options: MultiHeadOptions) => {
    accepting('attention', 'float', x)
    return manyHeads(x, weights, options)
  }),
)
