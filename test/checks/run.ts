// In: an entry, inputs, a target. Out: what a checked build of it says, or 'fine'.
// Invariant: every pass is checked, and the artifact goes the user's road, through its bytes and the runtime.

import { isLeft } from 'fp-ts/lib/Either.js'
import { load } from '../../runtime/load.ts'
import type { Program } from '../../runtime/program.ts'
import { compile } from '../../compiler/compile.ts'
import type { EntryInput } from '../../compiler/entries.ts'
import type { Target } from '../../src/artifact/types.ts'

export const targets: readonly Target[] = ['wasm', 'javascript']

export type Values = Readonly<Record<string, readonly number[] | number>>

export const programOf = async (main: EntryInput, target: Target, checks = true): Promise<Program> => {
  const artifact = await compile({ main }, { checks, checked: true, target })
  if (isLeft(artifact)) throw new Error(artifact.left.message)
  const program = await load(artifact.right)
  if (isLeft(program)) throw new Error(program.left.message)
  return program.right as Program
}

/** What a run says, without the file's place, and the line of that file as it is. */
export const said = (program: Program, values: Values): string => {
  const result = program.call('main', values)
  if (!isLeft(result)) return 'fine'
  const { code, message, source } = result.left
  return `${code}: ${message.replace(/ at \S+:\d+:\d+$/, source?.file.endsWith('.test.ts') === true ? ' at LINE' : '')}`
}

export const outcome = async (main: EntryInput, values: Values, target: Target): Promise<string> =>
  said(await programOf(main, target), values)
