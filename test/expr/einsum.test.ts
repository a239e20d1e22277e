// In: specs and tensors. Out: whether einsum is the sum that its letters say, on every target, with its derivatives.

import fc from 'fast-check'
import { dotGeneral, einsum, type Expr, input, matmul, mul, type Node, sum, transpose } from 'nabla'
import { grad, interpret, jvp, type Scalar, tensor } from 'nabla/compiler'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { topological } from '../../compiler/program/walk.ts'
import { type Shape, sizeOf, stridesOf, unravel } from '../../src/core/shape.ts'
import { compileAndRun } from '../pipeline/compiled.ts'
import { numbers, upTo, valueOf } from './run.ts'
import { assertProperty } from '../properties.ts'

interface Case {
  readonly spec: string
  readonly shapes: readonly Shape[]
}

/** Every letter a loop; specs without an ellipsis, with an output. */
const naive = ({ spec, shapes }: Case, data: readonly (readonly number[])[]): readonly number[] => {
  const [left, out] = spec.split('->') as [string, string]
  const terms = left.split(',')
  const letters = [...new Set([...out, ...left.replaceAll(',', '')])]
  const extent = (l: string): number =>
    terms.flatMap((t, i) => [...t].flatMap((c, k) => (c === l ? [shapes[i]?.[k]] : [])))[0] as number
  const extents = letters.map(extent)
  const result = new Array<number>(sizeOf([...out].map(extent))).fill(0)
  const place = (term: string, shape: Shape, index: readonly number[]): number =>
    [...term].reduce((n, l, i) => n + (index[letters.indexOf(l)] as number) * (stridesOf(shape)[i] as number), 0)
  for (let flat = 0; flat < sizeOf(extents); flat++) {
    const index = unravel(flat, extents)
    const at = place(out, [...out].map(extent), index)
    const factors = terms.map((t, i) => data[i]?.[place(t, shapes[i] as Shape, index)] as number)
    result[at] = (result[at] as number) + factors.reduce((p, q) => p * q, 1)
  }
  return result
}

const leaves = (shapes: readonly Shape[], dtype: 'f32' | 'f64' = 'f64'): readonly Node[] =>
  shapes.map((s, i) => input(`x${i}`, s, dtype))

const build = (spec: string, ins: readonly Node[]): Node => einsum(spec, ...(ins as readonly [Node, ...Node[]]))

const given = (data: readonly (readonly number[])[]) => Object.fromEntries(data.map((d, i) => [`x${i}`, d]))

const expectNear = (got: ArrayLike<number>, want: readonly number[], tolerance = 1e-12): void => {
  expect(got.length).toBe(want.length)
  for (const [i, w] of want.entries())
    expect(Math.abs((got[i] as number) - w)).toBeLessThan(tolerance * (1 + Math.abs(w)))
}

const extentOf: Readonly<Record<string, number>> = { a: 2, b: 3, c: 1, d: 4, e: 2 }
const letter = fc.constantFrom(...Object.keys(extentOf))

/** Any letters in any operand, repeated ones too, and any of them in the output. */
const cases = fc
  .record({
    terms: fc.array(fc.array(letter, { maxLength: 3 }), { minLength: 1, maxLength: 4 }),
    order: fc.shuffledSubarray(Object.keys(extentOf)),
  })
  .map(({ terms, order }): Case => {
    const out = order.filter((l) => terms.some((t) => t.includes(l)))
    return {
      spec: `${terms.map((t) => t.join('')).join()}->${out.join('')}`,
      shapes: terms.map((t) => t.map((l) => extentOf[l] as number)),
    }
  })

