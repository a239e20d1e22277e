/**
 * What stands behind a node. In: a node. Out: the node whose formula is written for it: a broadcast, or a reshape that only adds axes
 * of extent 1, writes nothing. Invariant: it is asked of the op table, by what the op prints.
 */
import { sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { Doc } from './doc.ts'

export interface Reading {
  /** The nodes whose formulas, or names, stand in this one. */
  readonly reads: readonly Node[]
  /** Nothing is written for it: a broadcast, a reshape that only adds axes of extent 1. */
  readonly same: boolean
  readonly build: (docs: readonly Doc[]) => Doc
}

const mark = '\u0000'

/** Whether the op writes nothing around its one operand. */
export const isSame = (n: Node): boolean => {
  const printed = n.ins.length === 1 ? opDef(n.op).print([{ text: mark, precedence: 4 }], n.params, n.ins) : null
  return printed?.text === mark
}

/** Behind broadcasts and the like. */
export const behind = (n: Node): Node => {
  let at = n
  while (isSame(at)) at = at.ins[0] as Node
  return at
}

export const isFull = (n: Node, value: number): boolean => {
  const b = behind(n)
  return b.op === 'full' && paramsOf(b, 'full').value === value
}

export const isScalar = (n: Node): boolean => sizeOf(n.shape) === 1

/** Whether the first axis stays the first where nothing is written. */
export const keepsFirst = (n: Node): boolean => {
  const from = n.ins[0] as Node
  return (
    n.shape[0] === from.shape[0] && (n.op === 'reshape' ? from.shape[0] !== 1 : n.shape.length === from.shape.length)
  )
}
