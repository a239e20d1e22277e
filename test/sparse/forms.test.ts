// In: programs over the cotangent of a lookup, at indices that repeat and leave the range. Out: whether the program that
// keeps rows has the values of the dense one, and walks the table nowhere.

import { describe, expect, test } from 'vitest'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { type Tensor, tensor } from '../../compiler/interpret/tensor.ts'
import { simplifyRoots } from '../../compiler/derivatives.ts'
import { topological } from '../../compiler/program/walk.ts'
import { keepRows } from '../../compiler/sparse/sparse.ts'
import { range, type Shape, sizeOf } from '../../src/core/shape.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, make } from '../../src/expr/node.ts'
import { stream } from '../random.ts'

const ROWS = 44
const leaf = (name: string, shape: Shape, dtype: 'f64' | 'i32' = 'f64', op: 'input' | 'param' = 'input'): Node =>
  make(op, op === 'input' ? [] : [b.lit(0, dtype)], { name, dtype, shape })

const table = leaf('table', [ROWS, 3])
const other = leaf('other', [ROWS, 3])
const column = leaf('column', [ROWS, 1])
const width = leaf('width', [3])
const scale = leaf('scale', [])
const ids = leaf('ids', [6], 'i32')
const more = leaf('more', [2, 2], 'i32')
const rows = leaf('rows', [6, 3])
const moreRows = leaf('moreRows', [2, 2, 3])

const S = b.scatterRows([ids, rows], { axis: 0, batch: 0, extent: ROWS })
const T = b.scatterRows([more, moreRows], { axis: 0, batch: 0, extent: ROWS })
const cube = leaf('cube', [ROWS, 2, 3])
const U = b.scatterRows([more, leaf('cubeRows', [2, 2, 2, 3])], { axis: 0, batch: 0, extent: ROWS })
const same = b.scatterRows([ids, b.sin([rows])], { axis: 0, batch: 0, extent: ROWS })
const num = (value: number): Node => b.lit(value, 'f64')
const total = (x: Node): Node => b.sum([x], { axes: range(x.shape.length), keepDims: false })
const norm = (x: Node): Node => b.sqrt([total(b.square([x]))])
const accumulated = b.add([other, b.square([S])])
const touched = b.greater([
  b.sum([b.cast([b.notEqual([S, num(0)])], { dtype: 'i32' })], { axes: [1], keepDims: true }),
  b.lit(0, 'i32'),
])

/** Programs that end in a number, or in a table with rows added. */
const kept: Readonly<Record<string, Node>> = {
  'an update': b.sub([table, S]),
  'an update, scaled': b.sub([table, b.mul([scale, S])]),
  'an update, divided': b.add([b.div([b.neg([S]), scale]), table]),
  'a scale for each column': b.add([table, b.mul([S, width])]),
  'a dense factor': b.add([table, b.mul([other, S])]),
  'a dense divisor': b.sub([table, b.div([S, b.add([b.exp([other]), num(1)])])]),
  'a factor for each row': b.sub([table, b.mul([column, S])]),
  'a mask': b.sub([table, b.where([b.greater([other, num(0)]), S, num(0)])]),
  'two lookups': b.sub([table, b.mul([scale, b.add([S, T])])]),
  'their difference': b.sub([table, b.mul([scale, b.sub([S, T])])]),
  'one lookup twice': b.sub([table, b.add([S, same])]),
  'a norm': norm(S),
  'a norm of two lookups': norm(b.add([S, T])),
  'a product of two at one place': total(b.mul([S, same])),
  'a sum': total(b.mul([S, other])),
  'a sum over rows': b.sum([S], { axes: [0], keepDims: false }),
  'absolute values': total(b.abs([b.mul([S, scale])])),
  clipped: b.sub([table, b.div([b.mul([scale, S]), b.maximum([norm(S), num(1)])])]),
  'clipped by value': b.sub([table, b.clip([S], { lo: -0.5, hi: 0.5 })]),
  signs: b.sub([table, b.mul([scale, b.sign([S])])]),
  'squares beside the table': accumulated,
  'divided by the root of what has been accumulated': b.sub([
    table,
    b.div([b.mul([scale, S]), b.add([b.sqrt([b.abs([accumulated])]), num(1e-3)])]),
  ]),
  'its own rows taken again': total(b.sin([b.gather([b.mul([scale, S]), ids], { axis: 0, batch: 0 })])),
  'a choice by what has been touched': b.add([table, b.where([touched, b.mul([num(0.1), b.sub([S, table])]), num(0)])]),
  'a table of matrices': b.sub([cube, b.mul([scale, U])]),
  'its squares, divided': b.sub([cube, b.div([U, b.add([b.square([U]), num(1)])])]),
  'transposed matrices': b.add([leaf('turned', [ROWS, 3, 2]), b.transpose([U], { perm: [0, 2, 1] })]),
  'sums of matrices': b.sub([table, b.sum([U], { axes: [1], keepDims: false })]),
  'sums of matrices, kept': total(b.square([b.sum([U], { axes: [2], keepDims: true })])),
  'a factor for each matrix': b.sub([cube, b.mul([b.reshape([column], { shape: [ROWS, 1, 1] }), U])]),
  'rows of a square lookup taken again': total(b.sin([b.gather([U, more], { axis: 0, batch: 0 })])),
  'reshaped rows': b.add([
    b.reshape([leaf('wide', [ROWS * 3])], { shape: [ROWS, 3] }),
    b.reshape([b.reshape([S], { shape: [ROWS, 3, 1] })], { shape: [ROWS, 3] }),
  ]),
}

