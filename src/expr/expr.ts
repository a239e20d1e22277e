/**
 * The type of expressions. In: nothing. Out: Expr and Node.
 * Invariant: a node is plain frozen data; what is known beside it (names, lines) lives in origin.ts.
 */
import type { DType } from '../core/dtype.ts'
import type { Shape } from '../core/shape.ts'
import type { OpName } from '../ops/signature.ts'

/** A tensor-valued expression. S and D are known to the type checker where the user gave literal extents. */
export interface Expr<S extends Shape = Shape, D extends DType = DType> {
  readonly id: number
  readonly op: OpName
  readonly ins: readonly Node[]
  readonly params: unknown
  readonly shape: S
  readonly dtype: D
}
export type Node = Expr
