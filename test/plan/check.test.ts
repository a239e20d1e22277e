// In: a sound plan, and the same with one fault planted in each. Out: that the checker passes the first and names the
// fault of every other.

import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Kernel, LoopKernel } from '../../compiler/kernel/kernel.ts'
import { checkPlan, faultsOfPlan } from '../../compiler/plan/check.ts'
import type { PlanFault } from '../../compiler/plan/places.ts'
import type { Plan, PlanBuffer, PlanEntry, PlanStep } from '../../compiler/plan/plan.ts'
import { expectFault } from '../faults.ts'
import { apply, contraction, load, softmax, stage } from '../kernel/build.ts'
import {
  at,
  BIAS,
  buffer,
  buffers,
  D,
  E,
  G,
  H,
  kernels,
  map,
  P,
  predictSteps,
  R,
  sound,
  step,
  trainSteps,
  W,
  X,
} from './sound.ts'

const withBuffer = (n: number, change: Partial<PlanBuffer>): Plan => ({
  ...sound,
  buffers: buffers.map((b, i) => (i === n ? { ...b, ...change } : b)),
})
const withSteps = (e: number, steps: readonly PlanStep[]): Plan => ({
  ...sound,
  entries: sound.entries.map((old, i) => (i === e ? { ...old, steps } : old)),
})
const withStep = (e: number, n: number, change: Partial<PlanStep>): Plan =>
  withSteps(
    e,
    (sound.entries[e]?.steps ?? []).map((s, i) => (i === n ? { ...s, ...change } : s)),
  )
const withKernel = (n: number, kernel: Kernel): Plan => ({
  ...sound,
  kernels: kernels.map((k, i) => (i === n ? kernel : k)),
})
const withEntry = (e: number, change: Partial<PlanEntry>): Plan => ({
  ...sound,
  entries: sound.entries.map((old, i) => (i === e ? { ...old, ...change } : old)),
})

/** relu read backwards: no longer at the address that it stores to. */
const reversed: LoopKernel = {
  ...map('relu', 'relu', 30),
  stages: [stage([30], [load('f32', 0, [-1], 29), apply('f32', 'relu', [0])], { stores: [at([1], 1, 1)] })],
}
const shorter = map('relu', 'relu', 29)
const square = contraction({ m: 5, n: 5, k: 5 })

describe('a sound plan', () => {
  it('passes', () => {
    expect(faultsOfPlan(sound)).toEqual([])
    const checked = checkPlan(sound)
    expect(isRight(checked) && checked.right).toBe(sound)
  })

  it('may keep an intermediate where its own output is yet to be written', () => {
    expect(faultsOfPlan(withBuffer(E, { offset: 736 }))).toEqual([])
  })

  it('may call a parameter and its new value two buffers at one place', () => {
    const plan = { ...withStep(1, 5, { bindings: [10, G] }), buffers: [...buffers, buffer("w'", 'param', 42, 160)] }
    expect(faultsOfPlan(plan)).toEqual([])
  })

  it('may return an input', () => {
    const outputs = [{ name: 'x', dtype: 'f32' as const, shape: [35], buffer: X }]
    expect(faultsOfPlan(withEntry(0, { outputs: [...(sound.entries[0]?.outputs ?? []), ...outputs] }))).toEqual([])
  })
})

