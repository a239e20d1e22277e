/**
 * Losses. In: predictions and targets; how the elements are put together. Out: a loss a row (crossEntropy), a loss an element
 * (sigmoidCrossEntropy, which broadcasts), or the mean over all elements (mse, mae, huber, hinge), unless `reduction` says
 * otherwise.
 * Invariant: those that are ops of the table have the textbook's derivative; logits, not probabilities, go in.
 */
import { expecting, numberOf, oneOf } from '../expr/arguments.ts'
import { equalShapes, range, type Shape, showShape } from '../core/shape.ts'
import type { Broadcast, CheckDType, Checked, SameDType, ShapeOf, Show } from '../core/shape-types.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { graph, isExpr, literal, shapeError } from '../expr/node.ts'
import {
  accepting,
  type CheckBinary,
  type CommonDType,
  type First,
  lift,
  type Operand,
  type OperandOf,
  type OperandShape,
  sameDType,
  typed,
} from '../expr/typed.ts'

/** The losses of the rows or elements as they are, their mean, or their sum. */
export type LossReduction = 'none' | 'mean' | 'sum'

export interface LossOptions {
  readonly reduction?: LossReduction
}

type ReductionOf<O, Default extends LossReduction> = [O] extends [never]
  ? Default
  : O extends { readonly reduction: infer R }
    ? R
    : 'reduction' extends keyof O
      ? LossReduction
      : Default

/** The shape of a loss whose single elements have shape S. */
type Reduced<S extends Shape, O, Default extends LossReduction> =
  | (Extract<ReductionOf<O, Default>, 'none'> extends never ? never : S)
  | (Exclude<ReductionOf<O, Default>, 'none'> extends never ? never : readonly [])

const reduced = (each: Node, reduction: LossReduction): Node => {
  oneOf('the loss', 'reduction', reduction, ['none', 'mean', 'sum'])
  const all = { axes: range(each.shape.length), keepDims: false }
  return reduction === 'none' ? each : reduction === 'mean' ? graph.mean([each], all) : graph.sum([each], all)
}

type Given = Operand | LossOptions

/** Data-first with two operands, data-last with the target alone; options stand last in both. */
const twoForms =
  <O extends LossOptions>(f: (prediction: Operand, target: Operand, options: Partial<O>) => Node) =>
  (...args: readonly Given[]): unknown => {
    const isOptions = (a: Given | undefined): a is O => typeof a === 'object' && !isExpr(a)
    const last = args.at(-1)
    const [options, [first, second]] = isOptions(last) ? [last, args.slice(0, -1)] : [{}, args]
    return second === undefined
      ? (prediction: Operand) => f(prediction, first as Operand, options)
      : f(first as Operand, second as Operand, options)
  }

// ---- classes

type Rows<S extends Shape> = S extends readonly [...infer R extends Shape, number] ? Readonly<R> : Shape

/** What the labels of these logits look like. */
type LabelShape<Z extends Expr, Y extends Expr> = Y['dtype'] extends 'i32' ? Rows<Z['shape']> : Z['shape']

type CheckLabels<Z extends Expr, Y extends Expr> = First<
  [
    CheckDType<'crossEntropy', 'float', Z['dtype']>,
    [Y['dtype'] & ('i32' | Z['dtype'])] extends [never]
      ? `crossEntropy: the labels must be i32 or ${Z['dtype']}, not ${Y['dtype']}`
      : unknown,
    number extends Z['shape']['length'] | Y['shape']['length']
      ? unknown
      : [LabelShape<Z, Y> & Y['shape']] extends [never]
        ? `crossEntropy: logits ${Show<Z['shape']>} want labels ${Show<LabelShape<Z, Y>>}, not ${Show<Y['shape']>}`
        : unknown,
  ]
>

export interface CrossEntropyOptions extends LossOptions {
  /** ε: labels give the share ε of their weight evenly to all classes; in [0, 1), 0 unless told. */
  readonly smoothing?: number
}

/** (1 − ε)·t + ε/n for n classes. */
const smoothed = (t: Node, epsilon: number): Node => {
  const even = literal(epsilon / (t.shape.at(-1) ?? 1), t.dtype)
  return graph.add([graph.mul([literal(1 - epsilon, t.dtype), t]), even])
}

