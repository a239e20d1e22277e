/**
 * Learning rates that change from step to step. In: rates, numbers of steps. Out: an f32 scalar, an expression of the step
 * counter, for the option `learningRate` of `trainStep`. Invariant: pure; the first step has k = 0 steps behind it.
 */
import { numberOf } from '../expr/arguments.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { graph, literal, shapeError } from '../expr/node.ts'
import { stepCounter } from './optimizer.ts'

type Rate = Expr<readonly [], 'f32'>

const lit = (x: number): Node => literal(x, 'f32')

const checkSteps = (name: string, steps: number): void => {
  if (!(Number.isFinite(steps) && steps > 0))
    throw shapeError({ code: 'E_SCHEDULE', sentence: `${name}: ${steps} is no number of steps` }, [])
}

const checkRates = (name: string, ...rates: readonly number[]): void => {
  for (const rate of rates) numberOf(name, 'a rate', rate, 'a number of 0 or more')
}

/** (k + done) / steps */
const share = (name: string, steps: number, done = 0): Node => {
  checkSteps(name, steps)
  const k = graph.cast([stepCounter()], { dtype: 'f32' })
  return graph.div([done === 0 ? k : graph.add([k, lit(done)]), lit(steps)])
}

const untilOne = (x: Node): Node => graph.minimum([x, lit(1)])

/**
 * ε_k = (1 − α)·ε₀ + α·ε_τ with α = k/τ, and ε_τ from step τ on: `linearDecay(ε₀, ε_τ, τ)`. Goodfellow, Bengio, Courville, "Deep
 * learning" (2016), 8.3.1. E_SCHEDULE where τ is not above 0.
 * @example console.log(linearDecay(0.1, 0.001, 100).shape) // []
 */
export const linearDecay = (first: number, last: number, steps: number): Rate => {
  checkRates('linearDecay', first, last)
  const alpha = untilOne(share('linearDecay', steps))
  const before = graph.mul([lit(first), graph.sub([lit(1), alpha])])
  return graph.add([before, graph.mul([lit(last), alpha])]) as Rate
}

/**
 * ε_k = ε₀·γ^(k/τ): every τ steps the rate is multiplied by γ. E_SCHEDULE where τ or γ is not above 0.
 * @example console.log(exponentialDecay(0.1, 0.5, 1000).shape) // []
 */
export const exponentialDecay = (first: number, factor: number, steps: number): Rate => {
  checkRates('exponentialDecay', first)
  if (!(factor > 0))
    throw shapeError({ code: 'E_SCHEDULE', sentence: `exponentialDecay: the factor ${factor} is not above 0` }, [])
  const power = graph.mul([lit(Math.log(factor)), share('exponentialDecay', steps)])
  return graph.mul([lit(first), graph.exp([power])]) as Rate
}

/**
 * ε_k = ε_τ + ½·(ε₀ − ε_τ)·(1 + cos(π·k/τ)), and ε_τ from step τ on. Loshchilov, Hutter, "SGDR: stochastic gradient descent
 * with warm restarts" (2017), equation 5, without restarts. E_SCHEDULE where τ is not above 0.
 * @example console.log(cosineDecay(0.1, 0, 1000).shape) // []
 */
export const cosineDecay = (first: number, last: number, steps: number): Rate => {
  checkRates('cosineDecay', first, last)
  const turn = graph.mul([lit(Math.PI), untilOne(share('cosineDecay', steps))])
  const rest = graph.add([lit(1), graph.cos([turn])])
  return graph.add([lit(last), graph.mul([lit((first - last) / 2), rest])]) as Rate
}

/**
 * A rate that grows over its first τ steps: ε_k·min((k + 1)/τ, 1). Goyal et al., "Accurate, large minibatch SGD" (2017), 2.2.
 * E_SCHEDULE where τ is not above 0.
 * @example
 * const w = param('w', [3], ones)
 * const rate = warmUp(100, cosineDecay(0.1, 0, 1000))
 * console.log(trainStep(sum(square(w)), sgd(), { learningRate: rate }).updates.length) // 2
 */
export const warmUp = (steps: number, rate: number | Expr<readonly [], 'f32'>): Rate => {
  if (typeof rate === 'number') checkRates('warmUp', rate)
  return graph.mul([typeof rate === 'number' ? lit(rate) : rate, untilOne(share('warmUp', steps, 1))]) as Rate
}
