import { input, matmul, mul, type Node, sigmoid, softmax, square, sub, sum, tanh } from 'nabla'
import { grad, hessian, hvp, interpret, jacobian, jvp, type Scalar, type Tensor, tensor, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { env } from '../expr/run.ts'

const evaluate = (n: Node, e: ReadonlyMap<Node, Tensor>): readonly number[] =>
  Array.from((interpret([n], e)[0] as Tensor).data)

const expectClose = (got: readonly number[], want: readonly number[]): void => {
  expect(got.length).toBe(want.length)
  for (const [i, w] of want.entries()) expect(got[i]).toBeCloseTo(w, 10)
}

const scalar = (n: Node): Scalar => n as Scalar

describe('jacobian', () => {
  test('of softmax is diag(y) − y yᵀ', () => {
    const z = input('z', [4], 'f64')
    const j = jacobian(softmax(z), z)
    expect(j.shape).toEqual([4, 4])
    const e = env(z)
    const y = evaluate(softmax(z), e)
    expectClose(
      evaluate(j, e),
      y.flatMap((a, i) => y.map((b, k) => (i === k ? a : 0) - a * b)),
    )
  })

  test('of W x by x is W, by W has a 1 for each product', () => {
    const [w, x] = [input('W', [2, 3], 'f64'), input('x', [3], 'f64')]
    const j = jacobian(matmul(w, x), { w, x })
    expect([j.w.shape, j.x.shape]).toEqual([
      [2, 2, 3],
      [2, 3],
    ])
    const e = env(w, x)
    expectClose(evaluate(j.x, e), evaluate(w, e))
    const v = evaluate(x, e)
    expectClose(evaluate(j.w, e), [...v, 0, 0, 0, 0, 0, 0, ...v])
  })

  test('forward and reverse mode agree: few outputs, few inputs', () => {
    const t = input('t', [], 'f64')
    const x = input('x', [5], 'f64')
    const y: Node = tanh(mul(t, x))
    const j = jacobian(y, { t, x })
    const e = env(t, x)
    const [a] = evaluate(t, e) as [number]
    const v = evaluate(x, e)
    expectClose(
      evaluate(j.t, e),
      v.map((b) => b * (1 - Math.tanh(a * b) ** 2)),
    )
    expectClose(
      evaluate(j.x, e),
      v.flatMap((b, i) => v.map((_, k) => (i === k ? a * (1 - Math.tanh(a * b) ** 2) : 0))),
    )
  })

  test('by an unused variable is zeros of its shape', () => {
    const [x, y] = [input('x', [2], 'f64'), input('y', [3], 'f64')]
    expectClose(evaluate(jacobian(square(x), y), env(x, y)), [0, 0, 0, 0, 0, 0])
  })
})

describe('hessian', () => {
  test('of a quadratic form is A + Aᵀ', () => {
    const [a, x] = [input('A', [3, 3], 'f64'), input('x', [3], 'f64')]
    const h = hessian(scalar(matmul(x, matmul(a, x))), x)
    const e = env(a, x)
    const m = evaluate(a, e)
    expectClose(
      evaluate(h, e),
      Array.from({ length: 9 }, (_, k) => (m[k] as number) + (m[(k % 3) * 3 + Math.floor(k / 3)] as number)),
    )
  })

  test('times a direction is hvp', () => {
    const [x, v] = [input('x', [4], 'f64'), input('v', [4], 'f64')]
    const loss = scalar(sum(mul(sigmoid(x), square(x))))
    const e = env(x, v)
    expectClose(evaluate(hvp(loss, x, v), e), evaluate(matmul(hessian(loss, x), v), e))
  })
})

describe('vmap', () => {
  const w = input('w', [3], 'f64')
  const loss = (x: Node, y: Node): Scalar => scalar(square(sub(matmul(x, w), y)))

  test('gives per-example gradients', () => {
    const [xs, ys] = [input('xs', [5, 3], 'f64'), input('ys', [5], 'f64')]
    const gradients = vmap((x: Node, y: Node) => grad(loss(x, y), w))(xs, ys)
    expect(gradients.shape).toEqual([5, 3])
    const e = env(xs, ys, w)
    const [X, Y, W] = [xs, ys, w].map((n) => evaluate(n, e)) as [
      readonly number[],
      readonly number[],
      readonly number[],
    ]
    expectClose(
      evaluate(gradients, e),
      Y.flatMap((y, i) => {
        const row = X.slice(3 * i, 3 * i + 3)
        const r = row.reduce((s, a, k) => s + a * (W[k] as number), 0) - y
        return row.map((a) => 2 * r * a)
      }),
    )
  })

  test('nests, and its axes go where they are told', () => {
    const m = input('m', [4, 2], 'f64')
    const k = input('k', [3], 'f64')
    const table = vmap((a: Node) => vmap((c: Node) => mul(a, c), { outAxis: 0 })(k), { inAxes: [1], outAxis: 2 })(m)
    expect(table.shape).toEqual([3, 4, 2])
    const e = env(m, k)
    const [M, K] = [evaluate(m, e), evaluate(k, e)]
    expectClose(
      evaluate(table, e),
      K.flatMap((c) => M.map((a) => a * c)),
    )
  })

  test('the gradient of a mean over a batch is the mean of the gradients', () => {
    const [xs, ys] = [input('xs', [5, 3], 'f64'), input('ys', [5], 'f64')]
    const total = sum(vmap((x: Node, y: Node) => loss(x, y))(xs, ys))
    const each = vmap((x: Node, y: Node) => grad(loss(x, y), w))(xs, ys)
    const e = env(xs, ys, w)
    expectClose(evaluate(grad(scalar(total), w), e), evaluate(sum(each, 0), e))
  })

  test('refuses batches of different sizes, and axes that are not there', () => {
    const [a, c] = [input('a', [2], 'f64'), input('c', [3], 'f64')]
    expect(() => vmap((x: Node, y: Node) => mul(x, y))(a, c)).toThrow('vmap: the batches have 2 and 3 examples')
    expect(() => vmap((x: Node) => x, { inAxes: [1] })(a)).toThrow('vmap: argument 0 (a f64[2]) has no axis 1')
  })
})

describe('higher derivatives', () => {
  test('the third derivative of tanh, in both modes', () => {
    const x = input('x', [], 'f64')
    const [first, second] = [grad(tanh(x), x), grad(grad(tanh(x), x), x)]
    const third = grad(second, x)
    const mixed = jvp(grad(first, x), x, input('dx', [], 'f64'))
    for (const v of [-1.3, 0, 0.4]) {
      const t = Math.tanh(v)
      // (tanh)''' = (6t² − 2)(1 − t²)
      const want = (6 * t * t - 2) * (1 - t * t)
      const e = new Map<Node, Tensor>([
        [x, tensor('f64', [], [v])],
        [input('dx', [], 'f64'), tensor('f64', [], [1])],
      ])
      expectClose(evaluate(third, e), [want])
      expectClose(evaluate(mixed, e), [want])
    }
  })
})
