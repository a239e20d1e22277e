/**
 * Control: loops that hold a closed function. In: initial carries, sequences, and what the function closes over.
 * Out: several results, taken apart by `result`. Invariant: a function's body is expressions over `bound` leaves of its own;
 * derivatives and batches of a loop are loops again, made by the engines, since they transform whole functions.
 */
import { right } from 'fp-ts/lib/Either.js'
import type { DType } from '../core/dtype.ts'
import { equalTypes, type Shape, showType, type TensorType } from '../core/shape.ts'
import { atom, call, type Inferred, tuple, violation } from './common.ts'
import { defineOp, type Printed, type Sig } from './signature.ts'

/** A closed function: its `bound` leaves in order, and its results over them (expressions; the floor above knows them). */
export interface Fn {
  readonly params: readonly TensorType[]
  readonly results: readonly TensorType[]
}

export interface Scan {
  /** (carries…, one element of each sequence…, constants…) -> (carries…, one element of each output…) */
  readonly fn: Fn
  readonly length: number
  /** From the last element to the first; outputs stay at their element's place. */
  readonly reverse: boolean
  readonly carries: number
  readonly sequences: number
}

/** A derivative that a user gives. */
export interface Custom {
  /** How many operands behind the value have cotangents. */
  readonly inputs: number
  /** (inputs…, value, cotangent, constants…) -> (one cotangent for each of `receivers`) */
  readonly pullback: Fn
  /** Which inputs receive something. */
  readonly receivers: readonly number[]
  /** (inputs…, value, tangents…, constants…) -> (tangent of the value); null: no forward mode. */
  readonly pushforward: Fn | null
  /** How many operands are constants of the pullback; what follows are those of the pushforward. */
  readonly constants: number
  /** Why the rule is on purpose not the derivative; null where it is one. */
  readonly estimator: string | null
}

/** A function whose values are computed again where its derivative needs them. */
export interface Checkpoint {
  /** (inputs…) -> (values…) */
  readonly fn: Fn
  /** Which of its values this is. */
  readonly index: number
  /** What of the function is kept all the same: its matrix products, which cost the most to compute again. */
  readonly save: 'nothing' | 'products'
}

declare module './signature.ts' {
  interface OpSignatures {
    /** The parameter of a closed function. */
    readonly bound: Sig<0, { readonly id: number; readonly dtype: DType; readonly shape: Shape }, 'leaf'>
    readonly scan: Sig<'n', Scan, 'control'>
    /** A value with a derivative of its own. */
    readonly custom: Sig<'n', Custom, 'control'>
    /** A value, and the function of the operands behind it that computes it. */
    readonly checkpoint: Sig<'n', Checkpoint, 'control'>
    /** An operand, not before another value is there. */
    readonly after: Sig<2, null, 'movement'>
    /** One result of a control op. */
    readonly result: Sig<1, { readonly index: number; readonly dtype: DType; readonly shape: Shape }, 'control'>
  }
}

export const bound = defineOp<'bound'>({
  kind: 'leaf',
  arity: 0,
  name: 'bound',
  doc: { summary: 'The parameter of a closed function.', constraints: {} },
  infer: (_ins, { dtype, shape }) => right({ dtype, shape }),
  identities: [],
  print: (_ins, { id }) => atom(`v${id}`),
})

const inferScan = (ins: readonly TensorType[], { fn, length, carries, sequences }: Scan): Inferred => {
  if (ins.length !== fn.params.length)
    return violation(
      'C1',
      'E_SCAN_ARITY',
      `scan: the function takes ${fn.params.length} values, ${ins.length} are given`,
    )
  if (fn.results.length < carries)
    return violation(
      'C1',
      'E_SCAN_ARITY',
      `scan: the function gives ${fn.results.length} values for ${carries} carries`,
    )
  for (const [i, p] of fn.params.entries()) {
    const x = ins[i] as TensorType
    const isSequence = i >= carries && i < carries + sequences
    if (isSequence && x.shape[0] !== length)
      return violation(
        'C2',
        'E_SCAN_LENGTH',
        `scan: sequence ${i - carries} is ${showType(x)}, but the length is ${length}`,
      )
    const want = isSequence ? { dtype: p.dtype, shape: [length, ...p.shape] } : p
    if (!equalTypes(x, want))
      return violation('C3', 'E_SCAN_TYPE', `scan: value ${i} is ${showType(x)}, the function takes ${showType(want)}`)
    const next = fn.results[i]
    if (i < carries && next !== undefined && !equalTypes(next, p))
      return violation(
        'C4',
        'E_SCAN_CARRY',
        `scan: carry ${i} goes in as ${showType(p)} and comes out as ${showType(next)}`,
      )
  }
  return right(tuple)
}

export const scan = defineOp<'scan'>({
  kind: 'control',
  arity: 'n',
  name: 'scan',
  doc: {
    summary: 'A loop over the first axis of sequences that carries values from step to step and stacks outputs.',
    constraints: {
      C1: 'as many values as the function takes, and a result for every carry',
      C2: 'the first extent of every sequence is the length',
      C3: 'values have the types that the function takes',
      C4: 'a carry comes out with the type that it went in with',
    },
    formula: 'cₜ₊₁, yₜ = f(cₜ, xₜ); derivative: a scan backwards over saved values',
  },
  infer: inferScan,
  identities: [],
  print: (ins: readonly Printed[], { length, reverse }) =>
    call('scan', ins, `${length} steps${reverse ? ', backwards' : ''}`),
})

export const result = defineOp<'result'>({
  kind: 'control',
  arity: 1,
  name: 'result',
  doc: { summary: 'One result of a control op.', constraints: {} },
  infer: (_ins, { dtype, shape }) => right({ dtype, shape }),
  identities: [],
  print: ([x], { index }) => atom(`${x.text}[${index}]`),
})

export const custom = defineOp<'custom'>({
  kind: 'control',
  arity: 'n',
  name: 'custom',
  doc: {
    summary: 'The value of its first operand, with a derivative that functions beside it give.',
    constraints: {},
    formula: 'y; derivative: what the pullback says that the inputs receive',
  },
  infer: ([y]) => right(y as TensorType),
  identities: [],
  print: ([y]) => y as Printed,
})

export const checkpoint = defineOp<'checkpoint'>({
  kind: 'control',
  arity: 'n',
  name: 'checkpoint',
  doc: {
    summary:
      'The value of its first operand; its derivative computes the function of the others again, and saves nothing of it, or its products alone.',
    constraints: {},
    formula: 'y; derivative: that of f at the operands, each after the cotangent',
  },
  infer: ([y]) => right(y as TensorType),
  identities: [],
  print: ([y]) => y as Printed,
})

/**
 * x itself, where nothing made of it is computed before `token` is there. What is made of it is no common subexpression of
 * what is made of x, which is the point: it is computed again.
 */
export const after = defineOp<'after'>({
  kind: 'movement',
  arity: 2,
  name: 'after',
  doc: {
    summary: 'x, not before another value is there.',
    constraints: {},
    formula: 'x; derivative 1, and 0 by the other',
  },
  infer: ([x]) => right(x),
  vjp: (_b, _a, ct) => [ct, null],
  jvp: (b, { outType: { dtype, shape } }, [t]) => t ?? b.broadcastTo([b.lit(0, dtype)], { shape }),
  batch: (b, { ins: [x, token], batched: [isBatched], size, outType }) =>
    b.after([isBatched ? x : b.broadcastTo([x], { shape: [size, ...outType.shape] }), token]),
  move: { tag: 'view', view: (from) => from },
  identities: [],
  print: ([x]) => x,
})
