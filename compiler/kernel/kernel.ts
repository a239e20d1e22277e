/**
 * The Kernel: a typed loop nest over scalar instructions, the second of the three representations.
 * In: nothing. Out: its types. Fuse makes Kernels; plan binds their buffers to memory; emitters and the checker read them.
 * Invariant: target-neutral. An instruction applies an op of the table (its scalar meaning is `lower` over Machine); an
 * address is affine in the loop indices and counted in elements. The order in which a reduction adds is part of the
 * Kernel, so that every target gives the same bits.
 */
import type { DType, Float } from '../../src/core/dtype.ts'
import type { Combine, OpName } from '../../src/ops/signature.ts'

/** Index of an instruction in its body. */
export type Value = number

/** offset + Σ strides[d] · index[d], in elements, over the loop dims in scope (outer dims, then the stage's dims). */
export interface Access {
  readonly offset: number
  readonly strides: readonly number[]
}

export type Instr =
  | { readonly tag: 'load'; readonly dtype: DType; readonly buffer: number; readonly access: Access }
  /** A load at a computed place: access + min(max(index, 0), extent − 1) · stride, where `index` is an i32. */
  | {
      readonly tag: 'gather'
      readonly dtype: DType
      readonly buffer: number
      readonly access: Access
      readonly index: Value
      readonly stride: number
      readonly extent: number
    }
  | { readonly tag: 'literal'; readonly dtype: DType; readonly value: number }
  /** The i32 loop index of dim `axis` (outer dims first, then the stage's). */
  | { readonly tag: 'index'; readonly dtype: 'i32'; readonly axis: number }
  /** The scalar meaning of an elementwise op. */
  | {
      readonly tag: 'apply'
      readonly dtype: DType
      readonly op: OpName
      readonly params: unknown
      readonly args: readonly Value[]
    }
  /** A row value that an earlier stage of the same outer point defined. */
  | { readonly tag: 'row'; readonly dtype: DType; readonly row: number }
  /** In a contraction's epilogue: the finished element of the product. */
  | { readonly tag: 'accumulator'; readonly dtype: Float }

export interface Store {
  readonly buffer: number
  readonly access: Access
  readonly value: Value
}

/**
 * Adds `value` to the element at access + index · stride, or puts it there (`set`, into scratch alone); nothing is done
 * where the i32 `index` is not in 0 … extent − 1.
 * The points of a stage are taken in row-major order of all its dims, each addition rounded, so that repeated indices give
 * the same bits on every target. Vectors may run along the innermost dim only, and only where the index does not change
 * along it.
 */
export interface Accumulation {
  readonly buffer: number
  readonly access: Access
  readonly index: Value
  readonly stride: number
  readonly extent: number
  readonly value: Value
  readonly combine: 'sum' | 'set'
}

/**
 * A reduction of `value` over all dims of its stage into row value `row`. argmax and argmin give the i32 position along
 * the stage's (single) dim, the first of equal values; NaN counts as the extreme.
 */
export interface Reduction {
  readonly row: number
  readonly combine: Combine
  readonly value: Value
}

/** One loop nest within an outer point; dims [] runs once. */
export interface Stage {
  readonly dims: readonly number[]
  readonly body: readonly Instr[]
  readonly reductions: readonly Reduction[]
  /** Row values defined by a stage of dims []. */
  readonly rows: readonly { readonly row: number; readonly value: Value }[]
  readonly stores: readonly Store[]
  /** One a buffer at most, which the stage loads besides at the very place of the update alone: what was there before it. */
  readonly updates: readonly Accumulation[]
}

/** A slot that the plan binds to memory. `elements` is the extent that accesses must stay within. */
export interface KernelBuffer {
  readonly dtype: DType
  readonly elements: number
  /** read, write, or both at the same address only (in place); scratch holds nothing before or after. */
  readonly mode: 'read' | 'write' | 'update' | 'scratch'
  /** For a person: the expression's name or text. */
  readonly label: string
}

/**
 * For each point of the outer dims, the stages in order.
 *
 * `order` fixes how each reduction adds, for all targets alike:
 * - `lanes`: LANES partial results; element i of the innermost dim goes to partial i mod LANES, the other dims of the
 *   stage in row-major order; at the end partial[j] is combined with partial[j + h], for h = LANES/2, …, 2, 1.
 *   Vectors run along the innermost dim of each stage.
 * - `sequential`: one accumulator, elements in row-major order. Vectors run along the last outer dim.
 * A reduction starts from its identity (0, 1, −∞, +∞; i32: 0, 1, min, max).
 */
