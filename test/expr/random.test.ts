// In: keys. Out: whether the expressions draw the bits that the host's Threefry draws, and numbers of the right spread.

import * as n from 'nabla'
import { interpret, type Tensor, tensor, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { deriveKey, keyOf, threefry2x32, type Words } from '../../src/core/threefry.ts'
import { graph, literal } from '../../src/expr/node.ts'
import { compileAndRun } from '../pipeline/compiled.ts'
import { upTo, valueOf } from './run.ts'

const signed = (words: readonly number[]): readonly number[] => words.map((w) => w | 0)
const seeds = [0, 1, 42, 2 ** 40 + 5]

describe('Threefry-2x32 as an op', () => {
  // Random123, kat_vectors: threefry2x32 with 20 rounds
  test.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)('key %j, counter %j', (key, counter, expected) => {
    const [k0, k1, c0] = [key[0], key[1], counter[0]].map((w) => literal(w | 0, 'i32')) as [n.Node, n.Node, n.Node]
    const word = (w: 0 | 1) => graph.threefry([k0, k1, c0], { word: w, stream: counter[1] | 0 })
    expect([...valueOf(word(0)), ...valueOf(word(1))]).toEqual(signed(expected))
  })

  test.each(seeds)('randomBits, key and foldIn of seed %d are those of the host', (seed) => {
    const host: Words = keyOf(seed)
    expect(valueOf(n.key(seed))).toEqual(signed(host))
    expect(valueOf(n.foldIn(n.key(seed), 9))).toEqual(signed(deriveKey(host, 9)))
    const step = n.input('step', [], 'i32')
    expect(valueOf(n.foldIn(n.key(seed), step), { step: [9] })).toEqual(signed(deriveKey(host, 9)))
    expect(valueOf(n.randomBits(n.key(seed), [3, 5]))).toEqual(upTo(15).map((i) => threefry2x32(host, [i, 0])[0] | 0))
  })
})

const moments = (values: readonly number[]) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length }
}

/** The greatest distance of the values' distribution from a given one, times √n: above 1.95 once in a thousand (Kolmogorov). */
const distance = (values: readonly number[], distribution: (v: number) => number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const gaps = sorted.map((v, i) => {
    const p = distribution(v)
    return Math.max(p - i / sorted.length, (i + 1) / sorted.length - p)
  })
  return Math.max(...gaps) * Math.sqrt(sorted.length)
}

/** P(Z < z), by Abramowitz and Stegun 26.2.17: to 1e-7. */
const gaussian = (z: number): number => {
  if (z < 0) return 1 - gaussian(-z)
  const t = 1 / (1 + 0.2316419 * z)
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
}

const correlation = (a: readonly number[], b: readonly number[]): number => {
  const [p, q] = [moments(a), moments(b)]
  const product = a.reduce((total, v, i) => total + (v - p.mean) * ((b[i] as number) - q.mean), 0) / a.length
  return product / Math.sqrt(p.variance * q.variance)
}

