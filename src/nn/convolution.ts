/**
 * The convolutional layer. In: images, filters and a bias a filter. Out: an expression.
 * Invariant: as the layers of layers.ts it makes no parameter of its own; errors are those of conv2d.
 */
import { showShape } from '../core/shape.ts'
import type { CheckDType, Fits, SameDType, ShapeOf } from '../core/shape-types.ts'
import type { CheckBias, Convolved } from '../core/window-types.ts'
import { type Conv2dOptions, conv2d } from '../expr/convolution.ts'
import { add } from '../expr/elementwise.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { graph, shapeError } from '../expr/node.ts'
import { type First, typed } from '../expr/typed.ts'
import { isChannelsFirst } from '../expr/windowing.ts'

const layer = (x: Node, w: Node, b: Node, options: Conv2dOptions): Node => {
  const y = conv2d(x, w, options)
  const first = isChannelsFirst(options.layout ?? 'NHWC')
  const filters = y.shape[first ? 1 : 3] as number
  if (b.shape.length !== 1 || b.shape[0] !== filters) {
    const sentence = `conv: the bias ${showShape(b.shape)} is not one number for each of ${filters} filters`
    throw shapeError({ code: 'E_SHAPE_CHANNELS', sentence }, [b])
  }
  return add(y, first ? graph.reshape([b], { shape: [filters, 1, 1] }) : b)
}

type CheckLayer<X extends Expr, W extends Expr, B extends Expr, O> = First<
  [
    CheckDType<'conv2d', 'float', X['dtype']>,
    SameDType<'conv2d', X['dtype'], W['dtype']>,
    Fits<Convolved<'conv2d', X['shape'], W['shape'], O, 4>>,
    SameDType<'add', X['dtype'], B['dtype']>,
    CheckBias<W['shape'], B['shape'], O>,
  ]
>

/**
 * conv2d with a bias for each filter: `pipe(x, conv(w, b, { pads: 'same' }), relu)`, with filters w and options of conv2d and a
 * bias [f].
 * @example
 * const [w, b] = [param('w', [5, 5, 1, 6], heNormal), param('b', [6], zeros)]
 * console.log(pipe(input('x', [64, 28, 28, 1]), conv(w, b, { pads: 'same' }), relu, maxPool2d(2)).shape) // [ 64, 14, 14, 6 ]
 */
export const conv: <W extends Expr, B extends Expr, const O extends Conv2dOptions = {}>(
  w: W,
  b: B,
  options?: O,
) => <X extends Expr>(
  x: X & CheckLayer<X, W, B, O>,
) => Expr<ShapeOf<Convolved<'conv2d', X['shape'], W['shape'], O, 4>>, X['dtype']> = typed(
  (w: Node, b: Node, options: Conv2dOptions = {}) =>
    (x: Node) =>
      layer(x, w, b, options),
)
