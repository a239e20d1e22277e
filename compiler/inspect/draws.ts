/**
 * Random numbers as they were asked for. In: a node. Out: the draw that it is, and the key, in the words of the language: what
 * draws are made of (blocks of Threefry at a counter, Box and Muller) is nothing that a reader wants to see.
 * Invariant: a draw is known by its whole structure; a node of which anything differs is none.
 */
import { equalShapes, stridesOf } from '../../src/core/shape.ts'
import { keyOf } from '../../src/core/threefry.ts'
import type { Node } from '../../src/expr/expr.ts'
import { makeInitKey } from '../../src/expr/leaves.ts'
import { paramsOf } from '../../src/expr/node.ts'
import type { OpName } from '../../src/ops/signature.ts'

/** A key that is there, one from a seed, or one that follows from another and a number. */
export type DrawKey =
  | { readonly tag: 'given'; readonly node: Node }
  | { readonly tag: 'seed'; readonly seed: number }
  | { readonly tag: 'folded'; readonly from: DrawKey; readonly by: Node | number }

export interface Draw {
  readonly kind: 'uniform' | 'normal' | 'randomBits'
  readonly key: DrawKey
}

// ---- keys

const bare = (n: Node): Node => {
  let at = n
  while (at.op === 'reshape') at = at.ins[0] as Node
  return at
}

const literalOf = (n: Node): number | null => {
  const at = bare(n)
  return at.op === 'full' ? paramsOf(at, 'full').value : null
}

const block = (n: Node, stream: number, word: number): readonly Node[] | null => {
  const at = bare(n)
  if (at.op !== 'threefry') return null
  const p = paramsOf(at, 'threefry')
  return p.stream === stream && p.word === word ? at.ins : null
}

const isSame = (p: readonly Node[], q: readonly Node[]): boolean => p.every((n, i) => n === q[i])

const keyAt = (n: Node): DrawKey => {
  if (n.op === 'constant') {
    const { data } = paramsOf(n, 'constant')
    const seed = ((data[1] as number) >>> 0) * 2 ** 32 + ((data[0] as number) >>> 0)
    const words = Number.isSafeInteger(seed) ? keyOf(seed) : []
    if (words.every((w, i) => (w | 0) === data[i]) && words.length === 2) return { tag: 'seed', seed }
  }
  const [first, second] = n.op === 'concat' ? n.ins : []
  const folded = first === undefined || second === undefined ? null : foldedFrom(first, second)
  // the key that a parameter draws from is its own, and known by a name
  const isInitial =
    folded?.tag === 'folded' && folded.from.tag === 'given' && folded.from.node === (makeInitKey() as Node)
  return folded === null || isInitial ? { tag: 'given', node: n } : folded
}

const foldedFrom = (first: Node, second: Node): DrawKey | null => {
  const [p, q] = [block(first, -1, 0), block(second, -1, 1)]
  if (p === null || q === null || !isSame(p, q)) return null
  const [w0, w1, count] = p as readonly [Node, Node, Node]
  const from = keyFrom(w0, w1)
  return from === null ? null : { tag: 'folded', from, by: literalOf(count) ?? bare(count) }
}

/** The key of which these are the two words. */
const keyFrom = (first: Node, second: Node): DrawKey | null => {
  const [a, b] = [bare(first), bare(second)]
  const [key] = a.ins
  const startsAt = (n: Node, start: number): boolean =>
    n.op === 'slice' && n.ins[0] === key && paramsOf(n, 'slice').start.join() === String(start)
  if (key !== undefined && key.shape.join() === '2' && startsAt(a, 0) && startsAt(b, 1)) return keyAt(key)
  return foldedFrom(first, second)
}

// ---- counters

/** What is added for each step along an axis. */
type Slopes = readonly number[]

const plus = (p: Slopes | null, q: Slopes | null): Slopes | null =>
  p && q && p.map((s, axis) => s + (q[axis] as number))

