// In: sequences of steps. Out: whether the expression of one step's value has that value, and is none where other steps count.

import {
  add,
  broadcastTo,
  cumsum,
  embedding,
  input,
  matmul,
  mul,
  type Node,
  oneHot,
  param,
  reverse,
  sigmoid,
  zeros,
} from 'nabla'
import { interpret } from 'nabla/compiler'
import { expect, test } from 'vitest'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { rowAt } from '../../compiler/row.ts'
import { sizeOf } from '../../src/core/shape.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { symbolOf } from '../../compiler/inspect/stations.ts'
import { topological } from '../../compiler/program/walk.ts'
import { stream } from '../random.ts'

const STEPS = 5
const xs = input('xs', [STEPS, 2, 3], 'f64')
const words = input('words', [STEPS, 2], 'i32')
const w = param('w', [3, 4], zeros, 'f64')
const b = param('b', [4], zeros, 'f64')

const symbolAt = (n: Node): Node | null =>
  n === xs || n === words ? symbolOf(`${nameOf(n)}ₜ`, { dtype: n.dtype, shape: n.shape.slice(1) }) : null

const drawn = (n: Node, next: () => number): Tensor =>
  tensor(
    n.dtype,
    n.shape,
    Array.from({ length: sizeOf(n.shape) }, () => (n.dtype === 'i32' ? Math.floor(3 * next()) : next() - 0.5)),
  )

const rowsOf: Readonly<Record<string, Node>> = {
  'a leaf': xs,
  'a layer': add(matmul(xs, w), b),
  'a layer of classes': add(matmul(oneHot(words, 3, 'f64'), w), b),
  'rows of a table': embedding(w, words),
  'a function of two': mul(sigmoid(matmul(xs, w)), embedding(w, words)),
  'what is the same at every step': add(broadcastTo(b, [STEPS, 2, 4]), matmul(xs, w)),
}

test.each(Object.entries(rowsOf))('%s at a step is the row of that step', (_, sequence) => {
  const row = rowAt(sequence, symbolAt)
  if (row === null) throw new Error('there is no row')
  const next = stream(3)
  const env = new Map(
    topological([sequence]).flatMap((n) => (n.ins.length === 0 ? [[n, drawn(n, next)] as const] : [])),
  )
  const [all] = interpret([sequence], env)
  for (let t = 0; t < STEPS; t++) {
    const at = new Map(env)
    for (const leaf of [xs, words]) {
      const [symbol, whole] = [symbolAt(leaf), env.get(leaf)]
      if (symbol === null || whole === undefined) continue
      const size = sizeOf(symbol.shape)
      at.set(symbol, tensor(leaf.dtype, symbol.shape, Array.from(whole.data).slice(t * size, (t + 1) * size)))
    }
    const size = sizeOf(row.shape)
    const [found] = interpret([row], at)
    expect(Array.from(found?.data ?? [])).toEqual(Array.from(all?.data ?? []).slice(t * size, (t + 1) * size))
  }
})

test.each([
  ['sums over steps', cumsum(xs, 0)],
  ['steps in another order', reverse(xs, [0])],
  ['what has no name', input('other', [STEPS, 2], 'f64')],
])('%s have no such expression', (_, sequence) => {
  expect(rowAt(sequence, symbolAt)).toBeNull()
})
