/**
 * Choice by control: of several functions over the same values one runs. In: a predicate and what the functions close over.
 * Out: the results of the one that it names, taken apart by `result`. Invariant: all branches give results of the same types.
 * `where` chooses elementwise and computes both sides; this computes one.
 */
import { right } from 'fp-ts/lib/Either.js'
import { equalTypes, showType, type TensorType } from '../core/shape.ts'
import { call, type Inferred, tuple, violation } from './common.ts'
import type { Fn } from './control.ts'
import { defineOp, type Printed, type Sig } from './signature.ts'

export interface Cond {
  /** (operands…) -> (results of branch 0…, results of branch 1…, …): branch k runs where the predicate is k. */
  readonly fn: Fn
  readonly branches: number
}

declare module './signature.ts' {
  interface OpSignatures {
    /** The predicate, then the operands. */
    readonly cond: Sig<'n', Cond, 'control'>
  }
}

const inferCond = ([predicate, ...operands]: readonly TensorType[], { fn, branches }: Cond): Inferred => {
  const { dtype, shape } = predicate as TensorType
  if (shape.length > 0 || (dtype !== 'bool' && dtype !== 'i32'))
    return violation(
      'C1',
      'E_COND_PREDICATE',
      `cond: the predicate is ${showType(predicate as TensorType)}, not a scalar of bool`,
      'where chooses elementwise',
    )
  const count = fn.results.length / branches
  for (const [i, r] of fn.results.entries()) {
    const first = fn.results[i % count] as TensorType
    if (!equalTypes(r, first))
      return violation(
        'C2',
        'E_COND_BRANCHES',
        `cond: result ${i % count} is ${showType(first)} in one branch and ${showType(r)} in another`,
      )
  }
  for (const [i, p] of fn.params.entries()) {
    const x = operands[i]
    if (x === undefined || !equalTypes(x, p))
      return violation(
        'C3',
        'E_COND_OPERAND',
        `cond: operand ${i} is ${x === undefined ? 'not given' : showType(x)}, the branches take ${showType(p)}`,
      )
  }
  return right(tuple)
}

export const cond = defineOp<'cond'>({
  kind: 'control',
  arity: 'n',
  name: 'cond',
  doc: {
    summary: 'The results of one of several functions, of which only that one is computed.',
    constraints: {
      C1: 'the predicate is a scalar of bool, or of i32 that counts branches',
      C2: 'all branches give results of the same types',
      C3: 'operands have the types that the branches take',
    },
    formula: 'f(x) where p, g(x) where not; derivative: that of the branch which runs, computed in a cond again',
  },
  infer: inferCond,
  identities: [],
  print: (ins: readonly Printed[]) => call('cond', ins),
})
