/**
 * Windows, and windows put back. In: a tensor, the extents of a window. Out: every position of the window, or the sum of all.
 * Invariant: each is the other's derivative; a convolution is a product with windows, a pooling a reduction of them.
 */
import type { Checked, Fits, ShapeOf } from '../core/shape-types.ts'
import type { Overlapped, PerAxis, Windowed } from '../core/window-types.ts'
import type { Shape } from '../core/shape.ts'
import type { Expr, Node } from './expr.ts'
import { graph } from './node.ts'
import { extentsOf, typed } from './typed.ts'
import { pace } from './windowing.ts'

/** How a window moves; it runs along as many axes as it has, of which the first is axis 1 unless told. */
export interface MovingOptions {
  readonly stride?: PerAxis
  readonly dilation?: PerAxis
  readonly axis?: number
}

/**
 * Every position of a window in x, as a view: each axis that it runs along becomes two, how often the window fits, and the
 * extent of the window. E_WINDOW, E_AXIS; E_SHAPE_WINDOW where it does not fit.
 * @example
 * console.log(windows(input('x', [64, 28, 28, 1]), [5, 5]).shape) // [ 64, 24, 5, 24, 5, 1 ]
 * console.log(windows(input('s', [100]), [4], { axis: 0, stride: 2 }).shape) // [ 49, 4 ]
 */
export const windows: <X extends Expr, const K extends Shape, const O extends MovingOptions = {}>(
  x: X,
  size: Checked<K, Windowed<X['shape'], K, O>>,
  options?: O,
) => Expr<ShapeOf<Windowed<X['shape'], K, O>>, X['dtype']> = typed(
  (x: Node, size: Shape, options: MovingOptions = {}) =>
    graph.windows([x], pace('windows', size, options, 1, options.axis)),
)

/**
 * The sum of all windows where they lie in a tensor whose axes had these extents: what windows gives back. E_WINDOW, E_AXIS,
 * E_SHAPE_WINDOW where the windows are not those of such a tensor.
 * @example
 * const w = windows(input('x', [64, 28, 28, 1]), [5, 5])
 * console.log(overlapAdd(w, [28, 28]).shape) // [ 64, 28, 28, 1 ]
 */
export const overlapAdd: <X extends Expr, const D extends Shape, const O extends MovingOptions = {}>(
  x: X,
  extents: D & Fits<Overlapped<X['shape'], D, O>>,
  options?: O,
) => Expr<ShapeOf<Overlapped<X['shape'], D, O>>, X['dtype']> = typed(
  (x: Node, extents: Shape, options: MovingOptions = {}) => {
    const first = options.axis ?? 1
    const size = extentsOf('overlapAdd', extents).map((_, i) => x.shape[first + 2 * i + 1] ?? 0)
    return graph.overlapAdd([x], { ...pace('overlapAdd', size, options, 1, first), extents })
  },
)
