/**
 * Elementwise ops over sparse forms. In: an application, some of whose operands have forms. Out: the form of its result, or
 * null. Invariant: what is linear in its forms keeps their rows apart; anything else is asked of sums, so that repeated rows
 * are added up first. A dense operand is read at the rows that the indices name, and nowhere else: an absent row is no
 * cotangent, so 0 · x is nothing whatever x is.
 */
import { isFloat } from '../../src/core/dtype.ts'
import { numericMachine } from '../../src/core/numeric.ts'
import { equalShapes, type Shape } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, make, paramsOf } from '../../src/expr/node.ts'
import { elementwiseDef, opDef } from '../../src/ops/registry.ts'
import { compacted, type Form, joined, rowShape, shapeOfRows } from './form.ts'

/** What is known of the nodes before this one. */
export interface Known {
  readonly form: (n: Node) => Form | null
  /** The node over operands that have been rewritten. */
  readonly dense: (n: Node) => Node
}

const machine = numericMachine()

/** The number that a `full` repeats, or null. */
const literalOf = (n: Node): number | null => (n.op === 'full' ? paramsOf(n, 'full').value : null)

/** Whether all rows of an operand of something of this shape are one. */
const isUniform = (x: Node, shape: Shape): boolean =>
  x.op === 'full' || x.shape.length < shape.length || (x.shape[0] === 1 && shape[0] !== 1)

/** The same for all rows: a literal as a scalar, that it may stand beside any number of them. */
const uniform = (x: Node, dense: Node): Node => {
  const value = literalOf(x)
  return value === null ? dense : b.lit(value, x.dtype)
}

/** So many applications above the memory of a table are done again for the rows that are read. */
const LIFTED = 64

interface Taken {
  readonly rows: Node
  /** Whether they are those of a compact form over the same indices: right where the sum stands, anything elsewhere. */
  readonly compact: boolean
}

/** The rows of a tensor that the indices name: taken from memory, and the arithmetic done on them. */
const takenRows = (x: Node, indices: Node, known: Known): Taken => {
  const extent = x.shape[0] as number
  const order: Node[] = []
  const seen = new Set<Node>()
  const isInner = (n: Node): boolean =>
    opDef(n.op).kind === 'elementwise' && n.shape.length === x.shape.length && n.shape[0] === extent
  const visit = (n: Node): void => {
    if (seen.has(n) || seen.size > LIFTED) return
    seen.add(n)
    const own = known.form(n)
    if (isInner(n) && own?.indices !== indices) for (const i of n.ins) if (!isUniform(i, n.shape)) visit(i)
    order.push(n)
  }
  visit(x)
  const gathered = (n: Node): Node => b.gather([known.dense(n), indices], { axis: 0, batch: 0 })
  if (seen.size > LIFTED) return { rows: gathered(x), compact: false }
  const rows = new Map<Node, Node>()
  let compact = false
  for (const n of order) {
    const own = known.form(n)
    if (own?.indices === indices) {
      compact = true
      rows.set(n, compacted(own, extent).rows)
    } else if (isInner(n)) {
      const ins = n.ins.map((i) => (isUniform(i, n.shape) ? uniform(i, known.dense(i)) : (rows.get(i) as Node)))
      rows.set(n, make(n.op, ins, n.params))
    } else rows.set(n, gathered(n))
  }
  return { rows: rows.get(x) as Node, compact }
}

/** Ops of one operand of which the sum of two results is the result of the sum. */
const isLinear = (n: Node): boolean =>
  ['neg', 'copy', 'stopGradient'].includes(n.op) ||
  (n.op === 'cast' && isFloat(n.dtype) && isFloat((n.ins[0] as Node).dtype))

