/**
 * Tensors from nothing: zeros, ranges, identity matrices, masks of triangles. In: shapes and numbers. Out: expressions.
 * Invariant: all of them are made of `full` and `iota`, so they cost no memory where they are used inside a loop.
 */
import { checkFill, numberOf } from './arguments.ts'
import type { DType } from '../core/dtype.ts'
import type { Shape, TensorType } from '../core/shape.ts'
import type { Expr, Node } from './expr.ts'
import { graph, isExpr, literal, make, shapeError } from './node.ts'
import { axisOf, dataLast, extentsOf, typed } from './typed.ts'

const filled = (op: string, value: number, shape: Shape, dtype: DType): Node => {
  checkFill(op, value, dtype)
  return make('full', [], { dtype, shape: extentsOf(op, shape), value: Number(value) })
}

/** A tensor of one value, and at once an initializer: `zeros([2, 3])`, `param('b', [10], zeros)`. */
export interface Filled {
  <const S extends Shape, const D extends DType = 'f32'>(shape: S, dtype?: D): Expr<S, D>
  (key: Node, type: TensorType): Node
}

const filledOrInitial = (op: string, value: number): Filled =>
  typed((first: Shape | Node, second: DType | TensorType = 'f32') =>
    isExpr(first) && typeof second === 'object'
      ? filled(op, value, second.shape, second.dtype)
      : filled(op, value, first as Shape, second as DType),
  )

/**
 * 0 everywhere; also an initializer.
 * @example zeros([2, 3]); param('b', [10], zeros)
 */
export const zeros: Filled = filledOrInitial('zeros', 0)

/** 1 everywhere; also an initializer. */
export const ones: Filled = filledOrInitial('ones', 1)

/**
 * One value everywhere.
 * @example full([3], 0.5)
 */
export const full: <const S extends Shape, const D extends DType = 'f32'>(
  shape: S,
  value: number,
  dtype?: D,
) => Expr<S, D> = typed((shape: Shape, value: number, dtype: DType = 'f32') => filled('full', value, shape, dtype))

/**
 * 0, 1, 2, … along an axis of a shape, as i32.
 * @example iota([3, 4], 1)
 */
export const iota: <const S extends Shape>(shape: S, axis?: number) => Expr<S, 'i32'> = typed(
  (shape: Shape, axis = 0) => {
    const all = filled('iota', 0, shape, 'i32')
    return graph.iota([], { shape, axis: axisOf('iota', all, axis) })
  },
)

/**
 * The identity matrix, or n x m with ones on its main diagonal.
 * @example eye(3)
 */
export const eye: {
  <const N extends number>(n: N): Expr<readonly [N, N], 'f32'>
  <const N extends number, const M extends number, const D extends DType = 'f32'>(
    n: N,
    m: M,
    dtype?: D,
  ): Expr<readonly [N, M], D>
} = typed((n: number, m = n, dtype: DType = 'f32') => {
  const shape = extentsOf('eye', [n, m])
  const same = graph.equal([graph.iota([], { shape, axis: 0 }), graph.iota([], { shape, axis: 1 })])
  return graph.cast([same], { dtype })
})

/** The number of steps from start before stop. */
const countOf = (start: number, stop: number, step: number): number => Math.max(0, Math.ceil((stop - start) / step))

/** start + step·i for i = 0 … n − 1. */
const progression = (op: string, n: number, start: number, step: number, dtype: DType): Node => {
  const i = graph.cast([graph.iota([], { shape: extentsOf(op, [n]), axis: 0 })], { dtype })
  const scaled = step === 1 ? i : graph.mul([i, literal(step, dtype)])
  return start === 0 ? scaled : graph.add([scaled, literal(start, dtype)])
}

/**
 * start, start + step, … before stop. `arange(n)` is 0 … n − 1. i32, or f32 where a number is not whole; or the given dtype.
 * @example arange(5); arange(2, 10, 2); arange(0, 1, 0.25)
 */
