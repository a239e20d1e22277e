/**
 * Ops at one element. In: an op of the table and what it is applied to. Out: its scalar meaning, dtype and text.
 * Invariant: the one place where kernels and their targets reach into the op table; no op is named here.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { DType } from '../../src/core/dtype.ts'
import type { Machine } from '../../src/core/machine.ts'
import { tensorType } from '../../src/core/shape.ts'
import { elementwiseDef, isOpName, opDef } from '../../src/ops/registry.ts'
import type { OpName, Printed } from '../../src/ops/signature.ts'

/** What an op does to one element, in a machine's instructions. */
export type Lower = <R>(m: Machine<R>, op: OpName, ins: readonly R[], params: unknown) => R

export const lowerScalar: Lower = (m, op, ins, params) => elementwiseDef(op).lower(m, ins, params)

/** The dtype of an op's result, or why it cannot be applied. */
export type Infer = (op: OpName, args: readonly DType[], params: unknown) => Either<string, DType>

export const inferScalar: Infer = (op, args, params) => {
  const def = isOpName(op) ? opDef(op) : null
  if (def?.kind !== 'elementwise') return left(`${op} is no elementwise op`)
  if (def.arity !== 'n' && def.arity !== args.length)
    return left(`${op} takes ${def.arity} operands, not ${args.length}`)
  const type = def.infer(
    args.map((dtype) => tensorType(dtype, [])),
    params,
  )
  return type._tag === 'Left' ? left(type.left.sentence) : right(type.right.dtype)
}

/** How mathematics writes an op's application to elements. */
export type PrintScalar = (op: OpName, ins: readonly Printed[], params: unknown, types: readonly DType[]) => Printed

export const printScalar: PrintScalar = (op, ins, params, types) => {
  const def = isOpName(op) ? opDef(op) : null
  if (def?.kind !== 'elementwise') return { text: `${op}(${ins.map((p) => p.text).join(', ')})`, precedence: 4 }
  return def.print(
    ins,
    params,
    types.map((dtype) => tensorType(dtype, [])),
  )
}
