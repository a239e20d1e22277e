/**
 * A node as a call of the language. In: a node. Out: the call that a user would have written for it.
 * Invariant: a call is written only where, called here and now, it makes the very node (a product of a transpose: a node
 * that simplifies to it); what no function of the language makes is written by `graph`, which makes every op, and its type said.
 */
import * as language from '../../../src/index.ts'
import { ShapeError } from '../../../src/core/errors.ts'
import type { Node } from '../../../src/expr/expr.ts'
import { isExpr, paramsOf } from '../../../src/expr/node.ts'
import { opDef } from '../../../src/ops/registry.ts'
import type { OpName } from '../../../src/ops/signature.ts'
import { type DrawKey, drawOf } from '../draws.ts'
import { behind } from '../behind.ts'
import {
  type Call,
  call,
  type Candidates,
  digitsOf,
  type Fraction,
  isCall,
  isReference,
  shortest,
  type Value,
} from './text.ts'
import { convolutions, dynamicSlices, dynamicUpdates, ofOverlaps, ofWindows, poolings } from './windows.ts'

const functions = language as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>

/** The names that a module may import. */
export const languageNames: readonly string[] = Object.keys(language)

/** What a value is when the module runs. */
const evaluate = (v: Value): unknown => {
  if (typeof v !== 'object' || isExpr(v) || ArrayBuffer.isView(v)) return v
  if (isCall(v)) return functions[v.call]?.(...v.args.map(evaluate))
  if (isReference(v)) return functions[v.name]
  if (Array.isArray(v)) return (v as readonly Value[]).map(evaluate)
  return Object.fromEntries(Object.entries(v as { readonly [k: string]: Value }).map(([k, x]) => [k, evaluate(x)]))
}

/** What the call makes; undefined where it is refused. */
export const made = (v: Value): unknown => {
  try {
    return evaluate(v)
  } catch (e) {
    if (e instanceof ShapeError) return undefined
    throw e
  }
}

/**
 * What a number that was computed in f32 was meant to be: the shortest decimal that is rounded to it, or 1/n. Both are the
 * same where they are used; what a user wrote is written as it is.
 */
const meantBy = (value: number): number | Fraction => {
  if (Number.isInteger(value) || Math.fround(value) !== value) return value
  const digits = digitsOf(value)
  const over = Math.round(1 / value)
  const isFraction = digits > 5 && over > 2 && Math.fround(1 / over) === value
  return isFraction ? { tag: 'fraction', over } : Number(value.toPrecision(digits))
}

const withMeanings = (c: Call): Call => ({ ...c, args: c.args.map((a) => (typeof a === 'number' ? meantBy(a) : a)) })

/** A scalar literal as the number or the truth that stands for it among operands. */
const literalOf = (n: Node): number | boolean | undefined => {
  if (n.op !== 'full' || n.shape.length > 0) return undefined
  const { value, dtype } = paramsOf(n, 'full')
  return dtype === 'bool' ? value !== 0 : value
}

const operands = (n: Node): readonly Value[] => n.ins.map((i) => literalOf(i) ?? i)

/** Axes as short as they can be told: none for all of them, one as a number. */
const axesArgs = (axes: readonly number[], rank: number, keepDims: boolean): readonly Value[] => {
  const [only] = axes
  const told: Value = axes.length === 1 && only !== undefined ? only : axes
  if (keepDims) return [told, { keepDims: true }]
  return axes.length === rank ? [] : [told]
}

const float = (dtype: string): readonly Value[] => (dtype === 'f32' ? [] : [dtype])

/** A product of matrices and vectors as such, its operands transposed where it adds over another axis: xᵀ δ. */
const matrixProduct = (n: Node): readonly Call[] => {
  const { batch, contract } = paramsOf(n, 'dotGeneral')
  const [a, b] = n.ins as readonly [Node, Node]
  const [[p, ...more], [q]] = contract
  const [rows, columns] = [a.shape.length, b.shape.length]
  if (batch[0].length > 0 || p === undefined || q === undefined || more.length > 0 || rows < 1) return []
  if (columns < 1 || columns > 2 || (rows > 2 && p !== rows - 1)) return []
  const left = p === rows - 1 ? a : call('transpose', a)
  const right = q === 0 ? b : call('transpose', b)
  return [call('matmul', left, right)]
}

/** A row of which this is the column, or the other way round, transposed; else the operand itself. */
const turned = (x: Node): Value => {
  const [from] = x.op === 'reshape' ? x.ins : []
  return from?.shape.length === 2 && from.shape.toReversed().join() === x.shape.join() ? call('transpose', from) : x
}