/** Programs that need the table as a whole. */
const dense: Readonly<Record<string, Node>> = {
  'a gradient itself': S,
  'an exponential': total(b.exp([S])),
  'a decayed moment': b.add([b.mul([num(0.9), table]), S]),
  'a maximum': b.max([S], { axes: [0, 1], keepDims: false }),
  'other places': total(b.mul([S, b.reverse([S], { axes: [0] })])),
  'products of different rows': total(b.mul([S, T])),
  'weight decay': b.sub([table, b.mul([scale, b.add([b.mul([num(0.1), table]), S])])]),
  'too many rows': b.sub([
    table,
    b.scatterRows([leaf('many', [24], 'i32'), leaf('manyRows', [24, 3])], { axis: 0, batch: 0, extent: ROWS }),
  ]),
  columns: b.sub([
    table,
    b.scatterRows([leaf('at', [1], 'i32'), leaf('columns', [ROWS, 1])], { axis: 1, batch: 0, extent: 3 }),
  ]),
}

const drawn = (n: Node, seed: number): Tensor => {
  const next = stream(seed)
  const rowsAround = (): number => Math.floor(next() * 7) * 9 - 4
  return tensor(
    n.dtype,
    n.shape,
    Array.from({ length: sizeOf(n.shape) }, n.dtype === 'i32' ? rowsAround : () => 4 * next() - 2),
  )
}

const valuesOf = (root: Node, seed: number): ReadonlyMap<Node, Tensor> =>
  new Map(topological([root]).flatMap((n, i) => (n.op === 'input' ? [[n, drawn(n, seed * 31 + i)] as const] : [])))

const keptRows = (root: Node): Node => keepRows(simplifyRoots([root]).roots)[0] as Node

/** The applications that walk a table; adding to rows of one that is given walks the rows. */
const walks = (root: Node): readonly string[] =>
  topological([root])
    .filter((n) => n.ins.length > 0 && n.op !== 'reshape' && sizeOf(n.shape) >= ROWS)
    .filter((n) => n.op !== 'scatterAdd' || walks(n.ins[0] as Node).length > 0)
    .map((n) => n.op)

describe.each(Object.entries({ ...kept, ...dense }))('%s', (_, root) => {
  test.each([1, 2, 3])('has the values of the dense program, seed %s', (seed) => {
    const env = valuesOf(root, seed)
    const [wanted, found] = interpret([root, keptRows(root)], env) as [Tensor, Tensor]
    expect(found.shape).toEqual(wanted.shape)
    for (const [i, v] of wanted.data.entries()) expect(found.data[i]).toBeCloseTo(v, 12)
  })

  test('is done when it has been done', () => {
    const once = keptRows(root)
    expect(keptRows(once)).toBe(simplifyRoots([once]).roots[0])
  })
})

test.each(Object.entries(kept))('%s touches the rows that are named alone', (_, root) => {
  expect(walks(root).length).toBeGreaterThan(0)
  expect(walks(keptRows(root))).toEqual([])
})

test.each(Object.entries(dense))('%s is left to the whole table', (_, root) => {
  expect(walks(keptRows(root)).length).toBeGreaterThan(0)
})

describe('a form', () => {
  const ofOp = (root: Node, op: Node['op']): readonly Node[] => topological([keptRows(root)]).filter((n) => n.op === op)

  test('adds repeated rows up once, before and behind a scale', () => {
    const accumulation = kept['divided by the root of what has been accumulated'] as Node
    const sums = ofOp(accumulation, 'scatterAdd').filter((n) => n.ins[0]?.op === 'full')
    expect(sums.map((n) => n.ins[2])).toEqual([rows])
  })

  test.each(['two lookups', 'their difference'])('of %s is added part by part', (name) => {
    const root = kept[name] as Node
    expect(ofOp(root, 'scatterAdd')).toHaveLength(2)
    expect(ofOp(root, 'concat')).toHaveLength(0)
  })
})

test('an absent row carries nothing, whatever it is multiplied with', () => {
  const root = b.sub([table, b.mul([other, S])])
  const env = new Map(valuesOf(root, 1))
  const factor = drawn(other, 5)
  env.set(ids, tensor('i32', [6], [3, 5, 3, 9, 9, 9]))
  env.set(
    other,
    tensor(
      'f64',
      other.shape,
      Array.from(factor.data, (v, i) => (i < 9 ? Number.NaN : v)),
    ),
  )
  const [before, after] = interpret([table, keptRows(root)], env) as [Tensor, Tensor]
  expect(Array.from(after.data.slice(0, 9))).toEqual(Array.from(before.data.slice(0, 9)))
  expect(after.data.every((v) => !Number.isNaN(v))).toBe(true)
})
