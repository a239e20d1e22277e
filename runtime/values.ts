/**
 * Values given for inputs: checked against their ports, then copied.
 * In: an entry's input slots and a record of values. Out: the first fault, or memory that holds the values.
 * Invariant: nothing is written before everything is checked, and nothing is allocated unless there is a fault (but for a
 * plain number with a fraction, which V8 boxes when it is read from a record; in a typed array it is not).
 */
import type { View } from '../src/artifact/types.ts'
import type { RunError } from '../src/core/errors.ts'
import { showType } from '../src/core/shape.ts'
import { runError } from './codes.ts'
import { namesOf, type Slot } from './ports.ts'

type Scalar = number | boolean

/** What the types allow; untyped callers may give anything, and are told so. */
export type Value = View | readonly Scalar[] | Scalar

const isInt32 = (value: unknown): boolean => typeof value === 'number' && value === (value | 0)

const fitsDtype = (value: unknown, dtype: Slot['port']['dtype']): boolean => {
  if (dtype === 'bool') return value === 0 || value === 1 || typeof value === 'boolean'
  return dtype === 'i32' ? isInt32(value) : typeof value === 'number'
}

const kindOf = (value: unknown): string => {
  if (ArrayBuffer.isView(value)) return Object.prototype.toString.call(value).slice(8, -1)
  if (Array.isArray(value)) return 'a list'
  return value === null || ['undefined', 'number', 'boolean'].includes(typeof value)
    ? String(value)
    : `a ${typeof value}`
}

const wrongType = (entry: string, { port, view }: Slot, found: string): RunError =>
  runError(
    'E_RUN_INPUT_TYPE',
    `${entry}: input ${port.name} is ${showType(port)} and takes ${kindOf(view)}, ${found} was given`,
  )

const wrongLength = (entry: string, { port, view }: Slot, found: number): RunError =>
  runError(
    'E_RUN_INPUT_LENGTH',
    `${entry}: input ${port.name} is ${showType(port)} and takes ${view.length} elements, ${found} were given`,
  )

const faultOfElements = (entry: string, slot: Slot, value: ArrayLike<unknown>): RunError | undefined => {
  if (value.length !== slot.view.length) return wrongLength(entry, slot, value.length)
  for (let i = 0; i < value.length; i++)
    if (!fitsDtype(value[i], slot.port.dtype)) return wrongType(entry, slot, `${kindOf(value[i])} at ${i}`)
  return undefined
}

const faultOfValue = (entry: string, slot: Slot, value: unknown): RunError | undefined => {
  const { port, view } = slot
  if (value === view) return undefined
  if (ArrayBuffer.isView(value)) {
    const array = value as View
    if (array[Symbol.toStringTag] !== view[Symbol.toStringTag]) return wrongType(entry, slot, kindOf(value))
    if (port.dtype === 'bool') return faultOfElements(entry, slot, array)
    return array.length === view.length ? undefined : wrongLength(entry, slot, array.length)
  }
  if (Array.isArray(value)) return faultOfElements(entry, slot, value)
  if (!fitsDtype(value, port.dtype)) return wrongType(entry, slot, kindOf(value))
  return view.length === 1 ? undefined : wrongLength(entry, slot, 1)
}

const has = Object.prototype.hasOwnProperty

/** What is wrong with `values`, if anything: a missing, surplus, badly sized or badly typed one. */
export const faultOfValues = (
  entry: string,
  slots: readonly Slot[],
  views: Readonly<Record<string, View>>,
  values: Readonly<Record<string, unknown>>,
): RunError | undefined => {
  if (typeof values !== 'object' || values === null)
    return runError('E_RUN_INPUT_TYPE', `${entry}: an object of the inputs was expected, ${kindOf(values)} was given`)
  for (const name in values)
    if (!has.call(views, name))
      return runError('E_RUN_INPUT_SURPLUS', `${entry}: there is no input ${name}`, `it takes ${namesOf(slots)}`)
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] as Slot
    const { name } = slot.port
    if (!has.call(values, name) || values[name] === undefined)
      return runError('E_RUN_INPUT_MISSING', `${entry}: input ${name} is missing`, `it takes ${namesOf(slots)}`)
    const fault = faultOfValue(entry, slot, values[name])
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Copies values that have no fault into their slots. */
export const copyValues = (slots: readonly Slot[], values: Readonly<Record<string, unknown>>): void => {
  for (let i = 0; i < slots.length; i++) {
    const { port, view } = slots[i] as Slot
    const value = values[port.name] as Value
    if (value === view) continue
    if (typeof value === 'object') view.set(value as ArrayLike<number>)
    else view[0] = Number(value)
  }
}
