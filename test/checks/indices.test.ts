// In: every function that takes indices. Out: what a checked build says where one is out of range, and that it is silent else.

import { describe, expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import type { EntryInput } from '../../compiler/entries.ts'
import { trainStep } from '../../compiler/train-step.ts'
import {
  add,
  argmax,
  cond,
  constant,
  crossEntropy,
  dynamicSlice,
  dynamicUpdateSlice,
  embedding,
  gather,
  gatherNd,
  greater,
  input,
  matmul,
  mean,
  oneHot,
  ones,
  param,
  scan,
  scatterAdd,
  scatterSet,
  segmentSum,
  sgd,
  sort,
  sum,
  takeAlongAxis,
  zeros,
} from '../../src/index.ts'
import { outcome, programOf, said, targets, type Values } from './run.ts'

const x = input('x', [3, 4])
const ids = input('ids', [2], 'i32')
const at = input('at', [], 'i32')
const xs: Values = { x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] }

interface Case {
  readonly name: string
  readonly entry: EntryInput
  readonly bad: Values
  readonly good: Values
  readonly says: string
}

const tail = ' in run 1 of main at LINE'
const ofX = (op: string, index: number, place: string, limit: string): string =>
  `E_RUN_INDEX_RANGE: ${op}: the index ${index} in ${place} is not in ${limit},${tail}`

const cases: readonly Case[] = [
  {
    name: 'gather',
    entry: gather(x, ids, 1),
    bad: { ...xs, ids: [0, 4] },
    good: { ...xs, ids: [0, 3] },
    says: ofX('gather', 4, 'ids[1]', '0 … 3, axis 1 of x [3,4]'),
  },
  {
    name: 'embedding',
    entry: embedding(x, ids),
    bad: { ...xs, ids: [-1, 5] },
    good: { ...xs, ids: [2, 0] },
    says: ofX('embedding', -1, 'ids[0]', '0 … 2, axis 0 of x [3,4]'),
  },
  {
    name: 'takeAlongAxis',
    entry: takeAlongAxis(x, input('which', [3, 1], 'i32'), 1),
    bad: { ...xs, which: [0, 1, 9] },
    good: { ...xs, which: [0, 1, 3] },
    says: ofX('takeAlongAxis', 9, 'which[2,0]', '0 … 3, axis 1 of x [3,4]'),
  },
  {
    name: 'gatherNd',
    entry: gatherNd(x, input('places', [2, 2], 'i32')),
    bad: { ...xs, places: [0, 0, 2, 4] },
    good: { ...xs, places: [0, 0, 2, 3] },
    says: ofX('gatherNd', 4, 'places[:, 1:2][1,0]', '0 … 3, axis 1 of x [3,4]'),
  },
  {
    name: 'scatterAdd',
    entry: scatterAdd(x, ids, ones([2, 4])),
    bad: { ...xs, ids: [3, 0] },
    good: { ...xs, ids: [2, 2] },
    says: ofX('scatterAdd', 3, 'ids[0]', '0 … 2, axis 0 of x [3,4]'),
  },
  {
    name: 'scatterSet',
    entry: scatterSet(x, ids, ones([2, 4])),
    bad: { ...xs, ids: [0, 3] },
    good: { ...xs, ids: [2, 2] },
    says: ofX('scatterSet', 3, 'ids[1]', '0 … 2, axis 0 of x [3,4]'),
  },
  {
    name: 'segmentSum',
    entry: segmentSum(x, input('of', [3], 'i32'), 2),
    bad: { ...xs, of: [0, 2, 1] },
    good: { ...xs, of: [0, 1, 1] },
    says: ofX('segmentSum', 2, 'of[1]', '0 … 1, axis 0 of [2,4]'),
  },
  {
    name: 'dynamicSlice',
    entry: dynamicSlice(x, [at, 0], [2, 4]),
    bad: { ...xs, at: 2 },
    good: { ...xs, at: 1 },
    says: ofX('dynamicSlice', 2, 'at', '0 … 1, axis 0 of x [3,4]'),
  },
  {
    name: 'dynamicUpdateSlice',
    entry: dynamicUpdateSlice(x, ones([1, 4]), [at, 0]),
    bad: { ...xs, at: -1 },
    good: { ...xs, at: 2 },
    says: ofX('dynamicUpdateSlice', -1, 'at', '0 … 2, axis 0 of x [3,4]'),
  },
  {
    name: 'crossEntropy',
    entry: crossEntropy(x, input('labels', [3], 'i32')),
    bad: { ...xs, labels: [0, 1, 4] },
    good: { ...xs, labels: [0, 1, 3] },
    says: ofX('crossEntropy', 4, 'labels[2]', '0 … 3, 4 classes'),
  },
  {
    name: 'oneHot',
    entry: oneHot(ids, 3),
    bad: { ids: [0, 3] },
    good: { ids: [0, 2] },
    says: ofX('oneHot', 3, 'ids[1]', '0 … 2, 3 classes'),
  },
  {
    name: 'computed indices',
    entry: gather(x, add(ids, 1)),
    bad: { ...xs, ids: [0, 2] },
    good: { ...xs, ids: [0, 1] },
    says: ofX('gather', 3, 'ids + 1[1]', '0 … 2, axis 0 of x [3,4]'),
  },
]

