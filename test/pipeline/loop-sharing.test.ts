// In: loops that hold more than is read of them. Out: whether what is compiled holds no more than that, with the same values.

import {
  add,
  concat,
  exp,
  input,
  log,
  matmul,
  mean,
  mul,
  type Node,
  scan,
  slice,
  softplus,
  square,
  sum,
  tanh,
} from 'nabla'
import { grad, hvp, interpret, jvp, type Scalar, simplify, type Tensor, tensor } from 'nabla/compiler'
import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { compileWhole, type Whole } from '../../compiler/compile.ts'
import { topological } from '../../compiler/program/walk.ts'
import { batchRoots } from '../../compiler/grad/vmap.ts'
import { optimizeLoops } from '../../compiler/loops/loops.ts'
import { shareLoops } from '../../compiler/loops/share.ts'
import { scanParts } from '../../src/expr/scan.ts'
import { draw, inputsOf } from '../simplify/proof.ts'
import { stream } from '../random.ts'

const x = (name: string, ...shape: readonly number[]): Node => input(name, shape, 'f64')

const compiled = async (results: Readonly<Record<string, Node>>): Promise<Whole> => {
  const whole = await compileWhole({ main: results }, { target: 'javascript', checked: true })
  if (!isRight(whole)) throw new Error(whole.left.message)
  return whole.right
}

const loopsOf = (w: Whole): number => (w.plan.entries.find((e) => e.name === 'main')?.ranges ?? []).length

const scansOf = (roots: readonly Node[]): readonly Node[] => topological(roots).filter((n) => n.op === 'scan')

const expectSame = (before: readonly Node[], after: readonly Node[]): void => {
  const env = draw(inputsOf(before), { domain: {}, special: 0, scale: 0.3 }, stream(7))
  const [p, q] = [interpret(before, env), interpret(after, env)]
  for (const [i, t] of p.entries()) for (const [k, v] of t.data.entries()) expect(q[i]?.data[k]).toBeCloseTo(v, 12)
}

type Two = { readonly kept: Node; readonly other: Node }

const twoCarries = (next: (c: Two, v: Node) => Two): { readonly carry: Two; readonly outputs: Node } =>
  scan(
    (c: Two, v: Node) => ({ carry: next(c, v), output: mul(c.kept, 2) }),
    { kept: x('k0', 3), other: x('o0', 3) },
    x('vs', 5, 3),
  )

describe('carries', () => {
  test('one that nothing reads goes', () => {
    const { carry } = twoCarries(({ kept, other }, v) => ({
      kept: tanh(add(kept, v)),
      other: add(other, kept),
    }))
    const now = shareLoops([carry.kept])
    expect(scanParts(scansOf(now)[0] as Node).init).toHaveLength(1)
    expectSame([carry.kept], now)
  })

  test('one that another carry reads stays', () => {
    const { carry } = twoCarries(({ kept, other }, v) => ({
      kept: tanh(add(kept, other)),
      other: add(other, v),
    }))
    expect(shareLoops([carry.kept])).toEqual([carry.kept].map((n) => expect.objectContaining({ op: n.op })))
    expect(scanParts(scansOf(shareLoops([carry.kept]))[0] as Node).init).toHaveLength(2)
  })

  test('one that never changes is a constant', () => {
    const { carry, outputs } = twoCarries(({ kept, other }, v) => ({ kept: add(mul(kept, other), v), other }))
    const roots = [carry.kept, carry.other, outputs]
    const now = shareLoops(roots)
    expect(now[1]?.op).toBe('input')
    const parts = scanParts(scansOf(now)[0] as Node)
    expect([parts.init.length, parts.constants.length]).toEqual([1, 1])
    expectSame(roots, now)
  })
})

