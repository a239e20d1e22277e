import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scratchFor } from '../../compiler/emit/wasm/split.ts'
import { fuse } from '../../compiler/fuse/fuse.ts'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { faultsOf } from '../../compiler/kernel/check.ts'
import { faultsOfPlan } from '../../compiler/plan/check.ts'
import { makePlan } from '../../compiler/plan/make.ts'
import type { Plan } from '../../compiler/plan/plan.ts'
import type { Elements } from '../../src/ops/leaf.ts'
import { type Program, programOf } from './programs.ts'
import { type Running, read, startJavaScript, startWasm, write } from './run.ts'
import { assertProperty } from '../properties.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 })

const planOf = ({ roots }: Program): Plan => {
  const results = roots.map((value, i) => ({ name: `r${i}`, value }))
  const fused = fuse({ name: 'main', results, updates: [] })
  return makePlan([fused], { scratchBytes: scratchFor('plain') })
}

const evaluate = (program: Program, plan: Plan, running: Running): readonly Elements[] => {
  for (const [node, value] of program.env)
    write(plan, running, (node.params as { readonly name: string }).name, value.data)
  running.run('main')
  return program.roots.map((_, i) => read(plan, running, `r${i}`))
}

/** Equal up to rounding of sums in f32, where NaN is NaN and infinities are equal. */
const near = (got: number, want: number): boolean =>
  Object.is(got, want) || got === want || Math.abs(got - want) <= 2e-4 * (1 + Math.abs(want))

const sameBits = (a: Elements, b: Elements): boolean => a.every((v, i) => Object.is(v, b[i]))

describe.each([
  { size: 6, runs: 60 },
  { size: 14, runs: 60 },
  { size: 50, runs: 12 },
])('random programs of $size applications', ({ size, runs }) => {
  test('kernels and plan pass their checkers', () => {
    assertProperty(
      fc.property(seeds, (seed) => {
        const plan = planOf(programOf(seed, size))
        expect(plan.kernels.flatMap((k) => faultsOf(k))).toEqual([])
        expect(faultsOfPlan(plan)).toEqual([])
      }),
      { numRuns: runs },
    )
  })

  test('Wasm computes what the interpreter computes, and JavaScript the same bits', async () => {
    await assertProperty(
      fc.asyncProperty(seeds, async (seed) => {
        const program = programOf(seed, size)
        const plan = planOf(program)
        const want = interpret(program.roots, program.env)
        const wasm = evaluate(program, plan, await startWasm(plan))
        const javascript = evaluate(program, plan, await startJavaScript(plan))
        for (const [i, w] of want.entries()) {
          const [a, b] = [wasm[i] as Elements, javascript[i] as Elements]
          expect(a.findIndex((v, k) => !near(v, w.data[k] as number))).toBe(-1)
          expect(sameBits(a, b)).toBe(true)
        }
      }),
      { numRuns: runs },
    )
  }, 60_000)
})
