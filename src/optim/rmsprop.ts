/**
 * Steps that are measured by the recent size of the gradient: RMSprop and Adadelta. In: a parameter, its gradient, running
 * means of squares. Out: their values after the step. Invariant: a gradient of 0 makes no step.
 */
import type { Node } from '../expr/expr.ts'
import { graph, literal } from '../expr/node.ts'
import { average, flushTiny, checkOptions } from './moments.ts'
import { type Optimizer, optimizer } from './optimizer.ts'

export interface RmspropOptions {
  /** ρ, the decay of the mean of squares, 0.9 unless told. */
  readonly decay?: number
  /** 1e-8 unless told. */
  readonly epsilon?: number
}

/**
 * v ← ρ·v + (1 − ρ)·g², θ ← θ − ε·g / (√v + 1e-8). Tieleman, Hinton, "Lecture 6.5: rmsprop" of "Neural networks for machine
 * learning" (2012); ρ is 0.9 unless told.
 * @example
 * const w = param('w', [3], ones)
 * console.log(trainStep(sum(square(w)), rmsprop()).updates.length) // 3
 */
export const rmsprop = ({ decay = 0.9, epsilon = 1e-8 }: RmspropOptions = {}): Optimizer<'v'> => {
  checkOptions('rmsprop', { decay, epsilon })
  return optimizer('rmsprop', ['v'], ({ param, gradient, slots, learningRate }) => {
    const v = flushTiny(average(decay, slots.v, graph.square([gradient])))
    const size = graph.add([graph.sqrt([v]), literal(epsilon, param.dtype)])
    return { param: graph.sub([param, graph.div([graph.mul([learningRate, gradient]), size])]), slots: { v } }
  })
}

export interface AdadeltaOptions {
  /** ρ, the decay of both means of squares, 0.95 unless told. */
  readonly decay?: number
  /** 1e-6 unless told; the first steps grow from it. */
  readonly epsilon?: number
}

/**
 * v ← ρ·v + (1 − ρ)·g², d = g·√(u + 1e-6) / √(v + 1e-6), u ← ρ·u + (1 − ρ)·d², θ ← θ − ε·d. Zeiler, "Adadelta: an adaptive
 * learning rate method" (2012), algorithm 1, which has ε = 1; ρ is 0.95 unless told.
 * @example
 * const w = param('w', [3], ones)
 * console.log(trainStep(sum(square(w)), adadelta(), { learningRate: constant(1) }).updates.length) // 4
 */
export const adadelta = ({ decay = 0.95, epsilon = 1e-6 }: AdadeltaOptions = {}): Optimizer<'v' | 'u'> => {
  checkOptions('adadelta', { decay, epsilon })
  return optimizer('adadelta', ['v', 'u'], ({ param, gradient, slots, learningRate }) => {
    const above = (x: Node): Node => graph.add([x, literal(epsilon, param.dtype)])
    const v = flushTiny(average(decay, slots.v, graph.square([gradient])))
    // one root of the quotient: the two parts may differ by many orders, but neither is below 1e-6
    const d = graph.mul([gradient, graph.sqrt([graph.div([above(slots.u), above(v)])])])
    const u = flushTiny(average(decay, slots.u, graph.square([d])))
    return { param: graph.sub([param, graph.mul([learningRate, d])]), slots: { v, u } }
  })
}
