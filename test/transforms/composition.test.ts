// In: what programs are made of (constructs/), under transformations and transformations of these. Out: whether
// each meets central differences, or the same by another road. In f64, by the interpreter.

import { add, input, mul, type Node, scan, sin, square, stopGradient, sub, sum } from 'nabla'
import { grad, hessian, hvp, jacobian, jvp, type Scalar, type Tensor, tensor, vjp, vmap } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { numbers } from '../expr/run.ts'
import { constructs } from './constructs/all.ts'
import { type Construct, COUNT } from './constructs/construct.ts'
import { endless } from './constructs/loops.ts'
import { evaluate, expectNear } from './values.ts'

const leaf = (name: string, ...shape: readonly number[]): Node => input(name, shape, 'f64')

const [x, w, dx, dw] = ['x', 'w', 'dx', 'dw'].map((name) => leaf(name, COUNT)) as [Node, Node, Node, Node]
const [xs, ws] = [leaf('xs', 3, COUNT), leaf('ws', COUNT, 2)]

const row = (seed: number): readonly number[] => numbers(COUNT, seed)

/** Three examples, whose sums have both signs; two vectors of what they share. */
const [X, W] = [
  [row(0), row(3), row(1.7)],
  [row(1), row(4)],
] as const
const [DX, DW] = [row(5), row(6)]

const at = (a: readonly number[], b: readonly number[]): Map<Node, Tensor> =>
  new Map(
    (
      [
        [x, a],
        [w, b],
        [dx, DX],
        [dw, DW],
        [xs, X.flat()],
        [ws, DX.flatMap((_, i) => W.map((v) => v[i] as number))],
      ] as const
    ).map(([n, data]) => [n, tensor('f64', n.shape, data)]),
  )

const here = at(X[0], W[0])
const valuesOf = (nodes: readonly Node[], values: ReadonlyMap<Node, Tensor> = here): readonly (readonly number[])[] =>
  evaluate(nodes, values)
const value = (n: Node, values: ReadonlyMap<Node, Tensor> = here): readonly number[] =>
  valuesOf([n], values)[0] as readonly number[]

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, v, i) => s + v * (b[i] as number), 0)

/** So small that a step of descent does not cross what a maximum or a choice decides by. */
const RATE = 0.01

const H = 3e-6
const moved = (v: readonly number[], d: readonly number[], h: number): readonly number[] =>
  v.map((a, i) => a + h * (d[i] as number))

/** How nodes move where x and w move by dx and dw. */
const differences = (nodes: readonly Node[]): readonly (readonly number[])[] => {
  const [up, down] = [H, -H].map((h) => valuesOf(nodes, at(moved(X[0], DX, h), moved(W[0], DW, h))))
  return nodes.map((_, k) => (up?.[k] ?? []).map((v, i) => (v - (down?.[k]?.[i] as number)) / (2 * H)))
}

/** What two gradients say of that. */
const along = (gradients: readonly Node[]): number => {
  const [gx, gw] = valuesOf(gradients)
  return dot(gx ?? [], DX) + dot(gw ?? [], DW)
}

/** Curved, so that second derivatives are not those of the construct alone. */
const lossOf = (y: Node): Scalar => sum(sin(mul(0.7, y))) as Scalar

interface Claim {
  readonly title: string
  readonly check: (f: (x: Node, w: Node) => Node) => void
}

const each = <A>(of: (a: readonly number[], b: readonly number[]) => A): readonly A[] => X.map((a) => of(a, W[0]))

