/**
 * Running sums, products, extremes and logarithms of sums along an axis. In: an expression and an axis. Out: one of the same shape (a vector where no axis
 * is given). Invariant: one scan, whose derivative is a scan the other way, so memory and code are linear and constant in
 * the axis, and nothing is divided: the derivative of a product holds at zeros too. A product with a triangle of ones would
 * be no sum where an element is infinite (0 · ∞); log n shifted sums took three to thirteen times as long as the scan
 * over anything but a lone vector.
 */
import type { DType } from '../core/dtype.ts'
import { range, sizeOf } from '../core/shape.ts'
import type { CheckDType } from '../core/shape-types.ts'
import type { Expr, Node } from './expr.ts'
import { graph } from './node.ts'
import { scan } from './loop.ts'
import { accepting, axisOf, dataLast, typed } from './typed.ts'

export interface CumulativeOptions {
  /** From the last element to the first. Default false. */
  readonly reverse?: boolean
}

const moved = (x: Node, from: number, to: number): Node => {
  if (from === to) return x
  const rest = range(x.shape.length).filter((i) => i !== from)
  return graph.transpose([x], { perm: [...rest.slice(0, to), from, ...rest.slice(to)] })
}

interface Fold<Op extends string> {
  readonly op: Op
  readonly accepts: 'number' | 'float'
  /** What combined with an element gives the element; an infinity stands for the extreme i32 too. */
  readonly start: number
  readonly combine: (a: Node, b: Node) => Node
}

const startOf = (start: number, dtype: DType): number =>
  dtype === 'i32' ? Math.min(Math.max(start, -(2 ** 31)), 2 ** 31 - 1) : start

const cumulative = <F>({ op, accepts, start, combine }: Fold<string>): F =>
  typed<F>(
    dataLast((given, axis?: number | null, { reverse = false }: CumulativeOptions = {}) => {
      const isFlat = axis === undefined || axis === null
      const x = accepting(op, accepts, given)
      const whole = isFlat ? graph.reshape([x], { shape: [sizeOf(x.shape)] }) : x
      const along = isFlat ? 0 : axisOf(op, x, axis)
      const xs = moved(whole, along, 0)
      const none = graph.full([], { dtype: x.dtype, shape: xs.shape.slice(1), value: startOf(start, x.dtype) })
      const step = (sofar: Node, element: Node): { readonly carry: Node; readonly output: Node } => {
        const next = combine(sofar, element)
        return { carry: next, output: next }
      }
      return moved(scan(step, none, xs, { reverse }).outputs, 0, along)
    }),
  )

type Flat<X extends Expr> = X['shape'] extends readonly [number] ? X['shape'] : readonly [number]

/** `op(x, axis, options)`; without `x`, `op(axis, options)` waits for it; without an axis over all elements in order. */
interface Cumulative<Op extends string, T extends 'number' | 'float' = 'number'> {
  (
    axis: number,
    options?: CumulativeOptions,
  ): <X extends Expr>(x: X & CheckDType<Op, T, X['dtype']>) => Expr<X['shape'], X['dtype']>
  <X extends Expr>(x: X & CheckDType<Op, T, X['dtype']>): Expr<Flat<X>, X['dtype']>
  <X extends Expr>(
    x: X & CheckDType<Op, T, X['dtype']>,
    axis: number,
    options?: CumulativeOptions,
  ): Expr<X['shape'], X['dtype']>
}

/**
 * Sums of each element and those before it along an axis; of all elements in row-major order without an axis. f32, f64 or
 * i32 (wraps). E_AXIS, E_DTYPE.
 * @example console.log(cumsum(input('x', [2, 3]), -1, { reverse: true }).shape) // [ 2, 3 ]
 */
export const cumsum: Cumulative<'cumsum'> = cumulative({
  op: 'cumsum',
  accepts: 'number',
  start: 0,
  combine: (a, b) => graph.add([a, b]),
})

/**
 * Products of each element and those before it, as cumsum; the derivative is right at zeros as well. E_AXIS, E_DTYPE.
 * @example console.log(pipe(input('x', [2, 3]), cumprod(0)).shape) // [ 2, 3 ]
 */
export const cumprod: Cumulative<'cumprod'> = cumulative({
  op: 'cumprod',
  accepts: 'number',
  start: 1,
  combine: (a, b) => graph.mul([a, b]),
})

/**
 * The greatest of each element and those before it, as cumsum; NaN once there was one. As in `maximum`, an element that
 * equals the greatest so far shares the cotangent with it evenly. E_AXIS, E_DTYPE.
 * @example console.log(cummax(input('x', [2, 3]), 1).shape) // [ 2, 3 ]
 */
export const cummax: Cumulative<'cummax'> = cumulative({
  op: 'cummax',
  accepts: 'number',
  start: -Infinity,
  combine: (a, b) => graph.maximum([a, b]),
})

/**
 * The least of each element and those before it, as cummax. E_AXIS, E_DTYPE.
 * @example console.log(cummin(input('x', [2, 3]), 1, { reverse: true }).shape) // [ 2, 3 ]
 */
export const cummin: Cumulative<'cummin'> = cumulative({
  op: 'cummin',
  accepts: 'number',
  start: Infinity,
  combine: (a, b) => graph.minimum([a, b]),
})

/**
 * log of the running sums of exp, stable for every x of f32 or f64: cumsum in the log domain. E_AXIS, E_DTYPE.
 * @example console.log(cumLogSumExp(input('x', [2, 3]), -1).shape) // [ 2, 3 ]
 */
export const cumLogSumExp: Cumulative<'cumLogSumExp', 'float'> = cumulative({
  op: 'cumLogSumExp',
  accepts: 'float',
  start: -Infinity,
  combine: (a, b) => graph.logAddExp([a, b]),
})