/** A column times a row, element by element, is a product of matrices. */
const outerProduct = (n: Node): readonly Call[] => {
  const [a, b] = n.ins
  if (n.op !== 'mul' || a?.shape.length !== 2 || b?.shape.length !== 2) return []
  const isOuter = (x: Node, y: Node): boolean =>
    x.shape[1] === 1 && y.shape[0] === 1 && (x.shape[0] as number) > 1 && (y.shape[1] as number) > 1
  if (isOuter(a, b)) return [call('matmul', turned(a), turned(b))]
  return isOuter(b, a) ? [call('matmul', turned(b), turned(a))] : []
}

const letters = 'abcdefghijklmnopqrstuvwxyz'

/** Any product in Einstein's notation: batch axes first, then those of the operands that are not added over. */
const einsteinProduct = (n: Node): readonly Call[] => {
  const { batch, contract } = paramsOf(n, 'dotGeneral')
  const [a, b] = n.ins as readonly [Node, Node]
  const first = [...letters.slice(0, a.shape.length)]
  const [mine, theirs] = [
    [...batch[0], ...contract[0]],
    [...batch[1], ...contract[1]],
  ]
  let next = first.length
  const second = b.shape.map((_, axis) => {
    const k = theirs.indexOf(axis)
    return k >= 0 ? first[mine[k] as number] : letters[next++]
  })
  const result = [
    ...batch[0].map((axis) => first[axis]),
    ...first.filter((_, axis) => !mine.includes(axis)),
    ...second.filter((_, axis) => !theirs.includes(axis)),
  ]
  if (next > letters.length) return []
  return [call('einsum', `${first.join('')},${second.join('')}->${result.join('')}`, a, b)]
}

const dotAxes = (n: Node): Value => {
  const { batch, contract } = paramsOf(n, 'dotGeneral')
  const said = (
    name: string,
    pair: readonly [readonly number[], readonly number[]],
  ): { readonly [k: string]: Value } => (pair[0].length === 0 ? {} : { [name]: pair })
  return { ...said('batch', batch), ...said('contract', contract) }
}

const reduced: Candidates = (n) => {
  const { axes, keepDims } = n.params as { readonly axes: readonly number[]; readonly keepDims: boolean }
  return [call(n.op, ...n.ins, ...axesArgs(axes, n.ins[0]?.shape.length ?? 0, keepDims))]
}

const along: Candidates = (n) => {
  const { axis } = n.params as { readonly axis: number }
  return [call(n.op, ...n.ins), call(n.op, ...n.ins, axis)]
}

/** The axis and the axes in common, where they are not 0. */
const rowsArgs = (axis: number, batch: number): readonly Value[] => (batch > 0 ? [axis, batch] : axis > 0 ? [axis] : [])