export interface LoopKernel {
  readonly tag: 'loop'
  readonly name: string
  readonly outer: readonly number[]
  readonly stages: readonly Stage[]
  readonly order: 'lanes' | 'sequential'
  /** dtype of each row value. */
  readonly rows: readonly DType[]
  readonly buffers: readonly KernelBuffer[]
}

/** Partial results of a `lanes` reduction, for every dtype. */
export const LANES = 16

/**
 * One operand of a contraction: element (batch…, i, j) lies at offset + Σ batch·index + Σ row·digits of i + Σ col·digits of j.
 * So an image is read in place as the matrix of its windows: there the digits of a row are picture, line and column, those of
 * k are line and column within the window, and channel.
 */
export interface Operand {
  readonly buffer: number
  readonly offset: number
  readonly batch: readonly number[]
  readonly row: readonly number[]
  readonly col: readonly number[]
  /** Where the windows of an image reach over it; none, if left out. One operand at most has edges. */
  readonly edges?: readonly Edge[]
}

/**
 * An axis that an image's windows run along, of `extent` elements: digit `across` of a's rows (or b's columns) counts windows,
 * `step` elements apart, digit `inner` of k elements of a window, `dilation` apart. An element before the first one of the
 * axis (element across·step + inner·dilation − low) or behind the last is none: its product is no part of the sum.
 */
export interface Edge {
  readonly across: number
  readonly inner: number
  readonly step: number
  readonly dilation: number
  readonly low: number
  readonly extent: number
}

/**
 * C[batch…, i, j] = Σₖ A[batch…, i, k] · B[batch…, k, j], then the epilogue for each element.
 *
 * Order of the sum, for all targets alike: k in `pieces` (their lengths, in order). Within a piece one accumulator from
 * +0, k ascending, acc = acc + a·b with two roundings (one where relaxed SIMD is asked for), and nothing where an operand has
 * no element. The element is piece₀, then + piece₁, … each added to the running sum.
 */
export interface ContractionKernel {
  readonly tag: 'contraction'
  readonly name: string
  readonly dtype: Float
  readonly batch: readonly number[]
  readonly m: number
  readonly n: number
  readonly k: number
  /**
   * The digits of i, j and k, the highest first: extents whose products are m, n and k. One digit where a single stride says
   * where the next element lies.
   */
  readonly rows: readonly number[]
  readonly columns: readonly number[]
  readonly inner: readonly number[]
  /** Each piece is a box of the digits of k: some of one digit, all of those below it. */
  readonly pieces: readonly number[]
  /** rows i (row strides) by k (col strides) */
  readonly a: Operand
  /** k (row strides) by columns j (col strides) */
  readonly b: Operand
  /** Loop dims in scope of the epilogue's accesses: [...batch, i, j]. Column strides of its accesses are 0 or 1. */
  readonly body: readonly Instr[]
  readonly stores: readonly Store[]
  /**
   * Where Σₖ B[k, j] goes for each column, if anybody wants it: what a row of ones, as one row more of A, would make, in the same
   * order. Only where there is no batch, no edge, and rows have one digit; the row stride of the access is 0.
   */
  readonly columnSums?: Pick<Store, 'buffer' | 'access'>
  /** Scratch buffer of m·n elements for the running sums where there are several pieces; else −1. */
  readonly partial: number
  readonly buffers: readonly KernelBuffer[]
}

/**
 * The positions that put each row of i32 keys in ascending order, equal keys in the order they have: one answer, however it
 * is found. Targets find it by distributing the keys by their digits of `digit` bits, the least first, in as many passes.
 */
export interface SortKernel {
  readonly tag: 'sort'
  readonly name: string
  readonly rows: number
  /** Keys a row, two at least. */
  readonly length: number
  readonly digit: 4 | 8
  /** Buffer of the keys, row-major. */
  readonly keys: number
  /** Buffer of the positions, row-major. */
  readonly places: number
  /** Scratch buffers of i32: keys and positions between the passes of one row, and a count for each value of each digit. */
  readonly between: { readonly keys: readonly [number, number]; readonly places: number; readonly counts: number }
  readonly buffers: readonly KernelBuffer[]
}

/** Bits of a key. */
export const KEY_BITS = 32

export type Kernel = LoopKernel | ContractionKernel | SortKernel
