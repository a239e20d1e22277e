/**
 * How many instructions of Machine a scalar function takes. In: a function over a Machine. Out: a number.
 * Invariant: literals and reinterpretations of bits are free, every other instruction counts one.
 */
import type { Float } from '../../../src/core/dtype.ts'
import type { Machine } from '../../../src/core/machine.ts'
import { type Numeric, numericMachine } from '../../../src/core/numeric.ts'
import type { Binary, Unary } from './subjects.ts'

const free: ReadonlySet<PropertyKey> = new Set(['lit', 'typeOf', 'bitcast'])

export const countInstructions = (subject: Unary | Binary, dtype: Float): number => {
  let count = 0
  const counting: Machine<Numeric> = new Proxy(numericMachine(), {
    get: (machine, name: keyof Machine<Numeric>) => {
      if (!free.has(name) && machine[name] !== undefined) count++
      return machine[name]
    },
  })
  const x = counting.lit(1.5, dtype)
  if (subject.arity === 1) subject.apply(counting, x)
  else subject.apply(counting, x, x)
  return count
}
