/**
 * What inspection sees of a compilation. In: a plan and the fused programs that it was made of. Out: its entries with the names
 * of what lies in memory.
 * Invariant: a buffer is called as the value that is written to it first.
 */
import type { Plan, PlanEntry } from '../../plan/plan.ts'
import { type Fused, type FusedKernel, isMade } from '../../program/fused.ts'
import { type KernelReading, readKernels } from './values.ts'

/** The plan, and the programs in the order of its entries. */
export interface Machine {
  readonly plan: Plan
  readonly fused: readonly Fused[]
}

/** The entries that the user asked for, each with its program; `init` is the compiler's own. */
export const ownEntries = ({ plan, fused }: Machine): readonly (readonly [PlanEntry, Fused])[] =>
  plan.entries.flatMap((e, i) => (e.name === 'init' ? [] : [[e, fused[i] as Fused] as const]))

export interface EntryNames {
  readonly readings: ReadonlyMap<FusedKernel, KernelReading>
  readonly buffer: (id: number) => string
  /** All values that are written to a buffer, in order; the later ones in place of the earlier ones. */
  readonly held: (id: number) => readonly string[]
}

export const namesOf = ({ plan }: Machine, e: PlanEntry, fused: Fused): EntryNames => {
  const readings = readKernels(fused)
  const made = new Map<number, readonly string[]>()
  const read = new Map<number, readonly string[]>()
  const note = (names: Map<number, readonly string[]>, id: number, name: string): void => {
    const known = names.get(id) ?? []
    if (!known.includes(name)) names.set(id, [...known, name])
  }
  for (const { of, bindings } of e.steps)
    for (const [i, slot] of (of?.slots ?? []).entries()) {
      const id = bindings[i] as number
      const name = (of === undefined ? undefined : readings.get(of)?.names[i]) ?? slot.role
      const { slice } = plan.buffers[id] ?? {}
      // an element of a sequence names the whole
      const [at, called] = slice === undefined ? [id, name] : [slice.of, name.replace(/‚?ₜ$/u, '')]
      note(isMade(slot) || slot.role === 'scratch' ? made : read, at, called)
    }
  const held = (id: number): readonly string[] => {
    const b = plan.buffers[id]
    if (b?.slice !== undefined) return held(b.slice.of)
    if (b?.region === 'arena' || b?.region === 'output') return made.get(id) ?? read.get(id) ?? [b.label]
    return [b?.label ?? `b${id}`]
  }
  return { readings, held, buffer: (id) => held(id)[0] as string }
}
