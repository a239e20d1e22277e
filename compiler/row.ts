/**
 * What a sequence is at one step, as an expression. In: a node with a value for each step of a loop, along its first axis, and how
 * what is read there is called at the step. Out: the expression of one of these values, `onehot(xₜ) W + b` of onehot(x) W + b.
 * Invariant: null where a step's value is made of other steps too, or of what has no name.
 */
import type { Node } from '../src/expr/expr.ts'
import { graph, make, paramsOf } from '../src/expr/node.ts'
import { opDef } from '../src/ops/registry.ts'
import { isSame, keepsFirst } from './inspect/behind.ts'

const all = (rows: readonly (Node | null)[]): readonly Node[] | null =>
  rows.every((r) => r !== null) ? (rows as readonly Node[]) : null

/** Of an operand of one op beside others: its row, or itself where it has no axis of steps. */
const operandAt = (x: Node, user: Node, symbolAt: (n: Node) => Node | null): Node | null => {
  if (x.shape.length < user.shape.length) return x
  return x.shape[0] === user.shape[0] ? rowAt(x, symbolAt) : null
}

export const rowAt = (n: Node, symbolAt: (n: Node) => Node | null): Node | null => {
  const symbol = symbolAt(n)
  if (symbol !== null) return symbol
  const [from, second] = n.ins
  if (from === undefined) return null
  const shape = n.shape.slice(1)
  if (isSame(n)) {
    const row = keepsFirst(n) ? rowAt(from, symbolAt) : from.shape.length < n.shape.length ? from : null
    if (row === null) return null
    return n.op === 'reshape' ? graph.reshape([row], { shape }) : graph.broadcastTo([row], { shape })
  }
  if (n.op === 'dotGeneral') {
    const { batch, contract } = paramsOf(n, 'dotGeneral')
    const row = batch[0].length > 0 || contract[0].includes(0) ? null : rowAt(from, symbolAt)
    return (
      row && graph.dotGeneral([row, second as Node], { batch, contract: [contract[0].map((a) => a - 1), contract[1]] })
    )
  }
  if (opDef(n.op).kind === 'elementwise' || n.op === 'oneHot') {
    const rows = all(n.op === 'oneHot' ? [rowAt(from, symbolAt)] : n.ins.map((x) => operandAt(x, n, symbolAt)))
    return rows && make(n.op, rows, n.params)
  }
  if (n.op === 'gather' && paramsOf(n, 'gather').axis === 0 && paramsOf(n, 'gather').batch === 0) {
    const row = rowAt(second as Node, symbolAt)
    return row && graph.gather([from, row], paramsOf(n, 'gather'))
  }
  return null
}
