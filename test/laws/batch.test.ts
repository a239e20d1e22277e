import { describe, expect, test } from 'vitest'
import { batchRoots } from '../../compiler/grad/vmap.ts'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import type { Node } from '../../src/expr/expr.ts'
import { make } from '../../src/expr/node.ts'
import { stream } from '../random.ts'
import { type Case, casesOf, outputOf, titleOf, triedOps } from './cases.ts'
import { drawOperand } from './draws.ts'

const size = 3

/** Every choice of which operands have a batch axis, at least one of them. */
const choices = (arity: number): readonly (readonly boolean[])[] =>
  Array.from({ length: 2 ** arity - 1 }, (_, k) => Array.from({ length: arity }, (_, i) => (((k + 1) >> i) & 1) === 1))

const rowOf = (x: Tensor, i: number, shape: readonly number[]): Tensor => {
  const n = x.data.length / size
  return tensor(x.dtype, shape, x.data.slice(i * n, (i + 1) * n))
}

/** One example after the other, and all at once. */
const bothWays = (c: Case, batched: readonly boolean[]): readonly [readonly Tensor[], Tensor] => {
  const next = stream(5)
  const values = c.shapes.map((shape, i) =>
    drawOperand(c.op, i, batched[i] === true ? [size, ...shape] : shape, 'f64', next),
  )
  const singles = c.shapes.map((shape, i) =>
    make('input', [], { name: `x${i}`, dtype: (values[i] as Tensor).dtype, shape }),
  )
  const wholes = values.map((v, i) => make('input', [], { name: `b${i}`, dtype: v.dtype, shape: v.shape }))
  const y = outputOf(c, singles)
  const each = Array.from({ length: size }, (_, k) => {
    const env = new Map(
      singles.map(
        (n, i) => [n, batched[i] === true ? rowOf(values[i] as Tensor, k, n.shape) : (values[i] as Tensor)] as const,
      ),
    )
    return interpret([y], env)[0] as Tensor
  })
  const given = new Map(singles.flatMap((n, i) => (batched[i] === true ? [[n, wholes[i] as Node] as const] : [])))
  const [whole] = batchRoots([y], given, size) as [Node]
  const env = new Map([...wholes, ...singles].map((n, i) => [n, values[i % values.length] as Tensor] as const))
  return [each, interpret([whole], env)[0] as Tensor]
}

describe.each(triedOps.map((op) => ({ op })))('$op', ({ op }) => {
  const cases = casesOf(op).flatMap((c) =>
    choices(c.shapes.length).map((batched) => ({ c, batched, title: titleOf(c) })),
  )
  test.each(cases)('over a batch is the batch of each: $title, $batched', ({ c, batched }) => {
    const [each, whole] = bothWays(c, batched)
    expect(whole.shape).toEqual([size, ...(each[0] as Tensor).shape])
    for (const [k, one] of each.entries()) {
      const row = rowOf(whole, k, one.shape)
      for (const [i, v] of one.data.entries()) {
        const got = row.data[i] as number
        expect(Object.is(got, v) || Math.abs(got - v) <= 1e-12 * (1 + Math.abs(v))).toBe(true)
      }
    }
  })
})
