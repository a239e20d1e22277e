// In: functions of a split value. Out: whether its cotangent is put together as it was taken apart.

import { add, input, mul, type Node, sin, slice, split, square, sum } from 'nabla'
import { grad, interpret, print, type Scalar, tensor } from 'nabla/compiler'
import { expect, test } from 'vitest'

const gradientOf = (loss: Node, x: Node): Node => grad(loss as Scalar, x)

const at = (x: Node, values: readonly number[], e: Node): readonly number[] =>
  Array.from(interpret([e], new Map([[x, tensor('f64', x.shape, values)]]))[0]?.data ?? [])

test('the parts of a split become one concatenation', () => {
  const x: Node = input('x', [2, 6], 'f64')
  const [a, b, c] = split(x, 3, 1) as readonly [Node, Node, Node]
  const gradient = gradientOf(sum(add(mul(a, sin(b)), square(c))), x)
  expect(gradient.op).toBe('concat')
  expect(gradient.ins).toHaveLength(3)
  expect(print(gradient)).not.toContain('pad')
  const values = Array.from({ length: 12 }, (_, i) => Math.sin(i + 1))
  const row = (r: number) => (k: number) => values[6 * r + k] as number
  const want = [0, 1].flatMap((r) => {
    const v = row(r)
    return [
      ...[2, 3].map((k) => Math.sin(v(k))),
      ...[0, 1].map((k) => v(k) * Math.cos(v(k + 2))),
      ...[4, 5].map((k) => 2 * v(k)),
    ]
  })
  for (const [i, v] of at(x, values, gradient).entries()) expect(v).toBeCloseTo(want[i] as number, 14)
})

test('parts that overlap, leave a gap or have a step are still added', () => {
  const x: Node = input('x', [6], 'f64')
  const values = [1, 2, 3, 4, 5, 6]
  const loss = (...parts: readonly Node[]): Node => parts.map((p) => sum(square(p))).reduce((p, q) => add(p, q))
  const cases: readonly (readonly [Node, readonly number[]])[] = [
    [loss(slice(x, 0, 4), slice(x, 2, 6)), [2, 4, 12, 16, 10, 12]],
    [loss(slice(x, 0, 2), slice(x, 4, 6)), [2, 4, 0, 0, 10, 12]],
    [loss(slice(x, 1, 3), slice(x, 3, 5)), [0, 4, 6, 8, 10, 0]],
    [loss(slice(x, 0, 6, 2), slice(x, 1, 6, 2)), [2, 4, 6, 8, 10, 12]],
  ]
  for (const [l, want] of cases) expect(at(x, values, gradientOf(l, x))).toEqual(want)
})
