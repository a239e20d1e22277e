/**
 * Values for expressions, and results held to others. In: nodes. Out: tensors for them, what the interpreter makes of them.
 * Invariant: the same numbers on every run; nearness is relative to the larger of 1 and the number wanted.
 */
import type { Node } from 'nabla'
import { interpret, type Tensor, tensor } from 'nabla/compiler'
import { expect } from 'vitest'

export type Values = ReadonlyMap<Node, Tensor>

export const given = (...pairs: readonly (readonly [Node, readonly number[]])[]): Values =>
  new Map(pairs.map(([n, data]) => [n, tensor(n.dtype, n.shape, data)]))

export const evaluate = (roots: readonly Node[], values: Values): readonly (readonly number[])[] =>
  interpret(roots, values).map((t) => Array.from(t.data))

export const expectNear = (
  got: readonly ArrayLike<number>[],
  want: readonly ArrayLike<number>[],
  tolerance = 1e-12,
): void => {
  expect(got.map((g) => g.length)).toEqual(want.map((w) => w.length))
  for (const [i, w] of want.entries())
    for (let k = 0; k < w.length; k++)
      expect(Math.abs((got[i]?.[k] as number) - (w[k] as number)), `${i}[${k}]`).toBeLessThan(
        tolerance * (1 + Math.abs(w[k] as number)),
      )
}
