/**
 * Matrix products. In: two expressions of one dtype. Out: their contraction, made of one `dotGeneral`.
 * Invariant: an extent that only one operand has (a batch, say) is a free axis of the contraction and never repeated in
 * memory; the result is moved into NumPy's order afterwards, where it is not already so.
 */
import { expecting } from './arguments.ts'
import { range, type Shape, showShape } from '../core/shape.ts'
import type { CheckDType, Fits, MatMul, SameDType, ShapeOf } from '../core/shape-types.ts'
import type { Expr, Node } from './expr.ts'
import { graph, shapeError } from './node.ts'
import { accepting, axisOf, dual, type First, sameDType, typed } from './typed.ts'

const refused = (code: string, a: Node, b: Node, words: string, hint?: string) =>
  shapeError(
    {
      code,
      sentence: `matmul: ${words} (${showShape(a.shape)} x ${showShape(b.shape)})`,
      ...(hint === undefined ? {} : { hint }),
    },
    [a, b],
  )

/** NumPy's constraints, told with the shapes that the user wrote. */
const check = (a: Node, b: Node): void => {
  for (const x of [a, b]) accepting('matmul', 'number', x)
  sameDType('matmul', a, b)
  if (a.shape.length === 0 || b.shape.length === 0)
    throw refused('E_SHAPE_MATMUL_RANK', a, b, 'a scalar has no inner dimension', 'mul(x, s) scales')
  const k = a.shape.at(-1)
  const l = b.shape.at(b.shape.length === 1 ? -1 : -2)
  if (k !== l) throw refused('E_SHAPE_MATMUL_INNER', a, b, `inner dimensions ${k} and ${l} differ`)
  for (let i = 3; i <= Math.min(a.shape.length, b.shape.length); i++) {
    const [m, n] = [a.shape.at(-i), b.shape.at(-i)]
    if (m !== n && m !== 1 && n !== 1)
      throw refused('E_SHAPE_MATMUL_BATCH', a, b, `batch dimensions ${m} and ${n} differ`)
  }
}

/** Takes away the batch extents of 1 that the other operand repeats. */
const squeezed = (x: Node, other: Node): { readonly node: Node; readonly places: readonly number[] } => {
  const batch = Math.max(0, x.shape.length - 2)
  const total = Math.max(batch, other.shape.length - 2)
  const places = range(batch).filter((i) => {
    const opposite = other.shape.length - x.shape.length + i
    return !(x.shape[i] === 1 && opposite >= 0 && other.shape[opposite] !== 1)
  })
  const kept = [...places.map((i) => x.shape[i] as number), ...x.shape.slice(batch)]
  return {
    node: kept.length === x.shape.length ? x : graph.reshape([x], { shape: kept }),
    places: places.map((i) => total - batch + i),
  }
}

const product = (a: Node, b: Node): Node => {
  check(a, b)
  const left = squeezed(a, b)
  const right = squeezed(b, a)
  const shared = left.places.filter((p) => right.places.includes(p))
  const batch = [shared.map((p) => left.places.indexOf(p)), shared.map((p) => right.places.indexOf(p))] as const
  const inner = [[left.node.shape.length - 1], [Math.max(0, right.node.shape.length - 2)]] as const
  const out = graph.dotGeneral([left.node, right.node], { batch, contract: inner })
  // where each axis of the result belongs: batch places first, then the row, then the column
  const total = Math.max(a.shape.length, b.shape.length, 2) - 2
  const order = [
    ...shared,
    ...left.places.filter((p) => !shared.includes(p)),
    ...(a.shape.length > 1 ? [total] : []),
    ...right.places.filter((p) => !shared.includes(p)),
    ...(b.shape.length > 1 ? [total + 1] : []),
  ]
  const perm = range(order.length).toSorted((i, j) => (order[i] as number) - (order[j] as number))
  return perm.every((p, i) => p === i) ? out : graph.transpose([out], { perm })
}

type CheckProduct<A extends Expr, B extends Expr> = First<
  [
    CheckDType<'matmul', 'number', A['dtype']>,
    CheckDType<'matmul', 'number', B['dtype']>,
    SameDType<'matmul', A['dtype'], B['dtype']>,
    Fits<MatMul<A['shape'], B['shape']>>,
  ]
>
type Product<A extends Expr, B extends Expr> = ShapeOf<MatMul<A['shape'], B['shape']>>

export interface MatrixProduct {
  <A extends Expr, B extends Expr>(a: A, b: B & CheckProduct<A, B>): Expr<Product<A, B>, A['dtype']>
  <B extends Expr>(b: B): <A extends Expr>(a: A & CheckProduct<A, B>) => Expr<Product<A, B>, A['dtype']>
}

/**
 * The matrix product in NumPy's rules: the last axis of a with the last but one of b; a vector counts as a row on the left
 * and as a column on the right; leading axes broadcast. E_SHAPE_MATMUL_INNER, E_SHAPE_MATMUL_BATCH, E_SHAPE_MATMUL_RANK
 * (use `mul` with a scalar), E_DTYPE, E_DTYPE_MISMATCH.
 * @example
 * const [x, w, b] = [input('x', [128, 784]), param('w', [784, 10], 0), param('b', [10], 0)]
 * print(pipe(x, matmul(w), add(b))) // x w + b
 */
export const matmul: MatrixProduct = typed(dual(2, (a, b) => product(a as Node, b as Node)))

type CheckVectors<A extends Expr, B extends Expr> = A['shape'] extends readonly [number]
  ? B['shape'] extends readonly [number]
    ? CheckProduct<A, B>
    : number extends B['shape']['length']
      ? unknown
      : 'dot: the operands must be vectors'
  : number extends A['shape']['length']
    ? unknown
    : 'dot: the operands must be vectors'

