/**
 * What a pass is, and how one is run: timed, checked, shown. In: a pass and its input. Out: its result, and a record of it.
 * Invariant: passes are run through `runPass` alone, so that every one can be timed, printed and checked alike.
 */
import { InternalError } from '../src/core/errors.ts'

export interface Pass<A, B> {
  readonly name: PassName
  readonly run: (input: A) => B
  /** The result as a person reads it. */
  readonly show?: (output: B) => string
  /** How large the result is, in words. */
  readonly size?: (output: B) => string
  /** What is wrong with the result: an empty list where nothing is. */
  readonly faults?: (output: B) => readonly string[]
}

export const passNames = ['simplify', 'sparse', 'fuse', 'remat', 'plan', 'emit'] as const
export type PassName = (typeof passNames)[number]

export interface PassTime {
  readonly pass: PassName
  readonly milliseconds: number
}

/** How passes are watched. */
export interface Watch {
  /** Checks every representation behind the pass that made it; a fault is an InternalError. */
  readonly checked: boolean
  /** Receives the printed result of the passes asked for. */
  readonly dump: (pass: PassName, text: string, size: string) => void
  readonly wanted: ReadonlySet<PassName>
  readonly note: (time: PassTime) => void
}

export const runPass = <A, B>(watch: Watch, pass: Pass<A, B>, input: A): B => {
  const start = performance.now()
  const output = pass.run(input)
  watch.note({ pass: pass.name, milliseconds: performance.now() - start })
  if (watch.wanted.has(pass.name) && pass.show !== undefined)
    watch.dump(pass.name, pass.show(output), pass.size?.(output) ?? '')
  if (watch.checked) {
    const faults = pass.faults?.(output) ?? []
    if (faults.length > 0) throw new InternalError(`${pass.name} made what its checker refuses:\n${faults.join('\n')}`)
  }
  return output
}
