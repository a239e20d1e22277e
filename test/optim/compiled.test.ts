// In: every optimizer, compiled into a step of a small model. Out: whether both targets walk the interpreter's way.

import * as n from 'nabla'
import { trainStep } from 'nabla/compiler'
import { expect, test } from 'vitest'
import { compileTraining, interpretTraining } from '../pipeline/training.ts'

const x = n.input('x', [4, 3])
const w = n.param(
  'w',
  [3, 2],
  [
    [0.3, -0.2],
    [0.1, 0.4],
    [-0.5, 0.2],
  ],
)
const b = n.param('b', [2], 0.1)
const loss = n.mse(n.tanh(n.dense(x, w, b)), n.input('t', [4, 2]))
const given = {
  x: Array.from({ length: 12 }, (_, i) => Math.sin(5 * i + 1)),
  t: [0.5, -0.5, 0.25, 0, 0.75, 0.1, -0.3, 0.9],
}

const optimizers: readonly n.Optimizer[] = [
  n.momentum({ nesterov: true }),
  n.rmsprop(),
  n.adadelta(),
  n.adam(),
  n.adamax(),
  n.nadam(),
  n.constrained(n.sgd(), (v) => (v.shape.length === 2 ? n.maxNorm(v, 0.5) : v)),
]

test.each(optimizers.map((o) => [o.name, o] as const))('%s, with a schedule and a penalty', async (_, optimizer) => {
  const learningRate = n.warmUp(3, n.linearDecay(0.5, 0.1, 8))
  const step = trainStep(n.add(loss, n.mul(0.01, n.l2([w]))), optimizer, { learningRate, clipNorm: 1 })
  const wanted = interpretTraining(step, given, 6)
  expect(wanted['step']?.[0]).toBe(6)
  for (const target of ['wasm', 'javascript'] as const) {
    const found = await compileTraining(step, given, 6, target)
    expect(Object.keys(found).toSorted()).toEqual(Object.keys(wanted).toSorted())
    for (const [name, values] of Object.entries(wanted))
      for (const [i, v] of Array.from(values).entries()) expect(found[name]?.[i]).toBeCloseTo(v, 5)
  }
})