describe('draws', () => {
  const size = 40_000

  test('splitKey gives keys that are all different', () => {
    const keys = n.splitKey(n.key(3), 100).map((k) => valueOf(k).join())
    expect(new Set([...keys, valueOf(n.key(3)).join()]).size).toBe(101)
  })

  test.each([
    [0, 1],
    [-2, 3],
    [5, 5.5],
  ])('uniform(%d, %d) lies within, with its mean and variance', (lo, hi) => {
    const values = valueOf(n.uniform(n.key(1), [size], lo, hi))
    expect(Math.min(...values)).toBeGreaterThanOrEqual(lo)
    expect(Math.max(...values)).toBeLessThan(hi)
    const { mean, variance } = moments(values)
    const deviation = (hi - lo) / Math.sqrt(12)
    expect(Math.abs(mean - (lo + hi) / 2)).toBeLessThan((4 * deviation) / Math.sqrt(size))
    // the fourth moment of a uniform draw makes its variance good to √(0.8 / n)
    expect(Math.abs(variance / deviation ** 2 - 1)).toBeLessThan(4 * Math.sqrt(0.8 / size))
    expect(distance(values, (v) => (v - lo) / (hi - lo))).toBeLessThan(1.95)
  })

  test('the distance from a distribution sees a hundredth', () => {
    const values = valueOf(n.uniform(n.key(1), [size]))
    expect(distance(values, (v) => v ** 1.05)).toBeGreaterThan(1.95)
    expect(distance(valueOf(n.normal(n.key(2), [size])), (v) => gaussian(1.02 * v + 0.02))).toBeGreaterThan(1.95)
  })

  test('normal has its mean, its deviation and its tails', () => {
    const values = valueOf(n.normal(n.key(2), [200, size / 200], 1, 0.5))
    const { mean, variance } = moments(values)
    expect(Math.abs(mean - 1)).toBeLessThan((4 * 0.5) / Math.sqrt(size))
    expect(Math.abs(variance / 0.25 - 1)).toBeLessThan(4 * Math.sqrt(2 / size))
    expect(distance(values, (v) => gaussian((v - 1) / 0.5))).toBeLessThan(1.95)
    const beyond = (k: number) => values.filter((v) => Math.abs(v - 1) > k * 0.5).length
    for (const k of [1, 2, 3]) {
      const p = 2 * (1 - gaussian(k))
      expect(Math.abs(beyond(k) - p * size)).toBeLessThan(4 * Math.sqrt(size * p * (1 - p)))
    }
  })

  test.each([1, 2, 3, 200])('elements %d apart do not go together', (lag) => {
    for (const values of [valueOf(n.normal(n.key(4), [size])), valueOf(n.uniform(n.key(4), [size]))])
      expect(Math.abs(correlation(values.slice(lag), values.slice(0, -lag)))).toBeLessThan(4 / Math.sqrt(size))
  })

  test('draws of keys that were split, folded or counted up do not go together', () => {
    const root = n.key(14)
    const keys = [...n.splitKey(root, 3), ...[3, 4, 5].map((i) => n.foldIn(root, i)), root, n.key(15)]
    const drawn = keys.map((k) => valueOf(n.uniform(k, [size / 4])))
    for (const [i, a] of drawn.entries())
      for (const b of drawn.slice(i + 1)) expect(Math.abs(correlation(a, b))).toBeLessThan(4.5 / Math.sqrt(size / 4))
  })

  test('normal is finite for the most extreme bits, in both float types', () => {
    // u₁ = 1 − 2⁻²³ is what a word of ones gives; 1 − u₁ is then the smallest that log ever sees
    const u = valueOf(graph.unitFloat([n.constant(new Int32Array([-1, 0, -512]), [3])]))
    expect(u).toEqual([1 - 2 ** -23, 0, 1 - 2 ** -23])
    const radius = (v: number) => Math.sqrt(-2 * Math.log(1 - v))
    expect(u.map(radius).every(Number.isFinite)).toBe(true)
    expect(radius(u[0] as number)).toBeLessThan(5.65)
    expect(valueOf(n.normal(n.key(5), [1000], 0, 1, 'f64')).every(Number.isFinite)).toBe(true)
  })

  test('bernoulli keeps to its probability, a tensor of them too', () => {
    for (const p of [0.001, 0.3, 0.9]) {
      const hits = valueOf(n.bernoulli(n.key(6), p, [size])).reduce((a, b) => a + b, 0)
      expect(Math.abs(hits - p * size)).toBeLessThan(4 * Math.sqrt(size * p * (1 - p)))
    }
    const p = n.constant([0, 1])
    const values = valueOf(n.bernoulli(n.key(6), p, [1000, 2]))
    expect(values.every((v, i) => v === i % 2)).toBe(true)
  })

  test('dropout keeps the mean, scales what it keeps, and differs by key', () => {
    const x = n.ones([size])
    const values = valueOf(n.dropout(x, 0.25, n.key(7)))
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.75)]))
    // of each, kept with 3/4 and scaled by 4/3, the variance is 1/3
    expect(Math.abs(moments(values).mean - 1)).toBeLessThan(4 * Math.sqrt(1 / 3 / size))
    expect(valueOf(n.dropout(x, 0.25, n.key(8)))).not.toEqual(values)
    expect(n.dropout(x, 0, n.key(7))).toBe(x)
  })

  test('dropout clears infinities', () => {
    const values = valueOf(n.dropout(n.full([100], Infinity), 0.5, n.key(9)))
    expect(new Set(values)).toEqual(new Set([0, Infinity]))
  })
})

describe('categorical', () => {
  const size = 40_000
  const probabilities = [0.1, 0.2, 0.3, 0.4]
  const logits = n.constant(probabilities.map(Math.log))

  test('draws the class of the greatest logit + Gumbel, from the host’s bits', () => {
    const host = keyOf(11)
    const z = [0.5, -1, 2, 0, 1]
    const want = upTo(200).map((row) => {
      const sums = z.map((logit, i) => {
        const u = (threefry2x32(host, [row * 5 + i, 0])[0] >>> 9) / 2 ** 23
        return logit - Math.log(-Math.log(u))
      })
      return sums.indexOf(Math.max(...sums))
    })
    expect(valueOf(n.categorical(n.key(11), n.constant(z), 0, [200]))).toEqual(want)
  })

  test('keeps to the probabilities', () => {
    const drawn = valueOf(n.categorical(n.key(1), logits, -1, [size]))
    for (const [k, p] of probabilities.entries()) {
      const count = drawn.filter((v) => v === k).length
      expect(Math.abs(count - p * size)).toBeLessThan(4 * Math.sqrt(size * p * (1 - p)))
    }
  })

  test('draws one class a row, along any axis, and none of −∞', () => {
    const x = n.constant([
      [0, -Infinity, -Infinity],
      [-Infinity, 0, 0],
    ])
    const [rows, columns] = [n.categorical(n.key(2), x, 1, [500]), n.categorical(n.key(2), x, 0)]
    expect([rows.shape, columns.shape]).toEqual([[500, 2], [3]])
    const drawn = valueOf(rows)
    expect(new Set(drawn.filter((_, i) => i % 2 === 0))).toEqual(new Set([0]))
    expect(new Set(drawn.filter((_, i) => i % 2 === 1))).toEqual(new Set([1, 2]))
    expect(valueOf(columns)).toEqual([0, 1, 1])
  })
})

