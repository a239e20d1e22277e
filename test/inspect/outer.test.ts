// In: columns times rows, element by element. Out: whether they print as the matrix products that they are.

import { input, matmul, mul, reshape, transpose } from 'nabla'
import { print, simplify } from 'nabla/compiler'
import { expect, test } from 'vitest'

const [a, b] = [input('a', [3]), input('b', [4])]
const [row, other] = [input('x', [1, 3]), input('y', [1, 4])]
const column = input('w', [3, 1])

test.each([
  ['two rows', simplify(matmul(transpose(row), other)), 'xᵀ y'],
  ['a column and a row', simplify(matmul(column, other)), 'w y'],
  ['a row and a column', simplify(matmul(transpose(row), transpose(input('v', [4, 1])))), 'xᵀ vᵀ'],
  ['two vectors', mul(reshape(a, [3, 1]), b), 'a bᵀ'],
  ['a vector and a row', mul(reshape(a, [3, 1]), other), 'a y'],
  ['a row before a column', mul(other, column), 'w y'],
  ['a number in front', mul(reshape(mul(2, a), [3, 1]), b), '2 · a bᵀ'],
])('%s', (_, product, formula) => {
  expect(product.op).toBe('mul')
  expect(print(product)).toBe(formula)
})

test('what repeats but one operand is no matrix product', () => {
  expect(print(mul(column, input('m', [3, 4])))).toBe('w · m')
  expect(print(mul(row, input('z', [1, 1])))).toBe('z · x')
  expect(print(mul(row, input('n', [1, 3])))).toBe('x · n')
})
