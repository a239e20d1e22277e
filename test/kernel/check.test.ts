// In: sound kernels, and the same with one fault planted in each. Out: that the checker passes the first and names the
// fault of every other.

import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { checkKernel, faultsOf } from '../../compiler/kernel/check.ts'
import type { Fault } from '../../compiler/kernel/check-body.ts'
import type { ContractionKernel, Instr, Kernel, LoopKernel, Stage } from '../../compiler/kernel/kernel.ts'
import { expectFault } from '../faults.ts'
import { apply, contraction, literal, load, loop, slot, softmax, stage } from './build.ts'

const row = (n: number): Instr => ({ tag: 'row', dtype: 'f32', row: n })

const sound = softmax(4, 10)
const product = contraction({ m: 5, n: 6, k: 7, epilogue: true })
const inPieces = contraction({ m: 5, n: 6, k: 9, pieces: [5, 4], batch: [2] })
const step = loop(
  'sgd',
  [slot('f32', 33, 'update', 'w'), slot('f32', 33, 'read', 'g')],
  [
    stage([33], [load('f32', 0, [1]), load('f32', 1, [1]), apply('f32', 'sub', [0, 1])], {
      stores: [{ buffer: 0, access: { offset: 0, strides: [1] }, value: 2 }],
    }),
  ],
)
const viaScratch = loop(
  'scratch',
  [slot('f32', 40, 'read', 'x'), slot('f32', 10, 'scratch', 'e'), slot('f32', 40, 'write', 'y')],
  [
    stage([10], [load('f32', 0, [10, 1])], {
      stores: [{ buffer: 1, access: { offset: 0, strides: [0, 1] }, value: 0 }],
    }),
    stage([10], [load('f32', 1, [0, 1])], {
      stores: [{ buffer: 2, access: { offset: 0, strides: [10, 1] }, value: 0 }],
    }),
  ],
  { outer: [4] },
)

/** Nothing to run vectors along but the outer dim. */
const lone: LoopKernel = {
  ...viaScratch,
  stages: viaScratch.stages.map((s) => ({
    ...s,
    dims: [],
    body: s.body.map((instr) =>
      instr.tag === 'load' ? { ...instr, access: { offset: 0, strides: [instr.buffer === 0 ? 10 : 0] } } : instr,
    ),
    stores: s.stores.map((st) => ({ ...st, access: { offset: 0, strides: [st.buffer === 2 ? 10 : 0] } })),
  })),
}

const withStage = (k: LoopKernel, n: number, change: Partial<Stage>): LoopKernel => ({
  ...k,
  stages: k.stages.map((s, i) => (i === n ? { ...s, ...change } : s)),
})
const withBody = (k: LoopKernel, n: number, at: number, instr: Instr): LoopKernel =>
  withStage(k, n, { body: (k.stages[n]?.body ?? []).map((old, i) => (i === at ? instr : old)) })
const withStore = (k: LoopKernel, n: number, strides: readonly number[], offset = 0): LoopKernel =>
  withStage(k, n, { stores: (k.stages[n]?.stores ?? []).map((s) => ({ ...s, access: { offset, strides } })) })
const withBuffer = (k: LoopKernel, n: number, change: Partial<LoopKernel['buffers'][number]>): LoopKernel => ({
  ...k,
  buffers: k.buffers.map((b, i) => (i === n ? { ...b, ...change } : b)),
})
const withProduct = (change: Partial<ContractionKernel>): ContractionKernel => ({ ...product, ...change })
const withAccess = (strides: readonly number[]): ContractionKernel =>
  withProduct({ stores: product.stores.map((s) => ({ ...s, access: { offset: 0, strides } })) })

describe('sound kernels', () => {
  it.each([sound, product, inPieces, step, viaScratch].map((k) => [k.name, k] as const))('%s passes', (_, k) => {
    const checked = checkKernel(k)
    expect(isRight(checked) && checked.right).toBe(k)
  })

  it('a kernel over nothing passes', () => {
    expect(faultsOf(softmax(0, 10))).toEqual([])
    expect(faultsOf(softmax(4, 0))).toEqual([])
    expect(faultsOf(contraction({ m: 0, n: 6, k: 7 }))).toEqual([])
    expect(faultsOf(contraction({ m: 5, n: 6, k: 0 }))).toEqual([])
  })
})

