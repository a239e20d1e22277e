/**
 * Losses. In: predictions and targets. Out: a loss a row (crossEntropy), a loss an element (sigmoidCrossEntropy, which
 * broadcasts), or the mean over all elements (mse, mae, huber, hinge). `mean` or `sum` behind the first two makes a scalar.
 * Invariant: those that are ops of the table have the textbook's derivative; logits, not probabilities, go in.
 */
import { equalShapes, range, type Shape, showShape } from '../core/shape.ts'
import type { CheckDType, SameDType, Show } from '../core/shape-types.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { graph, literal, shapeError } from '../expr/node.ts'
import { accepting, type Binary, binary, dual, type First, sameDType, typed } from '../expr/typed.ts'

type Rows<S extends Shape> = S extends readonly [...infer R extends Shape, number] ? Readonly<R> : Shape

type CheckLabels<Z extends Expr, Y extends Expr> = First<
  [
    CheckDType<'crossEntropy', 'float', Z['dtype']>,
    [Y['dtype'] & 'i32'] extends [never] ? `crossEntropy: the labels must be i32, not ${Y['dtype']}` : unknown,
    number extends Z['shape']['length'] | Y['shape']['length']
      ? unknown
      : [Rows<Z['shape']> & Y['shape']] extends [never]
        ? `crossEntropy: logits ${Show<Z['shape']>} want labels ${Show<Rows<Z['shape']>>}, not ${Show<Y['shape']>}`
        : unknown,
  ]
>

/**
 * −log softmax(z)[y] of logits z, classes along the last axis, and integer labels y: a loss a row. Derivative
 * softmax(z) − onehot(y). E_SHAPE_LABELS where the labels have not the shape of the rows; a label out of range counts as none.
 * @example
 * const [z, y] = [input('z', [128, 10]), input('y', [128], 'i32')]
 * print(pipe(z, crossEntropy(y), mean)) // mean(crossEntropy(z, y))
 * print(grad(mean(crossEntropy(z, y)), z)) // (softmax(z) − onehot(y)) / 128
 */
export const crossEntropy: {
  <Z extends Expr, Y extends Expr>(logits: Z, labels: Y & CheckLabels<Z, Y>): Expr<Rows<Z['shape']>, Z['dtype']>
  <Y extends Expr>(labels: Y): <Z extends Expr>(logits: Z & CheckLabels<Z, Y>) => Expr<Rows<Z['shape']>, Z['dtype']>
} = typed(dual(2, (z, y) => graph.crossEntropy([z as Node, y as Node])))

/**
 * The binary cross-entropy softplus(z) − z·t of the logit z against the target t in [0, 1], an element each, stable for every z.
 * Derivative σ(z) − t.
 * @example
 * const [z, t] = [input('z', [128]), input('t', [128])]
 * print(grad(mean(sigmoidCrossEntropy(z, t)), z)) // (σ(z) − t) / 128
 */
export const sigmoidCrossEntropy: Binary<'sigmoidCrossEntropy', 'float'> = binary('sigmoidCrossEntropy')

type CheckEqual<Op extends string, Y extends Expr, T extends Expr> = First<
  [
    CheckDType<Op, 'float', Y['dtype']>,
    SameDType<Op, Y['dtype'], T['dtype']>,
    number extends Y['shape']['length'] | T['shape']['length']
      ? unknown
      : [Y['shape'] & T['shape']] extends [never]
        ? `${Op}: shapes ${Show<Y['shape']>} and ${Show<T['shape']>} differ`
        : unknown,
  ]
>

/** A scalar loss of a prediction and a target of one shape. */
export interface ScalarLoss<Op extends string> {
  <Y extends Expr, T extends Expr>(prediction: Y, target: T & CheckEqual<Op, Y, T>): Expr<readonly [], Y['dtype']>
  <T extends Expr>(target: T): <Y extends Expr>(prediction: Y & CheckEqual<Op, Y, T>) => Expr<readonly [], Y['dtype']>
}

/**
 * The mean of (y − t)² over all elements. Derivative 2·(y − t)/n. E_SHAPE_EQUAL where the shapes differ.
 * @example
 * const [y, t] = [input('y', [128]), input('t', [128])]
 * print(grad(mse(y, t), y)) // (y − t) / 64
 */
export const mse: ScalarLoss<'mse'> = typed(dual(2, (y, t) => graph.mse([y as Node, t as Node])))

const lossOf = (op: string, y: Node, t: Node, each: (y: Node, t: Node) => Node): Node => {
  accepting(op, 'float', y)
  sameDType(op, y, t)
  if (!equalShapes(y.shape, t.shape))
    throw shapeError(
      { code: 'E_SHAPE_EQUAL', sentence: `${op}: shapes ${showShape(y.shape)} and ${showShape(t.shape)} differ` },
      [y, t],
    )
  return graph.mean([each(y, t)], { axes: range(y.shape.length), keepDims: false })
}

const scalarLoss = <F>(op: string, each: (y: Node, t: Node) => Node): F =>
  typed<F>(dual(2, (y, t) => lossOf(op, y as Node, t as Node, each)))

/** The mean of |y − t| over all elements; derivative sign(y − t)/n. */
export const mae: ScalarLoss<'mae'> = scalarLoss('mae', (y, t) => graph.abs([graph.sub([y, t])]))

/**
 * The mean of max(0, 1 − y·t) for targets t of −1 and 1: the max-margin loss. Derivative −t/n where the margin is missed.
 * For the margin between two scores see `relu(add(sub(wrong, right), 1))`.
 */
export const hinge: ScalarLoss<'hinge'> = scalarLoss('hinge', (y, t) =>
  graph.relu([graph.sub([literal(1, y.dtype), graph.mul([y, t])])]),
)

const huberOf = (y: Node, t: Node, delta: number): Node => {
  const d = graph.sub([y, t])
  // with c = clip(d, ±δ): c·(d − c/2) is d²/2 inside and δ·(|d| − δ/2) outside
  const c = graph.clip([d], { lo: -delta, hi: delta })
  return graph.mul([c, graph.sub([d, graph.mul([literal(0.5, d.dtype), c])])])
}

/**
 * The mean of d²/2 where |d| ≤ δ and of δ·(|d| − δ/2) elsewhere, d = y − t; δ is 1 unless told. Huber, "Robust estimation of a
 * location parameter" (1964).
 * @example console.log(huber(input('y', [128]), input('t', [128]), 0.5).shape) // []
 */
export const huber: {
  <T extends Expr>(
    target: T,
    delta: number,
  ): <Y extends Expr>(prediction: Y & CheckEqual<'huber', Y, T>) => Expr<readonly [], Y['dtype']>
  <Y extends Expr, T extends Expr>(
    prediction: Y,
    target: T & CheckEqual<'huber', Y, T>,
    delta?: number,
  ): Expr<readonly [], Y['dtype']>
} = typed((first: Node, second: Node | number, third = 1) => {
  const loss = (y: Node, t: Node, delta: number): Node => lossOf('huber', y, t, (a, b) => huberOf(a, b, delta))
  return typeof second === 'number' ? (y: Node) => loss(y, first, second) : loss(first, second, third)
})
