/**
 * The sparse form of a tensor: its rows (along axis 0) are one number but for those that indices name. In: forms. Out: forms,
 * and the nodes that they stand for. Invariant: `indices` is a vector of row numbers in range, `rows` has a row for each of
 * them. Rows of one index add up; a compact form has all of the sum at the last of them, and `fill` at the others.
 */
import { type Shape, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, paramsOf } from '../../src/expr/node.ts'

export interface Form {
  readonly indices: Node
  readonly rows: Node
  /** What absent rows are full of; 0 where the form is not compact. */
  readonly fill: number
  readonly compact: boolean
  /** The rows of the compact form, where they can be had of those of another one, so that repeated rows are added up once. */
  readonly sums?: () => Node
  /** Forms that add up to this one: added to a table one after the other, they need not be laid side by side. */
  readonly parts?: readonly Form[]
}

/**
 * Indices may name at most one row of so many: beyond that, walking the whole table is as cheap. An update that adds up repeated
 * rows goes over its rows about twice as often as a dense one goes over the table.
 */
const SHARE = 2

const isFew = (count: number, extent: number): boolean => count > 0 && count * SHARE <= extent

/** The shape of a row. */
export const rowShape = (shape: Shape): Shape => shape.slice(1)

export const countOf = ({ indices }: Form): number => indices.shape[0] as number

/** Indices as a form has them: a vector of rows that there are. */
const flattened = (indices: Node, extent: number): Node =>
  b.clip([b.reshape([indices], { shape: [sizeOf(indices.shape)] })], { lo: 0, hi: extent - 1 })

/** The form of a cotangent as gather's derivative makes it; null where it names most rows, or columns. */
export const formOf = (node: Node): Form | null => {
  const { axis, batch, extent } = paramsOf(node, 'scatterRows')
  const [indices, rows] = node.ins as readonly [Node, Node]
  const count = sizeOf(indices.shape)
  if (axis !== 0 || batch !== 0 || !isFew(count, extent)) return null
  return {
    indices: flattened(indices, extent),
    rows: b.reshape([rows], { shape: [count, ...rowShape(node.shape)] }),
    fill: 0,
    compact: false,
  }
}

/** The form with each row's sum at one place. */
export const compacted = (form: Form, extent: number): Form => {
  if (form.compact) return form
  const { indices, rows, sums } = form
  if (sums !== undefined) return { indices, rows: sums(), fill: 0, compact: true }
  const zeros = b.full([], { dtype: rows.dtype, shape: rows.shape, value: 0 })
  const last = b.lastEqual([indices], { extent })
  return { indices, rows: b.scatterAdd([zeros, last, rows], { axis: 0, batch: 0 }), fill: 0, compact: true }
}

/** The rows that a gather takes where they are those of the form, each with the whole sum; null for other rows. */
export const rowsTaken = (form: Form, gather: Node): Node | null => {
  const [x, at] = gather.ins as readonly [Node, Node]
  const { axis, batch } = paramsOf(gather, 'gather')
  const extent = x.shape[0] as number
  if (axis !== 0 || batch !== 0 || flattened(at, extent) !== form.indices) return null
  const sums = b.gather([compacted(form, extent).rows, b.lastEqual([form.indices], { extent })], { axis, batch })
  return b.reshape([sums], { shape: gather.shape })
}

/** The sum of two forms of one table, the second taken `sign` times; null where together they name too many rows. */
export const joined = (p: Form, q: Form, sign: 1 | -1, extent: number): Form | null => {
  if (p.fill !== 0 || q.fill !== 0) return null
  if (p.indices === q.indices) {
    const rows = sign === 1 ? b.add([p.rows, q.rows]) : b.sub([p.rows, q.rows])
    return { indices: p.indices, rows, fill: 0, compact: p.compact && q.compact }
  }
  if (!isFew(countOf(p) + countOf(q), extent)) return null
  const signed = ({ indices, rows }: Form): Form => ({
    indices,
    rows: sign === 1 ? rows : b.neg([rows]),
    fill: 0,
    compact: false,
  })
  return {
    indices: b.concat([p.indices, q.indices], { axis: 0 }),
    rows: b.concat([p.rows, signed(q).rows], { axis: 0 }),
    fill: 0,
    compact: false,
    parts: [...(p.parts ?? [p]), ...(q.parts ?? [q]).map(signed)],
  }
}

/** The tensor that a form with absent rows of 0 stands for. */
export const scattered = ({ indices, rows }: Form, extent: number): Node =>
  b.scatterRows([indices, rows], { axis: 0, batch: 0, extent })

/** A tensor with the form added to its rows: nothing else of it is touched. */
export const addedTo = (x: Node, form: Form, sign: 1 | -1): Node =>
  (form.parts ?? [form]).reduce(
    (sum, { indices, rows }) => b.scatterAdd([sum, indices, sign === 1 ? rows : b.neg([rows])], { axis: 0, batch: 0 }),
    x,
  )