/** Calls that may make a node, the best first; an op of no entry is called by its own name at its operands. */
const candidates: { readonly [K in OpName]?: Candidates } = {
  full: (n) => {
    const { shape, value, dtype } = paramsOf(n, 'full')
    return [
      call('zeros', shape, ...float(dtype)),
      call('ones', shape, ...float(dtype)),
      call('full', shape, value, ...float(dtype)),
    ]
  },
  constant: (n) => {
    const { shape, data, dtype } = paramsOf(n, 'constant')
    const numbers: Value = Array.from(data, (x) => (dtype === 'bool' ? x !== 0 : dtype === 'f32' ? shortest(x) : x))
    const listed = shape.length === 1 && data.length <= 16 ? [call('constant', numbers, ...float(dtype))] : []
    return [...listed, call('constant', data, shape), call('constant', data, shape, dtype)]
  },
  iota: (n) => {
    const { shape, axis } = paramsOf(n, 'iota')
    return [call('iota', shape), call('iota', shape, axis)]
  },
  clip: (n) => {
    const { lo, hi } = paramsOf(n, 'clip')
    return [call('clip', ...n.ins, lo, hi)]
  },
  cast: (n) => [call('cast', ...n.ins, paramsOf(n, 'cast').dtype)],
  bitcast: (n) => [call('bitcast', ...n.ins, paramsOf(n, 'bitcast').dtype)],
  sum: reduced,
  prod: reduced,
  max: reduced,
  min: reduced,
  mean: (n) => [...poolings('avgPool2d')(n), ...reduced(n)],
  firstMax: (n) => [...poolings('maxPool2d')(n), ...reduced(n)],
  logSumExp: reduced,
  argmax: (n) => [call('argmax', ...n.ins, paramsOf(n, 'argmax').axis)],
  argmin: (n) => [call('argmin', ...n.ins, paramsOf(n, 'argmin').axis)],
  softmax: along,
  logSoftmax: along,
  oneHot: (n) => {
    const { depth, dtype } = paramsOf(n, 'oneHot')
    return [call('oneHot', ...n.ins, depth, ...float(dtype))]
  },
  softCrossEntropy: (n) => [call('crossEntropy', ...n.ins)],
  dotGeneral: (n) => [...convolutions(n), call('dot', ...n.ins), call('outer', ...n.ins), call('matmul', ...n.ins)],
  reshape: (n) => [call('reshape', ...n.ins, paramsOf(n, 'reshape').shape)],
  broadcastTo: (n) => [call('broadcastTo', ...n.ins, paramsOf(n, 'broadcastTo').shape)],
  transpose: (n) => [call('transpose', ...n.ins), call('transpose', ...n.ins, paramsOf(n, 'transpose').perm)],
  slice: (n) => {
    const { start, limit, step } = paramsOf(n, 'slice')
    return [call('slice', ...n.ins, start, limit), call('slice', ...n.ins, start, limit, step)]
  },
  reverse: (n) => [call('reverse', ...n.ins), call('reverse', ...n.ins, paramsOf(n, 'reverse').axes)],
  pad: (n) => {
    const { low, high, value } = paramsOf(n, 'pad')
    const widths = low.map((l, i) => [l, high[i] as number])
    return [call('pad', ...n.ins, widths), call('pad', ...n.ins, widths, value)]
  },
  concat: (n) => [call('concat', n.ins), call('concat', n.ins, paramsOf(n, 'concat').axis)],
  gather: (n) => {
    const { axis, batch } = paramsOf(n, 'gather')
    return [call('takeAlongAxis', ...n.ins, axis), call('gather', ...n.ins, ...rowsArgs(axis, batch))]
  },
  scatterAdd: (n) => {
    const { axis, batch } = paramsOf(n, 'scatterAdd')
    return batch === 0 ? [call('scatterAdd', ...n.ins, ...rowsArgs(axis, batch))] : []
  },
  scatterRows: (n) => {
    const { axis, batch, extent } = paramsOf(n, 'scatterRows')
    const [indices, rows] = n.ins as readonly [Node, Node]
    return [call('scatterRows', rows, indices, extent, ...rowsArgs(axis, batch))]
  },
  argsort: (n) => {
    const { descending, nan } = paramsOf(n, 'argsort')
    const told = { ...(descending ? { descending } : {}), ...(nan === 'last' ? {} : { nan }) }
    return [call('argsort', ...n.ins), call('argsort', ...n.ins, -1, told)]
  },
  windows: ofWindows,
  overlapAdd: ofOverlaps,
  block: dynamicSlices,
  withBlocks: dynamicUpdates,
}

const named: Candidates = (n) => (n.params === null ? [call(n.op, ...operands(n)), call(n.op, ...n.ins)] : [])

/** The op by its own name; its type is said, because `graph` knows none. */
const byGraph = (n: Node): Call =>
  call(
    'shaped',
    call(`graph.${n.op}`, n.ins, ...(n.params === null ? [] : [n.params as Value])),
    n.shape,
    ...float(n.dtype),
  )

const keyValue = (key: DrawKey): Value =>
  key.tag === 'given'
    ? key.node
    : key.tag === 'seed'
      ? call('key', key.seed)
      : call('foldIn', keyValue(key.from), key.by)

/** Random numbers by the function that draws them. */
const drawCall = (n: Node): Call | null => {
  const [u, p] = n.ins
  const chance = n.op === 'less' && p !== undefined ? literalOf(behind(p)) : undefined
  const below = u === undefined || typeof chance !== 'number' ? null : drawOf(u)
  if (below?.kind === 'uniform' && u !== undefined)
    return call('bernoulli', keyValue(below.key), chance as number, u.shape)
  const draw = drawOf(n)
  return draw === null
    ? null
    : call(draw.kind, keyValue(draw.key), n.shape, ...(n.dtype === 'f64' ? [0, 1, 'f64'] : []))
}

/** Not a leaf with a name, and nothing that holds a function: these are written where they are declared. */
export const callOf = (n: Node): Call => {
  const special = drawCall(n) ?? outerProduct(n)[0]
  if (special !== undefined) return special
  const found = (candidates[n.op] ?? named)(n).find((c) => made(c) === n)
  if (found !== undefined) return n.dtype === 'f32' ? withMeanings(found) : found
  if (n.op !== 'dotGeneral') return byGraph(n)
  const einstein = einsteinProduct(n).find((c) => made(c) === n)
  return matrixProduct(n)[0] ?? einstein ?? call('dotGeneral', ...n.ins, dotAxes(n))
}

/** Behind what is its own first operand as a value: customs and checkpoints are written by what they are. */
export const valueOf = (n: Node): Node => {
  let at = n
  while (at.op === 'custom' || at.op === 'checkpoint') at = at.ins[0] as Node
  return at
}

/** An op that moves elements, or a literal: as short as the name that it would get. */
export const isPlain = (n: Node): boolean => {
  const { kind } = opDef(n.op)
  return kind === 'leaf' || (kind === 'movement' && n.ins.length === 1)
}
