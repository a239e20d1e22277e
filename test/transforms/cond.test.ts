// In: choices between functions, alone, nested, in loops and around them. Out: whether their derivatives are those of the
// branch that is taken, in every composition, and whether both targets compute what the interpreter does.

import {
  add,
  checkpoint,
  cond,
  exp,
  greater,
  input,
  less,
  log,
  logicalAnd,
  matmul,
  mul,
  type Node,
  scan,
  sin,
  sqrt,
  square,
  sub,
  sum,
  switchCase,
  tanh,
  where,
  zeros,
} from 'nabla'
import { grad, hessian, hvp, jvp, type Scalar, type Tensor, tensor, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import type { PlanChoice } from '../../compiler/plan/plan.ts'
import { topological } from '../../compiler/program/walk.ts'
import { functionOf } from '../../src/expr/scan.ts'
import { upTo } from '../expr/run.ts'
import { compileAndRun, compiled } from '../pipeline/compiled.ts'
import { evaluate, expectNear, given, type Values } from './values.ts'

const leaf = (name: string, shape: readonly number[], dtype: 'f32' | 'f64' | 'bool' = 'f64'): Node =>
  input(name, shape, dtype)

/** Central differences of a scalar by every element of a leaf. */
const differences = (loss: Node, env: Values, x: Node, h = 1e-5): readonly number[] => {
  const base = Array.from((env.get(x) as Tensor).data)
  const at = (i: number, by: number): number => {
    const moved = new Map(env).set(
      x,
      tensor(
        x.dtype,
        x.shape,
        base.map((v, k) => (k === i ? v + by : v)),
      ),
    )
    return evaluate([loss], moved)[0]?.[0] as number
  }
  return base.map((_, i) => (at(i, h) - at(i, -h)) / (2 * h))
}

const [x, w] = [leaf('x', [3]), leaf('w', [3])]
const positive = given([x, [0.5, 2, 1.5]], [w, [1, -2, 0.5]])
const negative = given([x, [-0.5, -2, 1.5]], [w, [1, -2, 0.5]])

/** Σ w log x where Σ x > 0, else Σ eˣ. */
const choice = (): Scalar =>
  cond(
    greater(sum(x), 0),
    () => sum(mul(w, log(x))) as Scalar,
    () => sum(exp(x)) as Scalar,
  )

/** Steps that go one way or another by what they carry. */
const walk = (xs: Node): Scalar => {
  const { carry, outputs } = scan(
    (c: Node, v: Node) => {
      const next = cond(
        less(sum(c), 1),
        () => add(c, square(v)),
        () => mul(tanh(c), sin(v)),
      )
      return { carry: next, output: sum(mul(next, w)) }
    },
    zeros([3], 'f64'),
    xs,
  )
  return add(sum(outputs), sum(carry)) as Scalar
}

const scanInside = (): Scalar =>
  cond(
    greater(sum(x), 0),
    () => sum(scan((c: Node) => ({ carry: tanh(add(c, w)), output: c }), x, [], { length: 3 }).carry) as Scalar,
    () => sum(mul(x, w)) as Scalar,
  )

const nested = (): Scalar =>
  cond(
    greater(sum(x), 0),
    () =>
      cond(
        greater(sum(w), 0),
        () => sum(mul(x, w)) as Scalar,
        () => sum(mul(exp(x), square(w))) as Scalar,
      ),
    () => sum(sin(x)) as Scalar,
  )

const xs = leaf('xs', [5, 3])
const sequence = upTo(15).map((i) => Math.sin(3 * i + 1))
const programs: readonly (readonly [string, () => Scalar])[] = [
  ['a choice', choice],
  ['a choice in a choice', nested],
  ['a loop in a choice', scanInside],
  ['a choice in a loop', () => walk(xs)],
  ['a choice in a checkpoint', () => checkpoint((v: Node) => mul(choice(), sum(square(v))))(x) as Scalar],
  [
    'a checkpoint in a choice',
    () =>
      cond(
        greater(sum(x), 0),
        () => sum(checkpoint((v: Node) => tanh(sin(mul(v, w))))(x)) as Scalar,
        () => sum(x) as Scalar,
      ),
  ],
]

describe.each(programs)('%s', (_, program) => {
  test.each([
    ['one way', positive],
    ['the other', negative],
  ] as const)('has the derivatives of differences, %s', (_name, base) => {
    const env = new Map([...base, ...given([xs, sequence])])
    const loss = program()
    const gradients = grad(loss, { x, w, xs })
    const leaves = Object.values({ x, w, xs })
    expectNear(
      evaluate(Object.values(gradients), env),
      leaves.map((n) => differences(loss, env, n)),
      1e-7,
    )
    // forward mode along a direction, and the Hessian times it
    const v = leaf('v', [3])
    const along = new Map([...env, ...given([v, [0.3, -1, 0.7]])])
    const [g] = evaluate([gradients.x], env)
    const slope = upTo(3).reduce((s, i) => s + (g?.[i] as number) * ([0.3, -1, 0.7][i] as number), 0)
    expectNear(evaluate([jvp(loss, x, v)], along), [[slope]], 1e-9)
    const second = sum(mul(gradients.x, v)) as Scalar
    expectNear(evaluate([hvp(loss, x, v)], along), [differences(second, along, x)], 1e-6)
    expectNear(evaluate([grad(second, w)], along), [differences(second, along, w)], 1e-6)
  })

  test.each(['wasm', 'javascript'] as const)('is what the interpreter computes, on %s', async (target) => {
    const loss = program()
    const results = { loss, ...Object.fromEntries(grad(loss, [x, w, xs]).map((g, i) => [`g${i}`, g])) }
    for (const base of [positive, negative]) {
      const env = new Map([...base, ...given([xs, sequence])])
      expectNear(await compileAndRun(results, env, target), evaluate(Object.values(results), env), 1e-12)
    }
  })
})

describe('over a batch', () => {
  const [rows, weights] = [leaf('rows', [4, 3]), leaf('weights', [3])]
  const data = [0.5, 2, 1, -1, -2, 0, 3, 0.1, 0.2, -4, 1, 1]
  const env = given([rows, data], [weights, [1, -2, 0.5]])
  const one = (row: Node): Scalar =>
    cond(
      greater(sum(row), 0),
      () => sum(mul(weights, log(row))) as Scalar,
      () => sum(mul(square(weights), exp(row))) as Scalar,
    )
  const single = leaf('single', [3])
  const each = (f: (row: Node) => readonly Node[]): readonly (readonly number[])[] => {
    const roots = f(single)
    const runs = upTo(4).map((i) =>
      evaluate(roots, new Map([...env, ...given([single, data.slice(3 * i, 3 * i + 3)])])),
    )
    return roots.map((_, k) => runs.flatMap((r) => r[k] as readonly number[]))
  }

  test('each example takes its own branch, and so does its gradient', () => {
    const per = (row: Node): readonly Node[] => [one(row), ...grad(one(row), [row, weights])]
    expectNear(evaluate(vmap(per)(rows), env), each(per))
  })

  test('no NaN of the branch that an example does not take reaches what all share', () => {
    const total = sum(vmap(one)(rows))
    const [gr, gw] = grad(total, [rows, weights])
    const [wantRows, wantWeights] = each((row) => grad(one(row), [row, weights]))
    const summed = upTo(3).map((i) => upTo(4).reduce((s, k) => s + (wantWeights?.[3 * k + i] as number), 0))
    expectNear(evaluate([gr, gw], env), [wantRows as readonly number[], summed])
  })

  test('a branch that nobody takes gives nothing', () => {
    const all = sum(vmap(one)(rows))
    const low = given([rows, upTo(12).map((i) => -1 - i)], [weights, [1, 2, 3]])
    const [got] = evaluate([grad(all, weights)], low)
    expect(got?.every(Number.isFinite)).toBe(true)
    expectNear([got as readonly number[]], [differences(all, low, weights)], 1e-6)
  })

  test('elementwise branches become one choice for each element', () => {
    const huber = (v: Node): Node =>
      cond(
        less(square(v), 1),
        () => mul(square(v), 0.5),
        () => sub(sqrt(square(v)), 0.5),
      )
    const v = leaf('v', [6])
    const values = given([v, [-2, -0.5, 0, 0.3, 1.5, 4]])
    const mapped = vmap(huber)(v)
    expect(topological([mapped]).some((n) => functionOf(n) !== null)).toBe(false)
    expectNear(evaluate([mapped], values), [[1.5, 0.125, 0, 0.045, 1, 3.5]])
    expectNear(evaluate([grad(sum(mapped) as Scalar, v)], values), [[-1, -0.5, 0, 0.3, 1, 1]])
  })

  test('a predicate that all share keeps the choice', () => {
    const p = leaf('p', [], 'bool')
    const g = (row: Node): Scalar =>
      cond(
        p,
        () => sum(mul(row, weights)) as Scalar,
        () => sum(weights) as Scalar,
      )
    const mapped = vmap(g)(rows)
    expect(topological([mapped]).filter((n) => n.op === 'cond')).toHaveLength(1)
    for (const truth of [0, 1]) {
      const at = new Map([...env, ...given([p, [truth]])])
      const want = upTo(4).map((i) =>
        truth === 0
          ? -0.5
          : (data[3 * i] as number) - 2 * (data[3 * i + 1] as number) + 0.5 * (data[3 * i + 2] as number),
      )
      expectNear(evaluate([mapped], at), [want])
    }
  })

  test.each(['wasm', 'javascript'] as const)('on %s', async (target) => {
    const total = sum(vmap(one)(rows))
    const per = vmap((row: Node) => grad(one(row), weights))(rows)
    const results = { total, per, g: grad(total, weights), r: grad(total, rows) }
    expectNear(await compileAndRun(results, env, target), evaluate(Object.values(results), env), 1e-12)
  })
})

describe('the branch that is not taken', () => {
  test('reaches no derivative, however infinite its slope', () => {
    const s = leaf('s', [])
    const safe = cond(
      greater(s, 0),
      () => sqrt(s) as Scalar,
      () => mul(s, 3) as Scalar,
    )
    const g = grad(safe, s)
    for (const [v, want] of [
      [0, 3],
      [-1, 3],
      [4, 0.25],
    ] as const)
      expect(evaluate([g], given([s, [v]]))).toEqual([[want]])
    expect(evaluate([grad(g as Scalar, s)], given([s, [0]]))).toEqual([[0]])
  })

  test.each(['wasm', 'javascript'] as const)('is not run on %s: its steps stand in their own arm', async (target) => {
    const [m, n] = [leaf('m', [4, 4]), leaf('n', [4, 4])]
    const loss = cond(
      greater(sum(m), 0),
      () => sum(matmul(m, matmul(m, n))) as Scalar,
      () => sum(n) as Scalar,
    )
    const { plan } = await compiled({ loss, g: grad(loss, n) }, target)
    const [entry] = plan.entries
    const steps = (entry?.steps ?? []).map((s) => plan.kernels[s.kernel]?.name ?? '')
    const choices = (entry?.ranges ?? []).filter((r): r is PlanChoice => r.tag === 'choice')
    const products = steps.flatMap((name, at) => (name.startsWith('dotGeneral') ? [at] : []))
    expect(products.length).toBeGreaterThan(1)
    // false comes first, so that products are in the second arm
    for (const at of products) expect(choices.filter((c) => (c.arms[1] as number) <= at && at < c.to)).toHaveLength(1)
  })
})

test('what a branch makes is computed there, whether or not it has been made before', () => {
  const before = exp(sum(x))
  const made = (): Node =>
    cond(
      greater(sum(w), 0),
      () => exp(sum(x)),
      () => sum(w),
    )
  const first = made()
  expect(before.op).toBe('exp')
  expect(topological([first]).some((n) => n.op === 'exp')).toBe(false)
  expect(topological([made()]).some((n) => n.op === 'exp')).toBe(false)
  // what is found outside is computed outside
  const found = cond(
    greater(sum(w), 0),
    () => before,
    () => sum(w),
  )
  expect(topological([found]).some((n) => n.op === 'exp')).toBe(true)
})

describe('one of several', () => {
  const k = input('k', [], 'i32')
  const among = (index: Node, v: Node): Scalar =>
    switchCase(index, [(u: Node) => sum(log(u)), (u: Node) => sum(square(u)), (u: Node) => sum(mul(w, u))], v) as Scalar
  const wants = [
    { of: Math.log(1.5), by: [2, 0.5, 1 / 1.5] },
    { of: 6.5, by: [1, 4, 3] },
    { of: -2.75, by: [1, -2, 0.5] },
  ] as const

  test.each(['wasm', 'javascript'] as const)('is the one that is counted, or the nearest, on %s', async (target) => {
    const results = { value: among(k, x), g: grad(among(k, x), x) }
    for (const index of [-7, 0, 1, 2, 3, 1000]) {
      const { of, by } = wants[Math.min(Math.max(index, 0), 2)] as (typeof wants)[number]
      const env = new Map([...positive, ...given([k, [index]])])
      expectNear(evaluate(Object.values(results), env), [[of], by])
      expectNear(await compileAndRun(results, env, target), [[of], by])
    }
  })

  test('over a batch each example takes its own', () => {
    const ks = input('ks', [4], 'i32')
    const per = vmap((index: Node) => among(index, x))(ks)
    const env = new Map([...positive, ...given([ks, [2, 0, 9, 1]])])
    expectNear(evaluate([per], env), [[wants[2].of, wants[0].of, wants[2].of, wants[1].of]])
    const mean = grad(sum(per), x)
    expectNear(evaluate([mean], env), [
      upTo(3).map((i) => [2, 2, 0, 1].reduce((s, c) => s + (wants[c]?.by[i] as number), 0)),
    ])
  })
})

test('branches give records, lists and what is nested of them', () => {
  const { a, rest } = cond(
    logicalAnd(greater(sum(x), 0), less(sum(x), 10)),
    (u: Node, v: Node) => ({ a: add(u, v), rest: [sum(u), { b: u }] as const }),
    (u: Node, v: Node) => ({ a: v, rest: [sum(v), { b: v }] as const }),
    x,
    w,
  )
  expectNear(evaluate([a, rest[0], rest[1].b], positive), [[1.5, 0, 2], [4], [0.5, 2, 1.5]])
  expectNear(evaluate([a, rest[0], rest[1].b], negative), [[1, -2, 0.5], [-0.5], [1, -2, 0.5]])
  expectNear(evaluate([hessian(sum(where(greater(x, 0), a, x)) as Scalar, x)], positive), [upTo(9).map(() => 0)])
})
