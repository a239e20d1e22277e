/**
 * Batch normalization. In: an input, the running moments of its features, the mode. Out: the normalized input, and what the
 * running moments become.
 * Invariant: in training only the statistics of the batch are used, in prediction only the running ones; both modes give the
 * same record, so that a model is one function of the mode.
 */
import { numberOf, oneOf } from '../expr/arguments.ts'
import { type Shape, showShape } from '../core/shape.ts'
import type { AxisIndex, CheckAxis, CheckDType, SameDType, Show } from '../core/shape-types.ts'
import type { Expr, Node } from '../expr/expr.ts'
import type { Update } from '../expr/leaves.ts'
import { graph, literal, shapeError } from '../expr/node.ts'
import { accepting, axisOf, dataLast, type First, sameDType, typed } from '../expr/typed.ts'
import type { NormalizeOptions } from './layers.ts'

/** States with an element for each feature, which start at 0 and 1. */
export interface RunningMoments {
  readonly mean: Expr
  readonly variance: Expr
}

export interface BatchNormOptions extends NormalizeOptions {
  /** `train` unless told. */
  readonly mode?: 'train' | 'predict'
  /** μ, the share of the running moments that a step keeps, 0.9 unless told. */
  readonly momentum?: number
}

export interface BatchNormalized<X extends Expr = Node> {
  readonly output: X
  /** For the option `updates` of `trainStep`; none in prediction. */
  readonly updates: readonly Update[]
}

type AxisOf<O> = O extends { readonly axis: infer A extends number } ? A : 'axis' extends keyof O ? number : -1

type Features<S extends Shape, A extends number> = number extends S['length'] | A ? number : S[AxisIndex<S, A>] & number

type CheckPart<What extends string, S extends Shape, A extends number, P> = P extends Expr
  ? number extends P['shape']['length']
    ? unknown
    : [P['shape'] & readonly [Features<S, A>]] extends [never]
      ? `batchNorm: the ${What} is ${Show<P['shape']>}, not [${Features<S, A>}] for axis ${A} of ${Show<S>}`
      : unknown
  : unknown

type PartOf<O, K extends 'scale' | 'shift'> = O extends { readonly [_ in K]: infer P } ? P : undefined

type Check<X extends Expr, R extends RunningMoments, O> = First<
  [
    CheckDType<'batchNorm', 'float', X['dtype']>,
    SameDType<'batchNorm', X['dtype'], R['mean']['dtype']>,
    CheckAxis<'batchNorm', X['shape'], AxisOf<O>>,
    CheckPart<'running mean', X['shape'], AxisOf<O>, R['mean']>,
    CheckPart<'running variance', X['shape'], AxisOf<O>, R['variance']>,
    CheckPart<'scale', X['shape'], AxisOf<O>, PartOf<O, 'scale'>>,
    CheckPart<'shift', X['shape'], AxisOf<O>, PartOf<O, 'shift'>>,
  ]
>

/** A vector with an element for each feature, over the axes of x. */
const alongOf = (x: Node, axis: number, said: number) => {
  const features = x.shape[axis]
  const shape = x.shape.map((d, i) => (i === axis ? d : 1))
  return (what: string, v: Node): Node => {
    sameDType('batchNorm', x, v)
    if (v.shape.length === 1 && v.shape[0] === features) return graph.reshape([v], { shape })
    const sentence = `batchNorm: the ${what} is ${showShape(v.shape)}, not [${features}] for axis ${said} of ${showShape(x.shape)}`
    throw shapeError({ code: 'E_SHAPE_SCALE', sentence }, [x, v])
  }
}

/** μ·before + (1 − μ)·now */
const kept = (momentum: number, target: Node, now: Node): Update => {
  const lit = (value: number): Node => literal(value, target.dtype)
  const flat = graph.reshape([now], { shape: target.shape })
  const value = graph.add([graph.mul([lit(momentum), target]), graph.mul([lit(1 - momentum), flat])])
  return { target, value }
}

const normalized = (x: Node, running: RunningMoments, options: BatchNormOptions): BatchNormalized => {
  accepting('batchNorm', 'float', x)
  const { mode = 'train', momentum = 0.9, epsilon = 1e-5, scale, shift } = options
  oneOf('batchNorm', 'mode', mode, ['train', 'predict'])
  numberOf('batchNorm', 'momentum', momentum, 'a number in [0, 1]')
  numberOf('batchNorm', 'epsilon', epsilon, 'a number of 0 or more')
  const axis = axisOf('batchNorm', x, options.axis ?? -1)
  const along = alongOf(x, axis, options.axis ?? -1)
  const over = { axes: x.shape.flatMap((_, i) => (i === axis ? [] : [i])), keepDims: true }
  const before = [along('running mean', running.mean), along('running variance', running.variance)] as const
  const mean = mode === 'train' ? graph.mean([x], over) : before[0]
  const centred = graph.sub([x, mean])
  const variance = mode === 'train' ? graph.mean([graph.square([centred])], over) : before[1]
  const inverse = graph.rsqrt([graph.add([variance, literal(epsilon, x.dtype)])])
  // the scale joins the inverse deviation first: both have an element a feature, x has many
  const factor = scale === undefined ? inverse : graph.mul([inverse, along('scale', scale)])
  const grown = graph.mul([centred, factor])
  return {
    output: shift === undefined ? grown : graph.add([grown, along('shift', shift)]),
    updates: mode === 'train' ? [kept(momentum, running.mean, mean), kept(momentum, running.variance, variance)] : [],
  }
}

/**
 * (x − m) / √(v + ε) for each feature, then scale and shift. Features lie along one axis, the last unless told: [N, F], or
 * NHWC; for NCHW `axis` is 1. In training m and v are the mean and the (biased) variance of the batch over all other axes, and
 * `updates` moves the running ones: r ← μ·r + (1 − μ)·m. In prediction m and v are the running ones, and nothing is updated.
 * Ioffe, Szegedy, "Batch normalization" (2015), algorithms 1 and 2 (which multiplies v by n/(n − 1) for the running one; here it
 * stays biased).
 *
 * E_SHAPE_SCALE where a moment, scale or shift has not one element a feature; E_DTYPE, E_DTYPE_MISMATCH, E_AXIS.
 * @example
 * const x = input('x', [128, 28, 28, 8])
 * const running = { mean: state('mean', [8], zeros), variance: state('variance', [8], ones) }
 * const learned = { scale: param('scale', [8], ones), shift: param('shift', [8], zeros) }
 * const model = (mode: 'train' | 'predict') => batchNorm(x, running, { ...learned, mode })
 * const { output, updates } = model('train')
 * const step = trainStep(mean(square(output)), sgd(), { updates })
 * console.log(step.updates.length, model('predict').output.shape) // 5 [ 128, 28, 28, 8 ]
 */
export const batchNorm: {
  <R extends RunningMoments, const O extends BatchNormOptions = Record<never, never>>(
    running: R & { readonly op?: never },
    options?: O,
  ): <X extends Expr>(x: X & Check<X, R, O>) => BatchNormalized<X>
  <X extends Expr, R extends RunningMoments, const O extends BatchNormOptions = Record<never, never>>(
    x: X,
    running: R & Check<X, R, O>,
    options?: O,
  ): BatchNormalized<X>
} = typed(dataLast((x, running: RunningMoments, options: BatchNormOptions = {}) => normalized(x, running, options)))
