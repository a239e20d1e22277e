// Constructs: derivatives that users give, checkpoints, and transformations within a program.

import {
  checkpoint,
  clip,
  cos,
  customVjp,
  exp,
  matmul,
  mul,
  type Node,
  scan,
  sin,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
  withGradient,
} from 'nabla'
import { grad, jvp, type Scalar, vmap } from 'nabla/compiler'
import { type Construct, COUNT, fixed, spread } from './construct.ts'
import { overSteps } from './loops.ts'

export const rules: readonly Construct[] = [
  {
    title: 'customVjp',
    build: (x, w) =>
      mul(
        customVjp(
          (v: Node) => sin(v),
          ({ inputs: [v], cotangent }) => [mul(cotangent, cos(v))],
          { jvp: ({ inputs: [v], tangents: [t] }) => mul(t, cos(v)) },
        )(mul(x, w)),
        x,
      ),
  },
  {
    title: 'a hook on a cotangent',
    build: (x, w) => square(withGradient(mul(x, w), (ct) => mul(1, clip(ct, -1e3, 1e3)))),
  },
  { title: 'checkpoint', build: (x, w) => checkpoint((a: Node, b: Node) => tanh(sin(mul(a, exp(b)))))(x, w) },
  {
    title: 'checkpoint that keeps its products',
    build: (x, w) =>
      checkpoint((a: Node, b: Node) => sin(matmul(sin(spread(a, [2, 3])), spread(b, [3, 2]))), {
        save: 'products',
      })(x, w),
  },
  {
    title: 'checkpoint of a scan in a checkpoint',
    build: (x, w) =>
      checkpoint((a: Node, b: Node) => sin(checkpoint((c: Node, d: Node) => overSteps(c, d))(a, b)))(x, w),
  },
  {
    title: 'vmap within',
    build: (x, w) => vmap((v: Node) => sum(sin(mul(v, w))))(spread(x, [3, COUNT])),
  },
  {
    title: 'a gradient within',
    build: (x, w) => mul(grad(sum(sin(mul(square(x), w))) as Scalar, x), w),
  },
  {
    title: 'a tangent within',
    build: (x, w) => jvp(sin(mul(square(x), w)), [x], [w]),
  },
  {
    title: 'a gradient at each step of a scan',
    build: (x, w) => {
      const step = (h: Node, v: Node) => {
        const loss = sum(square(sub(sin(mul(h, v)), w))) as Scalar
        return { carry: sub(h, mul(0.1, grad(loss, h))), output: [] }
      }
      return scan(step, w, spread(x, [3, COUNT])).carry
    },
  },
  {
    title: 'a part that stands still',
    build: (x, w) => {
      // what stops the derivative must not depend on what moves, or differences would see it
      const still = fixed(x, [COUNT], 2)
      return mul(mul(x, w), stopGradient(exp(still)))
    },
  },
]
