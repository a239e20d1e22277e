/**
 * What is known of a node's values whatever the inputs are. In: nodes. Out: facts, memoised.
 * Invariant: a fact is a theorem about every element; `finite` means neither NaN nor infinite at any input, the NaN ones
 * included. `nonNegative` and `positive` speak of the elements that are not NaN; `positive` is mathematical: the computed
 * element may have underflowed to 0.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { OpName } from '../../src/ops/signature.ts'

export interface Fact {
  readonly finite: boolean
  readonly nonNegative: boolean
  readonly positive: boolean
}

export interface Facts {
  readonly of: (node: Node) => Fact
  readonly finite: (node: Node) => boolean
  readonly nonNegative: (node: Node) => boolean
  readonly positive: (node: Node) => boolean
}

const names = (...list: readonly OpName[]): ReadonlySet<OpName> => new Set(list)

/** Finite for finite operands. */
const bounded = names('sigmoid', 'tanh', 'sin', 'cos', 'erf', 'erfc', 'atan', 'relu', 'neg', 'abs', 'sign', 'floor')
const rounded = names('ceil', 'round', 'trunc', 'maximum', 'minimum', 'stopGradient', 'copy', 'softplus')
const logistic = names('logSigmoid', 'asinh', 'softmax', 'max', 'min', 'unitFloat')
const keepsFinite: ReadonlySet<OpName> = new Set([...bounded, ...rounded, ...logistic])

/** Never negative. */
const neverNegative = names('square', 'abs', 'relu', 'sqrt', 'acosh', 'acos', 'oneHot', 'unitFloat', 'erfc')
/** Mathematically above 0. */
const alwaysPositive = names('exp', 'exp2', 'softmax', 'sigmoid', 'softplus', 'cosh')
/** As their operand is. */
const signKeeping = names('reshape', 'broadcastTo', 'transpose', 'slice', 'reverse', 'stopGradient', 'copy', 'sum')
const alsoSignKeeping = names('mean', 'max', 'min', 'prod', 'concat', 'maximum', 'minimum', 'where')
const keepsSign: ReadonlySet<OpName> = new Set([...signKeeping, ...alsoSignKeeping])
/** Products of numbers above 0 are above 0. */
const multiplies = names('mul', 'dotGeneral')

const allFinite = (data: ArrayLike<number>): boolean => {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false
  return true
}

const isFiniteNode = (n: Node, ins: readonly Fact[]): boolean => {
  if (!isFloat(n.dtype)) return true
  switch (n.op) {
    case 'full':
      return Number.isFinite(n.dtype === 'f32' ? Math.fround(paramsOf(n, 'full').value) : paramsOf(n, 'full').value)
    case 'constant':
      return allFinite(paramsOf(n, 'constant').data)
    case 'oneHot':
      return true
    case 'pad':
      return Number.isFinite(paramsOf(n, 'pad').value) && (ins[0] as Fact).finite
    case 'cast':
      // an f64 may be too large for f32
      return (ins[0] as Fact).finite && (n.ins[0] as Node).dtype !== 'f64'
    case 'clip':
      return (ins[0] as Fact).finite && paramsOf(n, 'clip').lo < Infinity && paramsOf(n, 'clip').hi > -Infinity
    case 'where':
      return (ins[1] as Fact).finite && (ins[2] as Fact).finite
    case 'bitcast':
      return false
    default:
      return (keepsFinite.has(n.op) || opDef(n.op).kind === 'movement') && ins.every((f) => f.finite)
  }
}

/** 1 − σ(x) and 1 − softmax(x) lie between 0 and 1. */
const isComplement = (n: Node): boolean => {
  const [one, p] = n.ins as readonly [Node, Node]
  return one.op === 'full' && paramsOf(one, 'full').value === 1 && (p.op === 'sigmoid' || p.op === 'softmax')
}

const signOf = (n: Node, ins: readonly Fact[]): Pick<Fact, 'nonNegative' | 'positive'> => {
  if (!isFloat(n.dtype)) return { nonNegative: false, positive: false }
  if (alwaysPositive.has(n.op)) return { nonNegative: true, positive: true }
  if (n.op === 'full') {
    const { value } = paramsOf(n, 'full')
    return { nonNegative: value >= 0, positive: value > 0 }
  }
  if (n.op === 'div') {
    // x / −0 is −∞, so a divisor must be above 0
    const [p, q] = ins as readonly [Fact, Fact]
    return { nonNegative: p.nonNegative && q.positive, positive: p.positive && q.positive }
  }
  const branches = n.op === 'where' ? ins.slice(1) : ins
  if (keepsSign.has(n.op) || multiplies.has(n.op) || n.op === 'add')
    return {
      nonNegative: branches.every((f) => f.nonNegative),
      positive:
        n.op === 'add'
          ? branches.every((f) => f.nonNegative) && branches.some((f) => f.positive)
          : branches.every((f) => f.positive) && n.ins.every((i) => sizeOf(i.shape) > 0),
    }
  if (n.op === 'sub' && isComplement(n)) return { nonNegative: true, positive: n.ins[1]?.op === 'sigmoid' }
  const positive = (n.op === 'sqrt' || n.op === 'rsqrt') && (ins[0] as Fact).positive
  return { nonNegative: neverNegative.has(n.op) || positive || (n.op === 'mul' && n.ins[0] === n.ins[1]), positive }
}

/** Facts over one graph; every node is looked at once. */
export const makeFacts = (): Facts => {
  const known = new Map<Node, Fact>()
  const of = (node: Node): Fact => {
    const stack = [node]
    while (stack.length > 0) {
      const n = stack.at(-1) as Node
      if (known.has(n)) {
        stack.pop()
        continue
      }
      const missing = n.ins.filter((i) => !known.has(i))
      if (missing.length > 0) {
        stack.push(...missing)
        continue
      }
      const ins = n.ins.map((i) => known.get(i) as Fact)
      known.set(n, { finite: isFiniteNode(n, ins), ...signOf(n, ins) })
    }
    return known.get(node) as Fact
  }
  return {
    of,
    finite: (n) => of(n).finite,
    nonNegative: (n) => of(n).nonNegative,
    positive: (n) => of(n).positive,
  }
}
