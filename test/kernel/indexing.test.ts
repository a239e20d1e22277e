// In: kernels with computed places, sound and with a fault planted. Out: what the checker, the footprints, the cost, the
// printer and the alias rule say of them.
import { describe, expect, it } from 'vitest'
import { faultsOf } from '../../compiler/kernel/check.ts'
import type { Fault } from '../../compiler/kernel/check-body.ts'
import { costOf } from '../../compiler/kernel/cost.ts'
import type { Accumulation, Instr, KernelBuffer, LoopKernel, Stage } from '../../compiler/kernel/kernel.ts'
import { printKernel } from '../../compiler/kernel/print.ts'
import { footprintsOf } from '../../compiler/kernel/uses.ts'
import { mayAlias } from '../../compiler/plan/alias.ts'
import { apply, literal, load, loop, slot, stage } from './build.ts'

const taking: Instr = {
  tag: 'gather',
  dtype: 'f32',
  buffer: 0,
  access: { offset: 0, strides: [0, 1] },
  index: 0,
  stride: 4,
  extent: 50,
}
const ids = load('i32', 1, [1, 0])

/** y = −table[ids], 3 rows of 4 out of 50. */
const taken = (instr: Instr = taking): LoopKernel =>
  loop(
    'taken',
    [slot('f32', 200, 'read', 'table'), slot('i32', 3, 'read', 'ids'), slot('f32', 12, 'write', 'y')],
    [
      stage([3, 4], [ids, instr, apply('f32', 'neg', [1])], {
        stores: [{ buffer: 2, access: { offset: 0, strides: [4, 1] }, value: 2 }],
      }),
    ],
  )

const adding: Accumulation = {
  buffer: 0,
  access: { offset: 0, strides: [0, 1] },
  index: 0,
  stride: 4,
  extent: 50,
  value: 1,
  combine: 'sum',
}
const filled = stage([200], [literal(0, 'f32')], {
  stores: [{ buffer: 0, access: { offset: 0, strides: [1] }, value: 0 }],
})

/** sums[ids] += x, 3 rows of 4 into 50. */
const added = (change: Partial<Accumulation> = {}, more: Partial<Stage> = {}): LoopKernel =>
  loop(
    'added',
    [slot('f32', 200, 'write', 'sums'), slot('i32', 3, 'read', 'ids'), slot('f32', 12, 'read', 'x')],
    [filled, stage([3, 4], [ids, load('f32', 2, [4, 1])], { updates: [{ ...adding, ...change }], ...more })],
  )

/** sums[ids] += sums[ids]: what lies at the place of the update before it. */
const doubled = (change: object): LoopKernel => {
  const { access, stride, extent } = adding
  const before = { tag: 'gather', dtype: 'f32', buffer: 0, access, index: 0, stride, extent, ...change } as const
  return added({}, { body: [ids, before] })
}

describe('computed places', () => {
  it('pass the checker', () => {
    expect(faultsOf(taken())).toEqual([])
    expect(faultsOf(added())).toEqual([])
    expect(faultsOf(doubled({}))).toEqual([])
  })

  const planted: readonly (readonly [string, LoopKernel, Fault['rule'], RegExp])[] = [
    ['rows past the end', taken({ ...taking, extent: 51 }), 'range', /elements 0 to 203 of 200/],
    ['rows before the start', taken({ ...taking, stride: -4 }), 'range', /elements -196 to 3/],
    ['no rows', taken({ ...taking, extent: 0 }), 'extent', /an index of 0 rows/],
    ['an index that is later', taken({ ...taking, index: 1 }), 'definition', /the index is v1/],
    [
      'an index that is no i32',
      loop('taken', taken().buffers, [
        stage([3, 4], [load('f32', 0, [1, 0]), taking], {
          stores: [{ buffer: 2, access: { offset: 0, strides: [4, 1] }, value: 1 }],
        }),
      ]),
      'dtype',
      /the index v0 is f32/,
    ],
    ['a broken stride', taken({ ...taking, stride: 0.5 }), 'range', /whole/],
    ['updates past the end', added({ extent: 51 }), 'range', /update of b0 .* elements 0 to 203 of 200/],
    ['updates of no value', added({ value: 7 }), 'definition', /stores v7/],
    ['updates of another dtype', added({ value: 0 }), 'dtype', /stores i32 v0 into f32 b0/],
    ['an update by no index', added({ index: 9 }), 'definition', /the index is v9/],
    ['updates of what is only read', added({ buffer: 2, extent: 3 }), 'mode', /b2 is updated, and touched otherwise/],
    ['two updates of a buffer in one stage', added({}, { updates: [adding, adding] }), 'mode', /touched otherwise/],
    ['an update beside a load of another row', doubled({ stride: 8, extent: 25 }), 'mode', /touched otherwise/],
    [
      'a buffer that nothing was laid into',
      { ...added(), stages: added().stages.slice(1) },
      'mode',
      /no earlier stage/,
    ],
  ]
  it.each(planted)('%s is found', (_, kernel, rule, message) => {
    const found = faultsOf(kernel)
    expect(found.map((f) => f.rule)).toContain(rule)
    expect(found.map((f) => f.message).join('\n')).toMatch(message)
  })

  it('may touch all rows, and move no more than the points', () => {
    expect(footprintsOf(taken())[0]).toEqual({ reads: [{ start: 0, end: 200 }], writes: [] })
    expect(footprintsOf(added())[0]).toEqual({ reads: [], writes: [{ start: 0, end: 200 }] })
    expect(costOf(taken())).toEqual({ flops: 12, bytes: 4 * (12 + 3 + 12) })
    expect(costOf(added())).toEqual({ flops: 12, bytes: 4 * (200 + 3 + 12) })
  })

  it('never let a result lie where it is read', () => {
    const square = loop(
      'square',
      [slot('f32', 12, 'read', 'x'), slot('i32', 12, 'read', 'ids'), slot('f32', 12, 'write', 'y')],
      [
        stage([12], [load('i32', 1, [1]), { ...taking, access: { offset: 0, strides: [0] }, stride: 1, extent: 12 }], {
          stores: [{ buffer: 2, access: { offset: 0, strides: [1] }, value: 1 }],
        }),
      ],
    )
    expect(faultsOf(square)).toEqual([])
    expect(mayAlias(square, 0, 2)).toBe(false)
    expect(mayAlias(square, 1, 2)).toBe(true)
    expect(mayAlias(added(), 2, 0)).toBe(false)
  })

  it('are printed', () => {
    expect(printKernel(added()).split('\n').slice(4)).toEqual([
      'for i0 < 200',
      '  sums[i0] = 0',
      'for i0 < 3',
      '  for i1 < 4',
      '    sums[4·[ids[i0]: 50] + i1] += x[4·i0 + i1]',
    ])
    expect(printKernel(taken()).split('\n').at(-1)).toBe('    y[4·i0 + i1] = −table[4·[ids[i0]: 50] + i1]')
  })
})