describe('einsum', () => {
  test('is the sum that its letters say', () => {
    assertProperty(
      fc.property(cases, (c) => {
        const data = c.shapes.map((s, i) => numbers(sizeOf(s), i))
        expectNear(valueOf(build(c.spec, leaves(c.shapes)), given(data)), naive(c, data))
      }),
      { numRuns: 300 },
    )
  })

  test('has the derivatives of that sum', () => {
    assertProperty(
      fc.property(cases, (c) => {
        const ins = leaves(c.shapes)
        const y = build(c.spec, ins)
        const weight = input('weight', y.shape, 'f64')
        const [w, data] = [numbers(sizeOf(y.shape), 9), c.shapes.map((s, i) => numbers(sizeOf(s), i))]
        const value = (moved: readonly (readonly number[])[]): number =>
          naive(c, moved).reduce((n, v, i) => n + v * (w[i] as number), 0)
        const gradients = grad(sum(mul(y, weight)) as Scalar, ins)
        for (const [i, g] of gradients.entries()) {
          const direction = numbers(sizeOf(g.shape), 5 + i)
          // by one operand it is a polynomial of the degree of its letters, which is 1: the difference is exact
          const moved = (s: number) =>
            data.map((d, k) => (k === i ? d.map((v, j) => v + s * (direction[j] as number)) : d))
          const got = valueOf(g, { ...given(data), weight: w })
          const slope = got.reduce((n, v, j) => n + v * (direction[j] as number), 0)
          expectNear([slope], [(value(moved(1)) - value(moved(-1))) / 2], 1e-11)
          const step = input('step', g.shape, 'f64')
          const tangent = jvp(sum(mul(y, weight)), [ins[i] as Node], [step])
          expectNear(valueOf(tangent, { ...given(data), weight: w, step: direction }), [slope], 1e-11)
        }
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['ij,jk', 'ij,jk->ik'],
    ['ba,ac', 'ba,ac->bc'],
    ['ba', 'ba->ab'],
    ['ii', 'ii->'],
    [' i j , j -> i ', 'ij,j->i'],
  ])('leaves the output or spaces to be understood: %s', (short, long) => {
    const shapes = long
      .split('->')[0]
      ?.split(',')
      .map((t) => [...t].map(() => 3)) as readonly Shape[]
    expect(build(short, leaves(shapes))).toBe(build(long, leaves(shapes)))
  })

  test('broadcasts an ellipsis', () => {
    const [a, b] = leaves([
      [5, 1, 2, 3],
      [4, 3, 2],
    ])
    const y = build('...ij,...jk->...ik', [a as Node, b as Node])
    expect(y.shape).toEqual([5, 4, 2, 2])
    const data = given([numbers(30, 1), numbers(24, 2)])
    expectNear(valueOf(y, data), valueOf(matmul(a as Node, b as Node), data))
    expect(build('...ij,...jk', [a as Node, b as Node])).toBe(y)
    expect(build('...i->i...', [a as Node]).shape).toEqual([3, 5, 1, 2])
  })

  test('is the product that matmul makes, and the transposition that transpose makes', () => {
    const [a, b] = [input('a', [3, 4]), input('b', [4, 5])]
    expect(einsum('ij,jk->ik', a, b)).toBe(matmul(a, b))
    expect(einsum('jk,ij->ik', b, a)).toBe(matmul(a, b))
    expect(einsum('ij->ji', a)).toBe(transpose(a))
  })

  test('multiplies least: a chain of matrices from its thin end, also beyond six', () => {
    for (const count of [3, 6, 9]) {
      const matrices = upTo(count).map((i) => input(`m${i}`, [30, 30]))
      const vector = input('v', [30])
      const names = upTo(count + 1).map((i) => String.fromCharCode(97 + i))
      const spec = `${upTo(count)
        .map((i) => `${names[i]}${names[i + 1]}`)
        .join()},${names[count]}->a`
      const products = topological([build(spec, [...matrices, vector])]).filter((n) => n.op === 'dotGeneral')
      expect(products.map((n) => n.shape)).toEqual(upTo(count).map(() => [30]))
    }
  })

  test('sums what one operand has alone before any product', () => {
    const y = build(
      'ij,jk->',
      leaves([
        [3, 4],
        [4, 5],
      ]),
    )
    expect(topological([y]).flatMap((n) => (n.op === 'sum' ? [n.shape] : []))).toEqual([[4], [4]])
  })

  test('knows shapes as types', () => {
    const [q, k] = [input('q', [8, 32, 64]), input('k', [8, 48, 64])]
    expectTypeOf(einsum('hqd, hkd -> hqk', q, k)).toEqualTypeOf<Expr<readonly [8, 32, 48], 'f32'>>()
    expectTypeOf(einsum('hqd->', q)).toEqualTypeOf<Expr<readonly [], 'f32'>>()
    expectTypeOf(einsum('...d,...d->...', q, q)).toEqualTypeOf<Expr<Shape, 'f32'>>()
  })

  test.each([
    ['ij->ijj', [[2, 3]], 'letter j stands twice in the output'],
    ['i...,i->i', [[2, 3], [2]], 'the output has no ... for the axes that the operands have there'],
    ['ii', [[2, 3]], 'letter i has extents 2 and 3'],
    ['i->...->i', [[2]], 'is not made of letters'],
    ['...i...', [[2]], 'is not made of letters'],
    ['...ij', [[2]], "'...ij' does not name the axes of [2]"],
    ['...,...', [[2], [3]], 'axis -1 of the ellipsis has extents 2 and 3'],
  ] as const)('refuses %s', (spec, shapes, words) => {
    expect(() => build(spec, leaves(shapes))).toThrow(words)
  })

  test('refuses operands of several dtypes', () => {
    expect(() => einsum('i,i', input('a', [2]), input('b', [2], 'i32'))).toThrow('einsum: dtypes f32 and i32 differ')
    expect(() => einsum('i', input('m', [2], 'bool'))).toThrow('einsum: the operand must be f32, f64 or i32, not bool')
  })
})

test.each(['wasm', 'javascript'] as const)('einsum and its gradients on %s', async (target) => {
  const ins = leaves(
    [
      [4, 3, 5],
      [4, 5, 5],
      [3, 5],
    ],
    'f32',
  )
  const y = build('bij,bjj,ij->bi', ins)
  const results = { y, ...Object.fromEntries(grad(sum(mul(y, y)) as Scalar, ins).map((g, i) => [`g${i}`, g])) }
  const env = new Map(ins.map((n, i) => [n, tensor('f32', n.shape, numbers(sizeOf(n.shape), i))]))
  const want = interpret(Object.values(results), env)
  const got = await compileAndRun(results, env, target)
  for (const [i, w] of want.entries()) expectNear(got[i] as ArrayLike<number>, Array.from(w.data), 1e-5)
})

describe('dotGeneral', () => {
  const [a, b] = [input('a', [8, 2, 6]), input('b', [6, 8, 3])]

  test('has batch, free of a, free of b', () => {
    const axes = { batch: [[0], [1]], contract: [[2], [0]] } as const
    const y = dotGeneral(a, b, axes)
    expectTypeOf(y).toEqualTypeOf<Expr<readonly [8, 2, 3], 'f32'>>()
    expect(y).toBe(einsum('bij,jbk->bik', a, b))
    expect(dotGeneral(a, b, { batch: [[-3], [-2]], contract: [[-1], [-3]] })).toBe(y)
    expect(dotGeneral(a, b, {}).shape).toEqual([8, 2, 6, 6, 8, 3])
    expectTypeOf(dotGeneral(a, b, { contract: [[2], [0]] })).toEqualTypeOf<Expr<readonly [8, 2, 8, 3], 'f32'>>()
  })

  test('refuses axes that do not exist', () => {
    expect(() => dotGeneral(a, b, { contract: [[3], [0]] })).toThrow(
      'dotGeneral: axis 3 does not exist in shape [8,2,6]',
    )
  })
})