const planted: readonly (readonly [string, Plan, PlanFault['rule'], RegExp])[] = [
  ['two live buffers overlap', withBuffer(D, { offset: 896 }), 'alias', /scratch e.* and .*write y/],
  [
    'a buffer overwritten before its last read',
    withSteps(1, [...trainSteps.slice(0, 2), step(3, W, G), ...trainSteps.slice(2)]),
    'clobber',
    /reads element 0 of r .* where g/,
  ],
  [
    'the arena over a parameter',
    withBuffer(H, { offset: 160 }),
    'overlap',
    /w \(#1\) and arena h|arena h.* and param w/,
  ],
  [
    'the arena over another entry’s output',
    withBuffer(E, { offset: 592 }),
    'clobber',
    /train: leaves scratch at element 0 of output p/,
  ],
  ['the arena over its own output', withBuffer(G, { offset: 736 }), 'clobber', /leaves g .* of output loss/],
  [
    'two inputs at one place',
    { ...sound, buffers: [...buffers, buffer('t', 'input', 35, 16)] },
    'overlap',
    /input x .* input t/,
  ],
  [
    'a read of what nobody wrote',
    withSteps(0, predictSteps.slice(1)),
    'definition',
    /reads element 0 of h .* no step has written/,
  ],
  [
    'steps out of order',
    withSteps(
      0,
      [1, 0, 2].map((i) => predictSteps[i] as PlanStep),
    ),
    'definition',
    /relu reads element 0 of h/,
  ],
  ['a dropped tail', withKernel(1, shorter), 'clobber', /reads element 29 of r .* where h/],
  ['an output that is never written', withSteps(0, predictSteps.slice(0, 2)), 'unwritten', /element 0 of output p/],
  [
    'an output without its tail',
    withKernel(2, { ...softmax(4, 6), buffers: softmax(5, 6).buffers }),
    'unwritten',
    /element 24 of output p/,
  ],
  ['a kernel that moves elements in place', withKernel(1, reversed), 'alias', /relu has b0 .* and b1/],
  [
    'a product over its own operand',
    { ...withKernel(0, square), buffers: buffers.map((b, i) => (i === H ? { ...b, offset: 0 } : b)) },
    'alias',
    /5x5x5 has b0/,
  ],
  [
    'a write to a constant',
    {
      ...withStep(0, 1, { bindings: [H, BIAS] }),
      kernels: kernels.map((k, i) => (i === 1 ? map('relu', 'relu', 6) : k)),
    },
    'clobber',
    /writes to constant bias/,
  ],
  ['a write to an input', withStep(0, 1, { bindings: [H, X] }), 'clobber', /writes to input x/],
  ['scratch over an operand', withBuffer(E, { offset: 400 }), 'alias', /b0 .* and b1/],
  ['target scratch over an operand', withStep(1, 2, { scratch: 1088, scratchBytes: 64 }), 'scratch', /overlaps b2/],
  [
    'target scratch over a live buffer',
    withStep(1, 1, { scratch: 160, scratchBytes: 64 }),
    'definition',
    /reads element 0 of w .* scratch has overwritten/,
  ],
  ['target scratch behind memory', withStep(1, 2, { scratch: 1200, scratchBytes: 64 }), 'scratch', /misplaced/],
  ['a buffer off its alignment', withBuffer(D, { offset: 1028 }), 'placement', /1028 is no multiple of 16/],
  ['a buffer without its padding', { ...sound, memoryBytes: 1152 }, 'placement', /arena d .* ends/],
  ['a buffer too small', withBuffer(D, { elements: 29 }), 'binding', /wants 30 elements, d has 29/],
  ['a buffer of another dtype', withBuffer(D, { dtype: 'i32' }), 'binding', /wants f32, d is i32/],
  ['a binding too few', withStep(0, 1, { bindings: [H] }), 'binding', /1 bindings for 2/],
  ['a kernel that does not exist', withStep(0, 1, { kernel: 9 }), 'binding', /no kernel 9/],
  ['a binding to no buffer', withStep(0, 1, { bindings: [H, 77] }), 'binding', /no buffer 77/],
  [
    'a port of another shape',
    withEntry(0, { outputs: [{ name: 'y', dtype: 'f32', shape: [5, 5], buffer: P }] }),
    'port',
    /25 elements/,
  ],
  [
    'a port of another dtype',
    withEntry(0, { outputs: [{ name: 'y', dtype: 'i32', shape: [5, 6], buffer: P }] }),
    'port',
    /is i32/,
  ],
  [
    'an output in the arena',
    withEntry(0, { outputs: [{ name: 'y', dtype: 'f32', shape: [5, 6], buffer: R }] }),
    'port',
    /lies in the arena/,
  ],
  ['a parameter in the wrong region', withBuffer(W, { region: 'input' }), 'port', /region input, not param/],
  [
    'a constant of too few bytes',
    { ...sound, constants: [{ buffer: BIAS, bytes: new Uint8Array(20) }] },
    'constant',
    /20 bytes for 24/,
  ],
  ['a constant without bytes', { ...sound, constants: [] }, 'constant', /bias .* given 0 times/],
]

describe('planted faults', () => {
  it.each(planted)('%s', (_, plan, rule, message) => {
    expectFault(faultsOfPlan(plan), rule, message)
  })
})