const crossEntropyOf = (z: Node, y: Node, { smoothing = 0 }: CrossEntropyOptions): Node => {
  expecting('crossEntropy', [z, y])
  if (!(smoothing >= 0 && smoothing < 1))
    throw shapeError({ code: 'E_RATE', sentence: `crossEntropy: the smoothing ${smoothing} is not in [0, 1)` }, [z, y])
  const isSoft = y.dtype === z.dtype
  if (!isSoft && y.dtype !== 'i32') {
    const sentence = `crossEntropy: the labels must be i32 or ${accepting('crossEntropy', 'float', z).dtype}, not ${y.dtype}`
    throw shapeError({ code: 'E_DTYPE', sentence }, [z, y])
  }
  // also where they are smoothed, because it says what does not fit
  const plain = isSoft ? graph.softCrossEntropy([z, y]) : graph.crossEntropy([z, y])
  if (smoothing === 0) return plain
  const target = isSoft ? y : graph.oneHot([y], { depth: z.shape.at(-1) as number, dtype: z.dtype })
  return graph.softCrossEntropy([z, smoothed(target, smoothing)])
}

/**
 * The cross-entropy of logits z, classes along the last axis: a loss a row, unless `reduction` makes one number of them.
 *
 * Of integer labels y, one a row: −log softmax(z)[y], with derivative softmax(z) − onehot(y). A label out of range counts as
 * none. Of probabilities t, of the shape of z: log Σ exp(z) − Σ z · t, which is −Σ t · log softmax(z) where each row sums to 1,
 * with derivative softmax(z) − t. `smoothing` ε puts (1 − ε) · t + ε/n in the place of t, of n classes: Szegedy et al.,
 * "Rethinking the Inception architecture" (2016), 7.
 *
 * E_SHAPE_LABELS where the labels have neither the shape of the rows (i32) nor that of the logits (floats), E_DTYPE, E_RATE.
 * @example
 * const [z, y] = [input('z', [128, 10]), input('y', [128], 'i32')]
 * print(pipe(z, crossEntropy(y), mean)) // mean(crossEntropy(z, y))
 * print(grad(mean(crossEntropy(z, y)), z)) // (softmax(z) − onehot(y)) / 128
 * const t = input('t', [128, 10])
 * print(grad(crossEntropy(z, t, { reduction: 'sum' }), z)) // softmax(z) − t
 * print(grad(crossEntropy(z, y, { smoothing: 0.1, reduction: 'sum' }), z)) // softmax(z) − 0.01 − 0.9 · onehot(y)
 */
export const crossEntropy: {
  <Y extends Expr, const O extends CrossEntropyOptions = never>(
    labels: Y,
    options?: O & { readonly op?: never },
  ): <Z extends Expr>(logits: Z & CheckLabels<Z, Y>) => Expr<Reduced<Rows<Z['shape']>, O, 'none'>, Z['dtype']>
  <Z extends Expr, Y extends Expr, const O extends CrossEntropyOptions = never>(
    logits: Z,
    labels: Y & CheckLabels<Z, Y>,
    options?: O,
  ): Expr<Reduced<Rows<Z['shape']>, O, 'none'>, Z['dtype']>
} = typed(
  twoForms<CrossEntropyOptions>((z, y, options) =>
    reduced(crossEntropyOf(z as Node, y as Node, options), options.reduction ?? 'none'),
  ),
)

type Both = 'sigmoidCrossEntropy'
type Pair<A, B> = ShapeOf<Broadcast<Both, OperandShape<A>, OperandShape<B>>>

/**
 * The binary cross-entropy softplus(z) − z·t of the logit z against the target t in [0, 1], an element each unless `reduction`
 * makes one number of them, stable for every z. Derivative σ(z) − t.
 * @example
 * const [z, t] = [input('z', [128]), input('t', [128])]
 * print(grad(sigmoidCrossEntropy(z, t, { reduction: 'mean' }), z)) // (σ(z) − t) / 128
 */
export const sigmoidCrossEntropy: {
  <B extends OperandOf<'float'>, const O extends LossOptions = never>(
    target: B,
    options?: O & { readonly op?: never },
  ): <A extends OperandOf<'float'>>(
    logit: A & CheckBinary<Both, 'float', A, B>,
  ) => Expr<Reduced<Pair<A, B>, O, 'none'>, CommonDType<A, B>>
  <A extends OperandOf<'float'>, B extends OperandOf<'float'>, const O extends LossOptions = never>(
    logit: A,
    target: Checked<B, CheckBinary<Both, 'float', A, B>>,
    options?: O,
  ): Expr<Reduced<Pair<A, B>, O, 'none'>, CommonDType<A, B>>
} = typed(
  twoForms((z, t, { reduction = 'none' }) => {
    const [logit, target] = lift('sigmoidCrossEntropy', [z, t]) as readonly [Node, Node]
    return reduced(graph.sigmoidCrossEntropy([logit, target]), reduction)
  }),
)

