/**
 * Control by data: of several functions one runs, or one runs as long as a condition holds. In: a predicate, or initial carries,
 * and what the functions close over. Out: results, taken apart by `result`. Invariant: all branches give results of the same
 * types, and carries keep theirs. `where` chooses elementwise and computes both sides; `cond` computes one.
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

export interface While {
  /** (carries…, constants…) -> (carries…, whether to take the step that makes them) */
  readonly fn: Fn
  readonly carries: number
}

declare module './signature.ts' {
  interface OpSignatures {
    /** The predicate, then the operands. */
    readonly cond: Sig<'n', Cond, 'control'>
    /** The initial carries, then the constants. */
    readonly while: Sig<'n', While, 'control'>
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

const inferWhile = (ins: readonly TensorType[], { fn, carries }: While): Inferred => {
  const condition = fn.results[carries]
  if (condition === undefined || condition.dtype !== 'bool' || condition.shape.length > 0)
    return violation(
      'C1',
      'E_WHILE_CONDITION',
      `whileLoop: the condition is ${condition === undefined ? 'missing' : showType(condition)}, not a scalar of bool`,
    )
  for (const [i, p] of fn.params.entries()) {
    const x = ins[i]
    if (x === undefined || !equalTypes(x, p))
      return violation(
        'C2',
        'E_WHILE_CARRY',
        `whileLoop: value ${i} is ${x === undefined ? 'not given' : showType(x)}, the function takes ${showType(p)}`,
      )
    const next = fn.results[i] as TensorType
    if (i < carries && !equalTypes(next, p))
      return violation(
        'C2',
        'E_WHILE_CARRY',
        `whileLoop: carry ${i} goes in as ${showType(p)} and comes out as ${showType(next)}`,
      )
  }
  return right(tuple)
}

export const whileLoop = defineOp<'while'>({
  kind: 'control',
  arity: 'n',
  name: 'while',
  doc: {
    summary: 'A function applied to carries as long as a condition on them holds.',
    constraints: {
      C1: 'the condition is a scalar of bool',
      C2: 'a carry has the type that the function takes, and comes out with it',
    },
    formula: 'cₜ₊₁ = f(cₜ) while p(cₜ); derivative: forward alone, since nothing bounds what the way back would keep',
  },
  infer: inferWhile,
  identities: [],
  print: (ins: readonly Printed[]) => call('while', ins),
})
