/**
 * What optimizers with moments share. In: moments as they were, gradients, the number of the step. Out: expressions.
 * Invariant: corrections are scalars, computed once a step for all parameters, without cancellation.
 */
import { numberOf } from '../expr/arguments.ts'
import type { Node } from '../expr/expr.ts'
import { graph, literal } from '../expr/node.ts'

/** β·m + (1 − β)·x: a mean that forgets. */
export const average = (beta: number, before: Node, x: Node): Node =>
  graph.add([graph.mul([literal(beta, x.dtype), before]), graph.mul([literal(1 - beta, x.dtype), x])])

/** 1 − βᵗ as −expm1(t·log β): in f32 the difference would lose half of the digits at β = 0.999. */
export const correction = (beta: number, step: Node): Node =>
  graph.neg([graph.expm1([graph.mul([step, literal(Math.log(beta), step.dtype)])])])

/** 2²⁶ times the smallest normal number. */
const tiny = { f32: 2 ** -100, f64: 2 ** -996 } as const

/**
 * A moment with tiny values set to 0: left alone they decay into the subnormal numbers, on which processors are some
 * fifty times slower, while no step that they could make is as large as the last bit of a parameter.
 */
export const flushTiny = (moment: Node): Node => {
  const { dtype } = moment
  const bound = literal(tiny[dtype === 'f64' ? 'f64' : 'f32'], dtype)
  return graph.where([graph.less([graph.abs([moment]), bound]), literal(0, dtype), moment])
}

/** Refuses decays that do not forget, and an epsilon that is no distance from 0, under the name of the optimizer. */
export const checkOptions = (name: string, options: Readonly<Record<string, number>>): void => {
  for (const [option, value] of Object.entries(options))
    numberOf(name, option, value, option === 'epsilon' ? 'a number of 0 or more' : 'a number in [0, 1)')
}
