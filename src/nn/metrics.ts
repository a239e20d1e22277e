/**
 * Metrics as expressions, to be results beside a loss. In: classes as i32, or a mean cross-entropy. Out: f32 scores.
 * Invariant: counts are exact up to 2²⁴ examples; 0 / 0 is 0, so a class that never occurs and is never predicted scores 0.
 */
import { numberOf, oneOf } from '../expr/arguments.ts'
import type { DType } from '../core/dtype.ts'
import { equalShapes, range, type Shape, showShape } from '../core/shape.ts'
import type { CheckDType, Show } from '../core/shape-types.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { graph, isExpr, literal, shapeError } from '../expr/node.ts'
import { accepting, composed, type First, typed, type Unary } from '../expr/typed.ts'

/** Classes as they were predicted and as they are, one of each an example: i32 of one shape. */
type CheckClasses<Op extends string, P extends Expr, A extends Expr> = First<
  [
    CheckDType<Op, 'i32', P['dtype']>,
    CheckDType<Op, 'i32', A['dtype']>,
    number extends P['shape']['length'] | A['shape']['length']
      ? unknown
      : [P['shape'] & A['shape']] extends [never]
        ? `${Op}: shapes ${Show<P['shape']>} and ${Show<A['shape']>} differ`
        : unknown,
  ]
>

const float: DType = 'f32'
const lit = (value: number): Node => literal(value, float)
const asFloat = (x: Node): Node => graph.cast([x], { dtype: float })

const checked = (op: string, predicted: Node, actual: Node): readonly [Node, Node] => {
  for (const x of [predicted, actual]) accepting(op, 'i32', x)
  if (!equalShapes(predicted.shape, actual.shape))
    throw shapeError(
      {
        code: 'E_SHAPE_EQUAL',
        sentence: `${op}: shapes ${showShape(predicted.shape)} and ${showShape(actual.shape)} differ`,
      },
      [predicted, actual],
    )
  return [predicted, actual]
}

/** The axes of the examples, which a score has no more. */
const examplesOf = (x: Node) => ({ axes: range(x.shape.length), keepDims: false })

/** Data-first with both classes, data-last with the actual ones; options stand last. */
const twoForms =
  <O>(op: string, f: (predicted: Node, actual: Node, options: O | undefined) => Node) =>
  (first: Node, second?: Node | O, third?: O): unknown => {
    const of = (p: Node, a: Node, options: O | undefined): Node => f(...checked(op, p, a), options)
    return isExpr(second) ? of(first, second, third) : (predicted: Node) => of(predicted, first, second)
  }

/**
 * The share of examples whose predicted class is the actual one; NaN of no examples.
 * @example
 * const [z, y] = [input('z', [128, 10]), input('y', [128], 'i32')]
 * print(pipe(z, argmax(-1), accuracy(y))) // mean(f32(argmax₁(z) = y))
 */
export const accuracy: {
  <A extends Expr>(
    actual: A,
  ): <P extends Expr>(predicted: P & CheckClasses<'accuracy', P, A>) => Expr<readonly [], 'f32'>
  <P extends Expr, A extends Expr>(predicted: P, actual: A & CheckClasses<'accuracy', P, A>): Expr<readonly [], 'f32'>
} = typed(twoForms('accuracy', (p, a) => graph.mean([asFloat(graph.equal([p, a]))], examplesOf(a))))

/** Of which classes there are how many, and how their scores are put together; without options class 1 of two is scored. */
export interface ClassOptions {
  readonly classes: number
  /** `none` (unless told): a score a class. `macro`: their plain mean. `micro`: the score of all counts together. */
  readonly average?: 'none' | 'macro' | 'micro'
}

/** How often a class was hit, predicted, and is there: vectors, an element a class; scalars for class 1 alone. */
interface Counts {
  readonly hits: Node
  readonly predicted: Node
  readonly actual: Node
}

