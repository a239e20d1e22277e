/**
 * Time for memory. In: a function of expressions. Out: the same function, whose inner values are not kept for its derivative:
 * the way back computes them again from the inputs, or from the products that are kept. Invariant: what the function uses
 * beside its inputs counts as an input, so that every derivative is that of the function itself.
 */
import { expecting, oneOf } from './arguments.ts'
import type { Checkpoint } from '../ops/control.ts'
import type { Expr, Node } from './expr.ts'
import { make, paramsOf } from './node.ts'
import { nameOf, setName } from './origin.ts'
import { closeOver, type FnNodes, freshBound, listOf, nodesOf, shapedLike, substitute, type Values } from './scan.ts'
import { typed } from './typed.ts'

/** A checkpoint as engines see it. */
export interface CheckpointParts {
  readonly value: Node
  readonly inputs: readonly Node[]
  readonly fn: FnNodes
  /** Which of the function's values it is; several of one function over the same inputs are computed again together. */
  readonly index: number
  readonly save: Checkpoint['save']
}

export interface CheckpointOptions {
  /**
   * What is kept for the way back: `'nothing'` of the function (default), or its matrix `'products'`, which cost the most to
   * compute again and are few beside what is made of them.
   */
  readonly save?: Checkpoint['save']
}

/** The parts of a checkpoint node. */
export const checkpointParts = (node: Node): CheckpointParts => {
  const [value, ...inputs] = node.ins
  const { fn, index, save } = paramsOf(node, 'checkpoint')
  return { value: value as Node, inputs, fn: nodesOf(fn), index, save }
}

export const makeCheckpoint = ({ value, inputs, fn, index, save }: CheckpointParts): Node =>
  make('checkpoint', [value, ...inputs], { fn, index, save })

/**
 * f, whose inner values the derivative computes again instead of keeping them: a chain of n checkpoints keeps n values and
 * those of one f. In the body of a scan each step keeps the inputs of f alone (`scan` has a policy of its own, which also
 * cuts a long loop into segments). f gives an expression, a list or a record of them. Values and derivatives are those of f.
 *
 * @example
 * const x = input('x', [3])
 * const deep = checkpoint((v: Node) => tanh(sin(exp(v))))
 * print(deep(x)) // tanh(sin(exp(x)))
 */
export const checkpoint: <X extends readonly Expr[], Y extends Values>(
  f: (...inputs: X) => Y,
  options?: CheckpointOptions,
) => (...inputs: X) => Y = typed(
  (f: (...inputs: readonly Node[]) => Values, { save = 'nothing' }: CheckpointOptions = {}) =>
    (...inputs: readonly Node[]): Values => {
      oneOf('checkpoint', 'save', save, ['nothing', 'products'])
      expecting('checkpoint', inputs)
      const bounds = inputs.map((x) => {
        const bound = freshBound(x)
        const name = nameOf(x)
        if (name !== undefined) setName(bound, name)
        return bound
      })
      const given = f(...bounds)
      const { fn, constants } = closeOver(bounds, listOf(given, 'checkpoint'))
      const all = [...inputs, ...constants]
      const values = substitute(fn.results, new Map(fn.params.map((p, i) => [p, all[i] as Node])))
      return shapedLike(
        given,
        values.map((value, index) => makeCheckpoint({ value, inputs: all, fn, index, save })),
      )
    },
)
