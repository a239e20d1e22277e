/**
 * Reductions along axes. In: an expression; one axis, several, or none for all; `keepDims`. Out: the expression without these
 * axes, or with extent 1 there. Axes may be counted from the end.
 * Invariant: all forms work: `sum(x)`, `sum(x, -1)`, `sum(x, [0, 1], { keepDims: true })`, `pipe(x, sum(-1))`, `pipe(x, sum)`.
 * E_AXIS where an axis does not exist, E_AXIS_REPEATED where it is given twice, E_EMPTY where an extreme of nothing is asked
 * for.
 */
import { numberOf, oneOf } from './arguments.ts'
import type { DType } from '../core/dtype.ts'
import { type Shape, sizeOf } from '../core/shape.ts'
import type { Accepts, AxesArgument, CheckDType, Checked, Fits, Reduce, ShapeOf } from '../core/shape-types.ts'
import type { Expr, Node } from './expr.ts'
import { graph, literal, shapeError } from './node.ts'
import { accepting, axesOf, dataLast, type First, typed } from './typed.ts'

export interface ReduceOptions {
  /** Keep the reduced axes with extent 1. */
  readonly keepDims?: boolean
}
/** Variance and deviation divide by n − ddof. */
export interface MomentOptions extends ReduceOptions {
  readonly ddof?: number
}

/** false where nothing is said; either where the type checker knows only that it may be said. */
type Keeps<O> = [O] extends [never]
  ? false
  : O extends { readonly keepDims: infer K extends boolean }
    ? K
    : 'keepDims' extends keyof O
      ? boolean
      : false

type Late<Op extends string, T extends Accepts, A, O, D extends DType> = A extends AxesArgument
  ? <Y extends Expr>(
      x: Y & First<[CheckDType<Op, T, Y['dtype']>, Fits<Reduce<Op, Y['shape'], A, Keeps<O>>>]>,
    ) => Expr<ShapeOf<Reduce<Op, Y['shape'], A, Keeps<O>>>, [D] extends [never] ? Y['dtype'] : D>
  : never

type EarlyShape<Op extends string, S extends Shape, A, O> = A extends AxesArgument
  ? ShapeOf<Reduce<Op, S, A, Keeps<O>>>
  : Shape

/** A reduction `op(x, axes, options)`; without `x`, `op(axes, options)` waits for it. */
export type Reduction<
  Op extends string,
  T extends Accepts,
  D extends DType = never,
  Options extends ReduceOptions = ReduceOptions,
> = <
  const X extends Expr | AxesArgument,
  const A extends AxesArgument | Options = undefined,
  const O extends Options = never,
>(
  x: X & (X extends Expr ? CheckDType<Op, T, X['dtype']> : unknown),
  axes?: Checked<
    A,
    X extends Expr ? (A extends AxesArgument ? Reduce<Op, X['shape'], A, Keeps<O>> : unknown) : unknown
  >,
  options?: O,
) => X extends Expr
  ? Expr<EarlyShape<Op, X['shape'], A, O>, [D] extends [never] ? X['dtype'] : D>
  : Late<Op, T, X, A, D>

const reduction = <F>(op: string, f: (x: Node, p: { axes: readonly number[]; keepDims: boolean }) => Node): F =>
  typed<F>(
    dataLast((x, axes?: AxesArgument, options: ReduceOptions = {}) =>
      f(x, { axes: axesOf(op, x, axes), keepDims: options.keepDims ?? false }),
    ),
  )

/** Σ x; 0 over nothing. f32, f64 or i32 (wraps). */
export const sum: Reduction<'sum', 'number'> = reduction('sum', (x, p) => graph.sum([x], p))

/** Σ x / n of floats; NaN over nothing. */
export const mean: Reduction<'mean', 'float'> = reduction('mean', (x, p) => graph.mean([x], p))

/** Π x; 1 over nothing. */
export const prod: Reduction<'prod', 'number'> = reduction('prod', (x, p) => graph.prod([x], p))

/** The greatest element; NaN if one is NaN. Equal greatest elements share the cotangent evenly. */
export const max: Reduction<'max', 'number'> = reduction('max', (x, p) => graph.max([x], p))

/** The greatest element, as max; but of equal greatest elements the first, in row-major order, gets the cotangent. */
export const firstMax: Reduction<'firstMax', 'number'> = reduction('firstMax', (x, p) => graph.firstMax([x], p))

