// In: inputs under the names that the generated text uses itself. Out: whether a product with an epilogue still reads them.

import { add, input, matmul, mul, type Node } from 'nabla'
import { interpret, type Tensor, tensor } from 'nabla/compiler'
import { expect, test } from 'vitest'
import { compileAndRun } from '../pipeline/compiled.ts'

const letters = 'abcdefghijklmnopqrstuvwxyz'.split('')
const words = ['at', 'rows', 'cols', 'row', 'col', 'tile', 'panel', 'bits', 'words', 'nearest', 'from', 'memory', 'dot']

test.each([...letters, ...words])('an input named %s', async (name) => {
  const [left, right, other] = [input('left', [5, 3]), input('right', [3, 6]), input(name, [5, 6])]
  const y = mul(other, add(matmul(left, right), other))
  const env = new Map<Node, Tensor>([
    [
      left,
      tensor(
        'f32',
        [5, 3],
        Array.from({ length: 15 }, (_, i) => i - 7),
      ),
    ],
    [
      right,
      tensor(
        'f32',
        [3, 6],
        Array.from({ length: 18 }, (_, i) => (i % 5) - 2),
      ),
    ],
    [
      other,
      tensor(
        'f32',
        [5, 6],
        Array.from({ length: 30 }, (_, i) => i / 4),
      ),
    ],
  ])
  const [found] = await compileAndRun({ y }, env, 'javascript')
  expect(Array.from(found ?? [])).toEqual(Array.from(interpret([y], env)[0]?.data ?? []))
})
