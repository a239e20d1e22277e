/**
 * What keeps weights small. In: weights. Out: a penalty to add to a loss, or weights of the same shape.
 * Invariant: nothing chooses weights by itself: biases are left alone by not being given.
 */
import { checkList, numberOf } from '../expr/arguments.ts'
import { range } from '../core/shape.ts'
import type { CheckDType } from '../core/shape-types.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { graph, literal, shapeError } from '../expr/node.ts'
import type { Key } from '../expr/random.ts'
import { accepting, axisOf, dataLast, typed } from '../expr/typed.ts'
import { dropped } from './layers.ts'

/** The dtype of the first of several weights. */
type Penalty<W extends readonly Expr[]> = Expr<readonly [], W[number]['dtype']>

const penalty =
  (op: string, each: (w: Node) => Node) =>
  (weights: readonly Node[]): Node => {
    checkList(op, 'the list of weights', weights)
    const totals = weights.map((w) =>
      graph.sum([each(accepting(op, 'float', w))], { axes: range(w.shape.length), keepDims: false }),
    )
    if (totals.length === 0) throw shapeError({ code: 'E_OPTIMIZER', sentence: `${op}: no weights are given` }, [])
    return totals.reduce((a, b) => graph.add([a, b]))
  }

/**
 * Σ w² over all elements of all weights. Derivative 2·w.
 * @example
 * const [w1, w2] = [param('w1', [784, 64], heNormal), param('w2', [64, 10], glorotUniform)]
 * print(grad(mul(0.5e-4, l2([w1, w2])), w1)) // 0.0001 · w1
 */
export const l2: <const W extends readonly Expr[]>(weights: W) => Penalty<W> = typed(
  penalty('l2', (w) => graph.square([w])),
)

/**
 * Σ |w| over all elements of all weights. Derivative sign(w).
 * @example print(l1([param('w', [784, 10], glorotUniform)])) // Σ(|w|)
 */
export const l1: <const W extends readonly Expr[]>(weights: W) => Penalty<W> = typed(
  penalty('l1', (w) => graph.abs([w])),
)

/**
 * w with every vector along an axis scaled down to a norm of at most `limit`; along axis 0 unless told, which for w [in, out] are
 * the weights that come into each unit. Srivastava et al., "Dropout" (2014), 5.1. For use behind a step see `constrained`.
 * @example console.log(maxNorm(param('w', [784, 64], heNormal), 3).shape) // [ 784, 64 ]
 */
export const maxNorm: {
  <X extends Expr>(w: X & CheckDType<'maxNorm', 'float', X['dtype']>, limit: number, axis?: number): X
  (limit: number, axis?: number): <X extends Expr>(w: X & CheckDType<'maxNorm', 'float', X['dtype']>) => X
} = typed(
  dataLast((w, limit: number, axis: number = 0) => {
    const along = { axes: [axisOf('maxNorm', accepting('maxNorm', 'float', w), axis)], keepDims: true }
    const norm = graph.sqrt([graph.sum([graph.square([w])], along)])
    const bound = literal(numberOf('maxNorm', 'the limit', limit, 'a number above 0'), w.dtype)
    return graph.mul([w, graph.div([bound, graph.maximum([norm, bound])])])
  }),
)

/**
 * Weights with each element set to 0 with probability `rate`, and the others scaled by 1/(1 − rate): dropout of connections instead
 * of units. Wan et al., "Regularization of neural networks using DropConnect" (2013). For prediction leave it out. E_RATE.
 * @example
 * const [w, b] = [param('w', [784, 64], heNormal), param('b', [64], zeros)]
 * const dropKey = input('dropKey', [2], 'i32')
 * const h = pipe(input('x', [128, 784]), dense(dropConnect(w, 0.5, foldIn(dropKey, 1)), b), relu)
 * console.log(h.shape) // [ 128, 64 ]
 */
export const dropConnect: {
  <X extends Expr>(w: X & CheckDType<'dropConnect', 'float', X['dtype']>, rate: number, key: Key): X
  (rate: number, key: Key): <X extends Expr>(w: X & CheckDType<'dropConnect', 'float', X['dtype']>) => X
} = typed(dataLast((w, rate: number, key: Key) => dropped('dropConnect', w, rate, key)))
