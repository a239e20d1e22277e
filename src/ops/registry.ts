/**
 * The op table, total by type: a missing row does not compile. In: the families. Out: `registry`, and Builders derived
 * from it. Invariant: the table is the only list of ops; everything else asks it.
 */
import type { Either } from 'fp-ts/lib/Either.js'
import type { DType } from '../core/dtype.ts'
import { InternalError } from '../core/errors.ts'
import type { Machine } from '../core/machine.ts'
import type { TensorType } from '../core/shape.ts'
import * as arithmetic from './arithmetic.ts'
import * as composite from './composite.ts'
import * as contraction from './contraction.ts'
import * as branching from './branching.ts'
import * as control from './control.ts'
import * as extremes from './extremes.ts'
import * as indexing from './indexing.ts'
import * as leaf from './leaf.ts'
import * as logic from './logic.ts'
import * as losses from './losses.ts'
import * as movement from './movement.ts'
import * as pooling from './pooling.ts'
import * as powers from './powers.ts'
import * as random from './random.ts'
import * as reduction from './reduction.ts'
import * as rounding from './rounding.ts'
import type {
  Arity,
  Builder,
  Combine,
  Doc,
  Identity,
  OpDef,
  OpKind,
  OpName,
  Printed,
  Regions,
  Sample,
  View,
  Violation,
} from './signature.ts'
import * as sorting from './sorting.ts'
import * as transcendental from './transcendental.ts'
import * as windows from './windows.ts'
import * as blocks from './blocks.ts'

const registry: { readonly [K in OpName]: OpDef<K> } = {
  input: leaf.input,
  param: leaf.param,
  state: leaf.state,
  full: leaf.full,
  constant: leaf.constant,
  iota: leaf.iota,
  bound: control.bound,
  scan: control.scan,
  cond: branching.cond,
  while: branching.whileLoop,
  result: control.result,
  custom: control.custom,
  checkpoint: control.checkpoint,
  after: control.after,
  neg: arithmetic.neg,
  abs: arithmetic.abs,
  sign: arithmetic.sign,
  square: arithmetic.square,
  cube: arithmetic.cube,
  floor: rounding.floor,
  ceil: rounding.ceil,
  round: rounding.round,
  trunc: rounding.trunc,
  add: arithmetic.add,
  sub: arithmetic.sub,
  mul: arithmetic.mul,
  div: arithmetic.div,
  mod: arithmetic.mod,
  maximum: extremes.maximum,
  minimum: extremes.minimum,
  clip: extremes.clip,
  stopGradient: arithmetic.stopGradient,
  copy: arithmetic.copy,
  sqrt: transcendental.sqrt,
  rsqrt: transcendental.rsqrt,
  rsqrtOrZero: transcendental.rsqrtOrZero,
  exp: transcendental.exp,
  exp2: transcendental.exp2,
  expm1: transcendental.expm1,
  log: transcendental.log,
  log2: transcendental.log2,
  log1p: transcendental.log1p,
  sin: transcendental.sin,
  cos: transcendental.cos,
  tan: transcendental.tan,
  asin: transcendental.asin,
  acos: transcendental.acos,
  atan: transcendental.atan,
  sinh: transcendental.sinh,
  cosh: transcendental.cosh,
  tanh: transcendental.tanh,
  asinh: transcendental.asinh,
  acosh: transcendental.acosh,
  atanh: transcendental.atanh,
  erf: transcendental.erf,
  erfc: transcendental.erfc,
  sigmoid: transcendental.sigmoid,
  softplus: transcendental.softplus,
  logSigmoid: transcendental.logSigmoid,
  relu: transcendental.relu,
  pow: powers.pow,
  atan2: powers.atan2,
  hypot: powers.hypot,
  logAddExp: powers.logAddExp,
  logSubExp: powers.logSubExp,
  sigmoidCrossEntropy: powers.sigmoidCrossEntropy,
  greater: logic.greater,
  greaterEqual: logic.greaterEqual,
  less: logic.less,
  lessEqual: logic.lessEqual,
  equal: logic.equal,
  notEqual: logic.notEqual,
  logicalAnd: logic.logicalAnd,
  logicalOr: logic.logicalOr,
  logicalXor: logic.logicalXor,
  logicalNot: logic.logicalNot,
  isNan: logic.isNan,
  isFinite: logic.isFiniteOp,
  where: logic.where,
  cast: logic.cast,
  bitcast: logic.bitcast,
  threefry: random.threefry,
  unitFloat: random.unitFloat,
  bitXor: random.bitXor,
  sum: reduction.sum,
  prod: reduction.prod,
  max: reduction.max,
  min: reduction.min,
  argmax: reduction.argmax,
  argmin: reduction.argmin,
  dotGeneral: contraction.dotGeneral,
  reshape: movement.reshape,
  broadcastTo: movement.broadcastTo,
  transpose: movement.transpose,
  slice: movement.slice,
  reverse: movement.reverse,
  pad: movement.pad,
  concat: movement.concat,
  windows: windows.windows,
  gather: indexing.gather,
  scatterAdd: indexing.scatterAdd,
  scatterRows: indexing.scatterRows,
  lastEqual: indexing.lastEqual,
  blocks: blocks.blocks,
  block: blocks.block,
  withBlocks: blocks.withBlocks,
  sortKey: sorting.sortKey,
  order: sorting.order,
  argsort: sorting.argsort,
  mean: composite.mean,
  logSumExp: composite.logSumExp,
  softmax: composite.softmax,
  logSoftmax: composite.logSoftmax,
  oneHot: composite.oneHot,
  crossEntropy: losses.crossEntropy,
  softCrossEntropy: losses.softCrossEntropy,
  mse: losses.mse,
  overlapAdd: windows.overlapAdd,
  firstMax: pooling.firstMax,
}

