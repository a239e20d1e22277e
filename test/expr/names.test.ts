// In: expressions that are given names. Out: which name stays.

import { add, input, named, param, zeros } from 'nabla'
import { print } from 'nabla/compiler'
import { expect, test } from 'vitest'
import { nameOf } from '../../src/expr/origin.ts'

test('an input or a parameter keeps its own name, by which programs are fed', () => {
  const [x, w] = [input('x', [2]), param('W₁', [2], zeros)]
  expect(nameOf(named('other', x))).toBe('x')
  expect(nameOf(named('W1', w))).toBe('W₁')
  expect(print(add(x, w))).toBe('x + W₁')
})

test('of several names that are given, the first one stays', () => {
  const h = add(input('p', [2]), input('q', [2]))
  expect(nameOf(h)).toBeUndefined()
  expect(nameOf(named('second', named('first', h)))).toBe('first')
})
