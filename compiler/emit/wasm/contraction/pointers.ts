/**
 * Addresses. In: pointers, indices, byte strides. Out: pointers moved along.
 * Invariant: what is known now is added now; an index that is a number costs nothing.
 */
import type { FunctionBuilder, Node, Value } from '../function.ts'

/** A loop index, or the number that it is where the loop runs once. */
export type Index = number | Value

export const plus = (fn: FunctionBuilder, a: Value, constant: number): Value =>
  constant === 0 ? a : fn.value('i32', [a], ([x]) => fn.module.i32.add(x as Node, fn.module.i32.const(constant)))

/** `pointer + bytes` as what an instruction takes: a pointer and an immediate, which cannot be negative. */
export const displaced = (fn: FunctionBuilder, pointer: Value, bytes: number): { pointer: Value; offset: number } =>
  bytes >= 0 ? { pointer, offset: bytes } : { pointer: plus(fn, pointer, bytes), offset: 0 }

/** pointer + Σ index·bytes */
export const moved = (
  fn: FunctionBuilder,
  pointer: Value,
  terms: readonly (readonly [index: Index, bytes: number])[],
): Value => {
  const { i32 } = fn.module
  const known = terms.reduce((sum, [index, bytes]) => (typeof index === 'number' ? sum + index * bytes : sum), 0)
  return terms.reduce(
    (sum, [index, bytes]) => {
      if (typeof index === 'number' || bytes === 0) return sum
      return fn.value('i32', [sum, index], ([s, x]) => i32.add(s as Node, i32.mul(x as Node, i32.const(bytes))))
    },
    plus(fn, pointer, known),
  )
}

export const indexPlus = (fn: FunctionBuilder, a: Index, b: Index): Index => {
  if (typeof a === 'number') return typeof b === 'number' ? a + b : plus(fn, b, a)
  if (typeof b === 'number') return plus(fn, a, b)
  return fn.value('i32', [a, b], ([x, y]) => fn.module.i32.add(x as Node, y as Node))
}

export const indexValue = (fn: FunctionBuilder, index: Index): Value =>
  typeof index === 'number' ? fn.i32(index) : index