export const opNames: readonly OpName[] = Object.keys(registry) as OpName[]

export const isOpName = (name: string): name is OpName => Object.hasOwn(registry, name)

/** What a rule sees, with the op's arity and params forgotten. */
export interface AnyArgs<R> {
  readonly ins: readonly R[]
  readonly out: R
  readonly params: unknown
  readonly types: readonly TensorType[]
  readonly outType: TensorType
}

interface AnyCommon<Kind extends OpKind> {
  readonly name: OpName
  readonly kind: Kind
  readonly arity: Arity
  readonly doc: Doc
  readonly infer: (ins: readonly TensorType[], params: unknown) => Either<Violation, TensorType>
  readonly identities: readonly Identity[]
  readonly print: (ins: readonly Printed[], params: unknown, types: readonly TensorType[]) => Printed
}
/** What a batching rule sees, with the op's arity and params forgotten. */
export interface AnyBatch<R> {
  readonly ins: readonly R[]
  readonly batched: readonly boolean[]
  readonly size: number
  readonly params: unknown
  readonly types: readonly TensorType[]
  readonly outType: TensorType
}

interface AnyLinear {
  readonly batch: <R>(b: Builder<R>, a: AnyBatch<R>) => R
  readonly vjp: 'zero' | (<R>(b: Builder<R>, a: AnyArgs<R>, ct: R) => readonly (R | null)[])
  readonly jvp: 'zero' | (<R>(b: Builder<R>, a: AnyArgs<R>, tangents: readonly (R | null)[]) => R)
}
export interface AnyElementwise extends AnyCommon<'elementwise'> {
  readonly partials: readonly ((<R>(b: Builder<R>, a: AnyArgs<R>, t: R) => R) | null)[]
  readonly lower: <R>(m: Machine<R>, ins: readonly R[], params: unknown) => R
  readonly sample: Sample
}
export interface AnyReduction extends AnyCommon<'reduction'>, AnyLinear {
  readonly combine: Combine
  readonly sample: Sample
}
export interface AnyContraction extends AnyCommon<'contraction'>, AnyLinear {}
export interface AnyMovement extends AnyCommon<'movement'>, AnyLinear {
  readonly move:
    | { readonly tag: 'view'; readonly view: (from: View, params: unknown) => View | null }
    | { readonly tag: 'regions'; readonly regions: (types: readonly TensorType[], params: unknown) => Regions }
}
export interface AnyIndexing extends AnyCommon<'indexing'>, AnyLinear {
  readonly sample: Sample
}
export interface AnySorting extends AnyCommon<'sorting'>, AnyLinear {
  readonly sample: Sample
}
export interface AnyComposite extends AnyCommon<'composite'>, AnyLinear {
  readonly expand: <R>(b: Builder<R>, a: Omit<AnyArgs<R>, 'out'>) => R
  readonly sample: Sample
}
export type AnyOpDef =
  | AnyCommon<'leaf'>
  | AnyCommon<'control'>
  | AnyElementwise
  | AnyReduction
  | AnyContraction
  | AnyMovement
  | AnyIndexing
  | AnySorting
  | AnyComposite

/**
 * An op definition seen without its own arity and params, for engines that walk the table. This is the one place where
 * the per-op types are forgotten; a caller owes the right number of operands and the node's own params.
 */
export const opDef = (name: OpName): AnyOpDef => registry[name] as AnyOpDef

/** The scalar meaning of an elementwise op. */
export const elementwiseDef = (name: OpName): AnyElementwise => {
  const d = opDef(name)
  if (d.kind !== 'elementwise') throw new InternalError(`${name} is not elementwise`)
  return d
}

/** A Builder over R from one function that makes an application and one that makes a literal. */
export const deriveBuilder = <R>(
  apply: (op: OpName, ins: readonly R[], params: unknown) => R,
  lit: (value: number, dtype: DType) => R,
): Builder<R> => ({
  lit,
  ...(Object.fromEntries(
    opNames.map((op) => [op, (ins: readonly R[], params: unknown = null) => apply(op, ins, params)]),
  ) as unknown as Omit<Builder<R>, 'lit'>),
})