const planted: readonly (readonly [string, Kernel, Fault['rule'], RegExp])[] = [
  ['an access one past the end', withBody(sound, 0, 0, load('f32', 0, [10, 1], 1)), 'range', /elements 1 to 40 of 40/],
  ['an access below the start', withBody(sound, 0, 0, load('f32', 0, [10, -1])), 'range', /elements -9 to 30 of 40/],
  ['a store past the end', withStore(sound, 2, [10, 1], 4), 'range', /store of b1/],
  ['a broken offset', withBody(sound, 0, 0, load('f32', 0, [10, 1], 0.5)), 'range', /whole/],
  ['a stride too few', withBody(sound, 0, 0, load('f32', 0, [10])), 'rank', /1 strides for 2 dims/],
  ['an index out of scope', withBody(sound, 1, 1, { tag: 'index', dtype: 'i32', axis: 2 }), 'rank', /dim 2, but 2/],
  ['a use before its definition', withBody(sound, 1, 2, apply('f32', 'sub', [0, 3])), 'definition', /v3 before/],
  ['a value that uses itself', withBody(sound, 1, 2, apply('f32', 'sub', [0, 2])), 'definition', /v2 before/],
  [
    'a store of no value',
    withStage(sound, 2, { stores: [{ buffer: 1, access: { offset: 0, strides: [10, 1] }, value: 9 }] }),
    'definition',
    /stores v9/,
  ],
  [
    'a reduction of no value',
    withStage(sound, 0, { reductions: [{ row: 0, combine: 'max', value: 3 }] }),
    'definition',
    /reduces v3/,
  ],
  [
    'an accumulator without a product',
    withBody(sound, 1, 1, { tag: 'accumulator', dtype: 'f32' }),
    'definition',
    /accumulator/,
  ],
  ['a row value before its stage', withBody(sound, 1, 1, row(1)), 'row', /row value 1 is used before/],
  ['a row value that nobody defines', { ...sound, rows: ['f32', 'f32', 'f32'] }, 'row', /no stage defines row value 2/],
  [
    'a row value defined twice',
    withStage(sound, 1, { reductions: [{ row: 0, combine: 'sum', value: 3 }] }),
    'row',
    /twice/,
  ],
  ['row values of a stage that loops', withStage(sound, 2, { rows: [{ row: 1, value: 0 }] }), 'row', /without dims/],
  ['a lie about a dtype', withBody(sound, 1, 3, apply('i32', 'exp', [2])), 'dtype', /says i32, but is f32/],
  ['an op on the wrong dtypes', withBody(sound, 1, 1, literal(1, 'i32')), 'dtype', /sub/],
  ['an op with an operand too many', withBody(sound, 1, 3, apply('f32', 'exp', [2, 1])), 'dtype', /takes 1/],
  ['an op that is not elementwise', withBody(sound, 1, 3, apply('f32', 'softmax', [2])), 'dtype', /no elementwise op/],
  ['an op that does not exist', withBody(sound, 1, 3, apply('f32', 'constructor', [2])), 'dtype', /no elementwise op/],
  ['a load of another dtype', withBody(sound, 0, 0, load('i32', 0, [10, 1])), 'dtype', /says i32/],
  ['a store of another dtype', withBuffer(sound, 1, { dtype: 'f64' }), 'dtype', /stores f32 v3 into f64/],
  ['a literal that is no i32', withBody(sound, 1, 1, literal(0.5, 'i32')), 'dtype', /0.5 is no i32/],
  [
    'a position over two dims',
    withStage(sound, 0, { dims: [2, 5], reductions: [{ row: 0, combine: 'argmax', value: 0 }] }),
    'rank',
    /one dim/,
  ],
  ['a buffer that does not exist', withBody(sound, 0, 0, load('f32', 7, [10, 1])), 'buffer', /no buffer 7/],
  ['a negative extent', withStage(sound, 0, { dims: [-1] }), 'extent', /extents -1/],
  ['a store to what is only read', withBuffer(sound, 1, { mode: 'read' }), 'mode', /only to be read/],
  ['an update that moves', withBody(step, 0, 0, load('f32', 0, [-1], 32)), 'mode', /different addresses/],
  [
    'a read of what nobody has stored',
    { ...sound, stages: [2, 0, 1].map((i) => sound.stages[i] as Stage), rows: ['f32', 'f32'] },
    'row',
    /row value 1/,
  ],
  ['a dropped tail of scratch', withStage(viaScratch, 0, { dims: [9] }), 'mode', /no earlier stage has stored all/],
  ['a load before the store', { ...viaScratch, stages: [...viaScratch.stages].reverse() }, 'mode', /no earlier stage/],
  ['scratch shared by points of one vector', { ...viaScratch, order: 'sequential' }, 'injective', /several points/],
  ['scratch shared by outer points that may run side by side', lone, 'injective', /several points/],
  ['two points that store to one element', withStore(sound, 2, [9, 1]), 'injective', /several points/],
  ['a sum stored in every turn', withStore(sound, 2, [10, 0]), 'injective', /several points/],
  ['pieces that do not add up', withProduct({ pieces: [3, 3] }), 'pieces', /3 \+ 3/],
  ['an empty piece', withProduct({ pieces: [7, 0] }), 'pieces', /division of k = 7/],
  ['pieces without partial sums', { ...inPieces, partial: -1 }, 'pieces', /30 elements/],
  ['partial sums for one piece', { ...product, partial: 3 }, 'pieces', /no partial sums/],
  ['an operand past its end', withProduct({ k: 8, inner: [8], pieces: [8] }), 'range', /touches elements/],
  ['digits of another index', withProduct({ rows: [product.m, 2] }), 'extent', /do not make m/],
  ['a piece across digits', { ...inPieces, inner: [3, 3] }, 'pieces', /is no box/],
  ['an operand of another dtype', withProduct({ dtype: 'f64' }), 'dtype', /product of f64/],
  ['an operand that is written', withProduct({ b: { ...product.b, buffer: 3 } }), 'mode', /only read/],
  ['a batch stride too many', withProduct({ a: { ...product.a, batch: [0] } }), 'rank', /batch strides/],
  ['a transposed epilogue', withAccess([1, 5]), 'column-stride', /column stride 5/],
]

describe('planted faults', () => {
  it.each(planted)('%s', (_, kernel, rule, message) => {
    expectFault(faultsOf(kernel), rule, message)
  })
})