/** Of a sum of multiples of iota without a constant. */
const slopesOf = (n: Node, depth = 12): Slopes | null => {
  const [x, y] = n.ins
  if (depth === 0) return null
  if (n.op === 'iota') return n.shape.map((_, axis) => (axis === paramsOf(n, 'iota').axis ? 1 : 0))
  if (n.op === 'full') return paramsOf(n, 'full').value === 0 ? n.shape.map(() => 0) : null
  if (x === undefined) return null
  if (n.op === 'add' && y !== undefined) return plus(slopesOf(x, depth - 1), slopesOf(y, depth - 1))
  if (n.op === 'mul' && y !== undefined) {
    const [factor, along] = literalOf(x) === null ? [literalOf(y), x] : [literalOf(x), y]
    const slopes = slopesOf(along, depth - 1)
    return factor === null || slopes === null ? null : slopes.map((s) => s * factor)
  }
  return null
}

/** 0, 1, 2, … over the shape. */
const isCounter = (n: Node): boolean => {
  const slopes = slopesOf(n)
  const strides = stridesOf(n.shape)
  return slopes?.every((s, axis) => s === strides[axis] || n.shape[axis] === 1) ?? false
}

// ---- draws

const bitsOf = (n: Node, word: number): DrawKey | null => {
  const words = n.op === 'threefry' ? block(n, 0, word) : null
  if (words === null) return null
  const [first, second, count] = words as readonly [Node, Node, Node]
  return equalShapes(count.shape, n.shape) && isCounter(count) ? keyFrom(first, second) : null
}

const unitOf = (n: Node, word: number): DrawKey | null => {
  const unit = n.op === 'cast' && n.dtype === 'f64' ? (n.ins[0] as Node) : n
  return unit.op === 'unitFloat' ? bitsOf(unit.ins[0] as Node, word) : null
}

/** Of a product with this number, the rest. */
const timesLiteral = (n: Node, value: number): Node | null => {
  const [x, y] = n.ins
  if (n.op !== 'mul' || x === undefined || y === undefined) return null
  const is = (v: Node): boolean => Math.abs((literalOf(v) ?? NaN) - value) < 1e-6
  return is(x) ? y : is(y) ? x : null
}

const inside = (n: Node | null, op: OpName): Node | null => (n?.op === op ? (n.ins[0] as Node) : null)

/** Of log(1 − u), or log1p(−u), which the simplifier makes of it, u. */
const underLog = (n: Node | null): Node | null => {
  const [one, u] = inside(n, 'log')?.ins ?? []
  if (one !== undefined && u !== undefined) return n?.ins[0]?.op === 'sub' && literalOf(one) === 1 ? u : null
  return inside(inside(n, 'log1p'), 'neg')
}

/** √(−2 log(1 − u₁)) · cos(2π·u₂) */
const normalOf = (n: Node): DrawKey | null => {
  const [x, y] = n.ins
  if (n.op !== 'mul' || x === undefined || y === undefined) return null
  const [radius, angle] = x.op === 'sqrt' ? [x, y] : [y, x]
  const squared = inside(radius, 'sqrt')
  const turned = inside(angle, 'cos')
  const second = turned && timesLiteral(turned, 2 * Math.PI)
  const first = underLog(squared && timesLiteral(squared, -2))
  if (first === null || second === null) return null
  const [p, q] = [unitOf(first, 0), unitOf(second, 1)]
  return p !== null && q !== null && JSON.stringify(p, withIds) === JSON.stringify(q, withIds) ? p : null
}

const withIds = (name: string, v: unknown): unknown =>
  (name === 'node' || name === 'by') && typeof v === 'object' ? (v as Node).id : v

/** The draw that a node is; null where it is none. */
export const drawOf = (n: Node): Draw | null => {
  const uniform = unitOf(n, 0)
  if (uniform !== null) return { kind: 'uniform', key: uniform }
  const normal = normalOf(n)
  if (normal !== null) return { kind: 'normal', key: normal }
  const bits = bitsOf(n, 0)
  return bits === null ? null : { kind: 'randomBits', key: bits }
}

/** The nodes that a key is made of. */
export const readsOfKey = (key: DrawKey): readonly Node[] =>
  key.tag === 'given'
    ? [key.node]
    : key.tag === 'seed'
      ? []
      : [...readsOfKey(key.from), ...(typeof key.by === 'number' ? [] : [key.by])]
