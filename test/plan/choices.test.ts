// In: sound plans of choices between steps and of loops with a condition, and the same with one fault planted in each. Out: that the checker passes the
// first and names the fault of every other. Invariant: each arm is taken by itself; behind a choice holds what all arms leave.

import { describe, expect, test } from 'vitest'
import { faultsOfPlan } from '../../compiler/plan/check.ts'
import type { Plan, PlanBuffer, PlanChoice, PlanStep, PlanWhile } from '../../compiler/plan/plan.ts'
import { buffer, map, step } from './sound.ts'

const [X, P, T, U, Y] = [0, 1, 2, 3, 4] as const
const buffers: readonly PlanBuffer[] = [
  buffer('x', 'input', 30, 0),
  { ...buffer('p', 'input', 1, 192), dtype: 'bool' },
  // of different arms, in the same memory
  buffer('t', 'arena', 30, 256),
  buffer('u', 'arena', 30, 256),
  buffer('y', 'output', 30, 448),
]
const arms = [step(0, X, T), step(0, T, Y), step(0, X, U), step(0, U, Y)]
const choice: PlanChoice = { tag: 'choice', from: 0, to: 4, predicate: P, arms: [0, 2] }

interface Change {
  readonly buffers?: readonly PlanBuffer[]
  readonly steps?: readonly PlanStep[]
  readonly choice?: Partial<PlanChoice>
}

const planOf = (change: Change = {}): Plan => ({
  kernels: [map('relu', 'relu', 30)],
  buffers: change.buffers ?? buffers,
  params: [],
  states: [],
  constants: [],
  entries: [
    {
      name: 'main',
      inputs: [
        { name: 'x', dtype: 'f32', shape: [30], buffer: X },
        { name: 'p', dtype: 'bool', shape: [], buffer: P },
      ],
      outputs: [{ name: 'y', dtype: 'f32', shape: [30], buffer: Y }],
      steps: change.steps ?? arms,
      ranges: [{ ...choice, ...change.choice }],
      flops: 0,
      traffic: 0,
      peak: 0,
    },
  ],
  memoryBytes: 640,
})

test('arms that share memory are sound', () => {
  expect(faultsOfPlan(planOf())).toEqual([])
})

describe('a fault', () => {
  const inArena = buffers.map((b, i): PlanBuffer => (i === P ? { ...b, region: 'arena' } : b))
  test.each<readonly [string, Change, string]>([
    [
      'of an arm that leaves the output unwritten',
      { steps: [...arms.slice(0, 3), step(0, U, T)] },
      'unwritten: main: element 0 of output y (#4) is never written',
    ],
    [
      'of an arm that reads what the other one writes',
      { steps: [arms[0] as PlanStep, arms[1] as PlanStep, step(0, T, U), arms[3] as PlanStep] },
      'definition: main, step 2: relu reads element 0 of t (#2), which no step has written, or scratch has overwritten',
    ],
    [
      'of what is read behind, and only one arm has made',
      {
        steps: [arms[0] as PlanStep, step(0, X, U), arms[2] as PlanStep, step(0, T, Y)],
        choice: { to: 3, arms: [0, 1] },
      },
      'definition: main, step 3: relu reads element 0 of t (#2), which no step has written, or scratch has overwritten',
    ],
    [
      'of a predicate that is no truth',
      { choice: { predicate: X } },
      'binding: main, choice before step 0: x (#0) is no scalar of bool or i32',
    ],
    [
      'of a predicate that nobody has made',
      { buffers: inArena },
      'definition: main, choice before step 0: its predicate p (#1) is not there',
    ],
    [
      'of arms that are not one behind the other',
      { choice: { arms: [1, 2] } },
      'binding: main, choice before step 0: its arms at 1, 2 do not fill it',
    ],
  ])('%s is found', (_, change, words) => {
    expect(faultsOfPlan(planOf(change)).map((f) => `${f.rule}: ${f.message}`)).toContain(words)
  })
})

describe('a loop with a condition', () => {
  const [C, Q] = [0, 1] as const
  /** q = relu(c) as a truth, and c = relu(c) through t: what counts is who reads and writes what. */
  const truth = map('truth', 'relu', 1)
  const bool = { ...truth, buffers: truth.buffers.map((b) => ({ ...b, dtype: 'bool' as const })) }
  const loopOf = (change: Partial<PlanWhile> = {}, steps?: readonly PlanStep[]): Plan => {
    const base = planOf()
    return {
      ...base,
      kernels: [bool],
      buffers: [
        { ...buffer('c', 'output', 1, 0), dtype: 'bool' },
        { ...buffer('q', 'arena', 1, 64), dtype: 'bool' },
        { ...buffer('x', 'input', 1, 128), dtype: 'bool' },
      ],
      entries: base.entries.map((e) => ({
        ...e,
        inputs: [{ name: 'x', dtype: 'bool', shape: [], buffer: 2 }],
        outputs: [{ name: 'c', dtype: 'bool', shape: [], buffer: C }],
        steps: steps ?? [step(0, 2, C), step(0, C, Q), step(0, 2, C)],
        ranges: [{ tag: 'while', from: 1, test: 2, to: 3, predicate: Q, ...change }],
      })),
    }
  }

  test('is sound where each test finds what the step before it left', () => {
    expect(faultsOfPlan(loopOf())).toEqual([])
  })

  test.each<readonly [string, Plan, string]>([
    [
      'of a predicate that the test does not compute',
      loopOf({ from: 1, test: 1 }),
      'definition: main, loop at step 1: its predicate q (#1) is not there',
    ],
    [
      'of a result that only a step writes, which may not run',
      loopOf({ from: 0, test: 1, to: 2 }, [step(0, 2, Q), step(0, 2, C)]),
      'unwritten: main: element 0 of output c (#0) is never written',
    ],
  ])('a fault %s is found', (_, plan, words) => {
    expect(faultsOfPlan(plan).map((f) => `${f.rule}: ${f.message}`)).toContain(words)
  })
})