/** Where the form stands in an application that is linear in it, whatever the other operands are; null where it is not. */
const linearSlot = (n: Node, forms: readonly (Form | null)[]): number | null => {
  const at = forms.findIndex((f) => f !== null)
  if (forms.filter((f) => f !== null).length !== 1 || forms[at]?.fill !== 0) return null
  if (isLinear(n) || n.op === 'mul' || (n.op === 'div' && at === 0)) return at
  if (n.op !== 'where' || at === 0) return null
  return literalOf(n.ins[3 - at] as Node) === 0 ? at : null
}

/** What absent rows are, or null where that depends on what is not known. */
const fillOf = (n: Node, forms: readonly (Form | null)[]): number | null => {
  const fills = n.ins.map((x, i) => forms[i]?.fill ?? literalOf(x))
  const isNothing = (i: number): boolean => forms[i]?.fill === 0
  if (n.op === 'mul' && (isNothing(0) || isNothing(1))) return 0
  if (n.op === 'div' && isNothing(0)) return 0
  if (n.op === 'where') {
    const [condition = null, yes = null, no = null] = fills
    if (condition === null) return yes === no ? yes : null
    return condition === 0 ? no : yes
  }
  if (fills.some((f) => f === null)) return null
  const ins = fills.map((f, i) => machine.lit(f as number, (n.ins[i] as Node).dtype))
  const value = elementwiseDef(n.op).lower(machine, ins, n.params).value
  return value === 0 ? 0 : value
}

/** Rows of the result's own width. */
const fitted = (rows: Node, n: Node, form: Form): Node => {
  const shape = shapeOfRows(form, rowShape(n.shape))
  return equalShapes(rows.shape, shape) ? rows : b.broadcastTo([rows], { shape })
}

/** The form of an elementwise application, or null where it has none. */
export const elementwiseForm = (n: Node, known: Known): Form | null => {
  const forms = n.ins.map((x) =>
    x.shape.length === n.shape.length && x.shape[0] === n.shape[0] ? known.form(x) : null,
  )
  const present = forms.filter((f) => f !== null)
  const [first] = present
  if (first === undefined) return null
  const extent = n.shape[0] as number
  if ((n.op === 'add' || n.op === 'sub') && forms.length === present.length) {
    const [p, q] = present.map((f) => {
      const rows = fitted(f.rows, n, f)
      return rows === f.rows ? f : { indices: f.indices, rows, fill: f.fill, compact: f.compact }
    }) as [Form, Form]
    const sum = joined(p, q, n.op === 'add' ? 1 : -1, extent)
    if (sum !== null) return sum
  }
  if (!present.every((f) => f.indices === first.indices)) return null
  const { indices } = first
  const others = n.ins.map((x, i): Taken | null => {
    if (forms[i] !== null) return null
    return isUniform(x, n.shape) ? { rows: uniform(x, known.dense(x)), compact: false } : takenRows(x, indices, known)
  })
  const made = (own: readonly (Form | null)[], over = first): Node =>
    fitted(
      make(
        n.op,
        n.ins.map((_, i) => (own[i]?.rows ?? others[i]?.rows) as Node),
        n.params,
      ),
      n,
      over,
    )
  if (linearSlot(n, forms) !== null && !others.some((t) => t?.compact === true)) {
    const form = { indices, rows: made(forms), fill: 0, compact: first.compact }
    // where all rows are treated alike, so are their sums, and rows that stand elsewhere
    if (!n.ins.every((x, i) => forms[i] !== null || isUniform(x, n.shape))) return form
    const over = (f: Form): Node =>
      made(
        forms.map((own) => (own === null ? null : f)),
        f,
      )
    const { parts } = first
    return {
      ...form,
      sums: () => over(compacted(first, extent)),
      ...(parts === undefined
        ? {}
        : { parts: parts.map((f) => ({ indices: f.indices, rows: over(f), fill: 0, compact: f.compact })) }),
    }
  }
  const fill = fillOf(n, forms)
  if (fill === null) return null
  return { indices, rows: made(forms.map((f) => (f === null ? null : compacted(f, extent)))), fill, compact: true }
}
