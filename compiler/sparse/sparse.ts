/**
 * Row-sparse cotangents: what gather's derivative makes stays indices and rows for as long as something can be done with
 * them alone. In: simplified roots. Out: roots of the same values (up to the order in which repeated rows are added), in
 * which products, sums of cotangents, norms and updates touch the rows that are named.
 * Invariant: one walk; each node has a sparse form or none, and always a dense one. The dense one of a node whose operands
 * alone have forms is what it was before, so where a form ends the program is no worse than without. docs/architecture.md
 * says which mathematics this is.
 */
import { equalShapes } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, make, paramsOf } from '../../src/expr/node.ts'
import { derivedFrom } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import { topological } from '../program/walk.ts'
import { elementwiseForm, type Known } from './elementwise.ts'
import { addedTo, type Form, formOf, listed, rowShape, rowsTaken, scattered, shapeOfRows } from './form.ts'

/** Movement and reductions within the rows: the same of the rows. */
const movedForm = (n: Node, form: Form): Form | null => {
  const { indices, rows, fill, compact } = form
  const moved = (to: Node): Form => ({ indices, rows: to, fill, compact })
  const shape = shapeOfRows(form, rowShape(n.shape))
  /** Axes of the table behind its rows' own, as axes of the rows. */
  const behind = (axes: readonly number[]): readonly number[] => axes.map((a) => a - 1 + indices.shape.length)
  const isKept = n.shape[0] === (n.ins[0] as Node).shape[0]
  switch (n.op) {
    case 'reshape':
      return isKept ? moved(b.reshape([rows], { shape })) : null
    case 'broadcastTo':
      return isKept && shape.length === rows.shape.length ? moved(b.broadcastTo([rows], { shape })) : null
    case 'transpose': {
      const { perm } = paramsOf(n, 'transpose')
      return perm[0] === 0
        ? moved(b.transpose([rows], { perm: [...indices.shape.keys(), ...behind(perm.slice(1))] }))
        : null
    }
    case 'sum': {
      const { axes, keepDims } = paramsOf(n, 'sum')
      return fill === 0 && !axes.includes(0) ? moved(b.sum([rows], { axes: behind(axes), keepDims })) : null
    }
    default:
      return null
  }
}

/** Memory that is there in any case: to it rows may be added in place. */
const isMemory = (x: Node): boolean => {
  if (x.op === 'reshape') return isMemory(x.ins[0] as Node)
  const { kind } = opDef(x.op)
  return x.op !== 'full' && x.op !== 'iota' && kind !== 'elementwise' && kind !== 'movement'
}

/** The node over rewritten operands, by way of forms where they save walking a table. */
const denseOf = (n: Node, rebuilt: Node, form: Form | null, known: Known): Node => {
  const [p = null, q = null] = n.ins.map(known.form)
  const [x, y] = rebuilt.ins as readonly [Node, Node]
  if (n.op === 'add' || n.op === 'sub') {
    if (p !== null && q !== null && form?.fill === 0) return scattered(form, n.shape[0] as number)
    const isFull = equalShapes(x.shape, y.shape)
    if (isFull && q?.fill === 0 && isMemory(x)) return addedTo(x, q, n.op === 'add' ? 1 : -1)
    if (isFull && p?.fill === 0 && isMemory(y) && n.op === 'add') return addedTo(y, p, 1)
  }
  if (n.op === 'gather' && p !== null) return rowsTaken(p, n) ?? rebuilt
  const sumsRows = n.op === 'sum' && paramsOf(n, 'sum').axes.includes(0)
  return sumsRows && p?.fill === 0 ? b.sum([listed(p)], paramsOf(n, 'sum')) : rebuilt
}

const sparseOf = (n: Node, rebuilt: Node, known: Known): Form | null => {
  if (n.op === 'scatterRows') return formOf(rebuilt)
  if (opDef(n.op).kind === 'elementwise') return elementwiseForm(n, known)
  const [first] = n.ins
  const form = first === undefined ? null : known.form(first)
  return form === null ? null : movedForm(n, form)
}

export const keepRows = (roots: readonly Node[]): readonly Node[] => {
  const order = topological(roots)
  if (!order.some((n) => n.op === 'scatterRows')) return roots
  const forms = new Map<Node, Form | null>()
  const dense = new Map<Node, Node>()
  const known: Known = { form: (n) => forms.get(n) ?? null, dense: (n) => dense.get(n) as Node }
  for (const n of order)
    derivedFrom(n, () => {
      const ins = n.ins.map(known.dense)
      const rebuilt = ins.every((x, i) => x === n.ins[i]) ? n : make(n.op, ins, n.params)
      const form = sparseOf(n, rebuilt, known)
      forms.set(n, form)
      dense.set(n, denseOf(n, rebuilt, form, known))
    })
  return roots.map(known.dense)
}
