// The first five losses of the workloads, as compiled and as interpreted. The interpreter neither fuses, plans nor emits, and
// it accumulates in double precision: what they agree on is the model, up to the rounding of f32.

import { describe, expect, it } from 'vitest'
import { tolerance } from '../../bench/agreement.ts'
import { train as interpret } from '../../bench/nabla/interpreter.ts'
import { train as trainW1 } from '../../bench/nabla/w1.ts'
import { train as trainW2 } from '../../bench/nabla/w2.ts'
import type { Step, Variant } from '../../bench/subject.ts'

const compiled = { W1: trainW1, W2: trainW2 } as const
const names = ['W1', 'W2'] as const

const five = (step: Step | undefined): readonly number[] =>
  Array.from({ length: 5 }, (_, index) => step?.(index) ?? Number.NaN)

describe.each(names)('the first five losses of %s', (name) => {
  it('are those of the interpreter', { timeout: 120_000 }, async () => {
    const expected = five(await interpret(name))
    expect(expected.every(Number.isFinite)).toBe(true)
    // parameters that stand still would agree too
    expect(new Set(expected).size).toBe(5)
    for (const variant of ['plain', 'javascript'] as const satisfies readonly Variant[]) {
      const found = five(await compiled[name](name, variant))
      for (const [k, loss] of found.entries())
        expect(Math.abs(loss / (expected[k] ?? Number.NaN) - 1)).toBeLessThan(tolerance)
    }
  })
})