describe('permutation', () => {
  test('is the stable order of the host’s bits', () => {
    const bits = upTo(50).map((i) => threefry2x32(keyOf(3), [i, 0])[0] | 0)
    const want = upTo(50).toSorted((i, j) => (bits[i] as number) - (bits[j] as number))
    expect(valueOf(n.permutation(n.key(3), 50))).toEqual(want)
  })

  test('has every number once, in several rounds too', () => {
    for (const size of [0, 1, 7, 2000]) {
      const places = valueOf(n.permutation(n.key(5), size))
      expect(places.toSorted((a, b) => a - b)).toEqual(upTo(size))
    }
  })

  test('puts each number at each place as often', () => {
    const draws = 600
    const counts = upTo(25).map(() => 0)
    const keys = n.splitKey(n.key(8), draws)
    for (const k of keys)
      for (const [at, v] of valueOf(n.permutation(k, 5)).entries())
        counts[5 * at + v] = (counts[5 * at + v] as number) + 1
    const chiSquare = counts.reduce((sum, c) => sum + (c - draws / 5) ** 2 / (draws / 5), 0)
    // 16 degrees of freedom: beyond 39.25 lies one in a thousand
    expect(chiSquare).toBeLessThan(39.25)
  })

  test('shuffles rows along an axis', () => {
    const x = n.input('x', [3, 4])
    const data = upTo(12)
    const rows = valueOf(n.permutation(n.key(6), x), { x: data })
    const order = valueOf(n.permutation(n.key(6), 3))
    expect(rows).toEqual(order.flatMap((r) => data.slice(4 * r, 4 * r + 4)))
    const columns = valueOf(n.permutation(n.key(6), x, 1), { x: data })
    const across = valueOf(n.permutation(n.key(6), 4))
    expect(columns).toEqual(upTo(3).flatMap((r) => across.map((c) => 4 * r + c)))
  })
})

const everyDraw = (k: n.Node): Readonly<Record<string, n.Node>> => ({
  keys: n.concat(n.splitKey(k, 3)),
  bits: n.randomBits(k, [200]),
  uniform: n.uniform(k, [300], -2, 3),
  normal: n.normal(k, [300], 1, 2),
  wide: n.normal(k, [101], 0, 1, 'f64'),
  coins: n.bernoulli(k, 0.3, [300]),
  kept: n.dropout(n.ones([300]), 0.4, k as never),
  classes: n.categorical(k, n.constant([0.5, -1, 2, 0, 1]), 0, [300]),
  places: n.permutation(k, 3000),
})

const drawn = (results: Readonly<Record<string, n.Node>>, env: ReadonlyMap<n.Node, Tensor>) =>
  interpret(Object.values(results), env).map((t) => t.data)

describe.each(['wasm', 'javascript'] as const)('on %s', (target) => {
  const k = n.input('k', [2], 'i32')
  const env = new Map([[k, tensor('i32', [2], valueOf(n.key(21)))]])

  test('every draw has the interpreter’s bits', async () => {
    expect(await compileAndRun(everyDraw(k), env, target)).toEqual(drawn(everyDraw(k), env))
  })

  test('a batch of keys draws what each key draws', async () => {
    const keys = n.input('keys', [4, 2], 'i32')
    const each = n.splitKey(n.key(3), 4).map((one) => valueOf(one))
    const batch = new Map([[keys, tensor('i32', [4, 2], each.flat())]])
    const names = Object.keys(everyDraw(k)).filter((name) => name !== 'keys')
    const results = Object.fromEntries(
      names.map((name) => [name, vmap((one: n.Node) => everyDraw(one)[name] as n.Node)(keys)]),
    )
    const alone = each.map((words) => drawn(everyDraw(k), new Map([[k, tensor('i32', [2], words)]])))
    const got = await compileAndRun(results, batch, target)
    for (const [i, values] of got.entries())
      expect(Array.from(values)).toEqual(alone.flatMap((one) => Array.from(one[i + 1] ?? [])))
  })

  test('each step of a loop draws what a key folded with its place draws', async () => {
    const step = (_: n.Node, _x: unknown, own: n.Node) => ({ carry: own, output: everyDraw(own)['normal'] as n.Node })
    const loop = n.scan(step, k, n.zeros([3, 1]), { key: k }) as {
      readonly outputs: n.Node
    }
    const unrolled = [0, 1, 2].flatMap((i) => {
      const own = drawn({ own: n.foldIn(k, i) }, env)[0] as ArrayLike<number>
      return Array.from(drawn(everyDraw(k), new Map([[k, tensor('i32', [2], own)]]))[3] ?? [])
    })
    const got = await compileAndRun({ outputs: loop.outputs }, env, target)
    expect(Array.from(got[0] ?? [])).toEqual(unrolled)
  })
})
