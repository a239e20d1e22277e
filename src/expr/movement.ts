/**
 * Movements of one expression: the same elements at other places. In: an expression and static arguments. Out: an expression
 * of the same dtype. Invariant: nothing is computed; most are views. Axes may be counted from the end. Every one works
 * data-first, `reshape(x, [6])`, and data-last, `pipe(x, reshape([6]))`.
 */
import { checkList, expecting } from './arguments.ts'
import { range, type Shape, showShape, sizeOf } from '../core/shape.ts'
import type { Insert, Reshape, Slice, Squeeze, Transpose } from '../core/movement-types.ts'
import type { AxesArgument, BroadcastTo, CheckAxes, CheckAxis, Checked, Fits, ShapeOf } from '../core/shape-types.ts'
import type { Expr, Node } from './expr.ts'
import { graph, shapeError } from './node.ts'
import { axesOf, axisOf, dataLast, extentsOf, typed } from './typed.ts'

const refused = (code: string, x: Node, sentence: string) => shapeError({ code, sentence }, [x])

// ---- shape

const resolveHole = (x: Node, shape: Shape): Shape => {
  checkList('reshape', 'the shape', shape)
  const holes = shape.filter((d) => d === -1).length
  if (holes === 0) return extentsOf('reshape', shape)
  const known = sizeOf(
    extentsOf(
      'reshape',
      shape.filter((d) => d !== -1),
      shape,
    ),
  )
  if (holes > 1) throw refused('E_SHAPE_RESHAPE', x, `reshape: ${showShape(shape)} has more than one -1`)
  if (known === 0) throw refused('E_SHAPE_RESHAPE', x, `reshape: -1 of ${showShape(shape)} could be any extent`)
  const size = sizeOf(x.shape)
  if (size % known !== 0)
    throw refused(
      'E_SHAPE_RESHAPE',
      x,
      `reshape: the ${size} elements of ${showShape(x.shape)} do not fill ${showShape(shape)}`,
    )
  return shape.map((d) => (d === -1 ? size / known : d))
}

/**
 * The same elements in row-major order under another shape, in which one extent may be −1. E_SHAPE_RESHAPE where the number of
 * elements differs.
 * @example
 * const x = input('x', [128, 28, 28])
 * console.log(reshape(x, [128, -1]).shape) // [ 128, 784 ]
 */
export const reshape: {
  <X extends Expr, const T extends Shape>(
    x: X,
    shape: Checked<T, Reshape<X['shape'], T>>,
  ): Expr<ShapeOf<Reshape<X['shape'], T>>, X['dtype']>
  <const T extends Shape>(
    shape: T,
  ): <X extends Expr>(x: X & Fits<Reshape<X['shape'], T>>) => Expr<ShapeOf<Reshape<X['shape'], T>>, X['dtype']>
} = typed(dataLast((x, shape: Shape) => graph.reshape([x], { shape: resolveHole(x, shape) })))

/**
 * x repeated along new leading axes and along axes of extent 1. E_SHAPE_BROADCAST where the shape does not reach the other one.
 * @example console.log(broadcastTo(param('b', [10], 0), [128, 10]).shape) // [ 128, 10 ]
 */
export const broadcastTo: {
  <X extends Expr, const T extends Shape>(
    x: X,
    shape: Checked<T, BroadcastTo<X['shape'], T>>,
  ): Expr<ShapeOf<BroadcastTo<X['shape'], T>>, X['dtype']>
  <const T extends Shape>(
    shape: T,
  ): <X extends Expr>(x: X & Fits<BroadcastTo<X['shape'], T>>) => Expr<ShapeOf<BroadcastTo<X['shape'], T>>, X['dtype']>
} = typed(dataLast((x, shape: Shape) => graph.broadcastTo([x], { shape: extentsOf('broadcastTo', shape) })))

// ---- axes

const permuted = (x: Node, perm: readonly number[] | undefined): Node => {
  const rank = x.shape.length
  if (perm === undefined) return graph.transpose([x], { perm: range(rank).toReversed() })
  checkList('transpose', 'the permutation', perm)
  const found = perm.map((p) => (p < 0 ? p + rank : p))
  if (found.length !== rank || !range(rank).every((i) => found.includes(i)))
    throw refused(
      'E_AXIS_PERMUTATION',
      x,
      `transpose: ${showShape(perm)} is not a permutation of the axes of ${showShape(x.shape)}`,
    )
  return graph.transpose([x], { perm: found })
}

type Permutation = readonly number[]
/**
 * Axis i of the result is axis perm[i] of x; without perm the axes are reversed, as in NumPy.
 * @example
 * print(transpose(input('x', [2, 3]))) // xᵀ
 * console.log(transpose(input('y', [2, 3, 4]), [0, 2, 1]).shape) // [ 2, 4, 3 ]
 */
