/**
 * Poolings. In: images and a window. Out: one value for each position of the window.
 * Invariant: a pooling is a reduction of windows, which are a view; what a position sees of the padding is −∞ for a maximum,
 * and nothing, unless asked for, for a mean.
 */
import { spanOf } from '../ops/windows.ts'
import { oneOf } from './arguments.ts'
import { range, showShape, sizeOf, unravel } from '../core/shape.ts'
import type { CheckDType, Checked, Fits, ShapeOf } from '../core/shape-types.ts'
import type { PerAxis, Pooled, WindowOptions } from '../core/window-types.ts'
import type { Expr, Node } from './expr.ts'
import { graph, shapeError } from './node.ts'
import { accepting, dataLast, type First, typed } from './typed.ts'
import { isChannelsFirst, moving, type Moving, pace, perAxis, windowsOf } from './windowing.ts'

/** As for a convolution, but the stride is the window unless told. */
export interface PoolOptions extends WindowOptions {
  /** Images are [n, h, w, c], unless told; NCHW: [n, c, h, w]. */
  readonly layout?: 'NHWC' | 'NCHW'
}

/** What the mean of a window at the edge divides by. */
export interface AvgPoolOptions extends PoolOptions {
  /** All elements of the window, as if the padding were zeros of the image; those within the image alone unless told. */
  readonly countIncludePad?: boolean
}

const poolOf = (op: string, x: Node, window: PerAxis, options: PoolOptions): Moving => {
  accepting(op, 'float', x)
  if (x.shape.length !== 4)
    throw shapeError({ code: 'E_RANK', sentence: `${op}: the image has 4 axes, not ${showShape(x.shape)}` }, [x])
  const size = perAxis(op, 'window', window, 2)
  const first = isChannelsFirst(oneOf(op, 'layout', options.layout ?? 'NHWC', ['NHWC', 'NCHW'])) ? 2 : 1
  const windows = pace(op, size, options, size, first)
  const move = moving(op, x, x.shape.slice(first, first + 2), windows, options.pads ?? 'valid')
  const blind = move.pads.find((pair, i) => Math.max(...pair) >= spanOf(size[i] as number, move.dilation[i] as number))
  if (blind === undefined) return move
  const sentence = `${op}: beside pads ${showShape(blind)} a window of ${showShape(size)} sees nothing of ${showShape(x.shape)}`
  throw shapeError({ code: 'E_PAD', sentence }, [x])
}

/** The axes of the window within its windows. */
const ownAxes = ({ axes }: Moving): readonly number[] => axes.map((a, i) => a + i + 1)

const reduced = (move: Moving) => ({ axes: ownAxes(move), keepDims: false })

/** For each position of the window, how many of its elements lie within the image, over a shape that broadcasts to the result. */
const insideOf = (x: Node, { axes, size, stride, dilation, pads }: Moving, shape: readonly number[]): Node => {
  const along = axes.map((a, i) =>
    range(shape[a] as number).map((o) => {
      const at = (k: number): number => o * (stride[i] as number) + k * (dilation[i] as number) - (pads[i]?.[0] ?? 0)
      return range(size[i] as number).filter((k) => at(k) >= 0 && at(k) < (x.shape[a] as number)).length
    }),
  )
  const own = shape.map((d, a) => (axes.includes(a) ? d : 1))
  const counts = range(sizeOf(own)).map((flat) => {
    const point = unravel(flat, own)
    return axes.reduce((n, a, i) => n * (along[i]?.[point[a] as number] as number), 1)
  })
  const data = x.dtype === 'f64' ? Float64Array.from(counts) : Float32Array.from(counts)
  return graph.constant([], { dtype: x.dtype, shape: own, data })
}

const average = (x: Node, window: PerAxis, options: AvgPoolOptions): Node => {
  const move = poolOf('avgPool2d', x, window, options)
  const windows = windowsOf(x, move, 0)
  const isPadded = move.pads.some(([before, behind]) => before + behind > 0)
  if (!isPadded || options.countIncludePad === true) return graph.mean([windows], reduced(move))
  const total = graph.sum([windows], reduced(move))
  return graph.div([total, insideOf(x, move, total.shape)])
}

type CheckPool<Op extends string, X extends Expr, K extends PerAxis, O> = First<
  [CheckDType<Op, 'float', X['dtype']>, Fits<Pooled<Op, X['shape'], K, O>>]
>

/** `op(x, window, options)`, or `pipe(x, op(window, options))`. */
export interface Pooling<Op extends string, Options extends PoolOptions> {
  <const K extends PerAxis, const O extends Options = Options>(
    window: K,
    options?: O,
  ): <X extends Expr>(x: X & CheckPool<Op, X, K, O>) => Expr<ShapeOf<Pooled<Op, X['shape'], K, O>>, X['dtype']>
  <X extends Expr, const K extends PerAxis, const O extends Options = Options>(
    x: X,
    window: Checked<K, CheckPool<Op, X, K, O>>,
    options?: O,
  ): Expr<ShapeOf<Pooled<Op, X['shape'], K, O>>, X['dtype']>
}

/**
 * The greatest element of each position of a window, 2 or [2, 3], over images [n, h, w, c]. The padding is −∞. Of equal
 * elements the first, in row-major order, gets the cotangent (`max` shares it).
 *
 * Throws ShapeError E_RANK, E_SHAPE_WINDOW, E_WINDOW, E_PAD, E_DTYPE.
 *
 * @example
 * console.log(maxPool2d(input('x', [64, 28, 28, 6]), 2).shape) // [ 64, 14, 14, 6 ]
 * console.log(pipe(input('y', [64, 14, 14, 6]), maxPool2d(3, { stride: 2, pads: 'same' })).shape) // [ 64, 7, 7, 6 ]
 */
export const maxPool2d: Pooling<'maxPool2d', PoolOptions> = typed(
  dataLast((x, window: PerAxis, options: PoolOptions = {}) => {
    const move = poolOf('maxPool2d', x, window, options)
    return graph.firstMax([windowsOf(x, move, -Infinity)], reduced(move))
  }),
)

/**
 * The mean of each position of a window over images [n, h, w, c]. At the edge it counts the elements within the image alone;
 * with `countIncludePad` all of the window. Errors as in maxPool2d.
 * @example console.log(avgPool2d(input('x', [64, 28, 28, 6]), [2, 4]).shape) // [ 64, 14, 7, 6 ]
 */
export const avgPool2d: Pooling<'avgPool2d', AvgPoolOptions> = typed(
  dataLast((x, window: PerAxis, options: AvgPoolOptions = {}) => average(x, window, options)),
)
