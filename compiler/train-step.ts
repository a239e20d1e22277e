/**
 * A whole training step as one entry: forward, backward, clipping, update. In: a loss and an optimizer. Out: a Step.
 * Invariant: everything is an expression; the step's slots and counter are states of the artifact, its rate an input.
 */
import type { Expr } from '../src/expr/expr.ts'
import type { Update } from '../src/expr/leaves.ts'
import { clipByGlobalNorm } from '../src/optim/clip.ts'
import type { Optimizer } from '../src/optim/optimizer.ts'
import type { Step } from './entries.ts'
import { leavesOf } from './program/walk.ts'
import { grad, type Scalar } from './transforms.ts'

export interface TrainStepOptions<R extends Readonly<Record<string, Expr>>> {
  /** What is trained; all parameters of the loss when left out. */
  readonly params?: readonly Expr[]
  /** The step size, an expression such as a schedule; the input `learningRate` when left out. */
  readonly learningRate?: Scalar
  /** The gradients of all parameters together are scaled down to this 2-norm. */
  readonly clipNorm?: number
  /** Results beside the loss. */
  readonly results?: R
  /** Further states that the step carries on, such as a random key or running means. */
  readonly updates?: readonly Update[]
}

/**
 * One training step. Its results are `loss` (a scalar) and what `results` names; its inputs are those of the loss and of the
 * optimizer (`learningRate`, where the options give none).
 */
export const trainStep = <R extends Readonly<Record<string, Expr>> = Readonly<Record<never, Expr>>>(
  loss: Scalar,
  optimizer: Optimizer,
  options: TrainStepOptions<R> = {},
): Step<R & { readonly loss: Scalar }> => {
  const params = options.params ?? leavesOf([loss], 'param')
  const raw = grad(loss, params)
  const gradients = options.clipNorm === undefined ? raw : clipByGlobalNorm(raw, options.clipNorm)
  return {
    results: { loss, ...options.results } as R & { readonly loss: Scalar },
    updates: [...optimizer.updates(params, gradients, options.learningRate), ...(options.updates ?? [])],
  }
}
