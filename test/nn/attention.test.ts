// In: attention of one head and of several, masked and not. Out: whether values are the formula's, written once more in plain
// numbers, derivatives those of central differences, and the compiled kernels few.

import { attention, cos, input, mul, multiHeadAttention, type Node, pipe, sum } from 'nabla'
import { grad, interpret, type Scalar, type Tensor, tensor } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { nameOf } from '../../src/expr/origin.ts'
import { type Given, numbers, valueOf } from '../expr/run.ts'
import { compileAndRun, compiled } from '../pipeline/compiled.ts'

type Rows = readonly (readonly number[])[]
const rowsOf = (flat: readonly number[], width: number): Rows =>
  Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width))
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, v, i) => s + v * (b[i] as number), 0)

/** softmax(q kᵀ/√d) v with the keys that are allowed; zeros where none is. */
const byHand = (q: Rows, k: Rows, v: Rows, allowed: (i: number, j: number) => boolean): Rows =>
  q.map((query, i) => {
    const weights = k.map((key, j) => (allowed(i, j) ? Math.exp(dot(query, key) / Math.sqrt(query.length)) : 0))
    const total = weights.reduce((a, b) => a + b, 0)
    return (v[0] as readonly number[]).map((_, c) =>
      total === 0 ? 0 : weights.reduce((s, w, j) => s + (w / total) * (v[j]?.[c] as number), 0),
    )
  })

const product = (a: Rows, b: Rows): Rows =>
  a.map((row) =>
    (b[0] as readonly number[]).map((_, c) =>
      dot(
        row,
        b.map((r) => r[c] as number),
      ),
    ),
  )

const expectNear = (found: ArrayLike<number>, wanted: readonly number[], digits = 12): void => {
  expect(found).toHaveLength(wanted.length)
  for (const [i, v] of wanted.entries()) expect(found[i]).toBeCloseTo(v, digits)
}

/** The slope along one direction, by the gradient and by central differences. */
const expectSlopes = (loss: Scalar, wrt: readonly Node[], given: Given): void => {
  for (const [l, leaf] of wrt.entries()) {
    const name = nameOf(leaf) as string
    const before = Array.from(given[name] ?? [])
    const direction = numbers(before.length, 17 + l)
    const at = (h: number): number =>
      valueOf(loss, { ...given, [name]: before.map((v, k) => v + h * (direction[k] as number)) })[0] as number
    const slope = dot(valueOf(grad(loss, leaf), given), direction)
    expect(Math.abs(slope - (at(1e-5) - at(-1e-5)) / 2e-5)).toBeLessThan(1e-6)
  }
}

/** A scalar that bends in every element. */
const plainly = (x: Node): Scalar => sum(mul(x, cos(x))) as Scalar

describe('one head', () => {
  const [q, k, v] = [input('q', [2, 3, 4], 'f64'), input('k', [2, 5, 4], 'f64'), input('v', [2, 5, 6], 'f64')]
  const mask = input('mask', [3, 5], 'bool')
  // the second query may meet nothing
  const held = [1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]
  const given = { q: numbers(24, 1), k: numbers(40, 2), v: numbers(60, 3), mask: held }
  const hand = (allowed: (i: number, j: number) => boolean): readonly number[] =>
    [0, 1].flatMap((b) =>
      byHand(
        rowsOf(given.q.slice(b * 12, b * 12 + 12), 4),
        rowsOf(given.k.slice(b * 20, b * 20 + 20), 4),
        rowsOf(given.v.slice(b * 30, b * 30 + 30), 6),
        allowed,
      ).flat(),
    )
  const isHeld = (i: number, j: number): boolean => held[i * 5 + j] === 1

  test('is the formula', () => {
    expectNear(
      valueOf(attention(q, k, v), given),
      hand(() => true),
    )
    expectNear(
      valueOf(pipe(q, attention(k, v, { causal: true })), given),
      hand((i, j) => j <= i),
    )
  })

  test('a query that may meet no key gives zeros', () => {
    const found = valueOf(attention(q, k, v, { mask }), given)
    expectNear(found, hand(isHeld))
    expect(found.slice(6, 12)).toEqual([0, 0, 0, 0, 0, 0])
    expectNear(
      valueOf(attention(q, k, v, { mask, causal: true }), given),
      hand((i, j) => j <= i && isHeld(i, j)),
    )
  })

  test('masks and keys broadcast', () => {
    const [shared, row] = [input('shared', [5, 4], 'f64'), input('row', [2, 1, 5], 'bool')]
    const few = { ...given, shared: given.k.slice(0, 20), row: [1, 1, 0, 0, 1, 0, 0, 0, 0, 0] }
    const found = valueOf(attention(q, shared, v, { mask: row }), few)
    const first = byHand(
      rowsOf(given.q.slice(0, 12), 4),
      rowsOf(few.shared, 4),
      rowsOf(given.v.slice(0, 30), 6),
      (_, j) => few.row[j] === 1,
    ).flat()
    expectNear(found, [...first, ...first.map(() => 0)])
  })

  test.each([
    ['unmasked', {}],
    ['causal', { causal: true }],
    ['masked', { mask }],
    ['masked, of another scale', { mask, causal: true, scale: 2 }],
  ] as const)('has the derivatives of central differences, %s', (_, options) => {
    expectSlopes(plainly(attention(q, k, v, options)), [q, k, v], given)
  })

  test('scores near overflow, and all of them masked, are finite in value and derivative', () => {
    const large = { ...given, q: given.q.map((x) => x * 1e10), k: given.k.map((x) => x * 1e10) }
    const out = attention(q, k, v, { mask })
    for (const node of [out, ...grad(plainly(out), [q, k, v])])
      expect(valueOf(node, large).every(Number.isFinite)).toBe(true)
  })
})

