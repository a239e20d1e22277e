// In: a program in f32. Out: whether its f64 version computes the same, only better.

import {
  add,
  cast,
  constant,
  input,
  key,
  matmul,
  mean,
  mul,
  named,
  oneHot,
  param,
  scan,
  softmax,
  square,
  sub,
  sum,
  tanh,
  uniform,
  zeros,
} from 'nabla'
import { interpret, tensor } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { scanParts } from '../../src/expr/scan.ts'
import { retype } from '../../compiler/program/retype.ts'
import { topological } from '../../compiler/program/walk.ts'
import { make } from '../../src/expr/node.ts'
import { nameOf } from '../../src/expr/origin.ts'
import type { Node } from '../../src/expr/expr.ts'

const asInput = (leaf: Node, dtype: Node['dtype']): Node =>
  make('input', [], { name: nameOf(leaf), dtype, shape: leaf.shape })

const double = (root: Node): Node => retype([root], 'f32', 'f64', asInput)[0] as Node

describe('retype', () => {
  const x = input('x', [4, 3])
  const labels = input('labels', [4], 'i32')
  const w = param('w', [3], zeros)
  const table = constant([0.1, 0.2, 0.3])
  const loss = mean(square(sub(mul(softmax(mul(x, w)), table), oneHot(labels, 3))))

  test('leaves no f32 behind, keeps integers, and takes parameters for what it is told', () => {
    const nodes = topological([double(loss)])
    expect(nodes.filter((n) => n.dtype === 'f32')).toEqual([])
    expect(nodes.filter((n) => n.op === 'param')).toEqual([])
    expect(nodes.find((n) => nameOf(n) === 'labels')?.dtype).toBe('i32')
  })

  test('computes the same to the rounding of f32', () => {
    const numbers = Array.from({ length: 12 }, (_, i) => Math.sin(i))
    const run = (root: Node, dtype: 'f32' | 'f64'): number => {
      const values = {
        x: tensor(dtype, [4, 3], numbers),
        w: tensor(dtype, [3], [1, -2, 0.5]),
        labels: tensor('i32', [4], [0, 1, 2, 0]),
      }
      const env = new Map(
        topological([root]).flatMap((n) => {
          const name = nameOf(n)
          return name !== undefined && Object.hasOwn(values, name)
            ? [[n, values[name as keyof typeof values]] as const]
            : []
        }),
      )
      return interpret([root], env)[0]?.data[0] as number
    }
    const [single, exact] = [run(loss, 'f32'), run(double(loss), 'f64')]
    expect(Math.abs(single - exact)).toBeLessThan(1e-6)
    expect(single).not.toBe(exact)
  })

  test('random numbers stay those of f32', () => {
    const draw = uniform(key(7), [5])
    const [single] = interpret([draw], new Map())
    const [exact] = interpret([double(draw)], new Map())
    expect(exact?.dtype).toBe('f64')
    expect([...(exact?.data ?? [])]).toEqual([...(single?.data ?? [])])
  })

  test('names go with their nodes, and conversions with their dtype', () => {
    const h = named('h', cast(labels, 'f32'))
    const e = double(sum(h))
    expect([nameOf(e.ins[0] as Node), e.ins[0]?.dtype]).toEqual(['h', 'f64'])
  })
})

test('a loop goes to the other type with its function', () => {
  const [xs, w] = [input('xs', [5, 2]), input('w', [2, 2])]
  const { carry } = scan((h: Node, e: Node) => ({ carry: tanh(add(matmul(h, w), e)), output: h }), zeros([2]), xs)
  const whole = double(sum(carry))
  const loop = topological([whole]).find((n) => n.op === 'scan') as Node
  const { params, results } = scanParts(loop).fn
  expect(topological([whole, ...params, ...results]).filter((n) => n.dtype === 'f32')).toEqual([])
  const values = { xs: Array.from({ length: 10 }, (_, i) => Math.sin(i)), w: [0.5, -1, 0.25, 1] }
  const run = (root: Node): number => {
    const env = topological([root]).flatMap((n) => {
      const given = n.op === 'input' ? values[nameOf(n) as keyof typeof values] : undefined
      return given === undefined ? [] : [[n, tensor(n.dtype, n.shape, given)] as const]
    })
    return interpret([root], new Map(env))[0]?.data[0] as number
  }
  expect(run(whole)).toBeCloseTo(run(sum(carry)), 5)
  expect(run(whole)).not.toBe(run(sum(carry)))
})
