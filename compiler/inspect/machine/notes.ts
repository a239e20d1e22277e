/**
 * Comments for emitted text. In: a plan with its programs. Out: for each kernel of the plan, the expressions that it computes, and
 * the lines of the user's file that they come from.
 * Invariant: every step of the user's entries is told where its kernel stands.
 */
import { layout } from '../layout.ts'
import { type Place, placesOf } from './lines.ts'
import { type Machine, namesOf, ownEntries } from './machine.ts'
import { fileName } from './provenance.ts'

const most = 4

/** `, from model.ts:12, 15`; of many lines the first. */
const whence = (places: readonly Place[]): string => {
  const shown = places
    .slice(0, most)
    .map(({ file, line }, i) => (places[i - 1]?.file === file ? String(line) : `${fileName(file)}:${line}`))
  return places.length === 0 ? '' : `, from ${[...shown, ...(places.length > most ? ['…'] : [])].join(', ')}`
}

export const kernelNotes = (machine: Machine): readonly (readonly string[])[] => {
  const notes = machine.plan.kernels.map((): string[] => [])
  for (const [e, fused] of ownEntries(machine)) {
    const { readings } = namesOf(machine, e, fused)
    for (const [i, { kernel, of }] of e.steps.entries()) {
      const reading = of === undefined ? undefined : readings.get(of)
      if (reading === undefined) continue
      const lines = layout(reading.equations).split('\n')
      const from = of === undefined ? '' : whence(placesOf(of))
      notes[kernel]?.push(`${e.name}, step ${i + 1}${from}:`, ...lines.map((line) => `  ${line}`))
    }
  }
  return notes
}
