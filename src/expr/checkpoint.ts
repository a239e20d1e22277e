/**
 * Time for memory. In: a function of expressions. Out: the same function, whose inner values are not kept for its derivative:
 * the way back computes them again from the inputs. Invariant: what the function uses beside its inputs counts as an input,
 * so that every derivative is that of the function itself.
 */
import type { Expr, Node } from './expr.ts'
import { make, paramsOf } from './node.ts'
import { nameOf, setName } from './origin.ts'
import { closeOver, type FnNodes, freshBound, substitute } from './scan.ts'
import { typed } from './typed.ts'

/** A checkpoint as engines see it. */
export interface CheckpointParts {
  readonly value: Node
  readonly inputs: readonly Node[]
  readonly fn: FnNodes
}

/** The parts of a checkpoint node. What `params.fn` holds are nodes, because only `makeCheckpoint` makes such nodes. */
export const checkpointParts = (node: Node): CheckpointParts => {
  const [value, ...inputs] = node.ins
  return { value: value as Node, inputs, fn: paramsOf(node, 'checkpoint').fn as unknown as FnNodes }
}

export const makeCheckpoint = ({ value, inputs, fn }: CheckpointParts): Node =>
  make('checkpoint', [value, ...inputs], { fn })

/**
 * f, whose inner values the derivative computes again instead of keeping them: a chain of n checkpoints keeps n values and
 * those of one f. In the body of a scan each step keeps the inputs of f alone. Values and derivatives are those of f.
 *
 * @example
 * const x = input('x', [3])
 * const deep = checkpoint((v: Node) => tanh(sin(exp(v))))
 * print(deep(x)) // tanh(sin(exp(x)))
 */
export const checkpoint: <X extends readonly Expr[], Y extends Expr>(f: (...inputs: X) => Y) => (...inputs: X) => Y =
  typed((f: (...inputs: readonly Node[]) => Node) => (...inputs: readonly Node[]): Node => {
    const bounds = inputs.map((x) => {
      const bound = freshBound(x)
      const name = nameOf(x)
      if (name !== undefined) setName(bound, name)
      return bound
    })
    const { fn, constants } = closeOver(bounds, [f(...bounds)])
    const all = [...inputs, ...constants]
    const [value] = substitute(fn.results, new Map(fn.params.map((p, i) => [p, all[i] as Node])))
    return makeCheckpoint({ value: value as Node, inputs: all, fn })
  })
