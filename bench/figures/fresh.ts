// Processes of their own, for what only a fresh one can tell. Comes in: a file and V8's flags; goes out: what its last line
// says. Invariant: one at a time, and again where another process had the core, within reason.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Effort } from '../effort.ts'

const run = promisify(execFile)
const typescript = fileURLToPath(new URL('../../cli/run.js', import.meta.url))

/** What every fresh process tells beside its figures: processor time over elapsed time, while it was measured. */
export type Told = { readonly busy: number }

const calm = 0.95

/** Runs a JavaScript file; its last line is JSON, and its own word for what that holds is taken. */
export const runFresh = async <T>(file: string, args: readonly string[], flags: readonly string[] = []): Promise<T> => {
  const { stdout } = await run(process.execPath, [...flags, file, ...args], { maxBuffer: 1 << 24 })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T
}

/** The same for a TypeScript file of this folder. */
export const runFreshTypeScript = <T>(
  name: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<T> => runFresh(typescript, [fileURLToPath(new URL(name, import.meta.url)), ...args], flags)

const calmest = async <T extends Told>(once: () => Promise<T>, retries: number): Promise<T> => {
  let best = await once()
  for (let retry = 0; retry < retries && best.busy < calm; retry += 1) {
    const again = await once()
    if (again.busy > best.busy) best = again
  }
  return best
}

/** As many fresh processes as the effort allows, one after the other. */
export const repeatFresh = async <T extends Told>(
  { processes, retries }: Effort,
  once: () => Promise<T>,
): Promise<readonly T[]> => {
  const told: T[] = []
  for (let time = 0; time < processes; time += 1) told.push(await calmest(once, retries))
  return told
}
