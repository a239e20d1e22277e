/**
 * Adagrad. In: a parameter, its gradient, the sum of its squares so far. Out: their values after the step.
 * Invariant: an element whose gradient is 0 keeps its value and its sum, so rows of a table that nobody has looked up are
 * neither read nor written.
 */
import { checkOptions } from './moments.ts'
import { graph, literal } from '../expr/node.ts'
import { type Optimizer, optimizer } from './optimizer.ts'

export interface AdagradOptions {
  /** 1e-10 unless told. */
  readonly epsilon?: number
}

/**
 * s ← s + g², θ ← θ − ε·g / (√s + 1e-10). Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and
 * stochastic optimization" (2011), figure 1, with the diagonal of the matrix.
 * @example
 * const w = param('w', [3], ones)
 * console.log(trainStep(sum(square(w)), adagrad()).updates.length) // 3
 */
export const adagrad = ({ epsilon = 1e-10 }: AdagradOptions = {}): Optimizer<'sum'> => {
  checkOptions('adagrad', { epsilon })
  return optimizer('adagrad', ['sum'], ({ param, gradient, slots, learningRate }) => {
    const sum = graph.add([slots.sum, graph.square([gradient])])
    const size = graph.add([graph.sqrt([sum]), literal(epsilon, param.dtype)])
    return { param: graph.sub([param, graph.div([graph.mul([learningRate, gradient]), size])]), slots: { sum } }
  })
}