// ---- numbers

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

/** A loss of a prediction and a target of one shape: the mean over all elements unless told. */
export interface MeanLoss<Op extends string, Options extends LossOptions = LossOptions> {
  <T extends Expr, const O extends Options = never>(
    target: T,
    options?: O & { readonly op?: never },
  ): <Y extends Expr>(prediction: Y & CheckEqual<Op, Y, T>) => Expr<Reduced<Y['shape'], O, 'mean'>, Y['dtype']>
  <Y extends Expr, T extends Expr, const O extends Options = never>(
    prediction: Y,
    target: T & CheckEqual<Op, Y, T>,
    options?: O,
  ): Expr<Reduced<Y['shape'], O, 'mean'>, Y['dtype']>
}

const meanLoss = <Options extends LossOptions, F>(
  op: string,
  each: (y: Node, t: Node, options: Partial<Options>) => Node,
  /** The mean, where it is an op. */
  mean?: (y: Node, t: Node) => Node,
): F =>
  typed<F>(
    twoForms<Options>((first, second, options) => {
      const [y, t] = [first, second] as readonly [Node, Node]
      accepting(op, 'float', y)
      sameDType(op, y, t)
      if (!equalShapes(y.shape, t.shape))
        throw shapeError(
          { code: 'E_SHAPE_EQUAL', sentence: `${op}: shapes ${showShape(y.shape)} and ${showShape(t.shape)} differ` },
          [y, t],
        )
      const { reduction = 'mean' } = options
      return reduction === 'mean' && mean !== undefined ? mean(y, t) : reduced(each(y, t, options), reduction)
    }),
  )

/**
 * The mean of (y − t)² over all elements. Derivative 2·(y − t)/n. E_SHAPE_EQUAL where the shapes differ.
 * @example
 * const [y, t] = [input('y', [128]), input('t', [128])]
 * print(grad(mse(y, t), y)) // (y − t) / 64
 * print(mse(y, t, { reduction: 'sum' })) // ‖y − t‖²
 */
export const mse: MeanLoss<'mse'> = meanLoss(
  'mse',
  (y, t) => graph.square([graph.sub([y, t])]),
  (y, t) => graph.mse([y, t]),
)

/** The mean of |y − t| over all elements; derivative sign(y − t)/n. */
export const mae: MeanLoss<'mae'> = meanLoss('mae', (y, t) => graph.abs([graph.sub([y, t])]))

/**
 * The mean of max(0, 1 − y·t) for targets t of −1 and 1: the max-margin loss. Derivative −t/n where the margin is missed.
 * For the margin between two scores see `relu(add(sub(wrong, right), 1))`.
 */
export const hinge: MeanLoss<'hinge'> = meanLoss('hinge', (y, t) =>
  graph.relu([graph.sub([literal(1, y.dtype), graph.mul([y, t])])]),
)

export interface HuberOptions extends LossOptions {
  /** δ, from where on the loss is linear; 1 unless told. */
  readonly delta?: number
}

/**
 * The mean of d²/2 where |d| ≤ δ and of δ·(|d| − δ/2) elsewhere, d = y − t; δ is 1 unless told. Huber, "Robust estimation of a
 * location parameter" (1964).
 * @example console.log(huber(input('y', [128]), input('t', [128]), { delta: 0.5 }).shape) // []
 */
export const huber: MeanLoss<'huber', HuberOptions> = meanLoss<HuberOptions, MeanLoss<'huber', HuberOptions>>(
  'huber',
  (y, t, { delta = 1 }) => {
    numberOf('huber', 'delta', delta, 'a number above 0')
    const d = graph.sub([y, t])
    // with c = clip(d, ±δ): c·(d − c/2) is d²/2 inside and δ·(|d| − δ/2) outside
    const c = graph.clip([d], { lo: -delta, hi: delta })
    return graph.mul([c, graph.sub([d, graph.mul([literal(0.5, d.dtype), c])])])
  },
)
