// In: an expression, and values for its leaves by name. Out: its elements, by the interpreter.
// Invariant: every leaf that the expression needs must be given.

import { interpret } from '../../compiler/interpret/interpret.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { topological } from '../../compiler/program/walk.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { nameOf } from '../../src/expr/origin.ts'

export type Given = Readonly<Record<string, ArrayLike<number>>>

export const evaluate = (roots: readonly Node[], given: Given = {}): readonly Tensor[] => {
  const leaves = topological(roots).filter((n) => ['input', 'param', 'state'].includes(n.op))
  const env = leaves.map((n): readonly [Node, Tensor] => {
    const values = given[nameOf(n) ?? '']
    if (values === undefined) throw new Error(`no value for ${nameOf(n)}`)
    return [n, tensor(n.dtype, n.shape, values)]
  })
  return interpret(roots, new Map(env))
}

/** The elements of one expression. */
export const valueOf = (node: Node, given: Given = {}): readonly number[] =>
  Array.from((evaluate([node], given)[0] as Tensor).data)

/** 0, 1, 2, … of a length. */
export const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

/** Numbers in (−1, 1), the same on every run. */
export const numbers = (n: number, seed: number): readonly number[] =>
  upTo(n).map((i) => Math.sin(12.9898 * (i + 1) + seed))

/** Such numbers for leaves. */
export const env = (...nodes: readonly Node[]): Map<Node, Tensor> =>
  new Map(nodes.map((n, i) => [n, tensor(n.dtype, n.shape, numbers(sizeOf(n.shape), i))]))