const kept = { lo: 0, hi: 49 }
const named = [load('i32', 0, [1]), apply('i32', 'clip', [0], kept)]
const place = { buffer: 2, access: { offset: 0, strides: [0] }, stride: 1, extent: 50 }

/** last[k] = the position that the table of 50 holds for ids[k], when each has written its own. */
const found = (
  change: Partial<Accumulation> = {},
  more: { readonly table?: KernelBuffer; readonly read?: readonly Instr[] } = {},
): LoopKernel =>
  loop(
    'found',
    [slot('i32', 9, 'read', 'ids'), slot('i32', 9, 'write', 'last'), more.table ?? slot('i32', 50, 'scratch', 'table')],
    [
      stage([9], [...named, { tag: 'index', dtype: 'i32', axis: 0 }], {
        updates: [{ ...place, index: 1, value: 2, combine: 'set', ...change }],
      }),
      stage([9], [...(more.read ?? named), { tag: 'gather', dtype: 'i32', index: 1, ...place }], {
        stores: [{ buffer: 1, access: { offset: 0, strides: [1] }, value: 2 }],
      }),
    ],
  )

describe('computed places that are set', () => {
  it('may be read where the same index has set them, though nothing else of the scratch is written', () => {
    expect(faultsOf(found())).toEqual([])
    expect(footprintsOf(found())[2]?.reads).toEqual([])
    expect(costOf(found())).toEqual({ flops: 0, bytes: 4 * (9 + 9) })
    expect(printKernel(found()).split('\n').slice(4)).toEqual([
      'for i0 < 9',
      '  table[[clip(ids[i0], 0, 49): 50]] = i0',
      'for i0 < 9',
      '  last[i0] = table[[clip(ids[i0], 0, 49): 50]]',
    ])
  })

  it('keep of a tensor what they do not reach', () => {
    const inPlace = found({}, { table: slot('i32', 50, 'update', 'table') })
    expect(faultsOf(inPlace)).toEqual([])
    expect(footprintsOf(inPlace)[2]?.reads).toEqual([{ start: 0, end: 50 }])
  })

  it.each<readonly [string, LoopKernel, RegExp]>([
    ['added to, not set', found({ combine: 'sum' }), /no earlier stage/],
    ['set by an index that may be out of range', found({ index: 0 }), /no earlier stage/],
    ['read by another index', found({}, { read: [load('i32', 0, [-1], 8), named[1] as Instr] }), /no earlier stage/],
    ['set beside where they are read', found({ access: { offset: 1, strides: [0] }, extent: 49 }), /no earlier stage/],
    ['set in what nothing has laid down', found({}, { table: slot('i32', 50, 'write', 'table') }), /no earlier stage/],
  ])('%s are found', (_, kernel, message) => {
    expect(
      faultsOf(kernel)
        .map((f) => f.message)
        .join('\n'),
    ).toMatch(message)
  })
})
