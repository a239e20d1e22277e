/**
 * Gradient descent, plain and with momentum. In: a parameter, its gradient, the learning rate. Out: the parameter after the
 * step, and the velocity. Invariant: one expression a parameter, which fuses with what makes its gradient.
 */
import { graph, literal } from '../expr/node.ts'
import { flushTiny, checkOptions } from './moments.ts'
import { type Optimizer, optimizer } from './optimizer.ts'

/** θ ← θ − ε·g. */
export const sgd = (): Optimizer<never> =>
  optimizer<never>('sgd', [], ({ param, gradient, learningRate }) => ({
    param: graph.sub([param, graph.mul([learningRate, gradient])]),
    slots: {},
  }))

export interface MomentumOptions {
  /** μ, 0.9 unless told. */
  readonly momentum?: number
  /** Look ahead: Nesterov's form. */
  readonly nesterov?: boolean
}

/**
 * v ← μ·v + g, θ ← θ − ε·v; with `nesterov` θ ← θ − ε·(g + μ·v). Polyak, "Some methods of speeding up the convergence of
 * iteration methods" (1964); Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013), in
 * the form that keeps ε outside of v.
 * @example
 * const w = param('w', [3], ones)
 * console.log(trainStep(sum(square(w)), momentum({ momentum: 0.9 })).updates.length) // 3
 */
export const momentum = ({ momentum: mu = 0.9, nesterov = false }: MomentumOptions = {}): Optimizer<'velocity'> => {
  checkOptions('momentum', { momentum: mu })
  return optimizer('momentum', ['velocity'], ({ param, gradient, slots, learningRate }) => {
    const keep = literal(mu, param.dtype)
    const velocity = flushTiny(graph.add([graph.mul([keep, slots.velocity]), gradient]))
    const along = nesterov ? graph.add([gradient, graph.mul([keep, velocity])]) : velocity
    return { param: graph.sub([param, graph.mul([learningRate, along])]), slots: { velocity } }
  })
}
