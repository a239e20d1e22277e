// In: kernels with computed places, sound and with a fault planted. Out: what the checker, the footprints, the cost, the
// printer and the alias rule say of them.
import { describe, expect, it } from 'vitest'
import { type Fault, faultsOf } from '../../compiler/kernel/check.ts'
import { costOf } from '../../compiler/kernel/cost.ts'
import type { Accumulation, Instr, LoopKernel, Stage } from '../../compiler/kernel/kernel.ts'
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

describe('computed places', () => {
  it('pass the checker', () => {
    expect(faultsOf(taken())).toEqual([])
    expect(faultsOf(added())).toEqual([])
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
