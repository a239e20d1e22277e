/**
 * The sparse form of a tensor: its rows (along axis 0) are one number but for those that indices name. In: forms. Out: forms,
 * and the nodes that they stand for. Invariant: `indices` are row numbers in range, of any shape, so that rows that are alike
 * along an axis of the lookup stay a view; `rows` has a row for each of them. Rows of one index add up; a compact form has all of the sum at the last of them, and `fill` at the others.
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

const countOf = ({ indices }: Form): number => sizeOf(indices.shape)

/** The shape that rows of so many elements have in a form. */
export const shapeOfRows = ({ indices }: Form, row: Shape): Shape => [...indices.shape, ...row]

/** Indices as a form has them: of rows that there are. */
const inRange = (indices: Node, extent: number): Node => b.clip([indices], { lo: 0, hi: extent - 1 })

/** The last place, in row-major order, of the same index; a view of it has the shape of the indices. */
const lastPlaces = (indices: Node, extent: number): Node => {
  const vector = b.reshape([indices], { shape: [sizeOf(indices.shape)] })
  return b.reshape([b.lastEqual([vector], { extent })], { shape: indices.shape })
}

/** The rows one behind the other. */
export const listed = (form: Form): Node =>
  b.reshape([form.rows], { shape: [countOf(form), ...form.rows.shape.slice(form.indices.shape.length)] })

/** The form of a cotangent as gather's derivative makes it; null where it names most rows, or columns. */
export const formOf = (node: Node): Form | null => {
  const { axis, batch, extent } = paramsOf(node, 'scatterRows')
  const [indices, rows] = node.ins as readonly [Node, Node]
  if (axis !== 0 || batch !== 0 || !isFew(sizeOf(indices.shape), extent)) return null
  return { indices: inRange(indices, extent), rows, fill: 0, compact: false }
}

/** The form with each row's sum at one place. */
export const compacted = (form: Form, extent: number): Form => {
  if (form.compact) return form
  const { indices, rows, sums } = form
  if (sums !== undefined) return { indices, rows: sums(), fill: 0, compact: true }
  const zeros = b.full([], { dtype: rows.dtype, shape: listed(form).shape, value: 0 })
  const summed = b.scatterAdd([zeros, lastPlaces(indices, extent), rows], { axis: 0, batch: 0 })
  return { indices, rows: b.reshape([summed], { shape: rows.shape }), fill: 0, compact: true }
}

/** The rows that a gather takes where they are those of the form, each with the whole sum; null for other rows. */
export const rowsTaken = (form: Form, gather: Node): Node | null => {
  const [x, at] = gather.ins as readonly [Node, Node]
  const { axis, batch } = paramsOf(gather, 'gather')
  const extent = x.shape[0] as number
  if (axis !== 0 || batch !== 0 || inRange(at, extent) !== form.indices) return null
  return b.gather([listed(compacted(form, extent)), lastPlaces(form.indices, extent)], { axis, batch })
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
  const vector = (f: Form): Node => b.reshape([f.indices], { shape: [countOf(f)] })
  return {
    indices: b.concat([vector(p), vector(q)], { axis: 0 }),
    rows: b.concat([listed(p), listed(signed(q))], { axis: 0 }),
    fill: 0,
    compact: false,
    parts: [...(p.parts ?? [p]), ...(q.parts ?? [q]).map(signed)],
  }
}

/** The tensor that a form with absent rows of 0 stands for. */
export const scattered = ({ indices, rows }: Form, extent: number): Node =>
  b.scatterRows([indices, rows], { axis: 0, batch: 0, extent })

/** The indices at the places of the sums, and −1, which is no row, at the others: each row is named once. */
const onceEach = (indices: Node, extent: number): Node => {
  const vector = b.iota([], { shape: [sizeOf(indices.shape)], axis: 0 })
  const here = b.equal([lastPlaces(indices, extent), b.reshape([vector], { shape: indices.shape })])
  return b.where([here, indices, b.lit(-1, 'i32')])
}

/** A tensor with the form added to its rows: nothing else of it is touched. */
export const addedTo = (x: Node, form: Form, sign: 1 | -1): Node =>
  (form.parts ?? [form]).reduce((sum, { indices, rows, compact }) => {
    const named = compact ? onceEach(indices, x.shape[0] as number) : indices
    return b.scatterAdd([sum, named, sign === 1 ? rows : b.neg([rows])], { axis: 0, batch: 0 })
  }, x)
