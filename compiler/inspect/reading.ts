/**
 * How a node is read. In: a node. Out: what stands in its formula, and the formula made of these.
 * Invariant: everything is asked of the op table; what stands here besides are the turns of phrase that join several ops:
 * signs, sums and products, norms, masks, and outer products.
 */
import { InternalError } from '../../src/core/errors.ts'
import { range, sizeOf } from '../../src/core/shape.ts'
import { condParts } from '../../src/expr/cond.ts'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { substitute } from '../../src/expr/scan.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { OpName, Printed } from '../../src/ops/signature.ts'
import {
  add,
  type Doc,
  div,
  type Factor,
  isName,
  juxtaposed,
  linear,
  mul,
  nameDoc,
  negate,
  numberDoc,
  render,
  stepOf,
  stepsOf,
  sub,
  text,
  whole,
  withStep,
} from './doc.ts'
import { type DrawKey, drawOf, readsOfKey } from './draws.ts'
import { docAt, nameAt } from './indices.ts'

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

const isFull = (n: Node, value: number): boolean => {
  const b = behind(n)
  return b.op === 'full' && paramsOf(b, 'full').value === value
}

const isScalar = (n: Node): boolean => sizeOf(n.shape) === 1

const same: Reading['build'] = ([d]) => {
  if (d === undefined) throw new InternalError('a formula without its part')
  return d
}

/** What a loop gives has a name, which is known where the loop is written. */
const stackStandIn: Reading['build'] = () => nameDoc('h₁₂')

const printed = (n: Node, ins: readonly Printed[]): Printed => opDef(n.op).print(ins, n.params, n.ins)

const plain = (n: Node): Reading => ({
  reads: n.ins,
  same: false,
  build: (docs) => {
    const all = text(printed(n, docs.map(render)))
    const at = opDef(n.op).kind === 'elementwise' ? stepsOf(docs) : null
    return at === null ? all : withStep(all, { index: at.index, doc: text(printed(n, at.docs.map(render))) })
  },
})

/** Whether the first axis stays the first where nothing is written. */
export const keepsFirst = (n: Node): boolean => {
  const from = n.ins[0] as Node
  return (
    n.shape[0] === from.shape[0] && (n.op === 'reshape' ? from.shape[0] !== 1 : n.shape.length === from.shape.length)
  )
}

// ---- sums over the steps of a loop

const atLeast = (p: Printed, precedence: number): string => (p.precedence < precedence ? `(${p.text})` : p.text)

/** Of axes behind the first one, where they are without it. */
const inStep = (axes: readonly number[]): readonly number[] => axes.flatMap((a) => (a === 0 ? [] : [a - 1]))

const stepType = ({ dtype, shape }: Node) => ({ dtype, shape: shape.slice(1) })

/** What is summed at each step where n sums over steps: of `Σ₀ hᵀ δ` it is `hₜᵀ δₜ`. Null where n is no such sum. */
const summand = (n: Node): ((ins: readonly Printed[]) => Printed) | null => {
  const [x, y] = n.ins
  if (n.op === 'sum' && x !== undefined) {
    const { axes, keepDims } = paramsOf(n, 'sum')
    if (keepDims || !axes.includes(0)) return null
    const rest = inStep(axes)
    if (rest.length === 0) return (ins) => ins[0] as Printed
    return (ins) => opDef('sum').print(ins, { axes: rest, keepDims }, [stepType(x)])
  }
  if (n.op !== 'dotGeneral' || x === undefined || y === undefined) return null
  const { batch, contract } = paramsOf(n, 'dotGeneral')
  const [p, q] = contract
  if (batch[0].length > 0 || p.indexOf(0) < 0 || p.indexOf(0) !== q.indexOf(0)) return null
  if (p.length === 1 && x.shape.length === 1 && y.shape.length === 1)
    return (ins) => ({ text: ins.map((i) => atLeast(i, 1)).join(' · '), precedence: 1 })
  const within = { batch, contract: [inStep(p), inStep(q)] as const }
  return (ins) => opDef('dotGeneral').print(ins, within, [stepType(x), stepType(y)])
}

/** onehot(xₜ) of onehot(x). */
const oneHotAt = (n: Node, index: string): Doc | null => {
  const at = behind(n)
  const [labels] = at.op === 'oneHot' ? at.ins : []
  const name = labels?.ins.length === 0 ? nameOf(labels) : undefined
  return name === undefined ? null : text(printed(at, [{ text: nameAt(name, [index]), precedence: 4 }]))
}

/** What is paired with the steps of a loop has as many: its name gets their index. */
const pairedSteps = (docs: readonly Doc[], nodes: readonly Node[]): ReturnType<typeof stepsOf> => {
  const index = docs.flatMap((d) => stepOf(d)?.index ?? [])[0]
  if (index === undefined) return null
  const isOwn = (d: Doc): boolean => stepOf(d) === null && isName(d)
  const at = (d: Doc, n: Node): Doc =>
    (render(d).text.startsWith('onehot(') ? oneHotAt(n, index) : null) ?? docAt(d, index)
  return stepsOf(docs.map((d, i) => (isOwn(d) ? withStep(d, { index, doc: at(d, nodes[i] as Node) }) : d)))
}

/** `Σₜ lₜ` for the sum of what a loop has stacked. */
const readSummed = (n: Node, scalar: boolean): Reading['build'] | null => {
  const per = summand(n)
  if (per === null) return null
  return (docs) => {
    const at = n.op === 'dotGeneral' ? pairedSteps(docs, n.ins) : stepsOf(docs)
    if (at === null) return linear(docs, scalar, (ins) => printed(n, ins))
    return linear(at.docs, scalar, (ins) => {
      const one = per(ins)
      return { text: `Σ${at.index} ${atLeast(one, 1)}`, precedence: Math.min(one.precedence, juxtaposed) }
    })
  }
}

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
      return readSummed(n, isScalar(n)) ?? ((docs) => linear(docs, isScalar(n), (ins) => printed(n, ins)))
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

/** A choice between functions by cases, each over what is around it: { log(x) if p, x otherwise }. */
const readChoice = (result: Node, cond: Node): Reading => {
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

export const readingOf = (n: Node): Reading => {
  if (isSame(n)) return { reads: n.ins, same: true, build: keepsFirst(n) ? same : (docs) => whole(same(docs)) }
  if (n.op === 'result' && (n.ins[0]?.op === 'scan' || n.ins[0]?.op === 'while'))
    return { reads: n.ins[0].ins, same: false, build: stackStandIn }
  if (n.op === 'result' && n.ins[0]?.op === 'cond') return readChoice(n, n.ins[0])
  if (n.op === 'full' && n.dtype !== 'bool') {
    const { value } = paramsOf(n, 'full')
    return { reads: [], same: false, build: () => numberDoc(value) }
  }
  const name = n.ins.length === 0 ? nameOf(n) : undefined
  if (name !== undefined) return { reads: [], same: false, build: () => nameDoc(name) }
  const idiom = readDraw(n) ?? readNorm(n) ?? readMask(n) ?? readOuter(n)
  if (idiom !== null) return idiom
  const build = arithmetic(n)
  return build === null ? plain(n) : { reads: n.ins, same: false, build }
}
