/**
 * Adam. In: a parameter, its gradient, its two moments, the number of the step. Out: their values after it.
 * Invariant: the bias corrections are scalars, computed once a step for all parameters, without cancellation.
 */
import type { Node } from '../expr/expr.ts'
import { graph, literal } from '../expr/node.ts'
import { flushTiny, type Optimizer, optimizer } from './optimizer.ts'

export interface AdamOptions {
  /** Decay of the first moment, 0.9 unless told. */
  readonly beta1?: number
  /** Decay of the second moment, 0.999 unless told. */
  readonly beta2?: number
  /** 1e-8 unless told. */
  readonly epsilon?: number
}

/** 1 − βᵗ as −expm1(t·log β): in f32 the difference would lose half of the digits at β = 0.999. */
const correction = (beta: number, step: Node): Node =>
  graph.neg([graph.expm1([graph.mul([step, literal(Math.log(beta), step.dtype)])])])

/** β·m + (1 − β)·x */
const average = (beta: number, before: Node, x: Node): Node =>
  graph.add([graph.mul([literal(beta, x.dtype), before]), graph.mul([literal(1 - beta, x.dtype), x])])

/**
 * m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², θ ← θ − ε·m̂ / (√v̂ + 1e-8) with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ).
 * Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1; the corrections are taken to the scalars:
 * (ε/(1 − β₁ᵗ))·m / (√v·(1/√(1 − β₂ᵗ)) + 1e-8).
 * @example
 * const w = param('w', [3], ones)
 * console.log(trainStep(sum(square(w)), adam()).updates.length) // 4
 */
export const adam = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Optimizer<'m' | 'v'> =>
  optimizer('adam', ['m', 'v'], ({ param, gradient, slots, learningRate, step }) => {
    const m = flushTiny(average(beta1, slots.m, gradient))
    const v = flushTiny(average(beta2, slots.v, graph.square([gradient])))
    const size = graph.div([learningRate, correction(beta1, step)])
    const scale = graph.rsqrt([correction(beta2, step)])
    const spread = graph.add([graph.mul([graph.sqrt([v]), scale]), literal(epsilon, param.dtype)])
    return { param: graph.sub([param, graph.div([graph.mul([size, m]), spread])]), slots: { m, v } }
  })
