// In: a sound plan for threads, and the same with one fault planted in each. Out: that the checker passes the first and names
// the fault of every other.

import { describe, expect, it } from 'vitest'
import type { LoopKernel } from '../../compiler/kernel/kernel.ts'
import type { Split } from '../../compiler/kernel/split.ts'
import { faultsOfPlan } from '../../compiler/plan/check.ts'
import type { Plan, PlanThreads } from '../../compiler/plan/plan.ts'
import { apply, load, stage } from '../kernel/build.ts'
import { at, buffer, map } from './sound.ts'

/** y = relu x, then z[i] = Σ y[i], kept in scratch before it is added up. */
const relu = map('relu', 'relu', 64)
const rows: LoopKernel = {
  ...map('rows', 'relu', 64),
  outer: [8],
  stages: [
    stage([8], [load('f32', 0, [8, 1])], { stores: [at([0, 1], 0, 2)] }),
    stage([8], [load('f32', 2, [0, 1]), apply('f32', 'neg', [0])], { stores: [at([8, 1], 1, 1)] }),
  ],
  buffers: [...map('rows', 'relu', 64).buffers, { dtype: 'f32', elements: 8, mode: 'scratch', label: 'row' }],
}

const threads: PlanThreads = {
  most: 2,
  splits: [
    { axis: 0, length: 24, parts: 3 },
    { axis: 0, length: 3, parts: 3 },
  ],
  control: 64,
  controlBytes: 256,
}
const step = { scratch: 0, scratchBytes: 0 }
const sound: Plan = {
  kernels: [relu, rows],
  buffers: [
    buffer('x', 'input', 64, 320),
    buffer('y', 'arena', 64, 640),
    buffer('z', 'output', 64, 960),
    buffer('row', 'arena', 32, 1280),
  ],
  params: [],
  states: [],
  constants: [],
  entries: [
    {
      name: 'main',
      inputs: [{ name: 'x', dtype: 'f32', shape: [64], buffer: 0 }],
      outputs: [{ name: 'z', dtype: 'f32', shape: [64], buffer: 2 }],
      steps: [
        { ...step, kernel: 0, bindings: [0, 1] },
        { ...step, kernel: 1, bindings: [1, 2, 3] },
      ],
      ranges: [],
      flops: 0,
      traffic: 0,
      peak: 0,
    },
  ],
  memoryBytes: 1600,
  threads,
}

const withSplit = (k: number, split: Split): Plan => ({
  ...sound,
  threads: { ...threads, splits: threads.splits.map((s, i) => (i === k ? split : s)) },
})
const withKernel = (k: number, kernel: LoopKernel): Plan => ({
  ...sound,
  kernels: sound.kernels.map((old, i) => (i === k ? kernel : old)),
})

/** Every point stores to the place of its neighbour too. */
const touching: LoopKernel = {
  ...relu,
  stages: [
    stage([64], [load('f32', 0, [1])], {
      stores: [at([1], 0, 1), { ...at([1], 0, 1), access: { offset: 0, strides: [0] } }],
    }),
  ],
}
/** Every row reads the first row of what is stored. */
const reading: LoopKernel = {
  ...rows,
  stages: [
    stage([8], [load('f32', 0, [8, 1])], { stores: [at([8, 1], 0, 1)] }),
    stage([8], [load('f32', 1, [0, 1])], { stores: [at([0, 1], 0, 2)] }),
  ],
}

describe('a plan for threads', () => {
  it('is sound', () => {
    expect(faultsOfPlan(sound)).toEqual([])
  })

  it.each([
    [
      'parts that leave a rest',
      withSplit(0, { axis: 0, length: 20, parts: 3 }),
      /3 parts of 20 do not cut axis 0 of 64/,
    ],
    ['parts beyond the end', withSplit(0, { axis: 0, length: 32, parts: 3 }), /do not cut/],
    ['an axis that is not there', withSplit(1, { axis: 3, length: 4, parts: 2 }), /do not cut axis 3 of 0/],
    ['parts that write the same', withKernel(0, touching), /two of its parts write the same element of b1/],
    ['parts that read what others write', withKernel(1, reading), /part 1 reads what another part writes of b1/],
    [
      'scratch for one thread',
      { ...sound, buffers: sound.buffers.map((b, i) => (i === 3 ? { ...b, elements: 8 } : b)) },
      /b2 \(row\) has 8 elements for 2 threads/,
    ],
    ['a control area over an input', { ...sound, threads: { ...threads, controlBytes: 320 } }, /meets memory/],
  ])('has no %s', (_, plan, message) => {
    const faults = faultsOfPlan(plan as Plan).filter((f) => f.rule === 'parts')
    expect(faults.map((f) => f.message).join('\n')).toMatch(message)
  })
})
