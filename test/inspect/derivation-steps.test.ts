// Every step of a derivation, by numbers. In: the systems of the lectures. Out: whether each form of what a variable receives is the
// same number as the one before, whether the ways add up, and whether the sum is the derivative that central differences give.
// Invariant: in f64, at values drawn at random; a derivation that reads well but is wrong fails here.

import { isLeft } from 'fp-ts/lib/Either.js'
import { input, key, type Node, sum, uniform } from 'nabla'
import { grad, interpret, type Scalar, type Tensor, tensor } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { loadModels } from '../../cli/model.ts'
import { backwardOf } from '../../compiler/backward.ts'
import { lossesOf, modelRoots } from '../../compiler/describe.ts'
import { simplifyRoots } from '../../compiler/derivatives.ts'
import { topological } from '../../compiler/program/walk.ts'
import { gru, lstm, small } from '../../examples/gated-units/model.ts'
import { languageModel, parameters } from '../../examples/rnn-language-model/model.ts'
import { differenceOf, inDouble } from '../../examples/shared/differences.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { isFloat } from '../../src/core/dtype.ts'

const isLeaf = (n: Node): boolean => n.op === 'input' || n.op === 'param' || n.op === 'state'

/** Values for all leaves, in f64; numbers of classes and rows are small. */
const drawnFor = (roots: readonly Node[]): ReadonlyMap<Node, Tensor> =>
  new Map(
    topological(roots)
      .filter(isLeaf)
      .map((n, i) => {
        const drawn = interpret([uniform(key(i + 1), n.shape, -1, 1, 'f64')], new Map())[0] as Tensor
        const values = Array.from(drawn.data, (v) => (isFloat(n.dtype) ? v : Math.floor(1.5 * (v + 1))))
        return [n, tensor(isFloat(n.dtype) ? 'f64' : n.dtype, n.shape, values)] as const
      }),
  )

const expectNear = (found: Tensor, wanted: Tensor, what: string): void => {
  expect([what, found.shape]).toEqual([what, wanted.shape])
  const scale = Math.max(1, ...Array.from(wanted.data, Math.abs))
  for (const [i, v] of found.data.entries()) {
    const distance = Math.abs(v - (wanted.data[i] as number)) / scale
    // numbers such as 1/12 are rounded to f32 in the formulas of an f32 model
    expect({ what, i, isNear: distance < 2e-7, distance }).toMatchObject({ what, i, isNear: true })
  }
}

/** All steps of a loss; how many there were. */
const expectSteps = (loss: Node, label: string, wrt: readonly Node[]): number => {
  const [stable, ...variables] = simplifyRoots([loss, ...wrt]).roots as readonly [Node, ...Node[]]
  const { arrivals, whole } = backwardOf(stable, label, variables)
  const env = drawnFor([stable, loss])
  const given = new Map([...env].map(([n, t]) => [n, t.data] as const))
  const valueOf = (n: Node): Tensor => inDouble(whole(n), given)
  let steps = 0
  for (const { station, ways, sum: total } of arrivals) {
    const what = `∂${label}/∂${station.name}`
    for (const { forms } of ways)
      for (const form of forms.slice(1)) {
        expectNear(valueOf(form.node), valueOf(forms[0].node), what)
        steps++
      }
    const ends = ways.map((w) => valueOf(w.forms.at(-1)?.node as Node))
    const added = Array.from(ends[0]?.data ?? [], (_, i) => ends.reduce((s, e) => s + (e.data[i] as number), 0))
    expectNear(valueOf(total), tensor('f64', station.node.shape, added), what)
    const inside = new Set(topological([stable])).has(station.node)
    if (inside) expect([what, differenceOf(stable, station.node, whole(total), given) < 2e-7]).toEqual([what, true])
    // the variables' own are those that are compiled
    if (variables.includes(station.node))
      expectNear(
        inDouble(grad(loss as Scalar, wrt[variables.indexOf(station.node)] as Node), given),
        valueOf(total),
        what,
      )
    steps++
  }
  return steps
}

const files = [
  ['square'],
  ['perceptron-family'],
  ['xor'],
  ['softmax-regression'],
  ['delta-rule'],
  ['softmax-of-hidden'],
  ['two-layer-classifier', 'x', 'W₁', 'b₁', 'W₂', 'b₂'],
  ['siamese-exercise'],
  ['two-branch-exercise', 'h₁', 'h₂', 'x'],
  ['word2vec'],
  ['glove'],
  ['dependency-parser'],
] as const

describe('every step is the number of the one before, and their end the derivative', () => {
  test.each(files)('%s', async (example, ...names) => {
    const file = await loadModels(`examples/${example}/model.ts#model`)
    if (isLeft(file)) throw new Error(file.left.message)
    const { entries } = file.right.models[0] as (typeof file.right.models)[number]
    const roots = modelRoots(entries, {}).filter((r) => r.sign !== '←')
    const nodes = topological(roots.map((r) => r.node))
    const wrt = names.map((name) => nodes.find((n) => nameOf(n) === name) as Node)
    const counts = lossesOf(roots, wrt.length === 0 ? undefined : wrt).map((l) => expectSteps(l.node, l.label, l.wrt))
    expect(Math.max(...counts)).toBeGreaterThan(0)
  })

  test.each([
    ['rnn-language-model', () => languageModel(parameters(5, 4, 'f64'), 6, 2).loss],
    ['GRU', () => gru(small, 'f64').J],
    ['LSTM', () => lstm(small, 'f64').J],
  ])('%s, a loop in f64', (label, make) => {
    const loss = make()
    const params = topological([loss]).filter((n) => n.op === 'param')
    expect(expectSteps(loss, label, params)).toBeGreaterThan(params.length)
  })
})

test('a wrong step is found', () => {
  const x = input('x', [3], 'f64')
  const env = drawnFor([x])
  const [right] = interpret([x], env) as [Tensor]
  expect(() =>
    expectNear(
      tensor(
        'f64',
        [3],
        Array.from(right.data, (v) => -v),
      ),
      right,
      'x',
    ),
  ).toThrow(/expected/)
  expect(differenceOf(sum(x), x, x)).toBeGreaterThan(1e-3)
})
