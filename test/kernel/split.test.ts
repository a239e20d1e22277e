// In: kernels that change rows at computed places. Out: that their elements may be shared out and their order may not, and what a
// part of them touches.

import { expect, it } from 'vitest'
import type { Accumulation, LoopKernel } from '../../compiler/kernel/kernel.ts'
import { isIndependent, partOf } from '../../compiler/kernel/split.ts'
import { footprintsOf } from '../../compiler/kernel/uses.ts'
import { load, loop, slot, stage } from './build.ts'

const adding: Accumulation = {
  buffer: 0,
  access: { offset: 0, strides: [0, 1] },
  index: 0,
  stride: 8,
  extent: 50,
  value: 1,
  combine: 'sum',
}

/** table[id[i]][j] += x[i][j], six rows of eight. */
const scatter = (change: Partial<Accumulation> = {}): LoopKernel =>
  loop(
    'scatterAdd',
    [slot('f32', 400, 'update', 'table'), slot('i32', 6, 'read', 'id'), slot('f32', 48, 'read', 'x')],
    [stage([6, 8], [load('i32', 1, [1, 0]), load('f32', 2, [8, 1])], { updates: [{ ...adding, ...change }] })],
  )

it('rows at computed places are shared out by their elements, never by the order in which they are changed', () => {
  expect([0, 1].map((axis) => isIndependent(scatter(), axis))).toEqual([false, true])
  expect([0, 1].map((axis) => isIndependent(scatter({ combine: 'set' }), axis))).toEqual([false, true])
})

it('rows that reach into one another are not', () => {
  expect(isIndependent(scatter({ stride: 4 }), 1)).toBe(false)
})

it('nor is a table that is read at other places than it is changed', () => {
  const k = scatter()
  const body = [load('i32', 1, [1, 0]), load('f32', 0, [8, 1])]
  expect(isIndependent({ ...k, stages: [stage([6, 8], body, { updates: [adding] })] }, 1)).toBe(false)
})

it('a part changes its own elements of every row', () => {
  const [table] = footprintsOf(partOf(scatter(), { axis: 1, length: 5, parts: 2 }, 1))
  expect(table?.writes).toEqual(Array.from({ length: 50 }, (_, row) => ({ start: 8 * row + 5, end: 8 * row + 8 })))
})
