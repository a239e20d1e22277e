/**
 * How a node is read. In: a node. Out: what stands in its formula, and the formula made of these.
 * Invariant: everything is asked of the op table; what stands here besides are the turns of phrase that join several ops:
 * signs, sums and products, norms, masks, and outer products.
 */
import { InternalError } from '../../src/core/errors.ts'
import { range, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { OpName, Printed } from '../../src/ops/signature.ts'
import {
  add,
  type Doc,
  div,
  type Factor,
  juxtaposed,
  linear,
  mul,
  nameDoc,
  negate,
  numberDoc,
  render,
  sub,
  text,
} from './doc.ts'

export interface Reading {
  /** The nodes whose formulas, or names, stand in this one. */
  readonly reads: readonly Node[]
  /** Nothing is written for it: a broadcast, a reshape that only adds axes of extent 1. */
  readonly same: boolean
  readonly build: (docs: readonly Doc[]) => Doc
}

const mark = '\u0000'

/** Whether the op writes nothing around its one operand. */
const isSame = (n: Node): boolean => {
  const printed = n.ins.length === 1 ? opDef(n.op).print([{ text: mark, precedence: 4 }], n.params, n.ins) : null
  return printed?.text === mark
}

/** Behind broadcasts and the like. */
export const behind = (n: Node): Node => {
  let at = n
  while (isSame(at)) at = at.ins[0] as Node
  return at
}

const isFull = (n: Node, value: number): boolean => {
  const b = behind(n)
  return b.op === 'full' && paramsOf(b, 'full').value === value
}

const isScalar = (n: Node): boolean => sizeOf(n.shape) === 1

const same: Reading['build'] = ([d]) => {
  if (d === undefined) throw new InternalError('a formula without its part')
  return d
}

const printed = (n: Node, ins: readonly Printed[]): Printed => opDef(n.op).print(ins, n.params, n.ins)

const plain = (n: Node): Reading => ({
  reads: n.ins,
  same: false,
  build: (docs) => text(printed(n, docs.map(render))),
})

// ---- arithmetic

const binary =
  (n: Node, f: (x: Doc, y: Doc) => Doc): Reading['build'] =>
  ([x, y]) => {
    if (x === undefined || y === undefined) throw new InternalError(`${n.op} without two operands`)
    return f(x, y)
  }

const factors = (n: Node, f: (x: Factor, y: Factor) => Doc): Reading['build'] => {
  const [x, y] = n.ins as readonly [Node, Node]
  return binary(n, (p, q) => f({ doc: p, scalar: isScalar(x) }, { doc: q, scalar: isScalar(y) }))
}

const arithmetic = (n: Node): Reading['build'] | null => {
  switch (n.op) {
    case 'neg':
      return ([x]) => negate(x as Doc)
    case 'add':
      return binary(n, add)
    case 'sub':
      return binary(n, sub)
    case 'mul':
      return factors(n, mul)
    case 'div':
      return factors(n, div)
    case 'dotGeneral':
    case 'sum':
      return (docs) => linear(docs, isScalar(n), (ins) => printed(n, ins))
    default:
      return null
  }
}

// ---- outer products

/** Below reshapes: the operand as its user knows it. */
const unshaped = (n: Node): Node => {
  let at = n
  while (at.op === 'reshape' && isSame(at)) at = at.ins[0] as Node
  return at
}

const transposed = (p: Printed): string => `${p.precedence < 4 ? `(${p.text})` : p.text}ᵀ`

/**
 * A column [m, 1] times a row [1, n], element by element, is a product of matrices: `xᵀ δ` of two rows, `a bᵀ` of two columns
 * or vectors. Null for every other product.
 */
const readOuter = (n: Node): Reading | null => {
  const [m, k] = n.shape
  const [first, second] = n.ins
  if (n.op !== 'mul' || n.shape.length !== 2 || m === 1 || k === 1 || first === undefined || second === undefined)
    return null
  const isColumn = (x: Node): boolean => x.shape.length === 2 && x.shape[1] === 1
  const isRow = (x: Node): boolean => x.shape.length === 1 || x.shape[0] === 1
  const [column, row] = isColumn(first) ? [first, second] : [second, first]
  if (!isColumn(column) || !isRow(row) || column.shape[0] !== m || row.shape.at(-1) !== k) return null
  const wasRow = (x: Node): boolean => x.shape.length === 2 && x.shape[0] === 1
  const turnsColumn = wasRow(unshaped(column))
  const source = unshaped(row)
  // a vector stands as the other operand lets it; a column has to be turned
  const turnsRow = source.shape.length === 1 ? !turnsColumn : !wasRow(source)
  const plain = (p: Printed): string => (p.precedence < 2 ? `(${p.text})` : p.text)
  return {
    reads: [column, row],
    same: false,
    build: (docs) =>
      linear(docs, false, ([x, y]) => ({
        text: `${(turnsColumn ? transposed : plain)(x as Printed)} ${(turnsRow ? transposed : plain)(y as Printed)}`,
        precedence: juxtaposed,
      })),
  }
}

// ---- norms

/** x where n is x² or x · x. */
const rootOfSquare = (n: Node): Node | null => {
  const s = behind(n)
  if (s.op === 'square') return s.ins[0] ?? null
  return s.op === 'mul' && s.ins[0] === s.ins[1] ? (s.ins[0] ?? null) : null
}

/** x where n is the sum of the squares of all elements of x. */
const normed = (n: Node): Node | null => {
  const [x, y] = n.ins
  if (x === undefined || isScalar(x)) return null
  if (n.op === 'sum') return paramsOf(n, 'sum').axes.length === x.shape.length ? rootOfSquare(x) : null
  if (n.op !== 'dotGeneral' || x !== y) return null
  const { batch, contract } = paramsOf(n, 'dotGeneral')
  const all = range(x.shape.length)
  const each = (axes: readonly number[]): boolean => axes.length === all.length && axes.join() === contract[0].join()
  return batch[0].length === 0 && each(contract[1]) && each(contract[0]) ? x : null
}

const norm = (x: Node, suffix: string): Reading => ({
  reads: [x],
  same: false,
  build: ([d]) => text({ text: `‖${render(d as Doc).text}‖${suffix}`, precedence: suffix === '' ? 4 : 3 }),
})

const readNorm = (n: Node): Reading | null => {
  const squared = normed(n)
  if (squared !== null) return norm(squared, '²')
  const under = n.op === 'sqrt' && n.ins[0] !== undefined ? normed(behind(n.ins[0])) : null
  return under === null ? null : norm(under, '')
}

// ---- masks

const indicator = (condition: Doc): Doc => text({ text: `1[${render(condition).text}]`, precedence: 4 })

const opposite: Partial<Record<OpName, OpName>> = {
  less: 'greaterEqual',
  lessEqual: 'greater',
  greater: 'lessEqual',
  greaterEqual: 'less',
  equal: 'notEqual',
  notEqual: 'equal',
}

/** Where a condition does not hold: with the opposite sign where it is a comparison. */
const readOpposite = (c: Node): Pick<Reading, 'reads' | 'build'> => {
  const op = opposite[c.op]
  if (op !== undefined)
    return { reads: c.ins, build: (docs) => text(opDef(op).print(docs.map(render), c.params, c.ins)) }
  return {
    reads: [c],
    build: ([d]) => {
      const p = render(d as Doc)
      return text({ text: `¬${p.precedence < 2 ? `(${p.text})` : p.text}`, precedence: 2 })
    },
  }
}

/** A choice between a value and 0 is a product with an indicator: δ · 1[h > 0]. */
const readMask = (n: Node): Reading | null => {
  const [c, x, y] = n.ins
  if (n.op !== 'where' || c === undefined || x === undefined || y === undefined) return null
  const kept = isFull(y, 0) ? x : isFull(x, 0) ? y : null
  if (kept === null) return null
  const condition = kept === x ? { reads: [c], build: same } : readOpposite(c)
  if (isFull(kept, 1)) return { reads: condition.reads, same: false, build: (docs) => indicator(condition.build(docs)) }
  return {
    reads: [kept, ...condition.reads],
    same: false,
    build: ([value, ...docs]) =>
      mul(
        { doc: value as Doc, scalar: isScalar(kept) },
        { doc: indicator(condition.build(docs)), scalar: isScalar(c) },
      ),
  }
}

export const readingOf = (n: Node): Reading => {
  if (isSame(n)) return { reads: n.ins, same: true, build: same }
  if (n.op === 'full' && n.dtype !== 'bool') {
    const { value } = paramsOf(n, 'full')
    return { reads: [], same: false, build: () => numberDoc(value) }
  }
  const name = n.ins.length === 0 ? nameOf(n) : undefined
  if (name !== undefined) return { reads: [], same: false, build: () => nameDoc(name) }
  const idiom = readNorm(n) ?? readMask(n) ?? readOuter(n)
  if (idiom !== null) return idiom
  const build = arithmetic(n)
  return build === null ? plain(n) : { reads: n.ins, same: false, build }
}
