/**
 * Comments for emitted text. In: a plan with its programs. Out: for each kernel of the plan, the expressions that it computes.
 * Invariant: every step of the user's entries is told where its kernel stands.
 */
import { layout } from '../layout.ts'
import { type Machine, namesOf, ownEntries } from './machine.ts'

export const kernelNotes = (machine: Machine): readonly (readonly string[])[] => {
  const notes = machine.plan.kernels.map((): string[] => [])
  for (const [e, fused] of ownEntries(machine)) {
    const { readings } = namesOf(machine, e, fused)
    for (const [i, { kernel, of }] of e.steps.entries()) {
      const reading = of === undefined ? undefined : readings.get(of)
      if (reading === undefined) continue
      const lines = layout(reading.equations).split('\n')
      notes[kernel]?.push(`${e.name}, step ${i + 1}:`, ...lines.map((line) => `  ${line}`))
    }
  }
  return notes
}
