// In: nothing. Out: a sound plan of two entries, with all that a planner does: an intermediate written over its last-read
// operand, memory used again, a parameter updated in place, scratch of a kernel and of a target.
// Invariant: the checker finds no fault in it, and every target can run it.

import type { Kernel, LoopKernel } from '../../compiler/kernel/kernel.ts'
import type { Plan, PlanBuffer, PlanEntry, PlanStep, Region } from '../../compiler/plan/plan.ts'
import { apply, contraction, load, loop, slot, softmax, stage } from '../kernel/build.ts'

export const at = (strides: readonly number[], value: number, buffer: number) => ({
  buffer,
  access: { offset: 0, strides },
  value,
})

/** y = op(x), element by element. */
export const map = (name: string, op: string, n: number): LoopKernel =>
  loop(
    name,
    [slot('f32', n, 'read', 'x'), slot('f32', n, 'write', 'y')],
    [stage([n], [load('f32', 0, [1]), apply('f32', op, [0])], { stores: [at([1], 1, 1)] })],
  )
const sgd = loop(
  'sgd',
  [slot('f32', 42, 'update', 'w'), slot('f32', 42, 'read', 'g')],
  [
    stage([42], [load('f32', 0, [1]), load('f32', 1, [1]), apply('f32', 'sub', [0, 1])], {
      stores: [at([1], 2, 0)],
    }),
  ],
)
const viaScratch = loop(
  'doubled',
  [slot('f32', 30, 'read', 'x'), slot('f32', 30, 'scratch', 'e'), slot('f32', 30, 'write', 'y')],
  [
    stage([30], [load('f32', 0, [1]), apply('f32', 'add', [0, 0])], { stores: [at([1], 1, 1)] }),
    stage([30], [load('f32', 1, [1])], { stores: [at([1], 0, 2)] }),
  ],
)

export const kernels: readonly Kernel[] = [
  contraction({ m: 5, n: 6, k: 7, epilogue: true }),
  map('relu', 'relu', 30),
  softmax(5, 6),
  map('square', 'square', 42),
  sgd,
  viaScratch,
]

export const buffer = (label: string, region: Region, elements: number, offset: number): PlanBuffer => ({
  dtype: 'f32',
  elements,
  region,
  offset,
  label,
})
export const [X, W, BIAS, H, R, P, G, LOSS, E, D] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const
export const buffers: readonly PlanBuffer[] = [
  buffer('x', 'input', 35, 0),
  buffer('w', 'param', 42, 160),
  buffer('bias', 'constant', 6, 352),
  buffer('h', 'arena', 30, 400),
  buffer('r', 'arena', 30, 400), // overwrites h, which is read for the last time where r is written
  buffer('p', 'output', 30, 592),
  buffer('g', 'arena', 42, 400), // lies where h and r have lain
  buffer('loss', 'output', 30, 736),
  buffer('e', 'arena', 30, 880),
  buffer('d', 'arena', 30, 1024),
]

export const step = (kernel: number, ...bindings: readonly number[]): PlanStep => ({
  kernel,
  bindings,
  scratch: 0,
  scratchBytes: 0,
})
const entry = (name: string, output: number, steps: readonly PlanStep[]): PlanEntry => ({
  name,
  inputs: [{ name: 'x', dtype: 'f32', shape: [5, 7], buffer: X }],
  outputs: [{ name: 'y', dtype: 'f32', shape: [5, 6], buffer: output }],
  steps,
  ranges: [],
  flops: 0,
  traffic: 0,
  peak: 0,
})
export const predictSteps = [step(0, X, W, BIAS, H), step(1, H, R), step(2, R, P)]
export const trainSteps = [
  step(0, X, W, BIAS, H),
  step(1, H, R),
  { ...step(5, R, E, D), scratch: 1168, scratchBytes: 64 },
  step(2, D, LOSS),
  step(3, W, G),
  step(4, W, G),
]
export const sound: Plan = {
  kernels,
  buffers,
  params: [{ name: 'w', dtype: 'f32', shape: [7, 6], buffer: W }],
  states: [],
  constants: [{ buffer: BIAS, bytes: new Uint8Array(Float32Array.of(1, -2, 0.5, -0.25, 3, -1).buffer) }],
  entries: [entry('predict', P, predictSteps), entry('train', LOSS, trainSteps)],
  memoryBytes: 1248,
}