describe('several heads', () => {
  const x = input('x', [2, 3, 4], 'f64')
  const context = input('context', [2, 5, 6], 'f64')
  const names = { wq: [4, 4], wk: [6, 4], wv: [6, 6], wo: [6, 5], bq: [4], bk: [4], bv: [6], bo: [5] } as const
  const weights = Object.fromEntries(Object.entries(names).map(([n, s]) => [n, input(n, s, 'f64')])) as unknown as {
    readonly [K in keyof typeof names]: Node
  }
  const given = {
    x: numbers(24, 1),
    context: numbers(60, 2),
    ...Object.fromEntries(
      Object.entries(names).map(([n, s], i) => [
        n,
        numbers(
          s.reduce((a, b) => a * b, 1),
          3 + i,
        ),
      ]),
    ),
  } as Readonly<Record<'x' | 'context' | keyof typeof names, readonly number[]>>

  test('each attends by itself, and all are put together', () => {
    const found = valueOf(multiHeadAttention(x, weights, { heads: 2, context }), given)
    const affine = (rows: Rows, w: 'wq' | 'wk' | 'wv' | 'wo', b: 'bq' | 'bk' | 'bv' | 'bo', width: number): Rows =>
      product(rows, rowsOf(given[w], width)).map((r) => r.map((v, i) => v + (given[b][i] as number)))
    const wanted = [0, 1].flatMap((batch) => {
      const own = rowsOf(given.x, 4).slice(3 * batch, 3 * batch + 3)
      const other = rowsOf(given.context, 6).slice(5 * batch, 5 * batch + 5)
      const [q, k, v] = [affine(own, 'wq', 'bq', 4), affine(other, 'wk', 'bk', 4), affine(other, 'wv', 'bv', 6)]
      const part = (rows: Rows, head: number, width: number): Rows =>
        rows.map((r) => r.slice(head * width, (head + 1) * width))
      const heads = [0, 1].map((h) => byHand(part(q, h, 2), part(k, h, 2), part(v, h, 3), () => true))
      const beside = own.map((_, i) => heads.flatMap((rows) => rows[i] as readonly number[]))
      return affine(beside, 'wo', 'bo', 5).flat()
    })
    expectNear(found, wanted)
  })

  test('one mask holds for all heads', () => {
    const mask = input('mask', [2, 1, 5], 'bool')
    const options = { heads: 2, context }
    const masked = valueOf(multiHeadAttention(x, weights, { ...options, mask }), {
      ...given,
      mask: [1, 1, 1, 0, 0, 1, 1, 1, 0, 0],
    })
    // as if the last two of the context were not there
    const short = input('short', [2, 3, 6], 'f64')
    const near = rowsOf(given.context, 6).filter((_, i) => i % 5 < 3)
    expectNear(
      masked,
      valueOf(multiHeadAttention(x, weights, { heads: 2, context: short }), { ...given, short: near.flat() }),
    )
  })

  test('has the derivatives of central differences', () => {
    const out = multiHeadAttention(x, weights, { heads: 2, context, causal: true })
    expectSlopes(plainly(out), [x, context, ...Object.values(weights)], given)
  })
})

describe('compiled', () => {
  const [q, k, v] = [input('q', [2, 6, 8]), input('k', [2, 7, 8]), input('v', [2, 7, 5])]
  const mask = input('mask', [2, 6, 7], 'bool')
  const env: ReadonlyMap<Node, Tensor> = new Map<Node, Tensor>([
    [q, tensor('f32', [2, 6, 8], numbers(96, 1))],
    [k, tensor('f32', [2, 7, 8], numbers(112, 2))],
    [v, tensor('f32', [2, 7, 5], numbers(70, 3))],
    [
      mask,
      tensor(
        'bool',
        [2, 6, 7],
        Array.from({ length: 84 }, (_, i) => (i < 7 || i % 3 === 0 ? 0 : 1)),
      ),
    ],
  ])
  const out = attention(q, k, v, { mask })
  const [dq, dk, dv] = grad(plainly(out), [q, k, v])

  test.each(['wasm', 'javascript'] as const)('has the interpreter’s value and derivatives on %s', async (target) => {
    const results = { out, dq, dk, dv } as Readonly<Record<string, Node>>
    const wanted = interpret(Object.values(results), env)
    const found = await compileAndRun(results, env, target)
    for (const [i, w] of wanted.entries()) expectNear(found[i] as ArrayLike<number>, Array.from(w.data), 5)
  })

  test('is two products and one pass over the rows between them; the mask joins the first', async () => {
    const { plan } = await compiled({ out }, 'javascript')
    const kernels = (plan.entries[0]?.steps ?? []).map((s) => plan.kernels[s.kernel]?.name ?? '')
    expect(kernels.map((name) => name.split('_')[0])).toEqual(['dotGeneral', 'max', 'dotGeneral'])
  })
})
