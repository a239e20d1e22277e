/**
 * Turns of phrase that join several ops. In: a node. Out: how it is read as an outer product, a norm, a mask, a choice by cases or a
 * draw of random numbers; null where it is none of these. Invariant: the value on paper is the node's.
 */
import { range } from '../../src/core/shape.ts'
import { condParts } from '../../src/expr/cond.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { substitute } from '../../src/expr/scan.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { OpName, Printed } from '../../src/ops/signature.ts'
import { behind, isFull, isSame, isScalar, type Reading } from './behind.ts'
import { readConvolution } from './convolutions.ts'
import { type Doc, juxtaposed, linear, mul, render, text } from './doc.ts'
import { type DrawKey, drawOf, readsOfKey } from './draws.ts'

const same: Reading['build'] = ([d]) => d as Doc

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

/** The last two axes exchanged: of each place along the others, its matrix transposed. */
const readTransposed = (n: Node): Reading | null => {
  const rank = n.shape.length
  if (n.op !== 'transpose' || rank < 3) return null
  const { perm } = paramsOf(n, 'transpose')
  const exchanged = [...range(rank - 2), rank - 1, rank - 2]
  if (perm.join() !== exchanged.join()) return null
  return {
    reads: n.ins,
    same: false,
    build: (docs) => linear(docs, false, ([x]) => ({ text: transposed(x as Printed), precedence: 3 })),
  }
}

/** A product of matrices for each place along axes that both have: written as that of one place, q kᵀ. */
const readBatched = (n: Node): Reading | null => {
  const [x, y] = n.ins
  if (n.op !== 'dotGeneral' || x === undefined || y === undefined) return null
  const { batch, contract } = paramsOf(n, 'dotGeneral')
  /** The two axes of one place's matrix. */
  const own = (of: Node, side: 0 | 1): readonly number[] =>
    range(of.shape.length).filter((axis) => !batch[side].includes(axis))
  const [[p, ...more], [q]] = contract
  const [left, right] = [own(x, 0), own(y, 1)]
  if (batch[0].length === 0 || more.length > 0 || p === undefined || left.length !== 2 || right.length !== 2)
    return null
  const written = (d: Printed, turns: boolean): string =>
    turns ? transposed(d) : d.precedence < 2 ? `(${d.text})` : d.text
  return {
    reads: n.ins,
    same: false,
    build: (docs) =>
      linear(docs, false, (ins) => ({
        text: `${written(ins[0] as Printed, left[1] !== p)} ${written(ins[1] as Printed, right[0] !== q)}`,
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

/** Along which axis from the end a node counts 0, 1, 2, …; null where it does not. */
const countedAxis = (n: Node): number | null => {
  let at = n
  while (isSame(at) && at.op !== 'reshape') at = at.ins[0] as Node
  const counter = unshaped(at)
  if (counter.op !== 'iota') return null
  const long = counter === at ? paramsOf(counter, 'iota').axis : at.shape.findIndex((d) => d > 1)
  return long < 0 ? null : at.shape.length - 1 - long
}

/** Rows and columns compared by their numbers: i ≥ j. */
const readPlaces = (n: Node): Reading | null => {
  const axes = opposite[n.op] === undefined ? [] : n.ins.map(countedAxis)
  const letters = axes.map((a) => (a === 0 ? 'j' : a === 1 ? 'i' : undefined))
  if (letters.length !== 2 || letters.includes(undefined) || letters[0] === letters[1]) return null
  const places = letters.map((letter): Printed => ({ text: letter as string, precedence: 4 }))
  return { reads: [], same: false, build: () => text(opDef(n.op).print(places, n.params, n.ins)) }
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

/** A choice between functions by cases, each over what is around it: { log(x) if p, x otherwise }. */
export const readChoice = (result: Node, cond: Node): Reading => {
  const { predicate, operands, params, branches } = condParts(cond)
  const { index } = paramsOf(result, 'result')
  const values = substitute(
    branches.map((results) => results[index] as Node),
    new Map(params.map((p, i) => [p, operands[i] as Node])),
  )
  // truth comes first, numbers in order
  const order = predicate.dtype === 'bool' ? values.toReversed() : values
  const isTaken = (p: string, k: number): string => (predicate.dtype === 'bool' ? p : `${p} = ${k}`)
  return {
    reads: [predicate, ...order],
    same: false,
    build: ([p, ...docs]) => {
      const cases = docs.map((d, k) => {
        const holds = k === docs.length - 1 ? 'otherwise' : `if ${isTaken(render(p as Doc).text, k)}`
        return `${render(d).text} ${holds}`
      })
      return text({ text: `{ ${cases.join(', ')} }`, precedence: 4 })
    },
  }
}

/** Random numbers by the function that draws them, and its key: uniform(key(3, step)). */
const readDraw = (n: Node): Reading | null => {
  const mayBe = n.op === 'unitFloat' || n.op === 'threefry' || n.op === 'mul' || n.op === 'cast'
  const draw = mayBe ? drawOf(n) : null
  if (draw === null) return null
  const reads = readsOfKey(draw.key)
  const keyText = (key: DrawKey, docs: Doc[]): string => {
    if (key.tag === 'given') return render(docs.shift() as Doc).text
    if (key.tag === 'seed') return `key(${key.seed})`
    const from = keyText(key.from, docs).replace(/\)$/, '')
    const by = typeof key.by === 'number' ? String(key.by) : render(docs.shift() as Doc).text
    return `${from.includes('(') ? `${from}, ` : `key(${from}, `}${by})`
  }
  const build: Reading['build'] = (docs) => {
    const name = draw.kind === 'randomBits' ? 'bits' : draw.kind
    return text({ text: `${name}(${keyText(draw.key, [...docs])})`, precedence: 4 })
  }
  return { reads, same: false, build }
}

/** The turn of phrase that a node is. */
export const idiomOf = (n: Node): Reading | null =>
  readDraw(n) ??
  readNorm(n) ??
  readMask(n) ??
  readOuter(n) ??
  readPlaces(n) ??
  readBatched(n) ??
  readTransposed(n) ??
  readConvolution(n)