describe('the last step', () => {
  const build = (): { readonly last: Node; readonly hs: Node } => {
    const hs = scan(
      (h: Node, v: Node) => {
        const next = tanh(add(h, v))
        return { carry: next, output: next }
      },
      x('h0', 3),
      x('vs', 6, 3),
    ).outputs
    return { last: slice(hs, [5, 0], [6, 3]), hs }
  }

  test('of all is the carry: no step is kept', () => {
    const { last } = build()
    const [now] = shareLoops([simplify(last)]) as [Node]
    expect(scanParts(scansOf([now])[0] as Node).fn.results).toHaveLength(1)
    expectSame([last], [now])
  })

  test('is a part of the stack where that is there anyway', () => {
    const { last, hs } = build()
    const now = simplify([last, hs])
    expect(scansOf(now)).toHaveLength(1)
    expectSame([last, hs], now)
  })
})

test('of a product of [x, h], the part of x goes ahead of the loop, for all steps at once', async () => {
  const [w, vs] = [x('w', 7, 3), x('vs', 6, 2, 4)]
  const outputs = scan(
    (h: Node, v: Node) => {
      const next = tanh(matmul(concat([v, h], 1), w))
      return { carry: next, output: next }
    },
    x('h0', 2, 3),
    vs,
  ).outputs
  const tools = { simplify: (roots: readonly Node[]) => simplify(roots), batch: batchRoots }
  const now = optimizeLoops([outputs], tools)
  const parts = scanParts(scansOf(now)[0] as Node)
  const products = (roots: readonly Node[]): readonly Node[] => topological(roots).filter((n) => n.op === 'dotGeneral')
  expect(products(parts.fn.results).map((n) => n.ins[0]?.shape)).toEqual([[2, 3]])
  expect(topological(parts.fn.results).some((n) => n.op === 'concat')).toBe(false)
  expect(products(now)).toHaveLength(1)
  expectSame([outputs], now)
  expect(loopsOf(await compiled({ outputs, gradient: grad(sum(outputs) as Scalar, w) }))).toBe(2)
})

describe('derivatives forwards', () => {
  const recurrent = (): { readonly loss: Scalar; readonly w: Node; readonly dw: Node } => {
    const w = x('w', 3, 3)
    const { carry, outputs } = scan(
      (h: Node, v: Node) => {
        const next = tanh(add(matmul(h, w), v))
        return { carry: next, output: sum(square(next)) }
      },
      x('h0', 2, 3),
      x('vs', 6, 2, 3),
    )
    return { loss: add(sum(outputs), mean(carry)) as Scalar, w, dw: x('dw', 3, 3) }
  }

  test('the loop of a value is the one that carries its tangent too', async () => {
    const { loss, w, dw } = recurrent()
    expect(loopsOf(await compiled({ loss, tangent: jvp(loss, w, dw) }))).toBe(1)
  })

  test('a Hessian-vector product takes one loop each way', async () => {
    const { loss, w, dw } = recurrent()
    const product = hvp(loss, w, dw)
    expect(loopsOf(await compiled({ product }))).toBe(2)
    expect(loopsOf(await compiled({ gradient: grad(loss, w), product }))).toBe(2)
  })

  const summed = (f: (v: Node) => Node): Node =>
    scan((c: Node, v: Node) => ({ carry: add(c, f(v)), output: [] }), x('c0'), x('vs', 4)).carry
  const bodySize = (root: Node): number =>
    Math.max(...scansOf([root]).map((s) => topological(scanParts(s).fn.results).length))

  test('a naive body has the tangent of the stable one, with no more operations', () => {
    const [vs, d] = [x('vs', 4), x('d', 4)]
    const naive = jvp(
      summed((v) => log(add(1, exp(v)))),
      vs,
      d,
    )
    const stable = jvp(
      summed((v) => softplus(v)),
      vs,
      d,
    )
    expect(bodySize(naive)).toBe(bodySize(stable))
    const env = new Map<Node, Tensor>([
      [vs, tensor('f64', [4], [800, -800, 0, 1000])],
      [d, tensor('f64', [4], [1, 1, 2, 1])],
      [x('c0'), tensor('f64', [], [0])],
    ])
    expect(interpret([naive], env)[0]?.data[0]).toBeCloseTo(3, 12)
  })
})
