// The figures that are Nabla's alone and do not depend on how busy the machine is: sizes, lengths of derivatives, and
// that a step allocates nothing.

import { describe, expect, it } from 'vitest'
import { measureAllocation } from '../../bench/figures/allocation.ts'
import { measureArtifact, measureWrapper } from '../../bench/figures/artifacts.ts'
import { measureOperations, operationsOf } from '../../bench/figures/operations.ts'
import type { Measurement } from '../../bench/measure.ts'
import { tables } from '../../bench/table.ts'
import { derivations } from '../../bench/textbook.ts'

const only = (measurements: readonly Measurement[]): number => {
  expect(measurements).toHaveLength(1)
  return measurements[0]?.line.value ?? Number.NaN
}

describe('what is shipped', () => {
  it("is under 40 kB for the artifact of W2's step, and under 6 kB for its wrapper", async () => {
    const artifact = only(await measureArtifact())
    expect(artifact).toBeGreaterThan(5000)
    expect(artifact).toBeLessThan(40_000)
    const wrapper = only(await measureWrapper())
    expect(wrapper).toBeGreaterThan(1000)
    expect(wrapper).toBeLessThan(6000)
  })
})

describe('a step', () => {
  it('allocates nothing, neither on the heap nor in Wasm memory, in ten thousand runs of W1', async () => {
    expect(only(await measureAllocation('W1', 10_000))).toBeLessThanOrEqual(0)
  })
})

describe('a generated derivative', () => {
  it.each(derivations())('has no more operations than the hand-written one: $name', (derivation) => {
    const [nabla, hand] = measureOperations(derivation).map(({ line }) => line.value)
    expect(nabla).toBeGreaterThan(0)
    expect(nabla).toBeLessThanOrEqual(hand ?? Number.NaN)
  })

  it('is counted without views and leaves, and each operation once', () => {
    const [square] = derivations()
    expect(square?.name).toBe('square')
    expect(operationsOf(square?.hand ?? {})).toBe(1)
  })

  it('stands beside the hand-written one in the report', () => {
    const [square] = derivations()
    if (square === undefined) throw new Error('there are no derivations')
    expect(tables(measureOperations(square), [])).toMatchInlineSnapshot(`
      "operations of a gradient  nabla plain  hand plain
      ops-square                1            1

      from the leaves to all derivatives, views not counted"
    `)
  })
})
