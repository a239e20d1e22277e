/**
 * Running sums and products along an axis. In: an expression and an axis. Out: one of the same shape (a vector where no axis
 * is given). Invariant: one scan, whose derivative is a scan the other way, so memory and code are linear and constant in
 * the axis, and nothing is divided: the derivative of a product holds at zeros too. A product with a triangle of ones would
 * be no sum where an element is infinite (0 · ∞); log n shifted sums took three to thirteen times as long as the scan
 * over anything but a lone vector.
 */
import { range, sizeOf } from '../core/shape.ts'
import type { CheckDType } from '../core/shape-types.ts'
import type { Expr, Node } from './expr.ts'
import { graph } from './node.ts'
import { scan } from './scan.ts'
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

const cumulative = <F>(op: 'cumsum' | 'cumprod', start: number, combine: (a: Node, b: Node) => Node): F =>
  typed<F>(
    dataLast((given, axis?: number | null, { reverse = false }: CumulativeOptions = {}) => {
      const isFlat = axis === undefined || axis === null
      const x = accepting(op, 'number', given)
      const whole = isFlat ? graph.reshape([x], { shape: [sizeOf(x.shape)] }) : x
      const along = isFlat ? 0 : axisOf(op, x, axis)
      const xs = moved(whole, along, 0)
      const none = graph.full([], { dtype: x.dtype, shape: xs.shape.slice(1), value: start })
      const step = (sofar: Node, element: Node): { readonly carry: Node; readonly output: Node } => {
        const next = combine(sofar, element)
        return { carry: next, output: next }
      }
      return moved(scan(step, none, xs, { reverse }).outputs as Node, 0, along)
    }),
  )

type Flat<X extends Expr> = X['shape'] extends readonly [number] ? X['shape'] : readonly [number]

/** `op(x, axis, options)`; without `x`, `op(axis, options)` waits for it; without an axis over all elements in order. */
interface Cumulative<Op extends string> {
  (
    axis: number,
    options?: CumulativeOptions,
  ): <X extends Expr>(x: X & CheckDType<Op, 'number', X['dtype']>) => Expr<X['shape'], X['dtype']>
  <X extends Expr>(x: X & CheckDType<Op, 'number', X['dtype']>): Expr<Flat<X>, X['dtype']>
  <X extends Expr>(
    x: X & CheckDType<Op, 'number', X['dtype']>,
    axis: number,
    options?: CumulativeOptions,
  ): Expr<X['shape'], X['dtype']>
}

/**
 * Sums of each element and those before it along an axis; of all elements in row-major order without an axis. f32, f64 or
 * i32 (wraps). E_AXIS, E_DTYPE.
 * @example console.log(cumsum(input('x', [2, 3]), -1, { reverse: true }).shape) // [ 2, 3 ]
 */
export const cumsum: Cumulative<'cumsum'> = cumulative('cumsum', 0, (a, b) => graph.add([a, b]))

/**
 * Products of each element and those before it, as cumsum; the derivative is right at zeros as well. E_AXIS, E_DTYPE.
 * @example console.log(pipe(input('x', [2, 3]), cumprod(0)).shape) // [ 2, 3 ]
 */
export const cumprod: Cumulative<'cumprod'> = cumulative('cumprod', 1, (a, b) => graph.mul([a, b]))