const vectors = (op: string, a: Node, b: Node): void => {
  expecting(op, [a, b])
  if (a.shape.length !== 1 || b.shape.length !== 1)
    throw shapeError({ code: 'E_RANK', sentence: `${op}: the operands must be vectors` }, [a, b])
}

/**
 * Σ aᵢ·bᵢ of two vectors: a scalar.
 * @example print(dot(param('w', [3], 0), input('x', [3]))) // wᵀ x
 */
export const dot: {
  <A extends Expr, B extends Expr>(a: A, b: B & CheckVectors<A, B>): Expr<readonly [], A['dtype']>
  <B extends Expr>(b: B): <A extends Expr>(a: A & CheckVectors<A, B>) => Expr<readonly [], A['dtype']>
} = typed(
  dual(2, (a, b) => {
    vectors('dot', a as Node, b as Node)
    return product(a as Node, b as Node)
  }),
)

type CheckOuter<A extends Expr, B extends Expr> = First<
  [
    A['shape'] extends readonly [number]
      ? unknown
      : number extends A['shape']['length']
        ? unknown
        : 'outer: the operands must be vectors',
    B['shape'] extends readonly [number]
      ? unknown
      : number extends B['shape']['length']
        ? unknown
        : 'outer: the operands must be vectors',
    SameDType<'outer', A['dtype'], B['dtype']>,
  ]
>
type Outer<A extends Expr, B extends Expr> = readonly [A['shape'][0] & number, B['shape'][0] & number]

/**
 * aᵢ·bⱼ of two vectors: a matrix.
 * @example print(outer(input('δ', [10]), input('x', [3]))) // δ xᵀ
 */
export const outer: {
  <A extends Expr, B extends Expr>(a: A, b: B & CheckOuter<A, B>): Expr<Outer<A, B>, A['dtype']>
  <B extends Expr>(b: B): <A extends Expr>(a: A & CheckOuter<A, B>) => Expr<Outer<A, B>, A['dtype']>
} = typed(
  dual(2, (x, y) => {
    const [a, b] = [x as Node, y as Node]
    vectors('outer', a, b)
    accepting('outer', 'number', a)
    sameDType('outer', a, b)
    return graph.dotGeneral([a, b], { batch: [[], []], contract: [[], []] })
  }),
)

/** Which axes of a and of b stay side by side, and which are multiplied and summed; in pairs, and counted from either end. */
export interface DotOptions {
  readonly batch?: readonly [readonly number[], readonly number[]]
  readonly contract?: readonly [readonly number[], readonly number[]]
}

type PairsOf<O, K extends 'batch' | 'contract', Side extends 0 | 1> = O extends {
  readonly [_ in K]: readonly [infer A extends readonly number[], infer B extends readonly number[]]
}
  ? [A, B][Side]
  : readonly []

/** The extents at the axes; unknown where an axis is. */
type At<S extends Shape, Axes extends readonly number[]> = { readonly [K in keyof Axes]: S[Axes[K]] & number }

/** The extents whose places are not used. */
type Free<S extends Shape, Used, Seen extends readonly unknown[] = readonly []> = S extends readonly [
  infer D extends number,
  ...infer Rest extends Shape,
]
  ? Seen['length'] extends Used
    ? Free<Rest, Used, readonly [...Seen, D]>
    : readonly [D, ...Free<Rest, Used, readonly [...Seen, D]>]
  : readonly []

type UsedBy<O, Side extends 0 | 1> = PairsOf<O, 'batch', Side>[number] | PairsOf<O, 'contract', Side>[number]

/** Known where the axes are literals that count from the front. */
type DotShape<A extends Shape, B extends Shape, O> = number extends
  | A['length']
  | B['length']
  | UsedBy<O, 0>
  | UsedBy<O, 1>
  ? Shape
  : `${UsedBy<O, 0> | UsedBy<O, 1>}` extends `-${string}`
    ? Shape
    : readonly [...At<A, PairsOf<O, 'batch', 0>>, ...Free<A, UsedBy<O, 0>>, ...Free<B, UsedBy<O, 1>>]

/**
 * The contraction that all products are made of: sums of products over the axes of `contract`, side by side along those of
 * `batch`. The result has the batch axes, then the others of a, then the others of b. f32, f64 or i32.
 *
 * Throws ShapeError E_AXIS, E_AXIS_PAIRS, E_SHAPE_MATMUL_INNER, E_SHAPE_MATMUL_BATCH, E_DTYPE, E_DTYPE_MISMATCH.
 *
 * @example
 * const [a, b] = [input('a', [8, 32, 64]), input('b', [64, 8, 16])]
 * console.log(dotGeneral(a, b, { batch: [[0], [1]], contract: [[2], [0]] }).shape) // [ 8, 32, 16 ]
 */
export const dotGeneral: <A extends Expr, B extends Expr, const O extends DotOptions>(
  a: A,
  b: B,
  axes: O,
) => Expr<DotShape<A['shape'], B['shape'], O>, A['dtype']> = typed(
  (a: Node, b: Node, { batch = [[], []], contract = [[], []] }: DotOptions) => {
    const pairs = ([p, q]: readonly [readonly number[], readonly number[]]) =>
      [p.map((i) => axisOf('dotGeneral', a, i)), q.map((i) => axisOf('dotGeneral', b, i))] as const
    return graph.dotGeneral([a, b], { batch: pairs(batch), contract: pairs(contract) })
  },
)
