import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { interpret } from '../../compiler/interpret/interpret.ts'
import type { Tensor } from '../../compiler/interpret/tensor.ts'
import { topological } from '../../compiler/program/walk.ts'
import { type Fact, makeFacts } from '../../compiler/simplify/facts.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b } from '../../src/expr/node.ts'
import { functionOf } from '../../src/expr/scan.ts'
import { programOf } from '../pipeline/programs.ts'
import { draw, inputsOf } from './proof.ts'
import { assertProperty } from '../properties.ts'
import { stream } from '../random.ts'

const contradicted = (fact: Fact, { data }: Tensor): string | null => {
  for (const v of data) {
    if (fact.finite && !Number.isFinite(v)) return `finite, but ${v}`
    // −0 is not below 0; a positive number may have underflowed
    if (fact.nonNegative && v < 0) return `not negative, but ${v}`
    if (fact.positive && (v < 0 || Object.is(v, -0))) return `positive, but ${v}`
  }
  return null
}

const check = (roots: readonly Node[], seed: number): void => {
  // several results together are no tensor
  const order = topological(roots).filter((n) => functionOf(n) === null)
  const facts = makeFacts()
  const env = draw(inputsOf(roots), { domain: {}, special: 0.3, scale: 5 }, stream(seed))
  const values = interpret(order, env)
  for (const [i, n] of order.entries())
    expect(`${n.op}: ${contradicted(facts.of(n), values[i] as Tensor) ?? 'holds'}`).toBe(`${n.op}: holds`)
}

const x = b.input([], { name: 'x', dtype: 'f32', shape: [40] })
const label = b.input([], { name: 'label', dtype: 'i32', shape: [10] })

describe('facts hold for every input, NaN and infinities included', () => {
  test('of random programs', () => {
    assertProperty(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => check(programOf(seed, 12).roots, seed)),
      { numRuns: 80 },
    )
  })

  test.each([1, 2, 3, 4])('of all functions of one operand, over a finite one and any one (%i)', (seed) => {
    const hot = b.reshape([b.oneHot([label], { depth: 4, dtype: 'f32' })], { shape: [40] })
    const unary = [
      'sqrt',
      'rsqrt',
      'exp',
      'log',
      'sin',
      'acos',
      'acosh',
      'cosh',
      'erf',
      'erfc',
      'sigmoid',
      'softplus',
    ] as const
    const more = [
      'logSigmoid',
      'relu',
      'abs',
      'neg',
      'square',
      'tanh',
      'asinh',
      'atan',
      'floor',
      'expm1',
      'exp2',
    ] as const
    const singles = [...unary, ...more].flatMap((op) => [b[op]([x]), b[op]([hot]), b[op]([b.square([x])])])
    const rest = b.sub([b.lit(1, 'f32'), b.sigmoid([x])])
    const pairs = singles.flatMap((n) => [
      b.mul([n, rest]),
      b.div([b.exp([x]), n]),
      b.add([b.exp([x]), n]),
      b.maximum([hot, n]),
    ])
    const clipped = [
      b.clip([hot], { lo: -1, hi: 1 }),
      b.clip([hot], { lo: Infinity, hi: Infinity }),
      b.clip([x], { lo: 0, hi: 1 }),
    ]
    check([...singles, ...pairs, ...clipped, b.cast([b.cast([hot], { dtype: 'f64' })], { dtype: 'f32' })], seed)
  })

  test('of integers, which wrap', () => {
    const n = b.input([], { name: 'n', dtype: 'i32', shape: [30] })
    check([b.square([n]), b.abs([n]), b.sum([b.abs([n])], { axes: [0], keepDims: false })], 5)
    check([b.square([n]), b.abs([n])], 6)
  })
})

test('a false fact is found', () => {
  const t: Tensor = { dtype: 'f64', shape: [2], data: Float64Array.of(1, Number.NaN) }
  expect(contradicted({ finite: true, nonNegative: false, positive: false }, t)).not.toBeNull()
  expect(contradicted({ finite: false, nonNegative: true, positive: true }, t)).toBeNull()
})
