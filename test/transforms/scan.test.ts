import {
  add,
  constant,
  exp,
  gather,
  input,
  log,
  matmul,
  mean,
  mul,
  type Node,
  scan,
  square,
  sub,
  sum,
  tanh,
  zeros,
} from 'nabla'
import { grad, hvp, jvp, type Scalar, type Tensor, tensor, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { env } from '../expr/run.ts'
import { compileAndRun } from '../pipeline/compiled.ts'
import { evaluate, expectNear } from './values.ts'

const [T, B, E, H] = [12, 3, 4, 5]

interface Rnn {
  readonly xs: Node
  readonly h0: Node
  readonly wx: Node
  readonly wh: Node
  readonly b: Node
  readonly targets: Node
}

const leaves = (float: 'f32' | 'f64' = 'f64'): Rnn => ({
  xs: input('xs', [T, B, E], float),
  h0: input('h0', [B, H], float),
  wx: input('wx', [E, H], float),
  wh: input('wh', [H, H], float),
  b: input('b', [H], float),
  targets: input('targets', [T, B, H], float),
})

const cell = (r: Rnn, h: Node, x: Node): Node => tanh(add(add(matmul(x, r.wx), matmul(h, r.wh)), r.b))

const byScan = (r: Rnn): Scalar => {
  const { carry, outputs } = scan(
    (h: Node, { x, t }: { x: Node; t: Node }) => {
      const next = cell(r, h, x)
      return { carry: next, output: sum(square(sub(next, t))) }
    },
    r.h0,
    { x: r.xs, t: r.targets },
  )
  return add(sum(outputs), mean(carry)) as Scalar
}

/** One element of a sequence, without its axis. */
const at = (x: Node, t: number): Node => gather(x, constant(t, 'i32'))

const unrolled = (r: Rnn): Scalar => {
  let h = r.h0
  let total: Node = zeros([], r.h0.dtype)
  for (let t = 0; t < T; t++) {
    h = cell(r, h, at(r.xs, t))
    total = add(total, sum(square(sub(h, at(r.targets, t)))))
  }
  return add(total, mean(h)) as Scalar
}

describe('a recurrent network of 12 steps', () => {
  const r = leaves()
  const e = env(...Object.values(r))
  const { xs, h0, wx, wh, b } = r
  const wrt = [xs, h0, wx, wh, b]

  test('has the value of its unrolled form', () => {
    expectNear(evaluate([byScan(r)], e), evaluate([unrolled(r)], e))
  })

  test('has its gradients', () => {
    expectNear(evaluate(grad(byScan(r), wrt), e), evaluate(grad(unrolled(r), wrt), e))
  })

  test.each(['wasm', 'javascript'] as const)('has its gradients in f32 on %s', async (target) => {
    const s = leaves('f32')
    const by = [s.xs, s.h0, s.wx, s.wh, s.b]
    const [looped, flat] = [grad(byScan(s), by), grad(unrolled(s), by)]
    const results = [...looped, ...flat].map((g, i) => [`g${i}`, g] as const)
    const got = await compileAndRun(Object.fromEntries(results), env(...Object.values(s)), target)
    for (const [i, wanted] of got.slice(looped.length).entries()) {
      const scale = Math.max(...Array.from(wanted, Math.abs))
      for (let k = 0; k < wanted.length; k++)
        expect(Math.abs((got[i]?.[k] as number) - (wanted[k] as number))).toBeLessThan(1e-6 * scale)
    }
  })

  test('has its tangents', () => {
    const moves = wrt.map((n, i) => input(`d${i}`, n.shape, 'f64'))
    const all = new Map([...e, ...env(...moves)])
    expectNear(evaluate([jvp(byScan(r), wrt, moves)], all), evaluate([jvp(unrolled(r), wrt, moves)], all))
  })

  test('has its Hessian-vector products', () => {
    const moves = [wh, b].map((n, i) => input(`d${i}`, n.shape, 'f64'))
    const all = new Map([...e, ...env(...moves)])
    expectNear(evaluate(hvp(byScan(r), [wh, b], moves), all), evaluate(hvp(unrolled(r), [wh, b], moves), all), 9)
  })

  test('has weight gradients that leave the loop: one product over all steps', () => {
    const [gradient] = grad(byScan(r), [wh])
    expect(gradient.op).toBe('dotGeneral')
  })
})

describe('naive text inside a loop', () => {
  test('has the derivative of the stable form', () => {
    const xs = input('xs', [3], 'f32')
    const w = input('w', [], 'f32')
    // log(1 + exp(w·x)) overflows at w·x = 200 where softplus does not
    const { outputs } = scan((c: Node, x: Node) => ({ carry: c, output: log(add(1, exp(mul(w, x)))) }), zeros([]), xs)
    const e = new Map<Node, Tensor>([
      [xs, tensor('f32', [3], [200, 1, -200])],
      [w, tensor('f32', [], [1])],
    ])
    const sigma = (v: number): number => 1 / (1 + Math.exp(-v))
    expect(evaluate([grad(sum(outputs) as Scalar, w)], e)[0]?.[0]).toBeCloseTo(200 + sigma(1) - 200 * sigma(-200), 4)
  })
})

describe('scan', () => {
  test('runs backwards, with outputs at their places', () => {
    const xs = input('xs', [4], 'f64')
    const { carry, outputs } = scan((c: Node, x: Node) => ({ carry: add(c, x), output: c }), zeros([], 'f64'), xs, {
      reverse: true,
    })
    const e = new Map<Node, Tensor>([[xs, tensor('f64', [4], [1, 2, 3, 4])]])
    expect(evaluate([carry, outputs], e)).toEqual([[10], [9, 7, 4, 0]])
  })

  test('maps over a batch', () => {
    const xs = input('xs', [3, 5], 'f64')
    const total = (x: Node): Node =>
      scan((c: Node, v: Node) => ({ carry: add(mul(c, v), v), output: c }), zeros([], 'f64'), x).carry
    const e = env(xs)
    const rows = (evaluate([xs], e)[0] as readonly number[]).reduce<number[][]>((all, v, i) => {
      if (i % 5 === 0) all.push([])
      ;(all.at(-1) as number[]).push(v)
      return all
    }, [])
    expectNear(evaluate([vmap(total)(xs)], e), [rows.map((row) => row.reduce((c, v) => c * v + v, 0))])
  })

  test('refuses carries that change their type, and sequences of other lengths', () => {
    const xs = input('xs', [4, 2], 'f64')
    expect(() => scan((_c: Node, x: Node) => ({ carry: x, output: x }), zeros([3], 'f64'), xs)).toThrow(
      'scan: carry 0 goes in as f64[3] and comes out as f64[2]',
    )
    expect(() =>
      scan((c: Node, { a }: { a: Node; d: Node }) => ({ carry: c, output: a }), zeros([], 'f64'), {
        a: xs,
        d: input('d', [3], 'f64'),
      }),
    ).toThrow('scan: sequence 1 is f64[3], but the length is 4')
  })
})

describe('a loop within a loop', () => {
  const [ys, c0, w] = [input('ys', [3, 2, 5], 'f64'), input('c0', [5], 'f64'), input('w', [5], 'f64')]
  type Step = (carry: Node, element: Node) => { readonly carry: Node; readonly output: Node }
  const loop = scan as (step: Step, init: Node, sequence: Node) => { readonly carry: Node; readonly outputs: Node }

  // what the inner loop starts with is its outer carry, or made of it
  test.each([
    ['of the carry', (c: Node): Node => c],
    ['of what is made of the carry', (c: Node): Node => mul(c, 2)],
  ])('has the derivative of the loop written out, %s', (_, start) => {
    const inner: Step = (d, e) => ({ carry: tanh(mul(w, add(d, e))), output: mul(d, e) })
    const outer: Step = (c, y) => {
      const { carry, outputs } = loop(inner, start(c), y)
      return { carry, output: sum(outputs) }
    }
    const looped = loop(outer, c0, ys)
    let [c, total] = [c0 as Node, undefined as Node | undefined]
    for (let t = 0; t < 3; t++) {
      let d = start(c)
      for (let s = 0; s < 2; s++) {
        const { carry, output } = inner(d, at(at(ys, t), s))
        total = total === undefined ? sum(output) : add(total, sum(output))
        d = carry
      }
      c = d
    }
    const [one, other] = [add(sum(looped.outputs), sum(looped.carry)), add(total as Node, sum(c))]
    const wrt = [ys, c0, w]
    const e = env(...wrt)
    const gradients = (y: Scalar): readonly Node[] => grad(y, wrt)
    expectNear(
      evaluate([one as Node, ...gradients(one as Scalar)], e),
      evaluate([other as Node, ...gradients(other as Scalar)], e),
    )
  })
})