describe.each(targets)('an index out of range, on %s', (target) => {
  test.each(cases)('of $name is told', async ({ entry, bad, good, says }) => {
    const program = await programOf(entry, target)
    expect([said(program, good), said(program, bad).replace('run 2', 'run 1')]).toEqual(['fine', says])
  })

  test('in a loop is told with its step, forwards and backwards', async () => {
    const order = input('order', [5], 'i32')
    const loop = (reverse: boolean) =>
      scan((c, i) => ({ carry: add(c, sum(gather(x, i))), output: c }), zeros([]), order, { reverse }).outputs
    const values = { ...xs, order: [0, 3, 1, 7, 2] }
    const words = (index: number, step: number): string =>
      `E_RUN_INDEX_RANGE: gather: the index ${index} in xₜ is not in 0 … 2, axis 0 of x [3,4], at step ${step} of the loop,${tail}`
    expect(await outcome(loop(false), values, target)).toBe(words(3, 1))
    expect(await outcome(loop(true), values, target)).toBe(words(7, 3))
  })

  test('in a branch is told where the branch runs', async () => {
    const chosen = cond(
      greater(at, 0),
      () => sum(gather(x, at)),
      () => sum(x),
    )
    const program = await programOf(chosen, target)
    expect([said(program, { ...xs, at: -5 }), said(program, { ...xs, at: 5 })]).toEqual([
      'fine',
      ofX('gather', 5, 'at', '0 … 2, axis 0 of x [3,4]').replace('run 1', 'run 2'),
    ])
  })

  test('leaves parameters and states as they were', async () => {
    const table = param('table', [3, 2], 0.5)
    const labels = input('labels', [2], 'i32')
    const loss = mean(crossEntropy(matmul(embedding(table, ids), param('w', [2, 3], 0.5)), labels))
    const program = await programOf(trainStep(loss, sgd()), target)
    const values = { ids: [0, 1], labels: [0, 1], learningRate: 0.1 }
    expect(said(program, values)).toBe('fine')
    const before = [...(program.params['w'] as Float32Array)]
    expect(said(program, { ...values, labels: [0, 3] })).toContain('crossEntropy: the index 3 in labels[1]')
    expect([...(program.params['w'] as Float32Array)]).toEqual(before)
    expect(said(program, values)).toBe('fine')
    expect([...(program.params['w'] as Float32Array)]).not.toEqual(before)
  })
})

test('indices that cannot be out of range are not looked at', async () => {
  const safe = { a: sort(x, 0), b: gather(x, argmax(x, 0)), c: gather(x, constant([0, 2], 'i32')) }
  const artifact = await compile({ main: safe }, { checks: true })
  const checks = artifact._tag === 'Right' ? artifact.right.manifest.entries[0]?.checks : undefined
  expect(checks?.some((c) => c.kind === 'index')).toBe(false)
})

test('a build without checks holds none', async () => {
  const [plain, checked] = await Promise.all(
    [false, true].map((checks) => compile({ main: gather(x, ids) }, { checks })),
  )
  if (plain?._tag !== 'Right' || checked?._tag !== 'Right') throw new Error('not compiled')
  expect([plain.right.manifest.entries[0]?.checks, checked.right.manifest.entries[0]?.checks?.length]).toEqual([
    undefined,
    2,
  ])
  expect(checked.right.manifest.entries[0]?.outputs).toHaveLength(1)
})
