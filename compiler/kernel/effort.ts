/**
 * How dear an elementwise op is to compute. In: an op with its params and dtype. Out: machine instructions, weighed.
 * Invariant: counted from the op's own scalar meaning, never from a list of names; division and square root count for what
 * they cost on real processors beside a product.
 */
import type { DType } from '../../src/core/dtype.ts'
import type { Machine } from '../../src/core/machine.ts'
import type { Node } from '../../src/expr/expr.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { OpName } from '../../src/ops/signature.ts'
import type { Instr } from './kernel.ts'
import { lowerScalar } from './scalar.ts'

/** Products that a division or a square root takes the time of. */
const DIVISION = 8

interface Counter {
  readonly machine: Machine<DType>
  readonly count: () => number
}

/** A machine whose values are their dtypes, and which counts what is asked of it. */
const countingMachine = (): Counter => {
  let total = 0
  const unary =
    (weight: number) =>
    (a: DType): DType => {
      total += weight
      return a
    }
  const one = unary(1)
  const dear = unary(DIVISION)
  const compare = (_a: DType, _b: DType): DType => {
    total += 1
    return 'bool'
  }
  const to = (_a: DType, dtype: DType): DType => {
    total += 1
    return dtype
  }
  const machine: Machine<DType> = {
    lit: (_value, dtype) => dtype,
    typeOf: (a) => a,
    add: one,
    sub: one,
    mul: one,
    neg: one,
    abs: one,
    min: one,
    max: one,
    div: dear,
    sqrt: dear,
    floor: one,
    ceil: one,
    trunc: one,
    nearest: one,
    pmin: one,
    pmax: one,
    copysign: one,
    pow2: one,
    exponent: one,
    significand: one,
    lt: compare,
    le: compare,
    eq: compare,
    select: (_condition, a) => one(a),
    and: one,
    or: one,
    xor: one,
    not: one,
    shl: one,
    shr: one,
    ushr: one,
    convert: to,
    bitcast: to,
    word: (a) => to(a, 'i32'),
  }
  return { machine, count: () => total }
}

const known = new Map<string, number>()

/** Instructions of one application; 0 for what is not elementwise. */
export const effortOf = (node: Node): number =>
  effortOfOp(
    node.op,
    node.ins.map((i) => i.dtype),
    node.params,
  )

/** The same of an instruction. */
const effortOfOp = (op: OpName, dtypes: readonly DType[], params: unknown): number => {
  const def = opDef(op)
  if (def.kind !== 'elementwise') return 0
  const key = `${op} ${dtypes.join()}`
  const before = known.get(key)
  if (before !== undefined) return before
  const counter = countingMachine()
  lowerScalar(counter.machine, op, dtypes, params)
  known.set(key, counter.count())
  return counter.count()
}

/** Of a body, its loads among them. */
export const instructionsOf = (body: readonly Instr[]): number =>
  body.reduce((n, i) => {
    if (i.tag !== 'apply') return n + (i.tag === 'load' || i.tag === 'gather' ? 1 : 0)
    const dtypes = i.args.map((a) => body[a]?.dtype as DType)
    return n + effortOfOp(i.op, dtypes, i.params)
  }, 0)
