// Workloads held by Nabla's runtime, their first batch in place. Comes in: a workload's name; goes out: its step, ready to
// be run again and again, and the program it belongs to.

import type { Entry, Program } from 'nabla/runtime'
import { embedding } from '../workloads/embedding.ts'
import { w1 } from '../workloads/w1.ts'
import { w2 } from '../workloads/w2.ts'
import { w3 } from '../workloads/w3.ts'
import { w4 } from '../workloads/w4.ts'
import { w5 } from '../workloads/w5.ts'
import { w6 } from '../workloads/w6.ts'
import { w7 } from '../workloads/w7.ts'
import { w8 } from '../workloads/w8.ts'
import { w9 } from '../workloads/w9.ts'
import type { Training } from '../workloads/workload.ts'
import { entries as embeddingEntries } from './embedding.ts'
import { programOf, writeBatch, writeParameters } from './program.ts'
import { entries as w1Entries } from './w1.ts'
import { entries as w2Entries } from './w2.ts'
import { entries as w3Entries } from './w3.ts'
import { entries as w4Entries } from './w4.ts'
import { entries as w5Entries } from './w5.ts'
import { entries as w6Entries } from './w6.ts'
import { entries as w7Entries } from './w7.ts'
import { entries as w8Entries } from './w8.ts'
import { entries as w9Entries } from './w9.ts'

export type Held = { readonly training: Training; readonly program: Program; readonly step: Entry }

export const heldModels = {
  W1: { training: w1, entries: w1Entries },
  W2: { training: w2, entries: w2Entries },
  W3: { training: w3, entries: w3Entries },
  W4: { training: w4, entries: w4Entries },
  W5: { training: w5, entries: w5Entries },
  W6: { training: w6, entries: w6Entries },
  W7: { training: w7, entries: w7Entries },
  W8: { training: w8, entries: w8Entries },
  W9: { training: w9, entries: w9Entries },
  embedding: { training: embedding, entries: embeddingEntries },
} as const

export type HeldName = keyof typeof heldModels

export const heldNames = Object.keys(heldModels) as readonly HeldName[]

export const isHeld = (name: string): name is HeldName => Object.hasOwn(heldModels, name)

export const holdWorkload = async (name: HeldName): Promise<Held> => {
  const { training, entries } = heldModels[name]
  const [given, program] = [training(), await programOf(entries(), 'plain')]
  writeParameters(program, given)
  const { step } = program.entries
  if (step === undefined) throw new Error('there is no entry step')
  writeBatch(step, given, 0)
  return { training: given, program, step }
}
