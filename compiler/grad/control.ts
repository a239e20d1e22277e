/**
 * The derivatives and batches of ops that hold functions. In: such a node, and the engine that goes through its function.
 * Out: what its operands receive, how its results move, its results over a batch. Invariant: the engines know that there are
 * such ops, and this table alone knows which.
 */
import { InternalError } from '../../src/core/errors.ts'
import type { Node } from '../../src/expr/expr.ts'
import type { Batch } from '../program/batch.ts'
import type { Rewrite } from './args.ts'
import { batchCond, pullCond, pushCond } from './cond.ts'
import { batchScan, pullScan, pushScan } from './scan.ts'
import { batchWhile, pullWhile, pushWhile } from './while.ts'

type Pull = (
  outputs: readonly (readonly [output: Node, cotangent: Node])[],
  wrt: readonly Node[],
  rewrite: Rewrite,
) => readonly (Node | null)[]

type Push = (outputs: readonly Node[], tangents: ReadonlyMap<Node, Node>) => readonly (Node | null)[]

interface ControlRules {
  readonly pull: (
    node: Node,
    received: readonly (Node | null | undefined)[],
    wanted: ReadonlySet<Node>,
    pullAll: Pull,
    rewrite: Rewrite,
  ) => readonly (Node | null)[]
  readonly push: (node: Node, moving: readonly (Node | null)[], push: Push) => readonly (Node | null)[]
  readonly batch: (node: Node, values: readonly (Node | undefined)[], size: number, batch: Batch) => readonly Node[]
}

const scan: ControlRules = { pull: pullScan, push: pushScan, batch: batchScan }
const cond: ControlRules = { pull: pullCond, push: pushCond, batch: batchCond }
const whileLoop: ControlRules = { pull: pullWhile, push: pushWhile, batch: batchWhile }

const rulesOf = ({ op }: Node): ControlRules => {
  if (op === 'scan') return scan
  if (op === 'cond') return cond
  if (op === 'while') return whileLoop
  throw new InternalError(`${op} holds no function`)
}

/** What each operand receives when the results have received their cotangents. */
export const pullControl: ControlRules['pull'] = (node, ...rest) => rulesOf(node).pull(node, ...rest)

/** Tangents of the results; null where one does not move. */
export const pushControl: ControlRules['push'] = (node, ...rest) => rulesOf(node).push(node, ...rest)

/** The results over a batch; without its axis where they do not depend on it. */
export const batchControl: ControlRules['batch'] = (node, ...rest) => rulesOf(node).batch(node, ...rest)
