// In: models that read a few rows or classes of what they compute. Out: whether only those are computed, and with the same values.

import {
  add,
  gather,
  input,
  log,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  type Node,
  reshape,
  sigmoid,
  softmax,
  sum,
  takeAlongAxis,
  transpose,
} from 'nabla'
import { grad, interpret, print, type Scalar, simplify } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { topological } from '../../compiler/program/walk.ts'
import { sizeOf } from '../../src/core/shape.ts'
import { graph } from '../../src/expr/node.ts'
import { stream } from '../random.ts'
import { draw, inputsOf } from './proof.ts'

const x = (name: string, ...shape: readonly number[]): Node => input(name, shape, 'f64')
const label = (...shape: readonly number[]): Node => input('label', shape, 'i32')

const largest = (root: Node): number =>
  Math.max(...topological([root]).map((n) => (n.ins.length === 0 ? 0 : sizeOf(n.shape))))

const expectSame = (before: readonly Node[], after: readonly Node[]): void => {
  const env = draw(inputsOf(before), { domain: {}, special: 0, scale: 0.5 }, stream(5))
  const [p, q] = [interpret(before, env), interpret(after, env)]
  for (const [i, t] of p.entries()) for (const [k, v] of t.data.entries()) expect(q[i]?.data[k]).toBeCloseTo(v, 10)
}

describe('a few logits of a large table', () => {
  const [h, table, bias] = [x('h', 5, 8), x('table', 400, 8), x('bias', 400)]
  const ids = label(5, 3)
  const logits = add(matmul(h, transpose(table)), bias)
  const chosen = takeAlongAxis(logits, ids, 1)

  test('are products of the rows that are asked for', () => {
    const now = simplify(chosen)
    expect(largest(now)).toBe(5 * 3 * 8)
    expectSame([chosen], [now])
  })

  test('and so are their derivatives: nothing has a column for each row of the table but the gradient itself', () => {
    const loss = mean(log(sigmoid(chosen)))
    const [byState, byTable] = grad(loss as Scalar, [h, table])
    expect(largest(byState)).toBe(5 * 3 * 8)
    expect(topological([byTable]).some((n) => n.shape.join() === '5,400')).toBe(false)
  })
})

test('a class of a factored softmax reads the scores of its own cluster', () => {
  const [h, clusters, words] = [x('h', 6, 8), x('clusters', 8, 20), x('words', 20, 8, 50)]
  const cluster = input('label', [], 'i32')
  const scores = add(reshape(gather(matmul(h, reshape(words, [20, 8, 50])), cluster), [6, 50]), 0)
  const now = simplify(scores)
  expect(largest(now)).toBe(8 * 50)
  expectSame([scores], [now])
  const p = mul(gather(softmax(matmul(h, clusters)), cluster, 1), 1)
  expectSame([p], [simplify(p)])
})

describe('−log softmax(z)[y], however it is indexed', () => {
  const [z, y] = [x('z', 6, 4), label(6)]
  const rows = reshape(y, [6, 1])
  const ways: readonly (readonly [string, Node])[] = [
    ['log of a probability', log(takeAlongAxis(softmax(z), rows, 1))],
    ['a log-probability', takeAlongAxis(logSoftmax(z), rows, 1)],
    ['a probability among others, then its log', reshape(log(takeAlongAxis(softmax(z), rows, 1)), [6])],
  ]

  test.each(ways)('%s is the cross-entropy, whose gradient is softmax(z) − onehot(y)', (_, likelihood) => {
    const loss = neg(mean(likelihood))
    expect(simplify(loss)).toBe(simplify(mean(graph.crossEntropy([z, y]))))
    expect(print(grad(loss as Scalar, z))).toContain('(softmax(z) − onehot(label)) / 6')
  })
})

test('what is used whole too is not computed twice', () => {
  const z = x('z', 9, 4)
  const all = softmax(z)
  const one = gather(all, label(2))
  const [whole, picked] = simplify([all, one])
  expect(picked.ins[0]).toBe(whole)
  expect(simplify(sum(one)).op).toBe('full')
})
