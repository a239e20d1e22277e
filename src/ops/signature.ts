/**
 * What an op is. In: nothing. Out: the open table of op signatures, the Builder over any representation, and OpDef, the
 * one place where an op is defined.
 * Invariant: the table is open for new rows (each op file augments OpSignatures) and total (registry.ts): an op with a
 * missing part, a wrong arity or a wrong number of cotangents does not compile.
 */
import type { Either } from 'fp-ts/lib/Either.js'
import type { DType } from '../core/dtype.ts'
import type { Machine } from '../core/machine.ts'
import type { Shape, TensorType } from '../core/shape.ts'

/** Open table; each op file adds its rows: `declare module './signature.ts' { interface OpSignatures { … } }`. */
// biome-ignore lint: filled by declaration merging
export interface OpSignatures {}
export type OpName = keyof OpSignatures & string

export type Arity = 0 | 1 | 2 | 3 | 'n'
export interface Sig<N extends Arity, P, Kind extends OpKind> {
  readonly arity: N
  readonly params: P
  readonly kind: Kind
}
export type ArityOf<K extends OpName> = OpSignatures[K] extends Sig<infer N, infer _P, infer _K> ? N : never
export type ParamsOf<K extends OpName> = OpSignatures[K] extends Sig<infer _N, infer P, infer _K> ? P : never
export type KindOf<K extends OpName> = OpSignatures[K] extends Sig<infer _N, infer _P, infer Kind> ? Kind : never

/** A tuple of as many T as the arity says. */
export type Tup<N extends Arity, T> = N extends 0
  ? readonly []
  : N extends 1
    ? readonly [T]
    : N extends 2
      ? readonly [T, T]
      : N extends 3
        ? readonly [T, T, T]
        : readonly T[]

/**
 * One constructor an op, over any representation R: graph nodes, patterns, text, numbers. Elementwise ops broadcast as
 * NumPy does in every representation. Ops without parameters take `null` params, which may be left out.
 */
export type Builder<R> = {
  readonly [K in OpName]: ParamsOf<K> extends null
    ? (ins: Tup<ArityOf<K>, R>) => R
    : (ins: Tup<ArityOf<K>, R>, params: ParamsOf<K>) => R
} & {
  /** A scalar literal, broadcast where it is used. */
  readonly lit: (value: number, dtype: DType) => R
}

export type OpKind =
  | 'leaf'
  | 'elementwise'
  | 'reduction'
  | 'contraction'
  | 'movement'
  | 'indexing'
  | 'sorting'
  | 'composite'
  | 'control'

/** What a derivative rule sees. `out` is the op's own result (the saved output), `types` those of the operands. */
export interface RuleArgs<K extends OpName, R> {
  readonly ins: Tup<ArityOf<K>, R>
  readonly out: R
  readonly params: ParamsOf<K>
  readonly types: Tup<ArityOf<K>, TensorType>
  readonly outType: TensorType
}

/** A constraint that failed: `constraint` is the label in `doc.constraints`, `code` the stable error code. */
export interface Violation {
  readonly constraint: `C${number}`
  readonly code: string
  /** `matmul: inner dimensions 784 and 512 differ ([128,784] x [512,10])` */
  readonly sentence: string
  readonly hint?: string
}

/**
 * How sound an identity is. `always`: bit for bit, NaN and infinities included (the sign and payload of a NaN aside).
 * `zeroSign`: bit for bit but for the sign of a result that is zero. `refines`: for finite operands the same real number,
 * with fewer roundings, or without overflow, underflow or cancellation on the way. `finite`: true unless an operand is NaN
 * or infinite (the sign of a zero aside). `reassociates`: true up to rounding. docs/simplifier.md defines each precisely.
 */
export type Label = 'always' | 'zeroSign' | 'refines' | 'finite' | 'reassociates'

export interface Identity {
  /** `op-law`: `mul-one`, `neg-neg`. */
  readonly name: string
  readonly when: Label
  /** For which dtypes of the variables it holds; all floats when left out. */
  readonly dtypes?: readonly DType[]
  /** Which of the variables x, y, z (0, 1, 2) are bool. */
  readonly conditions?: readonly (0 | 1 | 2)[]
  /** On paper nobody writes it down. */
  readonly bookkeeping?: true
  /** The left side must be an application of the op that owns the identity, and cost more than the right one. */
  readonly rule: <R>(b: Builder<R>, dtype: DType, x: R, y: R, z: R) => readonly [lhs: R, rhs: R]
}

/** How mathematics writes an application; operands come printed, with the binding strength of their outermost sign. */
export interface Printed {
  readonly text: string
  /** 0 sum · 1 product · 2 prefix sign · 3 power · 4 application and atoms. */
  readonly precedence: number
}

export interface Doc {
  readonly summary: string
  readonly constraints: Readonly<Record<`C${number}`, string>>
  /** Formula of the result and, where it is not plain, of the derivative. */
  readonly formula?: string
  /** Where a numeric trick or a formula comes from. */
  readonly source?: string
}

/** From what the op's generated tests draw: a domain an operand, extra special values, the tolerance of its derivative. */
export interface Sample {
  readonly domain: readonly (readonly [lo: number, hi: number])[]
  readonly special?: readonly number[]
  /** Relative tolerance of the f64 check against central differences; 1e-6 when left out. */
  readonly tolerance?: number
  /** dtypes that operand i is drawn in; all operands f64 when left out. */
  readonly dtypes?: readonly DType[]
}

