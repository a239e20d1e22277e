/**
 * Programs about the ops that hold functions. In: nothing. Out: for each of them programs over float operands. Invariant:
 * total by type, so that a new control op without programs does not compile.
 */
import type { Shape } from '../../src/core/shape.ts'
import { checkpoint } from '../../src/expr/checkpoint.ts'
import { cond } from '../../src/expr/cond.ts'
import { matmul } from '../../src/expr/contraction.ts'
import { customVjp } from '../../src/expr/custom.ts'
import { add, cos, mul, sin, square, tanh } from '../../src/expr/elementwise.ts'
import type { Node } from '../../src/expr/expr.ts'
import { cast, greater, less } from '../../src/expr/logic.ts'
import { map, scan } from '../../src/expr/loop.ts'
import { sum } from '../../src/expr/reduction.ts'
import { whileLoop } from '../../src/expr/while.ts'
import type { KindOf, OpName } from '../../src/ops/signature.ts'

export type ControlName = { [K in OpName]: KindOf<K> extends 'control' ? K : never }[OpName]

export type Build = (inputs: readonly Node[]) => Node

export interface Program {
  readonly title: string
  readonly shapes: readonly Shape[]
  readonly build: Build
}

type Two = readonly [Node, Node]
type Three = readonly [Node, Node, Node]

const step = (c: Node, x: Node, k: Node): Node => tanh(add(mul(c, k), sin(x)))

const last: Build = (ins) => {
  const [h, xs, k] = ins as Three
  return scan((c: Node, x: Node) => ({ carry: step(c, x, k), output: [] }), h, xs).carry
}

const stacked =
  (reverse: boolean): Build =>
  (ins) => {
    const [h, xs, k] = ins as Three
    const f = (c: Node, x: Node) => ({ carry: step(c, x, k), output: square(add(c, x)) })
    return scan(f, h, xs, { reverse }).outputs
  }

const twoCarries: Build = (ins) => {
  const [h, xs, w] = ins as Three
  const f = ({ a, b }: { readonly a: Node; readonly b: Node }, x: Node) => {
    const next = tanh(matmul(add(a, x), w))
    return { carry: { a: next, b: add(b, mul(a, next)) }, output: sum(b) }
  }
  const { carry, outputs } = scan(f, { a: h, b: h }, xs)
  return add(sum(carry.b), sum(square(outputs)))
}

const nested: Build = (ins) => {
  const [h, xs, k] = ins as Three
  const inner = (c: Node, x: Node): Node =>
    scan((d: Node) => ({ carry: step(d, x, k), output: [] }), c, [], { length: 3 }).carry
  return scan((c: Node, x: Node) => ({ carry: inner(c, x), output: [] }), h, xs).carry
}

const loops: readonly Program[] = [
  { title: 'scan, the last carry', shapes: [[3], [5, 3], [3]], build: last },
  { title: 'scan of one step', shapes: [[3], [1, 3], [3]], build: last },
  { title: 'scan of no step', shapes: [[3], [0, 3], [3]], build: last },
  { title: 'scan, stacked outputs', shapes: [[3], [5, 3], [3]], build: stacked(false) },
  { title: 'scan backwards', shapes: [[2, 1], [4, 2, 1], []], build: stacked(true) },
  {
    title: 'scan of two carries and a product',
    shapes: [
      [2, 3],
      [4, 2, 3],
      [3, 3],
    ],
    build: twoCarries,
  },
  { title: 'scan in a scan', shapes: [[3], [4, 3], [3]], build: nested },
]

const cell: Build = (ins) => {
  const [x, w] = ins as Two
  return tanh(matmul(sin(x), w))
}

/** Of the drawn operands the sum is less than this. */
const FAR = 1000

const choice =
  (isHeld: boolean): Build =>
  (ins) => {
    const [x, w] = ins as Two
    return cond(
      (isHeld ? less : greater)(sum(x), FAR),
      () => cell([x, w]),
      () => mul(square(w), sum(sin(x))),
    )
  }

const choices: Build = (ins) => {
  const [h, xs, k] = ins as Three
  const f = (c: Node, x: Node): Node =>
    cond(
      less(sum(mul(c, x)), 0),
      () => step(c, x, k),
      () => add(mul(c, k), x),
    )
  return scan((c: Node, x: Node) => ({ carry: f(c, x), output: [] }), h, xs).carry
}

/** Four steps, unless the bound ends them. */
const untilFar =
  (bound: number): Build =>
  (ins) => {
    const [x, w] = ins as Two
    const start = { c: x, n: cast(mul(sum(x), 0), 'i32') }
    return whileLoop(
      start,
      ({ n }) => less(n, 4),
      ({ c, n }) => ({ c: tanh(add(mul(c, w), sin(c))), n: add(n, 1) }),
      { bound },
    ).c
  }

export const controlPrograms: { readonly [K in ControlName]: readonly Program[] } = {
  scan: loops,
  result: [
    {
      title: 'map, the one result of a loop',
      shapes: [[4, 3]],
      build: (ins) => map((x: Node) => square(sin(x)), ins[0] as Node),
    },
  ],
  custom: [
    {
      title: 'customVjp of sine, its derivative spelled out',
      shapes: [[5]],
      build: ([x]) => {
        const f = customVjp(
          (v: Node) => sin(v),
          ({ inputs: [v], cotangent }) => [mul(cotangent, cos(v))],
          { jvp: ({ inputs: [v], tangents: [t] }) => mul(t, cos(v)) },
        )
        return f(x as Node)
      },
    },
  ],
  cond: [
    {
      title: 'cond that holds',
      shapes: [
        [3, 3],
        [3, 3],
      ],
      build: choice(true),
    },
    {
      title: 'cond that does not hold',
      shapes: [
        [3, 3],
        [3, 3],
      ],
      build: choice(false),
    },
    { title: 'cond at each step of a scan', shapes: [[3], [5, 3], [3]], build: choices },
  ],
  // without a bound there is no reverse mode to hold to anything: test/transforms/while.test.ts
  while: [
    { title: 'whileLoop with a bound that it does not reach', shapes: [[3], [3]], build: untilFar(8) },
    { title: 'whileLoop that its bound ends', shapes: [[3], [3]], build: untilFar(2) },
  ],
  checkpoint: [
    {
      title: 'checkpoint',
      shapes: [
        [2, 3],
        [3, 3],
      ],
      build: (ins) => checkpoint((x: Node, w: Node) => cell([x, w]))(...(ins as Two)),
    },
    {
      title: 'checkpoint that keeps its products',
      shapes: [
        [2, 3],
        [3, 3],
      ],
      build: (ins) => checkpoint((x: Node, w: Node) => sin(cell([x, w])), { save: 'products' })(...(ins as Two)),
    },
    {
      title: 'scan in segments',
      shapes: [[3], [5, 3], [3]],
      build: (ins) => {
        const [h, xs, k] = ins as Three
        const f = (c: Node, x: Node) => ({ carry: step(c, x, k), output: mul(c, x) })
        const { carry, outputs } = scan(f, h, xs, { save: { every: 2 } })
        return add(carry, sum(outputs, 0))
      },
    },
  ],
}