const countsOf = (predicted: Node, actual: Node, options: ClassOptions | undefined): Counts => {
  const rows = (x: Node): Node =>
    options === undefined
      ? asFloat(graph.equal([x, literal(1, 'i32')]))
      : graph.oneHot([x], { depth: options.classes, dtype: float })
  if (options !== undefined) {
    numberOf('the score', 'classes', options.classes, 'an integer of 1 or more')
    oneOf('the score', 'average', options.average ?? 'none', ['none', 'macro', 'micro'])
  }
  const [p, a] = [rows(predicted), rows(actual)]
  const count = (x: Node): Node => graph.sum([x], examplesOf(actual))
  return { hits: count(graph.mul([p, a])), predicted: count(p), actual: count(a) }
}

/** part / whole, and 0 where there is nothing. */
const ratio = (part: Node, whole: Node): Node => {
  const nothing = graph.equal([whole, lit(0)])
  return graph.where([nothing, lit(0), graph.div([part, graph.where([nothing, lit(1), whole])])])
}

const score = <F>(op: string, of: (counts: Counts) => Node): F =>
  typed<F>(
    twoForms<ClassOptions>(op, (predicted, actual, options) => {
      const counts = countsOf(predicted, actual, options)
      const all = (x: Node): Node => graph.sum([x], examplesOf(x))
      switch (options?.average ?? 'none') {
        case 'none':
          return of(counts)
        case 'macro':
          return graph.mean([of(counts)], { axes: [0], keepDims: false })
        case 'micro':
          return of({ hits: all(counts.hits), predicted: all(counts.predicted), actual: all(counts.actual) })
      }
    }),
  )

type ScoreShape<O> = [O] extends [never]
  ? readonly []
  : O extends { readonly average: 'macro' | 'micro' }
    ? readonly []
    : O extends { readonly classes: infer K extends number; readonly average?: 'none' }
      ? readonly [K]
      : Shape

/** A score in [0, 1]: of class 1, of each class, or of all. */
export interface ClassScore<Op extends string> {
  <A extends Expr, const O extends ClassOptions = never>(
    actual: A,
    options?: O & { readonly op?: never },
  ): <P extends Expr>(predicted: P & CheckClasses<Op, P, A>) => Expr<ScoreShape<O>, 'f32'>
  <P extends Expr, A extends Expr, const O extends ClassOptions = never>(
    predicted: P,
    actual: A & CheckClasses<Op, P, A>,
    options?: O,
  ): Expr<ScoreShape<O>, 'f32'>
}

/**
 * How many of those predicted to be of a class are: TP / (TP + FP).
 * @example
 * const [p, y] = [input('p', [128], 'i32'), input('y', [128], 'i32')]
 * console.log(precision(p, y).shape, precision(p, y, { classes: 5 }).shape) // [] [ 5 ]
 */
export const precision: ClassScore<'precision'> = score('precision', (c) => ratio(c.hits, c.predicted))

/** How many of those that are of a class were predicted to be: TP / (TP + FN). */
export const recall: ClassScore<'recall'> = score('recall', (c) => ratio(c.hits, c.actual))

/**
 * The harmonic mean of precision and recall: 2·TP / (2·TP + FP + FN); `macro` is the mean of the classes' F1.
 * @example
 * const [z, y] = [input('z', [128, 5]), input('y', [128], 'i32')]
 * console.log(pipe(z, argmax(-1), f1(y, { classes: 5, average: 'macro' })).shape) // []
 */
export const f1: ClassScore<'f1'> = score('f1', (c) =>
  ratio(graph.mul([lit(2), c.hits]), graph.add([c.predicted, c.actual])),
)

/**
 * eˣ of a mean cross-entropy in nats: among how many equally likely words a model seems to choose.
 * @example print(perplexity(mean(crossEntropy(input('z', [128, 10]), input('y', [128], 'i32'))))) // exp(mean(crossEntropy(z, y)))
 */
export const perplexity: Unary<'perplexity', 'float'> = composed('perplexity', 'float', (x) => graph.exp([x]))