export const transpose: <const X extends Expr | Permutation, const P extends Permutation | undefined = undefined>(
  x: X,
  perm?: Checked<P, X extends Expr ? Fits<Transpose<X['shape'], P>> : unknown>,
) => X extends Expr
  ? Expr<ShapeOf<Transpose<X['shape'], P>>, X['dtype']>
  : X extends Permutation
    ? <Y extends Expr>(x: Y & Fits<Transpose<Y['shape'], X>>) => Expr<ShapeOf<Transpose<Y['shape'], X>>, Y['dtype']>
    : never = typed(dataLast((x, perm?: Permutation) => permuted(x, perm)))

const placeOf = (op: string, x: Node, axis: number): number => {
  const rank = x.shape.length + 1
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw refused('E_AXIS', x, `${op}: ${axis} is not a place for a new axis of ${showShape(x.shape)}`)
  return axis < 0 ? axis + rank : axis
}

/** x with a new axis of extent 1; shared by `stack`. */
export const withNewAxis = (op: string, x: Node, axis: number): Node =>
  graph.reshape([x], { shape: x.shape.toSpliced(placeOf(op, x, axis), 0, 1) })

/**
 * A new axis of extent 1 at a place; −1 is behind all axes. E_AXIS where there is no such place.
 * @example console.log(expandDims(input('x', [3]), 0).shape) // [ 1, 3 ]
 */
export const expandDims: {
  <X extends Expr, const A extends number>(
    x: X,
    axis: Checked<A, Insert<'expandDims', X['shape'], A, 1>>,
  ): Expr<ShapeOf<Insert<'expandDims', X['shape'], A, 1>>, X['dtype']>
  <const A extends number>(
    axis: A,
  ): <X extends Expr>(
    x: X & Fits<Insert<'expandDims', X['shape'], A, 1>>,
  ) => Expr<ShapeOf<Insert<'expandDims', X['shape'], A, 1>>, X['dtype']>
} = typed(dataLast((x, axis: number) => withNewAxis('expandDims', x, axis)))

const squeezed = (x: Node, axis: number | undefined): Node => {
  if (axis === undefined) return graph.reshape([x], { shape: x.shape.filter((d) => d !== 1) })
  const at = axisOf('squeeze', x, axis)
  if (x.shape[at] !== 1)
    throw refused('E_SHAPE_SQUEEZE', x, `squeeze: axis ${at} of ${showShape(x.shape)} has extent ${x.shape[at]}, not 1`)
  return graph.reshape([x], { shape: x.shape.toSpliced(at, 1) })
}

/**
 * An axis of extent 1 taken away; all of them where none is named. E_SHAPE_SQUEEZE where the extent is not 1.
 * @example console.log(squeeze(input('x', [3, 1]), -1).shape) // [ 3 ]
 */
export const squeeze: <const X extends Expr | number, const A extends number | undefined = undefined>(
  x: X,
  axis?: Checked<A, X extends Expr ? Fits<Squeeze<X['shape'], A>> : unknown>,
) => X extends Expr
  ? Expr<ShapeOf<Squeeze<X['shape'], A>>, X['dtype']>
  : X extends number
    ? <Y extends Expr>(x: Y & Fits<Squeeze<Y['shape'], X>>) => Expr<ShapeOf<Squeeze<Y['shape'], X>>, Y['dtype']>
    : never = typed(dataLast((x, axis?: number) => squeezed(x, axis)))

type CheckReverse<S extends Shape, A extends AxesArgument> = A extends number
  ? CheckAxis<'reverse', S, A>
  : A extends readonly number[]
    ? CheckAxes<'reverse', S, A>
    : unknown

/**
 * Axes walked backwards; all of them where none is named.
 * @example print(reverse(input('x', [3]), 0)) // reverse(x, 0)
 */
export const reverse: <const X extends Expr | AxesArgument, const A extends AxesArgument = undefined>(
  x: X,
  axes?: Checked<A, X extends Expr ? CheckReverse<X['shape'], A> : unknown>,
) => X extends Expr ? X : X extends AxesArgument ? <Y extends Expr>(x: Y & CheckReverse<Y['shape'], X>) => Y : never =
  typed(dataLast((x, axes?: AxesArgument) => graph.reverse([x], { axes: axesOf('reverse', x, axes) })))

// ---- ranges

type Range = number | readonly number[]
const listOf = (r: Range | undefined): readonly number[] => (r === undefined ? [] : typeof r === 'number' ? [r] : r)

