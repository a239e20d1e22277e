/**
 * What an op's value is tried with on every target. In: an op. Out: cases. Invariant: its own cases and, where its operands
 * may have any shape, vectors of every length about the vector widths.
 */
import { opDef } from '../../src/ops/registry.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { type Case, casesOf } from './cases.ts'

const lengths = [0, 1, 3, 4, 5, 15, 16, 17, 31, 33] as const

export const targetCases = (op: OpName): readonly Case[] => {
  const own = casesOf(op)
  const [first] = own
  if (first === undefined || opDef(op).kind !== 'elementwise') return own
  return [...own, ...lengths.map((n) => ({ ...first, shapes: first.shapes.map(() => [n]) }))]
}
