/**
 * The instructions of a body on a machine. In: Instr[], a machine, and what loads, indices, rows and the accumulator
 * mean here. Out: one value an instruction.
 * Invariant: only the instructions that `pick` names are made, each once; the values of the others are given.
 */
import type { DType, Float } from '../../../src/core/dtype.ts'
import { InternalError } from '../../../src/core/errors.ts'
import type { Machine } from '../../../src/core/machine.ts'
import type { Access, Instr } from '../../kernel/kernel.ts'
import type { Lower } from '../../kernel/scalar.ts'

export type Gather = Extract<Instr, { readonly tag: 'gather' }>

/** What an instruction that reads from outside of the body gives. */
export interface BodySource<R> {
  readonly load: (buffer: number, access: Access, dtype: DType) => R
  /** A load at a computed place. */
  readonly gather: (instr: Gather, index: R) => R
  readonly index: (axis: number) => R
  readonly row: (row: number, dtype: DType) => R
  readonly accumulator: (dtype: Float) => R
}

/** For a body that has no rows, no indices or no accumulator. */
export const absent = (what: string) => (): never => {
  throw new InternalError(`this body has no ${what}`)
}

/**
 * Makes the instructions for which `pick` holds, in order, and puts them into `values`; those made before (at an outer
 * loop, or for another vector) are found there.
 */
export const emitBody = <R>(
  m: Machine<R>,
  body: readonly Instr[],
  source: BodySource<R>,
  lower: Lower,
  values: R[] = [],
  pick: (index: number) => boolean = () => true,
): R[] => {
  const at = (i: number): R => {
    const v = values[i]
    if (v === undefined) throw new InternalError(`instruction ${i} of a body is used before it is made`)
    return v
  }
  const make = (instr: Instr): R => {
    switch (instr.tag) {
      case 'load':
        return source.load(instr.buffer, instr.access, instr.dtype)
      case 'gather':
        return source.gather(instr, at(instr.index))
      case 'literal':
        return m.lit(instr.value, instr.dtype)
      case 'index':
        return source.index(instr.axis)
      case 'apply':
        return lower(m, instr.op, instr.args.map(at), instr.params)
      case 'row':
        return source.row(instr.row, instr.dtype)
      case 'accumulator':
        return source.accumulator(instr.dtype)
      default:
        return instr satisfies never
    }
  }
  body.forEach((instr, i) => {
    if (pick(i)) values[i] = make(instr)
  })
  return values
}
