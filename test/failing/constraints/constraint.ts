/**
 * What a broken constraint is. In: a program that breaks one constraint of one op. Out: a row of the table, and the leaves that the
 * programs share. Invariant: a program goes through what users call wherever that lets the fault reach the op; where the function
 * refuses it first, under its own name, the program asks the graph for the op itself.
 */
import { input } from 'nabla'
import type { expressionErrorCodes } from '../../../src/core/codes.ts'
import type { Failing } from '../program.ts'

export interface Broken extends Failing {
  readonly code: keyof typeof expressionErrorCodes
}

/** Of one op: by the label of the constraint, programs that break it, one for each way in which `infer` says so. */
export type BrokenConstraints = Readonly<Record<`C${number}`, readonly Broken[]>>

export const breaks = (code: Broken['code'], message: string, run: () => unknown): Broken => ({ code, message, run })

/** For what no type would let pass. */
export const loose = <T>(f: (...args: never) => T): ((...args: readonly unknown[]) => T) =>
  f as (...args: readonly unknown[]) => T

export const x = input('x', [4, 3])
export const w = input('w', [5, 2])
export const d = input('d', [4, 3], 'f64')
export const n = input('n', [4, 3], 'i32')
export const m = input('m', [4, 3], 'bool')
export const ids = input('ids', [4], 'i32')
export const scalar = input('s', [])
/** No row. */
export const none = input('none', [0, 3])
