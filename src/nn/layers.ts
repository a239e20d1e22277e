/**
 * Layers as pure expressions. In: an input and its parameters. Out: an expression; a layer makes no parameter of its own,
 * so every parameter of a model stands in the model's text.
 * Invariant: built on the constructors of src/expr alone; errors are theirs.
 */
import { numberOf } from '../expr/arguments.ts'
import type { Broadcast, CheckDType, Fits, MatMul, SameDType, ShapeOf } from '../core/shape-types.ts'
import { showShape } from '../core/shape.ts'
import { matmul } from '../expr/contraction.ts'
import { add, mul } from '../expr/elementwise.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { graph, literal, shapeError } from '../expr/node.ts'
import { bernoulli, type Key } from '../expr/random.ts'
import { accepting, axisOf, dataLast, type First, typed } from '../expr/typed.ts'

type Affine<X extends Expr, W extends Expr, B extends Expr | undefined> = B extends Expr
  ? Broadcast<'add', ShapeOf<MatMul<X['shape'], W['shape']>>, B['shape']>
  : MatMul<X['shape'], W['shape']>

type CheckDense<X extends Expr, W extends Expr, B extends Expr | undefined> = First<
  [
    SameDType<'matmul', X['dtype'], W['dtype']>,
    Fits<MatMul<X['shape'], W['shape']>>,
    B extends Expr ? SameDType<'add', X['dtype'], B['dtype']> : unknown,
    Fits<Affine<X, W, B>>,
  ]
>

const affine = (x: Node, w: Node, b: Node | undefined): Node => {
  const product = matmul(x, w)
  return b === undefined ? product : add(product, b)
}

/**
 * x W + b: `dense(x, w, b)`, or `pipe(x, dense(w, b))`; the bias may be left out. Shapes and errors are those of `matmul` and
 * `add`: x [..., n], W [n, m], b [m].
 * @example
 * const [w1, b1] = [param('w1', [784, 64], heNormal), param('b1', [64], zeros)]
 * const [w2, b2] = [param('w2', [64, 10], glorotUniform), param('b2', [10], zeros)]
 * print(pipe(input('x', [128, 784]), dense(w1, b1), relu, dense(w2, b2))) // relu(x w1 + b1) w2 + b2
 */
export const dense: {
  <X extends Expr, W extends Expr, B extends Expr>(
    x: X,
    w: W & CheckDense<X, W, undefined>,
    b: B & CheckDense<X, W, B>,
  ): Expr<ShapeOf<Affine<X, W, B>>, X['dtype']>
  <W extends Expr, B extends Expr | undefined = undefined>(
    w: W,
    b?: B,
  ): <X extends Expr>(x: X & CheckDense<X, W, B>) => Expr<ShapeOf<Affine<X, W, B>>, X['dtype']>
} = typed((first: Node, second?: Node, third?: Node) =>
  third === undefined ? (x: Node) => affine(x, first, second) : affine(first, second as Node, third),
)

/** x with some elements set to 0 and the others scaled up, under the name of the function that does it. */
export const dropped = (op: string, x: Node, rate: number, key: Key): Node => {
  accepting(op, 'float', x)
  if (!(rate >= 0 && rate < 1))
    throw shapeError({ code: 'E_RATE', sentence: `${op}: the rate ${rate} is not in [0, 1)` }, [x])
  if (rate === 0) return x
  const kept = bernoulli(key, 1 - rate, x.shape)
  return graph.where([kept, graph.mul([x, literal(1 / (1 - rate), x.dtype)]), literal(0, x.dtype)])
}

/**
 * x with each element set to 0 with probability `rate`, and the others scaled by 1/(1 − rate), so that the mean stays.
 * Srivastava et al., "Dropout" (2014). For prediction leave it out. E_RATE for a rate outside [0, 1).
 * @example
 * const dropKey = input('dropKey', [2], 'i32')
 * console.log(pipe(input('h', [128, 64]), dropout(0.5, foldIn(dropKey, 1))).shape) // [ 128, 64 ]
 */
export const dropout: {
  <X extends Expr>(x: X & CheckDType<'dropout', 'float', X['dtype']>, rate: number, key: Key): X
  (rate: number, key: Key): <X extends Expr>(x: X & CheckDType<'dropout', 'float', X['dtype']>) => X
} = typed(dataLast((x, rate: number, key: Key) => dropped('dropout', x, rate, key)))

/** Scale and shift behind a normalization, and what keeps its root away from 0. */
export interface NormalizeOptions {
  readonly scale?: Expr
  readonly shift?: Expr
  /** The last axis unless told. */
  readonly axis?: number
  /** 1e-5 unless told. */
  readonly epsilon?: number
}

const scaled = (x: Node, { scale, shift }: NormalizeOptions): Node => {
  const grown = scale === undefined ? x : mul(x, scale)
  return shift === undefined ? grown : add(grown, shift)
}

const checkUnchanged = (op: string, x: Node, y: Node): Node => {
  if (y.shape.length === x.shape.length && y.shape.every((d, i) => d === x.shape[i])) return y
  throw shapeError(
    { code: 'E_SHAPE_SCALE', sentence: `${op}: scale and shift turn ${showShape(x.shape)} into ${showShape(y.shape)}` },
    [x],
  )
}

/** A normalization along one axis: `op(x)`, `op(x, options)`, `pipe(x, op(options))`, `pipe(x, op)`. */
export type Normalize<Op extends string> = <X extends Expr | NormalizeOptions>(
  x: X & (X extends Expr ? CheckDType<Op, 'float', X['dtype']> : unknown),
  options?: NormalizeOptions,
) => X extends Expr ? X : <Y extends Expr>(x: Y & CheckDType<Op, 'float', Y['dtype']>) => Y

const normalize = <F>(op: string, f: (x: Node, axes: readonly number[], epsilon: Node) => Node): F =>
  typed<F>(
    dataLast((x, options: NormalizeOptions = {}) => {
      accepting(op, 'float', x)
      const y = f(
        x,
        [axisOf(op, x, options.axis ?? -1)],
        literal(numberOf(op, 'epsilon', options.epsilon ?? 1e-5, 'a number of 0 or more'), x.dtype),
      )
      return checkUnchanged(op, x, scaled(y, options))
    }),
  )

/**
 * (x − mean) / √(variance + ε) along an axis, with the biased variance, then scale and shift. Ba, Kiros, Hinton, "Layer
 * normalization" (2016).
 * @example
 * const [scale, shift] = [param('scale', [64], ones), param('shift', [64], zeros)]
 * console.log(pipe(input('x', [128, 64]), layerNorm({ scale, shift })).shape) // [ 128, 64 ]
 */
export const layerNorm: Normalize<'layerNorm'> = normalize('layerNorm', (x, axes, epsilon) => {
  const centred = graph.sub([x, graph.mean([x], { axes, keepDims: true })])
  const variance = graph.mean([graph.square([centred])], { axes, keepDims: true })
  return graph.mul([centred, graph.rsqrt([graph.add([variance, epsilon])])])
})

/**
 * x / √(mean(x²) + ε) along an axis, then scale and shift. Zhang, Sennrich, "Root mean square layer normalization" (2019).
 * @example
 * const scale = param('scale', [64], ones)
 * console.log(pipe(input('x', [128, 64]), rmsNorm({ scale })).shape) // [ 128, 64 ]
 */
export const rmsNorm: Normalize<'rmsNorm'> = normalize('rmsNorm', (x, axes, epsilon) =>
  graph.mul([x, graph.rsqrt([graph.add([graph.mean([graph.square([x])], { axes, keepDims: true }), epsilon])])]),
)
