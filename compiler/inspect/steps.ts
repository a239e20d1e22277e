/**
 * What a sequence is at one step. In: a node with a value for each step of a loop, along its first axis. Out: the formula of one
 * of these values, `onehot(xₜ) W + b` of onehot(x) W + b. Invariant: null where a step's value is made of other steps too.
 */
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { opDef } from '../../src/ops/registry.ts'
import { type Doc, isNumber, linear, render, stepOf, text, whole } from './doc.ts'
import { docAt } from './indices.ts'
import { isSame, keepsFirst } from './behind.ts'
import { readingOf } from './reading.ts'

export interface Around {
  /** How a node is written where it is read. */
  readonly docOf: (n: Node) => Doc | undefined
  /** Whether that is a name. */
  readonly isCalled: (n: Node) => boolean
  readonly index: string
}

/** Of what is the same at every step. */
const constantDoc = (n: Node, { docOf }: Around): Doc | null => {
  const d = docOf(n)
  return d === undefined ? null : whole(d)
}

const all = (docs: readonly (Doc | null)[]): readonly Doc[] | null =>
  docs.every((d) => d !== null) ? (docs as readonly Doc[]) : null

/** A product of the sequence's rows with what is the same at every step. */
const productAt = (n: Node, around: Around): Doc | null => {
  const [x, y] = n.ins as readonly [Node, Node]
  const { batch, contract } = paramsOf(n, 'dotGeneral')
  if (batch[0].length > 0 || contract[0].includes(0) || n.shape[0] !== x.shape[0]) return null
  const docs = all([docAtStep(x, around), constantDoc(y, around)])
  const within = { batch, contract: [contract[0].map((a) => a - 1), contract[1]] as const }
  const rows = { dtype: x.dtype, shape: x.shape.slice(1) }
  return docs && linear(docs, false, (ins) => opDef('dotGeneral').print(ins, within, [rows, y]))
}

/** The value of n at the step; n is a sequence of steps. */
export const docAtStep = (n: Node, around: Around): Doc | null => {
  const d = around.docOf(n)
  if (d === undefined) return null
  if (isNumber(d) || n.shape.length === 0) return d
  const own = stepOf(d)
  if (own !== null) return own.index === around.index ? own.doc : null
  if (around.isCalled(n)) return docAt(d, around.index)
  const [from, second] = n.ins
  if (from === undefined) return null
  if (isSame(n)) {
    if (keepsFirst(n)) return docAtStep(from, around)
    const isRepeated = from.shape.length < n.shape.length || (from.shape[0] === 1 && n.op === 'broadcastTo')
    return isRepeated ? constantDoc(from, around) : null
  }
  if (n.op === 'dotGeneral') return productAt(n, around)
  if (n.op === 'oneHot' || (n.op === 'gather' && second !== undefined && paramsOf(n, 'gather').axis === 0)) {
    const table = n.op === 'gather' ? [constantDoc(from, around)] : []
    const docs = all([...table, docAtStep(second ?? from, around)])
    return docs && text(opDef(n.op).print(docs.map(render), n.params, n.ins))
  }
  if (opDef(n.op).kind !== 'elementwise') return null
  const { reads, build } = readingOf(n)
  const isRepeated = (r: Node): boolean => r.shape.length < n.shape.length || (r.shape[0] === 1 && n.shape[0] !== 1)
  const docs = all(reads.map((r) => (isRepeated(r) ? constantDoc(r, around) : docAtStep(r, around))))
  return docs && build(docs)
}