const claims: readonly Claim[] = [
  {
    title: 'grad meets differences',
    check: (f) => expectNear([[along(grad(lossOf(f(x, w)), [x, w]))]], differences([lossOf(f(x, w))]), 1e-7),
  },
  {
    title: 'jvp meets differences, vjp is its transpose',
    check: (f) => {
      const y = f(x, w)
      const ct = sin(y)
      const forward = value(jvp(y, [x, w], [dx, dw]))
      expectNear([forward], differences([y]), 1e-7)
      expectNear([[along(vjp(y, ct, [x, w]))]], [[dot(forward, value(ct))]], 1e-10)
    },
  },
  {
    title: 'hvp meets differences; the gradient of a tangent is the same',
    check: (f) => {
      const loss = lossOf(f(x, w))
      const products = hvp(loss, [x, w], [dx, dw])
      const backward = grad(jvp(loss, [x, w], [dx, dw]), [x, w])
      const twice = grad(sum(mul(grad(loss, x), dx)) as Scalar, x)
      const got = valuesOf([...products, ...backward, twice, hvp(loss, x, dx)])
      expectNear(got.slice(0, 2), differences(grad(loss, [x, w])), 1e-6)
      expectNear(got.slice(2, 4), got.slice(0, 2), 1e-9)
      expectNear(got.slice(4, 5), got.slice(5), 1e-9)
    },
  },
  {
    title: 'hessian and jacobian, times a direction',
    check: (f) => {
      const y = f(x, w)
      const loss = lossOf(y)
      const all = valuesOf([hessian(loss, x), hvp(loss, x, dx), jacobian(y, x), jvp(y, [x], [dx])])
      const [h, product, j, tangent] = all as readonly [number[], number[], number[], number[]]
      const rows = X[0].map((_, i) => h.slice(COUNT * i, COUNT * (i + 1)))
      expectNear([rows.map((r) => dot(r, DX))], [product], 1e-9)
      expectNear([rows.flatMap((_, i) => rows.map((r) => r[i] as number))], [h], 1e-9)
      const columns = j.flatMap((_, i) => (i % COUNT === 0 ? [dot(j.slice(i, i + COUNT), DX)] : []))
      expectNear([columns], [tangent], 1e-9)
    },
  },
  {
    title: 'vmap of grad, grad of vmap',
    check: (f) => {
      const gradient = grad(lossOf(f(x, w)), [x, w])
      const wanted = each((a, b) => valuesOf(gradient, at(a, b)))
      const perExample = vmap((v: Node) => grad(lossOf(f(v, w)), [v, w]))(xs)
      const total = sum(vmap((v: Node) => lossOf(f(v, w)))(xs)) as Scalar
      const shared = row(0).map((_, i) => wanted.reduce((s, g) => s + (g[1]?.[i] as number), 0))
      const [rowsOfX, rowsOfW] = [0, 1].map((k) => wanted.flatMap((g) => g[k] as readonly number[]))
      expectNear(
        valuesOf([...perExample, ...grad(total, [xs, w])]),
        [rowsOfX ?? [], rowsOfW ?? [], rowsOfX ?? [], shared],
        1e-10,
      )
    },
  },
  {
    title: 'vmap of hvp and of a jacobian; hvp of vmap',
    check: (f) => {
      const one = (v: Node): readonly Node[] => [hvp(lossOf(f(v, w)), v, dx), jacobian(lossOf(f(v, w)), v)]
      const single = one(x)
      const found = each((a, b) => valuesOf(single, at(a, b)))
      const wanted = single.map((_, k) => found.flatMap((v) => v[k] as readonly number[]))
      const total = sum(vmap((v: Node) => lossOf(f(v, w)))(xs)) as Scalar
      const directions = vmap((v: Node) => mul(1, add(mul(0, v), dx)))(xs)
      expectNear(valuesOf([...vmap(one)(xs), hvp(total, xs, directions)]), [...wanted, wanted[0] ?? []], 1e-9)
    },
  },
  {
    title: 'vmap in vmap, its axes elsewhere',
    check: (f) => {
      const y = f(x, w)
      const inner = (v: Node): Node => vmap((u: Node) => f(v, u), { inAxes: [1], outAxis: y.shape.length })(ws)
      const columns = vmap((v: Node) => v, { outAxis: 1 })(xs)
      const table = vmap(inner, { inAxes: [1], outAxis: 0 })(columns)
      expect(table.shape).toEqual([3, ...y.shape, 2])
      const wanted = X.flatMap((a) => {
        const [p, q] = W.map((b) => value(y, at(a, b))) as [readonly number[], readonly number[]]
        return p.flatMap((v, i) => [v, q[i] as number])
      })
      expectNear([value(table)], [wanted], 1e-10)
    },
  },
  {
    title: 'a gradient penalty',
    check: (f) => {
      const penalty = sum(square(grad(lossOf(f(x, w)), x))) as Scalar
      expectNear([[along(grad(penalty, [x, w]))]], differences([penalty]), 1e-6)
    },
  },
  {
    title: 'stopGradient holds one side still, in every order',
    check: (f) => {
      const loss = lossOf(f(x, w))
      const held = (v: Node): readonly Node[] => grad(lossOf(f(stopGradient(v), w)), [v, w])
      const weighted = mul(stopGradient(loss), loss) as Scalar
      const [byX, byW] = grad(loss, [x, w])
      const scaled = [byX, hvp(loss, x, dx)].map((n) => mul(loss, n))
      const still = mul(0, x)
      const got = valuesOf([...held(x), grad(weighted, x), hvp(weighted, x, dx)])
      expectNear(got, valuesOf([still, byW, ...scaled]), 1e-9)
      const one = each((a, b) => value(byW, at(a, b)))
      expectNear(valuesOf(vmap(held)(xs)), [one.flatMap((v) => v.map(() => 0)), one.flat()], 1e-10)
    },
  },
  {
    title: 'no perturbation confusion',
    check: (f) => {
      const [a, b, one] = [leaf('a'), leaf('b'), leaf('one')]
      const g = lossOf(f(mul(a, x), mul(b, w)))
      const values = (p: number, q = 0.8): Map<Node, Tensor> =>
        new Map([
          ...here,
          ...([a, b, one] as const).map((n, i) => [n, tensor('f64', [], [[p, q, 1][i] as number])] as const),
        ])
      const inner = mul(a, grad(g, b)) as Scalar
      const [up, down] = [H, -H].map((h) => value(inner, values(0.9 + h))) as [[number], [number]]
      const want = [(up[0] - down[0]) / (2 * H)]
      const forward = mul(a, jvp(g, b, one)) as Scalar
      const mixed = [grad(inner, a), jvp(forward, a, one), jvp(inner, a, one), grad(forward, a)]
      expectNear(
        valuesOf(mixed, values(0.9)),
        mixed.map(() => want),
        1e-6,
      )
      // a variable that is its own direction moves both
      const loss = lossOf(f(x, w))
      const [own, both] = valuesOf([grad(jvp(loss, x, x), x), add(hvp(loss, x, x), grad(loss, x))])
      expectNear([own ?? []], [both ?? []], 1e-9)
    },
  },
  {
    title: 'through steps of descent, by the rate and by the start',
    check: (f) => {
      const rate = leaf('rate')
      const step = (v: Node) => ({ carry: sub(v, mul(rate, grad(lossOf(f(x, v)), v))), output: [] })
      const { carry } = scan(step, w, [], { length: 3 })
      const loss = lossOf(f(x, carry))
      const values = (r: number, h = 0): Map<Node, Tensor> =>
        new Map([...at(moved(X[0], DX, h), moved(W[0], DW, h)), [rate, tensor('f64', [], [r])]])
      const [up, down] = [H, -H].map((h) => value(loss, values(RATE + h))) as [[number], [number]]
      const [far, near] = [H, -H].map((h) => value(loss, values(RATE, h))) as [[number], [number]]
      const [gr, gx, gw] = valuesOf(grad(loss, [rate, x, w]), values(RATE)) as readonly [[number], number[], number[]]
      expectNear(
        [gr, [dot(gx, DX) + dot(gw, DW)]],
        [[(up[0] - down[0]) / (2 * H)], [(far[0] - near[0]) / (2 * H)]],
        1e-6,
      )
    },
  },
]

describe.each(constructs)('$title', ({ build }: Construct) => {
  test.each(claims)('$title', ({ check }: Claim) => check(build))
})

describe(endless.title, () => {
  const y = endless.build(x, w)

  test('has forward mode, twice and over a batch', () => {
    const once = jvp(y, [x, w], [dx, dw])
    expectNear(valuesOf([once, jvp(once, [x, w], [dx, dw])]), differences([y, once]), 1e-6)
    const tangent = (v: Node): Node => jvp(endless.build(v, w), v, dx)
    expectNear([value(vmap(tangent)(xs))], [each((a, b) => value(tangent(x), at(a, b))).flat()], 1e-10)
  })

  test('has no reverse mode, and says so', () => {
    expect(() => grad(lossOf(y), x)).toThrow('bound')
  })
})
