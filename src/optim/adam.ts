/**
 * Adam and its two relatives. In: a parameter, its gradient, its two moments, the number of the step. Out: their values
 * after it.
 * Invariant: the bias corrections are scalars, computed once a step for all parameters, without cancellation.
 */
import { range } from '../core/shape.ts'
import type { Node } from '../expr/expr.ts'
import { graph, literal } from '../expr/node.ts'
import { average, correction, flushTiny, checkOptions } from './moments.ts'
import { type Optimizer, optimizer } from './optimizer.ts'

export interface AdamOptions {
  /** Decay of the first moment, 0.9 unless told. */
  readonly beta1?: number
  /** Decay of the second moment, 0.999 unless told. */
  readonly beta2?: number
  /** 1e-8 unless told. */
  readonly epsilon?: number
}

export interface Laziness {
  /**
   * Only rows (along the first axis) whose gradient is not 0 throughout move: theirs are the moments that are carried on, and
   * the parameters that change. False unless told.
   */
  readonly lazy?: boolean
}

/** What is true of the rows whose gradient is not 0 throughout: shape [n, 1, …]. */
const isMoved = (gradient: Node): Node => {
  const isOther = graph.notEqual([gradient, literal(0, gradient.dtype)])
  const axes = range(gradient.shape.length).slice(1)
  const count = graph.sum([graph.cast([isOther], { dtype: 'i32' })], { axes, keepDims: true })
  return graph.greater([count, literal(0, 'i32')])
}

/**
 * m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², θ ← θ − ε·m̂ / (√v̂ + 1e-8) with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ).
 * Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1; the corrections are taken to the scalars:
 * (ε/(1 − β₁ᵗ))·m / (√v·(1/√(1 − β₂ᵗ)) + 1e-8).
 *
 * Moments decay where the gradient is 0 too, so a step walks every row of a table. `lazy` leaves rows as they are whose
 * gradient is 0 throughout, as LazyAdam of TensorFlow Addons does: a step over an embedding then touches the rows that were
 * looked up alone. It is another optimizer: rows that are seldom looked up keep the moments of the last time.
 * @example
 * const w = param('w', [3], ones)
 * console.log(trainStep(sum(square(w)), adam()).updates.length) // 4
 */
export const adam = ({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  lazy = false,
}: AdamOptions & Laziness = {}): Optimizer<'m' | 'v'> => {
  checkOptions('adam', { beta1, beta2, epsilon })
  return optimizer('adam', ['m', 'v'], ({ param, gradient, slots, learningRate, step }) => {
    const m = flushTiny(average(beta1, slots.m, gradient))
    const v = flushTiny(average(beta2, slots.v, graph.square([gradient])))
    const size = graph.div([learningRate, correction(beta1, step)])
    const scale = graph.rsqrt([correction(beta2, step)])
    const spread = graph.add([graph.mul([graph.sqrt([v]), scale]), literal(epsilon, param.dtype)])
    const along = graph.div([graph.mul([size, m]), spread])
    if (!lazy) return { param: graph.sub([param, along]), slots: { m, v } }
    const moved = isMoved(gradient)
    const where = (x: Node): Node => graph.where([moved, x, literal(0, param.dtype)])
    // sums, not choices: what is added to a row that does not move is nothing
    const carried = (before: Node, after: Node): Node => graph.add([before, where(graph.sub([after, before]))])
    return {
      param: graph.sub([param, where(along)]),
      slots: { m: carried(slots.m, m), v: carried(slots.v, v) },
    }
  })
}

export type AdamaxOptions = Omit<AdamOptions, 'epsilon'>

/**
 * m ← β₁·m + (1 − β₁)·g, u ← max(β₂·u, |g|), θ ← θ − (ε/(1 − β₁ᵗ))·m/u; no step where u is 0. Kingma and Ba (2015),
 * algorithm 2.
 * @example
 * const w = param('w', [3], ones)
 * console.log(trainStep(sum(square(w)), adamax()).updates.length) // 4
 */
export const adamax = ({ beta1 = 0.9, beta2 = 0.999 }: AdamaxOptions = {}): Optimizer<'m' | 'u'> => {
  checkOptions('adamax', { beta1, beta2 })
  return optimizer('adamax', ['m', 'u'], ({ param, gradient, slots, learningRate, step }) => {
    const [zero, one] = [literal(0, param.dtype), literal(1, param.dtype)]
    const m = flushTiny(average(beta1, slots.m, gradient))
    const kept = graph.mul([literal(beta2, param.dtype), slots.u])
    const u = flushTiny(graph.maximum([kept, graph.abs([gradient])]))
    const size = graph.div([learningRate, correction(beta1, step)])
    const along = graph.div([graph.mul([size, m]), graph.where([graph.equal([u, zero]), one, u])])
    return { param: graph.sub([param, along]), slots: { m, u } }
  })
}

/**
 * Adam that looks ahead: m̂ = β₁·m/(1 − β₁ᵗ⁺¹) + (1 − β₁)·g/(1 − β₁ᵗ) in the place of m/(1 − β₁ᵗ). Dozat, "Incorporating
 * Nesterov momentum into Adam" (2016), algorithm 2, with the same β₁ at every step.
 * @example
 * const w = param('w', [3], ones)
 * console.log(trainStep(sum(square(w)), nadam()).updates.length) // 4
 */
export const nadam = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Optimizer<'m' | 'v'> => {
  checkOptions('nadam', { beta1, beta2, epsilon })
  return optimizer('nadam', ['m', 'v'], ({ param, gradient, slots, learningRate, step }) => {
    const of = (x: number): Node => literal(x, param.dtype)
    const m = flushTiny(average(beta1, slots.m, gradient))
    const v = flushTiny(average(beta2, slots.v, graph.square([gradient])))
    const ahead = graph.div([of(beta1), correction(beta1, graph.add([step, of(1)]))])
    const now = graph.div([of(1 - beta1), correction(beta1, step)])
    const along = graph.mul([learningRate, graph.add([graph.mul([ahead, m]), graph.mul([now, gradient])])])
    const spread = graph.add([graph.mul([graph.sqrt([v]), graph.rsqrt([correction(beta2, step)])]), of(epsilon)])
    return { param: graph.sub([param, graph.div([along, spread])]), slots: { m, v } }
  })
}
