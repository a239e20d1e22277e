// In: inputs, parameters, states and names. Out: whether equal leaves are one, initial values fit, and errors name the
// operands and the line of the user.

import * as n from 'nabla'
import { describe, expect, test } from 'vitest'
import type { Node } from '../../src/expr/expr.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { nameOf, sourceOf } from '../../src/expr/origin.ts'
import { valueOf } from './run.ts'

/** The line of this file on which it is called. */
const here = (): number => Number(/:(\d+):\d+\)?$/.exec((new Error().stack ?? '').split('\n')[2] ?? '')?.[1])

const initOf = (leaf: Node): Node => paramsOf(leaf, leaf.op === 'param' ? 'param' : 'state').init as Node

const caught = (f: () => unknown): n.ShapeError => {
  try {
    f()
  } catch (e) {
    if (e instanceof n.ShapeError) return e
    throw e
  }
  throw new Error('nothing was thrown')
}

describe('leaves', () => {
  test('two inputs of one name and type are one node', () => {
    expect(n.input('x', [2, 3])).toBe(n.input('x', [2, 3]))
    expect(n.input('x', [2, 3])).not.toBe(n.input('x', [2, 3], 'f64'))
    expect(n.param('w', [2], n.zeros)).toBe(n.param('w', [2], n.zeros))
    expect(n.param('w', [2], n.zeros)).not.toBe(n.param('w', [2], n.ones))
  })

  test('an initial value may be a number, rows, a typed array or an expression of the key', () => {
    expect(valueOf(initOf(n.param('a', [3], 0.5)))).toEqual([0.5, 0.5, 0.5])
    expect(valueOf(initOf(n.param('a', [2, 1], [[1], [2]])))).toEqual([1, 2])
    expect(valueOf(initOf(n.param('a', [2], new Float64Array([3, 4]), 'f64')))).toEqual([3, 4])
    expect(valueOf(initOf(n.state('a', [], n.zeros, 'i32')))).toEqual([0])
    const drawn = initOf(n.param('a', [4], (key, { shape }) => n.uniform(key, shape)))
    expect(new Set(valueOf(drawn, { key: [1, 2] })).size).toBe(4)
    expect(valueOf(drawn, { key: [1, 2] })).not.toEqual(valueOf(drawn, { key: [1, 3] }))
  })

  test('leaves of different names draw differently from one key', () => {
    const draw = (name: string) => valueOf(initOf(n.param(name, [8], n.glorotUniform)), { key: [0, 7] })
    expect(draw('a')).not.toEqual(draw('b'))
    expect(draw('a')).toEqual(draw('a'))
  })

  test.each([
    [() => n.input('', [2]), 'E_NAME', 'input: the name is empty'],
    [() => n.input('x', [2, -1]), 'E_EXTENT', 'input x: [2,-1] is not a shape: extents are natural numbers'],
    [() => n.param('w', [1.5], 0), 'E_EXTENT', 'param w: [1.5] is not a shape: extents are natural numbers'],
    [() => n.input('x', [2 ** 20, 2 ** 20]), 'E_EXTENT', 'input x: [1048576,1048576] has more than 2^31 elements'],
    [() => n.param('w', [2], [1, 2, 3]), 'E_INITIAL', 'param w: the initial value is f32[3], not f32[2]'],
    [
      () => n.param('w', [2], n.zeros([2], 'f64') && (() => n.zeros([2], 'f64'))),
      'E_INITIAL',
      'param w: the initial value is f64[2], not f32[2]',
    ],
    [
      () => n.state('s', [2], () => n.input('x', [2])),
      'E_INITIAL',
      'state s: the initial value depends on x, not on the key alone',
    ],
    [() => n.param('w', [2], n.glorotUniform, 'i32'), 'E_INITIAL', 'glorotUniform: draws floats, not i32[2]'],
    [() => n.param('w', [2], n.identity), 'E_INITIAL', 'identity: f32[2] is not a matrix'],
    [() => n.zeros([-1]), 'E_EXTENT', 'zeros: [-1] is not a shape: extents are natural numbers'],
    [() => n.eye(2.5), 'E_EXTENT', 'eye: [2.5,2.5] is not a shape: extents are natural numbers'],
    [() => n.uniform(n.key(1), [0.5]), 'E_EXTENT', 'uniform: [0.5] is not a shape: extents are natural numbers'],
    [() => n.key(-1), 'E_KEY', 'key: the seed -1 is not an integer from 0 to 2^53'],
    [() => n.foldIn(n.input('k', [3], 'i32'), 1), 'E_KEY', 'foldIn: a key is i32[2], not i32[3]'],
    [() => n.dropout(n.input('x', [2]), 1, n.key(1)), 'E_RATE', 'dropout: the rate 1 is not in [0, 1)'],
  ] as const)('%s', (f, code, sentence) => {
    const error = caught(f)
    expect(error.code).toBe(code)
    expect(error.message).toContain(sentence)
  })
})

describe('what stands beside a node', () => {
  test('a name is for messages and does not change the expression', () => {
    const y = n.exp(n.input('p', [2, 3]))
    expect(n.named('hidden', y)).toBe(y)
    expect(nameOf(y)).toBe('hidden')
    const error = caught(() => n.add(y as n.Expr, n.zeros([4])))
    expect(error.message).toContain('operands hidden [2,3]')
  })

  test('an error tells the line of the user, in whatever form a constructor is called', () => {
    const x: n.Expr = n.input('x', [2, 3])
    const forms: readonly (() => unknown)[] = [
      () => n.add(x, n.zeros([4])),
      () => n.pipe(x, n.relu, n.softmax(7)),
      () => n.flow((e: n.Expr) => n.relu(e), n.sum(4))(x),
      () => n.dense(x, n.zeros([4, 5]), n.zeros([5])),
      () => n.layerNorm(x, { axis: 5 }),
    ]
    const first = here() - 6
    for (const [i, f] of forms.entries()) {
      const { source } = caught(f)
      expect(source?.file).toMatch(/leaves\.test\.ts$/)
      expect(source?.line).toBe(first + i)
    }
  })

  test('a node remembers the line that made it', () => {
    const y = n.tanh(n.input('made here', [3]))
    expect(sourceOf(y)?.line).toBe(here() - 1)
  })

  test('nodes that one call makes remember its line, those of the next call theirs', () => {
    const own = n.foldIn(n.key(20), 77)
    const first = n.uniform(own, [3, 1, 7], 0.125, 0.375)
    const second = n.normal(own, [3, 1, 7], 0.125, 0.375)
    const lines = (node: Node): readonly (number | undefined)[] => [
      sourceOf(node)?.line,
      ...node.ins.flatMap((i) => (i.op === 'concat' || i.op === 'constant' ? [] : lines(i))),
    ]
    // the words of the key and the counter are the first draw's
    expect(new Set(lines(first))).toEqual(new Set([here() - 7]))
    expect(new Set(lines(second))).toEqual(new Set([here() - 8, here() - 7]))
  })
})