/** The least element; NaN if one is NaN. Equal least elements share the cotangent evenly. */
export const min: Reduction<'min', 'number'> = reduction('min', (x, p) => graph.min([x], p))

/** log Σ exp(x), stable for every x; derivative softmax(x). */
export const logSumExp: Reduction<'logSumExp', 'float'> = reduction('logSumExp', (x, p) => graph.logSumExp([x], p))

const spreadOf = (op: string, x: Node, axes: AxesArgument, options: MomentOptions): Node => {
  const over = axesOf(op, accepting(op, 'float', x), axes)
  const keepDims = options.keepDims ?? false
  const ddof = options.ddof ?? 0
  const apart = graph.square([graph.sub([x, graph.mean([x], { axes: over, keepDims: true })])])
  if (ddof === 0) return graph.mean([apart], { axes: over, keepDims })
  const n = sizeOf(over.map((a) => x.shape[a] as number))
  numberOf(op, 'ddof', ddof, 'a natural number')
  if (ddof >= n)
    throw shapeError({ code: 'E_OPTION', sentence: `${op}: ddof ${ddof} of ${n} elements leaves none` }, [x])
  return graph.div([graph.sum([apart], { axes: over, keepDims }), literal(n - ddof, x.dtype)])
}

const moment = <F>(op: string, then: (v: Node) => Node): F =>
  typed<F>(dataLast((x, axes?: AxesArgument, options: MomentOptions = {}) => then(spreadOf(op, x, axes, options))))

/**
 * Σ (x − mean)² / (n − ddof), in two passes; ddof is 0 unless told.
 * @example console.log(variance(input('x', [128, 3]), 0, { ddof: 1 }).shape) // [ 3 ]
 */
export const variance: Reduction<'variance', 'float', never, MomentOptions> = moment('variance', (v) => v)

/** The root of the variance. */
export const std: Reduction<'std', 'float', never, MomentOptions> = moment('std', (v) => graph.sqrt([v]))

/** Which norm: 1 is Σ|x|, 2 is √Σx². */
export interface NormOptions extends ReduceOptions {
  readonly order?: 1 | 2
}

/**
 * The norm of x, of order 2 unless told; of all elements where no axis is given. Its derivative at 0 is 0.
 * @example
 * print(norm(input('x', [2, 3]))) // ‖x‖
 * print(norm(input('x', [2, 3]), -1, { order: 1 })) // Σ₁(|x|)
 */
export const norm: Reduction<'norm', 'float', never, NormOptions> = typed(
  dataLast((x, axes?: AxesArgument, options: NormOptions = {}) => {
    const p = { axes: axesOf('norm', accepting('norm', 'float', x), axes), keepDims: options.keepDims ?? false }
    return oneOf('norm', 'order', options.order ?? 2, [1, 2]) === 1
      ? graph.sum([graph.abs([x])], p)
      : graph.sqrt([graph.sum([graph.square([x])], p)])
  }),
)

/** Whether one element is true; false over nothing. */
export const any: Reduction<'any', 'bool'> = reduction('any', (x, p) =>
  graph.greater([graph.sum([graph.cast([accepting('any', 'bool', x)], { dtype: 'i32' })], p), literal(0, 'i32')]),
)

/** Whether all elements are true; true over nothing. */
export const all: Reduction<'all', 'bool'> = reduction('all', (x, p) =>
  graph.equal([
    graph.sum([graph.cast([graph.logicalNot([accepting('all', 'bool', x)])], { dtype: 'i32' })], p),
    literal(0, 'i32'),
  ]),
)

const position = <F>(op: 'argmax' | 'argmin'): F =>
  typed<F>(
    dataLast((x, axis?: number | null, options: ReduceOptions = {}) => {
      const [flat, along] =
        axis === undefined || axis === null
          ? [graph.reshape([x], { shape: [sizeOf(x.shape)] }), 0]
          : [x, axesOf(op, x, axis)[0] as number]
      const found = graph[op]([flat], { axis: along })
      if (options.keepDims !== true) return found
      return graph.reshape([found], { shape: x.shape.map((d, i) => (flat !== x || i === along ? 1 : d)) })
    }),
  )

/**
 * The first position of the greatest element along an axis, as i32; of all elements in row-major order without an axis.
 * @example console.log(pipe(input('logits', [128, 10]), argmax(-1)).shape) // [ 128 ]
 */
export const argmax: Reduction<'argmax', 'number', 'i32'> = position('argmax')

/** The first position of the least element, as i32. */
export const argmin: Reduction<'argmin', 'number', 'i32'> = position('argmin')
