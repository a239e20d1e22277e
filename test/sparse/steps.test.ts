// In: training steps of models that look rows up. Out: whether, on every target, each parameter and state is what the dense
// program leaves, and what the plan says a step over a large table touches.

import { isLeft } from 'fp-ts/lib/Either.js'
import * as n from 'nabla'
import { grad, hvp, type Tensor, trainStep } from 'nabla/compiler'
import { load } from 'nabla/runtime'
import { describe, expect, test } from 'vitest'
import { compileWhole } from '../../compiler/compile.ts'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { tensor } from '../../compiler/interpret/tensor.ts'
import { topological } from '../../compiler/program/walk.ts'
import type { Node } from '../../src/expr/expr.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { stream } from '../random.ts'

const ROWS = 90
const WIDTH = 5
const table = n.param('table', [ROWS, WIDTH], 0)
const ids = n.input('ids', [7], 'i32')
const pairs = n.input('pairs', [3, 2], 'i32')
const target = n.input('target', [7, WIDTH])
const looked = n.embedding(table, ids)
const far = n.mean(n.sum(n.square(n.sub(looked, target)), 1))
const pairwise = n.sum(n.mul(n.gather(n.embedding(table, pairs), n.constant([0, 0], 'i32'), 1), 0.5))
const scores = n.matmul(n.tanh(looked), n.transpose(table))
const walked = n.scan(
  (h, at) => {
    const next = n.tanh(n.add(h, n.embedding(table, at)))
    return { carry: next, output: next }
  },
  n.zeros([WIDTH]),
  n.input('walk', [6], 'i32'),
)

const losses = {
  'one lookup': far,
  'two lookups': n.add(far, pairwise),
  'means of several lookups': n.sum(n.square(n.mean(n.embedding(table, pairs), 1))),
  'the norm of a gradient': n.add(far, n.sum(n.square(grad(far, table)))),
  'a Hessian by a vector': n.add(far, n.sum(hvp(far, table, n.tanh(table)))),
  'tied weights': n.mean(n.crossEntropy(scores, ids)),
  'weight decay': n.add(far, n.mul(n.sum(n.square(table)), 0.01)),
  'a lookup each step of a loop': n.sum(n.square(walked.outputs)),
  'no lookup at all': n.add(n.sum(n.square(table)), n.mul(n.sum(n.embedding(table, n.input('none', [0], 'i32'))), 2)),
} as const

const optimizers = {
  sgd: n.sgd(),
  momentum: n.momentum(),
  adam: n.adam(),
  'adam, lazy': n.adam({ lazy: true }),
  adagrad: n.adagrad(),
} as const

const drawn = (x: Node, seed: number): Tensor => {
  const next = stream(seed)
  const size = x.shape.reduce((m, d) => m * d, 1)
  const isRate = nameOf(x) === 'learningRate'
  const value = (): number => {
    if (x.dtype === 'i32') return nameOf(x) === 'step' ? 0 : Math.floor(next() * 12) * 9 - 9
    return isRate ? 0.3 : next() * (x.op === 'state' ? 0.1 : 1)
  }
  return tensor(x.dtype, x.shape, Array.from({ length: size }, value))
}

describe.each(['wasm', 'javascript'] as const)('on %s', (to) => {
  describe.each(Object.entries(optimizers))('%s', (_, optimizer) => {
    test.each(Object.entries(losses))('%s', async (_, loss) => {
      const step = trainStep(loss, optimizer, { params: [table], clipNorm: 0.5 })
      const roots = step.updates.map((u) => u.value)
      const env = new Map(
        topological([...roots, ...step.updates.map((u) => u.target)])
          .filter((x) => ['input', 'param', 'state'].includes(x.op))
          .map((x, i) => [x, drawn(x, 7 * i + 1)] as const),
      )
      const wanted = interpret(roots, env)
      const whole = await compileWhole({ step }, { target: to, checked: true })
      if (isLeft(whole)) throw new Error(whole.left.message)
      const program = await load({ manifest: whole.right.manifest, bytes: whole.right.bytes })
      if (isLeft(program)) throw new Error(program.left.message)
      const { entries, params, state } = program.right
      const held: Readonly<Record<string, { readonly set: (v: never) => void }>> = { ...params, ...state }
      for (const [x, t] of env) {
        const name = nameOf(x) as string
        ;(entries['step']?.inputs[name] ?? held[name])?.set(t.data as never)
      }
      const done = entries['step']?.run()
      if (done === undefined || isLeft(done)) throw new Error('no step')
      for (const [i, u] of step.updates.entries()) {
        const found = held[nameOf(u.target) as string] as unknown as ArrayLike<number>
        for (const [k, v] of (wanted[i] as Tensor).data.entries()) expect(found[k]).toBeCloseTo(v, 5)
      }
    })
  })
})