export const arange: {
  <const N extends number>(n: N): Expr<readonly [N], 'i32'>
  <const D extends DType = DType>(start: number, stop: number, step?: number, dtype?: D): Expr<readonly [number], D>
} = typed((first: number, stop?: number, step = 1, wanted?: DType) => {
  const [from, to] = stop === undefined ? [0, first] : [first, stop]
  const whole = Number.isInteger(from) && Number.isInteger(step)
  const dtype = wanted ?? (whole ? 'i32' : 'f32')
  if (!Number.isFinite(step) || step === 0 || !Number.isFinite(countOf(from, to, step)))
    throw shapeError({ code: 'E_RANGE', sentence: `arange: ${from} to ${to} by ${step} has no end` }, [])
  for (const value of [from, step]) checkFill('arange', value, dtype)
  return progression('arange', countOf(from, to, step), from, step, dtype)
})

/**
 * n numbers from lo to hi, both included, at equal distances.
 * @example linspace(-1, 1, 5)
 */
export const linspace: <const N extends number, const D extends 'f32' | 'f64' = 'f32'>(
  lo: number,
  hi: number,
  n: N,
  dtype?: D,
) => Expr<readonly [N], D> = typed((lo: number, hi: number, n: number, dtype: DType = 'f32') => {
  for (const end of [lo, hi]) numberOf('linspace', 'an end', end, 'a finite number')
  return progression('linspace', n, lo, n > 1 ? (hi - lo) / (n - 1) : 0, dtype)
})

/**
 * 1 at the label, 0 elsewhere, along a new last axis; all 0 for a label out of range. The labels are i32.
 * @example
 * const labels = input('labels', [128], 'i32')
 * console.log(oneHot(labels, 10).shape, pipe(labels, oneHot(10)).shape) // [ 128, 10 ] [ 128, 10 ]
 */
export const oneHot: {
  <const N extends number, const D extends DType = 'f32'>(
    depth: N,
    dtype?: D,
  ): <S extends Shape>(labels: Expr<S, 'i32'>) => Expr<readonly [...S, N], D>
  <S extends Shape, const N extends number, const D extends DType = 'f32'>(
    labels: Expr<S, 'i32'>,
    depth: N,
    dtype?: D,
  ): Expr<readonly [...S, N], D>
} = typed(dataLast((labels, depth: number, dtype: DType = 'f32') => graph.oneHot([labels], { depth, dtype })))

/** Keeps the elements of the last two axes where the column minus the row is in a range. */
const triangle = (op: 'tril' | 'triu', x: Node, k: number): Node => {
  const rank = x.shape.length
  if (rank < 2) throw shapeError({ code: 'E_RANK', sentence: `${op}: [${x.shape.join(',')}] is not a matrix` }, [x])
  const shape = x.shape.slice(-2)
  const row = graph.iota([], { shape, axis: 0 })
  const column = graph.iota([], { shape, axis: 1 })
  numberOf(op, 'the diagonal', k, 'an integer')
  const edge = k === 0 ? row : graph.add([row, literal(k, 'i32')])
  const inside = op === 'tril' ? graph.lessEqual([column, edge]) : graph.greaterEqual([column, edge])
  return graph.where([inside, x, literal(0, x.dtype)])
}

/** Of one function for triangles: `op(x, k)`, `op(k)`, or bare in a pipe. */
export interface Triangle {
  <X extends Expr>(x: X, k?: number): X
  (k: number): <X extends Expr>(x: X) => X
}

/**
 * The lower triangle of the last two axes, up to the k-th diagonal above the main one; 0 elsewhere.
 * @example tril(ones([3, 3]))
 */
export const tril: Triangle = typed(dataLast((x, k = 0) => triangle('tril', x, k as number)))

/** The upper triangle of the last two axes, from the k-th diagonal above the main one; 0 elsewhere. */
export const triu: Triangle = typed(dataLast((x, k = 0) => triangle('triu', x, k as number)))
