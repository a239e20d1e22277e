// In: movements, ranges and masks over small tensors. Out: whether each element lies where NumPy puts it.

import * as n from 'nabla'
import { describe, expect, test } from 'vitest'
import { upTo, valueOf } from './run.ts'

const m = n.reshape(n.arange(6), [2, 3])

describe('moving', () => {
  test.each([
    ['transpose', n.transpose(m), [0, 3, 1, 4, 2, 5]],
    ['reverse', n.reverse(m), [5, 4, 3, 2, 1, 0]],
    ['reverse of rows', n.reverse(m, 0), [3, 4, 5, 0, 1, 2]],
    ['slice', n.slice(m, [0, -2], [2, 3]), [1, 2, 4, 5]],
    ['slice with steps', n.slice(m, [0, 0], [2, 3], [1, 2]), [0, 2, 3, 5]],
    ['slice of the first axis', n.slice(m, 1), [3, 4, 5]],
    ['roll', n.roll(m, 1, 1), [2, 0, 1, 5, 3, 4]],
    ['roll backwards', n.roll(m, -4, 1), [1, 2, 0, 4, 5, 3]],
    ['tile', n.tile(m, [2, 2]), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5, 0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]],
    ['tile no times', n.tile(m, [0, 1]), []],
    ['repeat', n.repeat(m, 2, 1), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]],
    ['repeat of rows', n.repeat(m, 2, 0), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]],
    ['stack', n.stack([m, n.neg(m)], -1), [0, -0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5].map((v) => v + 0)],
    ['concat', n.concat([m, n.slice(m, 0, 1)]), [0, 1, 2, 3, 4, 5, 0, 1, 2]],
    [
      'pad',
      n.pad(
        m,
        [
          [0, 1],
          [1, 0],
        ],
        9,
      ),
      [9, 0, 1, 2, 9, 3, 4, 5, 9, 9, 9, 9],
    ],
    ['diagonal', n.diagonal(m), [0, 4]],
    ['diagonal of a tall matrix', n.diagonal(n.transpose(m)), [0, 4]],
    ['diagonals of a batch', n.diagonal(n.reshape(n.arange(8), [2, 2, 2])), [0, 3, 4, 7]],
    ['diag', n.diag(n.arange(3)), [0, 0, 0, 0, 1, 0, 0, 0, 2]],
    ['diag of one', n.diag(n.arange(1)), [0]],
    ['tril', n.tril(n.ones([3, 3])), [1, 0, 0, 1, 1, 0, 1, 1, 1]],
    ['tril below', n.tril(n.ones([3, 3]), -1), [0, 0, 0, 1, 0, 0, 1, 1, 0]],
    ['triu', n.pipe(n.ones([2, 3]), n.triu(1)), [0, 1, 1, 0, 0, 1]],
    ['oneHot', n.oneHot(n.constant([2, 0, 5], 'i32'), 3), [0, 0, 1, 1, 0, 0, 0, 0, 0]],
    ['squeeze', n.squeeze(n.reshape(m, [1, 2, 1, 3])), upTo(6)],
  ] as const)('%s', (_name, x, expected) => {
    expect(valueOf(x)).toEqual(expected)
  })

  test('split in parts and sizes', () => {
    const parts = n.split(n.reshape(n.arange(12), [2, 6]), 3, -1)
    expect(parts.map((p) => valueOf(p))).toEqual([
      [0, 1, 6, 7],
      [2, 3, 8, 9],
      [4, 5, 10, 11],
    ])
    const [a, b] = n.split(m, [1, 2], 1)
    expect(valueOf(a)).toEqual([0, 3])
    expect(valueOf(b)).toEqual([1, 2, 4, 5])
  })

  test('tril keeps NaN out of the part that it clears', () => {
    expect(valueOf(n.tril(n.full([2, 2], Number.NaN)))).toEqual([Number.NaN, 0, Number.NaN, Number.NaN])
  })
})

describe('creating', () => {
  test.each([
    ['arange', n.arange(4), [0, 1, 2, 3]],
    ['arange with a step', n.arange(2, 9, 3), [2, 5, 8]],
    ['arange backwards', n.arange(3, 0, -1), [3, 2, 1]],
    ['arange of fractions', n.arange(0, 1, 0.25), [0, 0.25, 0.5, 0.75]],
    ['arange of nothing', n.arange(3, 3), []],
    ['linspace', n.linspace(-1, 1, 5), [-1, -0.5, 0, 0.5, 1]],
    ['linspace of one', n.linspace(2, 3, 1), [2]],
    ['eye', n.eye(2, 3), [1, 0, 0, 0, 1, 0]],
    ['iota', n.iota([2, 2], -2), [0, 0, 1, 1]],
    ['constant of rows', n.constant([[1, 2], [3, 4]]), [1, 2, 3, 4]], // biome-ignore format: rows
    ['constant of truths', n.constant([true, false]), [1, 0]],
    ['constant of a typed array', n.constant(new Int32Array([7, 8]), [2, 1]), [7, 8]],
    ['full', n.full([2], -1.5), [-1.5, -1.5]],
  ] as const)('%s', (_name, x, expected) => {
    expect(valueOf(x)).toEqual(expected)
  })

  test('a constant is a copy', () => {
    const data = new Float32Array([1, 2])
    const c = n.constant(data, [2])
    data[0] = 9
    expect(valueOf(c)).toEqual([1, 2])
  })

  test.each([
    [() => n.constant([[1, 2], [3]]), 'constant: a row of 1 where a row of 2 was expected'],
    [() => n.constant([1, [2]]), 'constant: a row where a number was expected'],
    [() => n.constant([0.5], 'i32'), 'constant: 0.5 is not of dtype i32'],
    [() => n.constant([2], 'bool'), 'constant: 2 is not of dtype bool'],
    [() => n.constant(new Float32Array(3), [2]), 'constant: 3 elements given for shape [2], which has 2'],
    [() => n.constant(new Float32Array(2), [2], 'f64'), 'constant: a Float32Array holds f32, not f64'],
    [() => n.arange(0, 1, 0), 'arange: 0 to 1 by 0 has no end'],
    [() => n.iota([2], 1), 'iota: axis 1 does not exist in shape [2]'],
    [() => n.tril(n.arange(3)), 'tril: [3] is not a matrix'],
    [() => n.diag(m as never), 'diag: [2,3] is not a vector'],
    [() => n.tile(n.zeros([2]), [-1]), 'tile: the count -1 is not a natural number'],
    [() => n.pad(n.zeros([2]), [[-1, 0]]), 'pad: the count -1 of axis 0 is not a natural number'],
    [() => n.add(m, 0.5), 'add: 0.5 is not of dtype i32'],
    [() => n.add(m, true as never), 'add: true is not of dtype i32'],
    [() => n.where(n.greater(m, 1), m, 1.5), 'where: 1.5 is not of dtype i32'],
  ])('%s', (f, words) => {
    expect(f).toThrow(words)
  })
})