const sliced = (x: Node, first: Range, second: Range | undefined, third: Range | undefined): Node => {
  const [start, stop, step] = [listOf(first), listOf(second), listOf(third)]
  const rank = x.shape.length
  if (Math.max(start.length, stop.length, step.length) > rank)
    throw refused('E_SLICE', x, `slice: more ranges than the ${rank} axes of ${showShape(x.shape)}`)
  const ranges = x.shape.map((d, i) => {
    const [given, end] = [start[i] ?? 0, stop[i] ?? d]
    const [a, b] = [given < 0 ? given + d : given, end < 0 ? end + d : end]
    const every = step[i] ?? 1
    if (!Number.isInteger(every) || every < 1)
      throw shapeError(
        {
          code: 'E_SLICE',
          sentence: `slice: step ${every} of axis ${i} is not a positive integer`,
          hint: 'reverse(x) walks backwards',
        },
        [x],
      )
    if (!Number.isInteger(a) || !Number.isInteger(b) || a < 0 || b < a || b > d)
      throw refused('E_SLICE', x, `slice: ${given} to ${end} is not a range of axis ${i} of ${showShape(x.shape)}`)
    return { start: a, limit: b, step: every }
  })
  return graph.slice([x], {
    start: ranges.map((r) => r.start),
    limit: ranges.map((r) => r.limit),
    step: ranges.map((r) => r.step),
  })
}

/**
 * From start, below stop, every step-th element of the leading axes: numbers for the first axis, lists for several.
 * Negative indices count from the end; the axes that are not named stay whole. E_SLICE where that is no range of an axis.
 * @example
 * const x = input('x', [28, 28])
 * console.log(slice(x, 0, 10).shape) // [ 10, 28 ]
 * console.log(slice(x, [0, 2], [28, -1]).shape) // [ 28, 25 ]
 * console.log(pipe(x, slice([0, 0], [28, 28], [2, 2])).shape) // [ 14, 14 ]
 */
export const slice: {
  <const A extends Range, const B extends Range | undefined = undefined, const C extends Range | undefined = undefined>(
    start: A,
    stop?: B,
    step?: C,
  ): <X extends Expr>(x: X & Fits<Slice<X['shape'], A, B, C>>) => Expr<ShapeOf<Slice<X['shape'], A, B, C>>, X['dtype']>
  <
    X extends Expr,
    const A extends Range,
    const B extends Range | undefined = undefined,
    const C extends Range | undefined = undefined,
  >(
    x: X,
    start: Checked<A, Slice<X['shape'], A, B, C>>,
    stop?: B,
    step?: C,
  ): Expr<ShapeOf<Slice<X['shape'], A, B, C>>, X['dtype']>
} = typed(dataLast((x, start: Range, stop?: Range, step?: Range) => sliced(x, start, stop, step)))

const diagonalOf = (x: Node): Node => {
  expecting('diagonal', [x])
  const rank = x.shape.length
  if (rank < 2) throw refused('E_RANK', x, `diagonal: ${showShape(x.shape)} is not a matrix`)
  const batch = x.shape.slice(0, -2)
  const [n, m] = x.shape.slice(-2) as [number, number]
  const count = Math.min(n, m)
  const flat = graph.reshape([x], { shape: [...batch, n * m] })
  // every (m + 1)-th element of the rows behind one another
  return graph.slice([flat], {
    start: [...batch.map(() => 0), 0],
    limit: [...batch, count === 0 ? 0 : (count - 1) * (m + 1) + 1],
    step: [...batch.map(() => 1), m + 1],
  })
}

type DiagonalOf<S extends Shape> = S extends readonly [
  ...infer B extends Shape,
  infer N extends number,
  infer M extends number,
]
  ? readonly [...B, N extends M ? N : number]
  : Shape

/**
 * The main diagonal of the last two axes.
 * @example print(pipe(input('x', [3, 3]), diagonal, sum)) // Σ(reshape(x, [9])[0:9:4])
 */
export const diagonal: <X extends Expr>(x: X) => Expr<DiagonalOf<X['shape']>, X['dtype']> = typed(diagonalOf)

/**
 * The square matrix with a vector on its main diagonal and 0 elsewhere.
 * @example console.log(diag(input('v', [3])).shape) // [ 3, 3 ]
 */
export const diag: <N extends number, D extends Expr['dtype']>(x: Expr<readonly [N], D>) => Expr<readonly [N, N], D> =
  typed((x: Node) => {
    expecting('diag', [x])
    if (x.shape.length !== 1) throw refused('E_RANK', x, `diag: ${showShape(x.shape)} is not a vector`)
    const n = x.shape[0] as number
    // n zeros between neighbours put element i at i·(n + 1)
    const spread = graph.pad([x], { low: [0], high: [0], interior: [n], value: 0 })
    return graph.reshape([spread], { shape: [n, n] })
  })
