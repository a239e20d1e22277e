/**
 * Time for memory. In: a function of expressions. Out: the same function, whose inner values are not kept for its derivative:
 * the way back computes them again from the inputs. Invariant: what the function uses beside its inputs counts as an input,
 * so that every derivative is that of the function itself.
 */
import type { Expr, Node } from './expr.ts'
import { make, paramsOf } from './node.ts'
import { nameOf, setName } from './origin.ts'
import { closeOver, type FnNodes, freshBound, listOf, shapedLike, substitute, type Values } from './scan.ts'
import { typed } from './typed.ts'

/** A checkpoint as engines see it. */
export interface CheckpointParts {
  readonly value: Node
  readonly inputs: readonly Node[]
  readonly fn: FnNodes
  /** Which of the function's values it is; several of one function over the same inputs are computed again together. */
  readonly index: number
}

/** The parts of a checkpoint node. What `params.fn` holds are nodes, because only `makeCheckpoint` makes such nodes. */
export const checkpointParts = (node: Node): CheckpointParts => {
  const [value, ...inputs] = node.ins
  const { fn, index } = paramsOf(node, 'checkpoint')
  return { value: value as Node, inputs, fn: fn as unknown as FnNodes, index }
}

export const makeCheckpoint = ({ value, inputs, fn, index }: CheckpointParts): Node =>
  make('checkpoint', [value, ...inputs], { fn, index })

/**
 * f, whose inner values the derivative computes again instead of keeping them: a chain of n checkpoints keeps n values and
 * those of one f. In the body of a scan each step keeps the inputs of f alone. f gives an expression, a list or a record of
 * them. Values and derivatives are those of f.
 *
 * @example
 * const x = input('x', [3])
 * const deep = checkpoint((v: Node) => tanh(sin(exp(v))))
 * print(deep(x)) // tanh(sin(exp(x)))
 */
export const checkpoint: <X extends readonly Expr[], Y extends Values>(f: (...inputs: X) => Y) => (...inputs: X) => Y =
  typed((f: (...inputs: readonly Node[]) => Values) => (...inputs: readonly Node[]): Values => {
    const bounds = inputs.map((x) => {
      const bound = freshBound(x)
      const name = nameOf(x)
      if (name !== undefined) setName(bound, name)
      return bound
    })
    const given = f(...bounds)
    const { fn, constants } = closeOver(bounds, listOf(given))
    const all = [...inputs, ...constants]
    const values = substitute(fn.results, new Map(fn.params.map((p, i) => [p, all[i] as Node])))
    return shapedLike(
      given,
      values.map((value, index) => makeCheckpoint({ value, inputs: all, fn, index })),
    )
  })
