/**
 * Arguments that are no expressions. In: the name of the function that the user called, what he gave it. Out: the same, or the error
 * that says which values it takes. Invariant: what the type checker cannot see (the sign of a number, NaN) is refused where it is
 * given, and not found in a result.
 */
import type { DType } from '../core/dtype.ts'
import { isExpr, shapeError } from './node.ts'

/** What was given, as a user would write it. */
export const shown = (value: unknown): string => {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return 'a function'
  return typeof value === 'object' && value !== null ? (isExpr(value) ? 'an expression' : 'an object') : String(value)
}

/** One of the values that an option may have. */
export const oneOf = <T extends string | number>(op: string, option: string, value: T, allowed: readonly T[]): T => {
  if (allowed.includes(value)) return value
  const words = `${allowed.slice(0, -1).map(shown).join(', ')} or ${shown(allowed.at(-1))}`
  throw shapeError({ code: 'E_OPTION', sentence: `${op}: ${option} is ${shown(value)}, not ${words}` }, [])
}

const kinds = {
  'a finite number': (v: number) => Number.isFinite(v),
  'a number above 0': (v: number) => Number.isFinite(v) && v > 0,
  'a number of 0 or more': (v: number) => Number.isFinite(v) && v >= 0,
  'a number in [0, 1)': (v: number) => v >= 0 && v < 1,
  'a number in [0, 1]': (v: number) => v >= 0 && v <= 1,
  'an integer': (v: number) => Number.isSafeInteger(v),
  'a natural number': (v: number) => Number.isSafeInteger(v) && v >= 0,
  'an integer of 1 or more': (v: number) => Number.isSafeInteger(v) && v >= 1,
} as const

/** A number of the kind that is meant. */
export const numberOf = (op: string, option: string, value: number, kind: keyof typeof kinds): number => {
  if (typeof value === 'number' && kinds[kind](value)) return value
  throw shapeError({ code: 'E_OPTION', sentence: `${op}: ${option} is ${shown(value)}, not ${kind}` }, [])
}

/** Whether a number, or a truth, is a value of the dtype. */
export const isValueOf = (value: unknown, dtype: DType): boolean => {
  if (dtype === 'bool') return typeof value === 'boolean'
  if (typeof value !== 'number') return false
  return dtype !== 'i32' || (Number.isInteger(value) && Math.abs(value + 0.5) <= 2 ** 31)
}

/** Refuses what is no expression. */
export const expecting = (op: string, operands: readonly unknown[]): void => {
  const stray = operands.findIndex((x) => !isExpr(x))
  if (stray < 0) return
  const sentence = `${op}: operand ${stray} is ${shown(operands[stray])}, not an expression`
  const hint = typeof operands[stray] === 'number' ? { hint: `constant(${String(operands[stray])}) is one` } : {}
  throw shapeError({ code: 'E_OPERAND', sentence, ...hint }, operands.filter(isExpr))
}

/** Refuses a number that is no value of the dtype; 0 and 1 may stand for truths. */
export const checkFill = (op: string, value: unknown, dtype: DType): void => {
  if (isValueOf(value, dtype) || (dtype === 'bool' && (value === 0 || value === 1))) return
  throw shapeError({ code: 'E_LITERAL', sentence: `${op}: ${shown(value)} is not of dtype ${dtype}` }, [])
}

/** Refuses what is no list. */
export const checkList = (op: string, what: string, value: unknown): void => {
  if (!Array.isArray(value))
    throw shapeError({ code: 'E_OPTION', sentence: `${op}: ${what} is ${shown(value)}, not a list` }, [])
}
