// The workloads by the interpreter: the same step, one node after the other, in the obvious way. Comes in: a workload's
// name; goes out: its step from its initial parameters, as of any other subject.

import type { Expr } from 'nabla'
import { type EntryInputs, interpret, type Step as StepEntry, type Tensor, tensor } from 'nabla/compiler'
import { leavesOf } from '../../compiler/program/walk.ts'
import { nameOf } from '../../src/expr/origin.ts'
import type { Step } from '../subject.ts'
import { embedding } from '../workloads/embedding.ts'
import { w1 } from '../workloads/w1.ts'
import { w2 } from '../workloads/w2.ts'
import { w3 } from '../workloads/w3.ts'
import { w7 } from '../workloads/w7.ts'
import { w8 } from '../workloads/w8.ts'
import type { Training } from '../workloads/workload.ts'
import { entries as embeddingEntries } from './embedding.ts'
import { entries as w1Entries } from './w1.ts'
import { entries as w2Entries } from './w2.ts'
import { entries as w3Entries } from './w3.ts'
import { entries as w7Entries } from './w7.ts'
import { entries as w8Entries } from './w8.ts'

type Values = ReadonlyMap<Expr, Tensor>

const zerosOf = (leaf: Expr): Tensor =>
  tensor(leaf.dtype, leaf.shape, new Float32Array(leaf.shape.reduce((n, d) => n * d, 1)))

/** Values for leaves by their names; a name that nobody has a value for stands at 0, as states do in the beginning. */
const valuesOf = (leaves: readonly Expr[], given: Training['parameters']): Values =>
  new Map(
    leaves.map((leaf) => {
      const value = given[nameOf(leaf) ?? '']
      return [leaf, value === undefined ? zerosOf(leaf) : tensor(leaf.dtype, leaf.shape, value.data)]
    }),
  )

const interpreted = ({ parameters, batches, optimizer }: Training, { results, updates }: StepEntry): Step => {
  const loss = results['loss'] as Expr
  const roots = [loss, ...updates.map((u) => u.value)]
  const inputs = leavesOf(roots, 'input')
  const carried = updates.map((u) => u.target)
  const rate = { learningRate: { shape: [], data: Float32Array.of(optimizer.learningRate) } }
  let held = valuesOf(carried, parameters)
  return (index) => {
    const batch = valuesOf(inputs, { ...batches[index % batches.length], ...rate })
    const [value, ...after] = interpret(roots, new Map([...held, ...batch]))
    held = new Map(carried.map((target, k) => [target, after[k] as Tensor]))
    return value?.data[0] ?? Number.NaN
  }
}

const models: Readonly<Record<string, readonly [training: () => Training, entries: () => EntryInputs]>> = {
  W1: [w1, w1Entries],
  W2: [w2, w2Entries],
  W3: [w3, w3Entries],
  W7: [w7, w7Entries],
  W8: [w8, w8Entries],
  embedding: [embedding, embeddingEntries],
}

export const train = (workload: string): Promise<Step> | undefined => {
  const model = models[workload]
  if (model === undefined) return undefined
  const [training, entries] = model
  return Promise.resolve(interpreted(training(), entries()['step'] as StepEntry))
}
