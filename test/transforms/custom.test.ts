// In: functions with derivatives of their own, hooks on cotangents. Out: whether every transformation goes by their rules.

import {
  add,
  cast,
  clip,
  customVjp,
  exp,
  input,
  matmul,
  mul,
  neg,
  type Node,
  norm,
  round,
  scan,
  sin,
  square,
  sub,
  sum,
  tanh,
  withGradient,
  zeros,
} from 'nabla'
import { grad, hvp, interpret, jacobian, jvp, type Scalar, simplify, vjp, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { compileAndRun } from '../pipeline/compiled.ts'
import { topological } from '../../compiler/program/walk.ts'
import { env, upTo } from '../expr/run.ts'
import { evaluate, expectNear } from './values.ts'

const scalar = (n: Node): Scalar => n as Scalar

/** sin(x) · w, whose rule says cotangents 3 times as large as they are. */
const tripled = customVjp(
  (x: Node, w: Node) => mul(sin(x), w),
  ({ inputs: [x, w], cotangent }) => [
    mul(3, vjp(mul(sin(x), w), cotangent, x)),
    mul(3, vjp(mul(sin(x), w), cotangent, w)),
  ],
)
const plain = (x: Node, w: Node): Node => mul(sin(x), w)

const [x, w] = [input('x', [4], 'f64'), input('w', [4], 'f64')]
const e = env(x, w)

describe('customVjp', () => {
  test('has the value of the function', () => {
    expect(evaluate([tripled(x, w)], e)).toEqual(evaluate([plain(x, w)], e))
  })

  test('has the derivative of its rule, with what is around it', () => {
    const loss = (f: typeof plain): Scalar => scalar(sum(square(f(mul(2, x), w))))
    const want = grad(loss(plain), [x, w]).map((g) => mul(3, g))
    expectNear(evaluate(grad(loss(tripled), [x, w]), e), evaluate(want, e))
  })

  test('is differentiated again by its rule', () => {
    const first = (f: typeof plain) => grad(scalar(sum(f(x, w))), x)
    // the first derivative is 3 · cos(x) · w, in plain terms: sin's own derivative, not the rule's
    const want = mul(3, grad(scalar(sum(first(plain))), x))
    expectNear(evaluate([grad(scalar(sum(first(tripled))), x)], e), evaluate([want], e))
    // exp's rule uses the output, so each derivative goes by the rule: factors of 2, then of 4 and 2 of the product
    const doubled = customVjp(
      (v: Node) => exp(v),
      ({ output, cotangent }) => [mul(2, mul(output, cotangent))],
    )
    const once = grad(scalar(sum(doubled(x))), x)
    const twice = grad(scalar(sum(once)), x)
    expectNear(evaluate([once, twice], e), evaluate([mul(2, exp(x)), mul(4, exp(x))], e))
  })

  test('is looked at once, and equal applications are one node', () => {
    let calls = 0
    const counted = customVjp(
      (v: Node) => sin(v),
      ({ cotangent }) => {
        calls++
        return [cotangent]
      },
    )
    expect(counted(x)).toBe(counted(x))
    expect(counted(w)).not.toBe(counted(x))
    expect(calls).toBe(1)
  })

  test('maps over a batch, shared inputs too', () => {
    const xs = input('xs', [5, 4], 'f64')
    const all = env(xs, w)
    const one = (f: typeof plain) => (v: Node) => sum(square(f(v, w)))
    const each = (f: typeof plain) => vmap((v: Node) => grad(scalar(one(f)(v)), w))(xs)
    expectNear(evaluate([each(tripled)], all), evaluate([mul(3, each(plain))], all))
    const total = (f: typeof plain) => grad(scalar(sum(vmap(one(f))(xs))), [xs, w])
    const want = total(plain).map((g) => mul(3, g))
    expectNear(evaluate(total(tripled), all), evaluate(want, all))
  })

  test('a rule that does not look at the cotangent gives each example its own', () => {
    const one = customVjp(
      (v: Node) => sin(v),
      ({ inputs: [v] }) => [mul(0, v)],
    )
    const shared = input('shared', [4], 'f64')
    const xs = input('xs', [5, 4], 'f64')
    const total = scalar(sum(vmap((v: Node) => mul(one(shared), v))(xs)))
    expect(evaluate([grad(total, shared)], env(shared, xs))).toEqual([[0, 0, 0, 0]])
  })

  test('stands in the body of a scan', () => {
    const [m, xs] = [input('m', [4, 4], 'f64'), input('xs', [6, 4], 'f64')]
    const all = env(m, xs)
    const loss = (f: (v: Node) => Node): Scalar =>
      scalar(
        sum(scan((h: Node, v: Node) => ({ carry: f(add(matmul(h, m), v)), output: h }), zeros([4], 'f64'), xs).outputs),
      )
    // the true rule, written by hand
    const known = customVjp(
      (v: Node) => tanh(v),
      ({ output, cotangent }) => [mul(cotangent, sub(1, square(output)))],
    )
    expectNear(
      evaluate(grad(loss(known), [m, xs]), all),
      evaluate(
        grad(
          loss((v) => tanh(v)),
          [m, xs],
        ),
        all,
      ),
    )
    const g = (f: (v: Node) => Node) => grad(scalar(sum(square(grad(loss(f), m)))), m)
    expectNear(evaluate([g(known)], all), evaluate([g((v) => tanh(v))], all), 1e-9)
  })

  test('has forward mode where it is given', () => {
    const both = customVjp(
      (v: Node) => sin(v),
      ({ cotangent }) => [cotangent],
      { jvp: ({ tangents: [t] }) => mul(5, t) },
    )
    const dx = input('dx', [4], 'f64')
    const all = env(x, dx)
    expectNear(evaluate([jvp(both(mul(2, x)), x, dx)], all), evaluate([mul(10, dx)], all))
    const rows = vmap((v: Node) => both(v))
    const [xs, ds] = [input('xs', [3, 4], 'f64'), input('ds', [3, 4], 'f64')]
    expectNear(evaluate([jvp(rows(xs), xs, ds)], env(xs, ds)), evaluate([mul(5, ds)], env(xs, ds)))
    const small = customVjp(
      (v: Node) => sum(v),
      ({ inputs: [v] }) => [mul(7, v)],
    )
    expectNear(evaluate([jacobian(small(x), x)], e), evaluate([mul(7, x)], e))
  })

  test('has forward mode in the body of a scan, and over a batch of scans', () => {
    const known = customVjp(
      (v: Node) => tanh(v),
      ({ output, cotangent }) => [mul(cotangent, sub(1, square(output)))],
      { jvp: ({ output, tangents: [t] }) => mul(t, sub(1, square(output))) },
    )
    const m = input('m', [4, 4], 'f64')
    const last = (f: (v: Node) => Node, xs: Node): Node =>
      scan((h: Node, v: Node) => ({ carry: f(add(matmul(h, m), v)), output: sum(h) }), zeros([4], 'f64'), xs).carry
    const bare = (v: Node): Node => tanh(v)
    const [xs, ds] = [input('xs', [6, 4], 'f64'), input('ds', [6, 4], 'f64')]
    const pushed = (f: typeof bare): Node => jvp(last(f, xs), xs, ds)
    expectNear(evaluate([pushed(known)], env(m, xs, ds)), evaluate([pushed(bare)], env(m, xs, ds)))
    const rows = input('rows', [3, 6, 4], 'f64')
    const each = (f: typeof bare) => grad(scalar(sum(vmap((row: Node) => last(f, row))(rows))), [rows, m])
    expectNear(evaluate(each(known), env(m, rows)), evaluate(each(bare), env(m, rows)))
    const many = (f: typeof bare) => vmap((row: Node) => grad(scalar(sum(last(f, row))), m))(rows)
    expectNear(evaluate([many(known)], env(m, rows)), evaluate([many(bare)], env(m, rows)))
  })

  test('refuses derivatives by what is no input, unless nothing flows there', () => {
    const open = customVjp(
      (v: Node) => mul(v, w),
      ({ cotangent }) => [cotangent],
    )
    expect(() => grad(scalar(sum(open(x))), w)).toThrow('the function uses w, by which it is differentiated')
    expect(evaluate([grad(scalar(sum(open(x))), x)], e)).toEqual([[1, 1, 1, 1]])
    // an input that is made of the variable is one
    expect(evaluate([grad(scalar(sum(tripled(x, mul(2, w)))), w)], e)[0]?.length).toBe(4)
  })

  test('refuses cotangents of another type', () => {
    const wrong = customVjp(
      (v: Node) => sin(v),
      ({ cotangent }) => [sum(cotangent)],
    )
    expect(() => wrong(x)).toThrow('input 0 is f64[4], the cotangent that the pullback gives it f64[]')
    const labels = input('labels', [4], 'i32')
    const whole = customVjp(
      (v: Node, n: Node) => mul(v, cast(n, 'f64')),
      ({ cotangent }) => [cotangent, cotangent],
    )
    expect(() => whole(x, labels)).toThrow('input 1 is i32[4], which has no cotangent')
  })

  test('refuses an estimator that says nothing', () => {
    const make = () =>
      customVjp(
        (v: Node) => sin(v),
        ({ cotangent }) => [cotangent],
        { estimator: ' ' },
      )
    expect(make).toThrow('an estimator says in words why it is no derivative')
  })

  test('leaves nothing behind in what is compiled, nor keeps it from being simplified', () => {
    const straight = customVjp(
      (v: Node) => round(v),
      ({ cotangent }) => [cotangent],
    )
    const loss = scalar(sum(square(straight(mul(x, 1)))))
    const [g] = evaluate([grad(loss, x)], e)
    expect(g).toEqual((evaluate([round(x)], e)[0] ?? []).map((v) => 2 * v))
  })
})

describe('withGradient', () => {
  test('is the identity, with a hook on the way back', () => {
    const loss = (hook: (ct: Node) => Node): Scalar => scalar(sum(square(sin(withGradient(mul(2, x), hook)))))
    const bare = scalar(sum(square(sin(mul(2, x)))))
    expect(evaluate([loss(neg)], e)).toEqual(evaluate([bare], e))
    expectNear(
      evaluate(
        [
          grad(
            loss((ct) => neg(ct)),
            x,
          ),
        ],
        e,
      ),
      evaluate([neg(grad(bare, x))], e),
    )
    const scaled = (ct: Node): Node => mul(ct, norm(w))
    expectNear(evaluate([grad(loss(scaled), x)], e), evaluate([mul(grad(bare, x), norm(w))], e))
  })

  test('lets forward mode pass, so that products with a Hessian are those of the hooked gradient', () => {
    const dx = input('dx', [4], 'f64')
    const loss = scalar(sum(square(sin(withGradient(x, (ct) => mul(2, ct))))))
    const bare = scalar(sum(square(sin(x))))
    const all = env(x, dx)
    expectNear(evaluate([jvp(loss, x, dx)], all), evaluate([jvp(bare, x, dx)], all))
    expectNear(evaluate([hvp(loss, x, dx)], all), evaluate([mul(2, hvp(bare, x, dx))], all))
  })

  test('clips each step of a scan', () => {
    const xs = input('xs', [6, 4], 'f64')
    const final = scan(
      (h: Node, v: Node) => ({
        carry: mul(
          3,
          withGradient(add(h, v), (ct) => clip(ct, -1, 1)),
        ),
        output: h,
      }),
      zeros([4], 'f64'),
      xs,
    ).carry
    const [g] = evaluate([grad(scalar(sum(final)), xs)], env(xs))
    // 3 at the last step is clipped to 1; 3 again at the one before
    expect(g).toEqual(upTo(24).map(() => 1))
  })

  test('refuses a hook that changes the type', () => {
    expect(() => withGradient(x, (ct) => sum(ct))).toThrow('withGradient: input 0 is f64[4]')
  })
})

test.each(['wasm', 'javascript'] as const)('custom derivatives on %s', async (target) => {
  const [a, m] = [input('a', [4]), input('m', [6, 4])]
  const step = (h: Node, v: Node) => {
    const next = withGradient(tripled(add(h, v), a), (ct) => clip(ct, -0.5, 0.5))
    return { carry: next, output: next }
  }
  const loss = scalar(sum(square(scan(step, zeros([4]), m).outputs)))
  const results = { loss, ...Object.fromEntries(grad(loss, [a, m]).map((g, i) => [`g${i}`, g])) }
  const all = env(a, m)
  const want = interpret(Object.values(results), all).map((t) => t.data)
  expectNear(await compileAndRun(results, all, target), want, 1e-5)
})

test('simplify keeps the rule', () => {
  const kept = simplify(mul(1, tripled(x, w)))
  expect(topological([kept]).some((n) => n.op === 'custom')).toBe(true)
})
