/**
 * What an optimizer is: a rule for one parameter, as an expression, and the state it carries. In: parameters and their
 * gradients. Out: the value that each parameter and each state has after the step.
 * Invariant: pure, and independent of how the gradients were made. Slots are states named `<parameter>/<slot>` that start at
 * 0; the step counter is the one state `step` (i32, from 0), the learning rate the one input `learningRate` (f32), or an
 * expression (schedules.ts).
 */
import { checkList, expecting } from '../expr/arguments.ts'
import { isFloat } from '../core/dtype.ts'
import { equalShapes, showType } from '../core/shape.ts'
import { zeros } from '../expr/creation.ts'
import type { Expr, Node } from '../expr/expr.ts'
import { input, state, type Update } from '../expr/leaves.ts'
import { graph, literal, shapeError } from '../expr/node.ts'
import { nameOf } from '../expr/origin.ts'

/** What the rule of one parameter sees; all in the parameter's dtype. */
export interface RuleInput<Slot extends string> {
  readonly param: Node
  readonly gradient: Node
  readonly slots: Readonly<Record<Slot, Node>>
  readonly learningRate: Node
  /** The number of this step, from 1. */
  readonly step: Node
}

export interface RuleOutput<Slot extends string> {
  readonly param: Node
  readonly slots: Readonly<Record<Slot, Node>>
}

export interface Optimizer<Slot extends string = string> {
  readonly name: string
  readonly slots: readonly Slot[]
  /** The rule of one parameter. */
  readonly update: (given: RuleInput<Slot>) => RuleOutput<Slot>
  /** The updates of all parameters, their slots and the step counter; the rate is the input `learningRate` unless told. */
  readonly updates: (params: readonly Node[], gradients: readonly Node[], rate?: Node) => readonly Update[]
}

/** The input that every optimizer's step size is: `learningRate`, an f32 scalar. */
export const learningRate = (): Expr<readonly [], 'f32'> => input('learningRate', [])

/** The number of steps done: the state `step`, an i32 scalar that starts at 0. */
export const stepCounter = (): Expr<readonly [], 'i32'> => state('step', [], zeros, 'i32')

const cast = (x: Node, dtype: Node['dtype']): Node => (x.dtype === dtype ? x : graph.cast([x], { dtype }))

const slotOf = (param: Node, slot: string): Node => state(`${nameOf(param)}/${slot}`, param.shape, zeros, param.dtype)

const check = (optimizer: string, params: readonly Node[], gradients: readonly Node[]): void => {
  for (const list of [params, gradients]) {
    checkList(optimizer, 'the list of parameters or gradients', list)
    expecting(optimizer, list)
  }
  if (params.length !== gradients.length)
    throw shapeError(
      { code: 'E_OPTIMIZER', sentence: `${optimizer}: ${params.length} parameters and ${gradients.length} gradients` },
      [],
    )
  for (const [i, p] of params.entries()) {
    const g = gradients[i] as Node
    if (p.op !== 'param' && p.op !== 'state')
      throw shapeError({ code: 'E_OPTIMIZER', sentence: `${optimizer}: ${nameOf(p) ?? p.op} is not a parameter` }, [p])
    if (!isFloat(p.dtype) || p.dtype !== g.dtype || !equalShapes(p.shape, g.shape))
      throw shapeError(
        {
          code: 'E_OPTIMIZER',
          sentence: `${optimizer}: the gradient of ${nameOf(p)} is ${showType(g)}, not ${showType(p)}`,
        },
        [p],
      )
  }
}

/** An optimizer from the rule of one parameter. */
export const optimizer = <Slot extends string>(
  name: string,
  slots: readonly Slot[],
  update: (given: RuleInput<Slot>) => RuleOutput<Slot>,
): Optimizer<Slot> => ({
  name,
  slots,
  update,
  updates: (params, gradients, rate = learningRate()) => {
    check(name, params, gradients)
    expecting(name, [rate])
    if (!isFloat(rate.dtype) || rate.shape.length > 0)
      throw shapeError(
        { code: 'E_OPTIMIZER', sentence: `${name}: the learning rate is ${showType(rate)}, not a scalar` },
        [rate],
      )
    const counter = stepCounter()
    const next = graph.add([counter, literal(1, 'i32')])
    const each = params.flatMap((param, i) => {
      const kept = slots.map((slot) => [slot, slotOf(param, slot)] as const)
      const after = update({
        param,
        gradient: gradients[i] as Node,
        slots: Object.fromEntries(kept) as Record<Slot, Node>,
        learningRate: cast(rate, param.dtype),
        step: cast(next, param.dtype),
      })
      return [
        { target: param, value: after.param },
        ...kept.map(([slot, target]) => ({ target, value: after.slots[slot] })),
      ]
    })
    return [...each, { target: counter, value: next }]
  },
})

/**
 * An optimizer whose parameters are changed once more behind each step, as a constraint asks.
 * @example
 * const w = param('w', [3, 2], ones)
 * const step = trainStep(sum(square(w)), constrained(sgd(), (v) => maxNorm(v, 3)))
 * console.log(step.updates.length) // 2
 */
export const constrained = <Slot extends string>(
  of: Optimizer<Slot>,
  constraint: (value: Node) => Node,
): Optimizer<Slot> =>
  optimizer(of.name, of.slots, (given) => {
    const { param, slots } = of.update(given)
    return { param: constraint(param), slots }
  })