interface Common<K extends OpName> {
  readonly name: K
  readonly kind: KindOf<K>
  readonly arity: ArityOf<K>
  readonly doc: Doc
  readonly infer: (ins: Tup<ArityOf<K>, TensorType>, params: ParamsOf<K>) => Either<Violation, TensorType>
  readonly identities: readonly Identity[]
  readonly print: (ins: Tup<ArityOf<K>, Printed>, params: ParamsOf<K>, types: Tup<ArityOf<K>, TensorType>) => Printed
}

/** Linear in `t`: the local derivative by one operand applied to a tangent or a cotangent of the result's shape. */
export type Partial<K extends OpName> = <R>(b: Builder<R>, a: RuleArgs<K, R>, t: R) => R

export interface ElementwiseDef<K extends OpName> extends Common<K> {
  /**
   * One entry an operand: t ↦ t · ∂f/∂xᵢ, or null where no derivative flows (integers, comparisons, flat steps). The
   * Jacobian is diagonal, so the same formula serves forward and reverse mode; unbroadcasting is the engine's.
   */
  readonly partials: Tup<ArityOf<K>, Partial<K> | null>
  readonly lower: <R>(m: Machine<R>, ins: Tup<ArityOf<K>, R>, params: ParamsOf<K>) => R
  readonly sample: Sample
}

/** Reverse mode: one cotangent an operand, of the operand's own shape. */
export type Vjp<K extends OpName> = <R>(b: Builder<R>, a: RuleArgs<K, R>, ct: R) => Tup<ArityOf<K>, R | null>
/** Forward mode: the tangent of the result; a null tangent is a symbolic zero, and at least one is given. */
export type Jvp<K extends OpName> = <R>(b: Builder<R>, a: RuleArgs<K, R>, tangents: Tup<ArityOf<K>, R | null>) => R

/** What a batching rule sees: operands whose batch axis, where they have one, is their first; `types` are without it. */
export interface BatchArgs<K extends OpName, R> {
  readonly ins: Tup<ArityOf<K>, R>
  readonly batched: Tup<ArityOf<K>, boolean>
  /** Extent of the batch axis. */
  readonly size: number
  readonly params: ParamsOf<K>
  readonly types: Tup<ArityOf<K>, TensorType>
  readonly outType: TensorType
}

/** The op over a batch: at least one operand is batched, and the result has the batch axis first. */
export type Batch<K extends OpName> = <R>(b: Builder<R>, a: BatchArgs<K, R>) => R

interface Differentiable<K extends OpName> {
  readonly vjp: 'zero' | Vjp<K>
  readonly jvp: 'zero' | Jvp<K>
  /** What vmap does to it. (An elementwise op broadcasts; its rule is the engine's.) */
  readonly batch: Batch<K>
}

export type Combine = 'sum' | 'prod' | 'max' | 'min' | 'argmax' | 'argmin'
export interface ReductionDef<K extends OpName> extends Common<K>, Differentiable<K> {
  readonly combine: Combine
  readonly sample: Sample
}

export interface ContractionDef<K extends OpName> extends Common<K>, Differentiable<K> {}

/** Where a tensor's elements lie: element i at offset + Σ strides·i, counted in elements of the buffer behind it. */
export interface View {
  readonly shape: Shape
  readonly offset: number
  readonly strides: readonly number[]
}

/** A result assembled from regions: filled first (null: the parts cover it), then one part an operand. */
export interface Regions {
  readonly fill: number | null
  /** For operand i: where its elements go in the row-major result. */
  readonly parts: readonly View[]
}

/** A movement op is either another view of its operand's memory (null where strides cannot say it), or regions of a new one. */
export interface MovementDef<K extends OpName> extends Common<K>, Differentiable<K> {
  readonly move:
    | { readonly tag: 'view'; readonly view: (from: View, params: ParamsOf<K>) => View | null }
    | {
        readonly tag: 'regions'
        readonly regions: (types: Tup<ArityOf<K>, TensorType>, params: ParamsOf<K>) => Regions
      }
}

/** An op that reads or adds at computed places. There are four, gather, scatterAdd, lastEqual and withBlocks; the engines know how they walk. */
export interface IndexingDef<K extends OpName> extends Common<K>, Differentiable<K> {
  readonly sample: Sample
}

/** An op that finds the order of numbers. There is one, order; the engines know how. */
export interface SortingDef<K extends OpName> extends Common<K>, Differentiable<K> {
  readonly sample: Sample
}

/** An op with a closed-form derivative that is written in simpler ops only when it is lowered. */
export interface CompositeDef<K extends OpName> extends Common<K>, Differentiable<K> {
  readonly expand: <R>(b: Builder<R>, a: Omit<RuleArgs<K, R>, 'out'>) => R
  readonly sample: Sample
}

export interface LeafDef<K extends OpName> extends Common<K> {}

/** An op that holds a function. Its derivative and its batch transform that function, which is the engines' work. */
export interface ControlDef<K extends OpName> extends Common<K> {}

export type OpDef<K extends OpName> = {
  readonly leaf: LeafDef<K>
  readonly elementwise: ElementwiseDef<K>
  readonly reduction: ReductionDef<K>
  readonly contraction: ContractionDef<K>
  readonly movement: MovementDef<K>
  readonly indexing: IndexingDef<K>
  readonly sorting: SortingDef<K>
  readonly composite: CompositeDef<K>
  readonly control: ControlDef<K>
}[KindOf<K>]

export const defineOp = <K extends OpName>(d: OpDef<K>): OpDef<K> => d
