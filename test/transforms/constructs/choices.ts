// Constructs: choices, and loops that end when they may.

import {
  add,
  cast,
  cond,
  exp,
  greater,
  less,
  log,
  mul,
  neg,
  type Node,
  reshape,
  scan,
  sin,
  sqrt,
  square,
  sub,
  sum,
  switchCase,
  tanh,
  where,
  whileLoop,
} from 'nabla'
import { type Construct, COUNT, indices, place, spread } from './construct.ts'
import { overSteps } from './loops.ts'

export const choices: readonly Construct[] = [
  {
    title: 'cond, of what all examples share',
    build: (x, w) =>
      cond(
        greater(sum(w), 0),
        () => sin(mul(x, w)),
        () => exp(mul(0.2, mul(x, w))),
      ),
  },
  {
    title: 'cond, of the example',
    build: (x, w) =>
      cond(
        greater(sum(x), 0),
        () => sum(sin(mul(x, w))),
        () => sum(exp(mul(0.2, mul(x, w)))),
      ),
  },
  {
    title: 'cond whose other branch is not finite',
    build: (x, w) =>
      cond(
        greater(sum(x), 0),
        () => mul(log(sum(x)), w),
        () => mul(sqrt(neg(sum(x))), w),
      ),
  },
  {
    title: 'cond at each step of a scan',
    build: (x, w) => {
      const step = (h: Node, v: Node) => ({
        carry: cond(
          less(sum(mul(h, v)), 0),
          () => tanh(add(h, mul(v, w))),
          () => sin(sub(mul(h, w), v)),
        ),
        output: [],
      })
      return scan(step, w, spread(x, [4, COUNT])).carry
    },
  },
  {
    title: 'scan in a branch',
    build: (x, w) =>
      cond(
        greater(sum(x), 0),
        () => overSteps(x, w),
        () => overSteps(w, x, { save: 'nothing' }),
      ),
  },
  {
    title: 'cond in a cond',
    build: (x, w) =>
      cond(
        greater(sum(x), 0),
        () =>
          cond(
            greater(sum(w), 0),
            () => mul(x, w),
            () => mul(square(x), w),
          ),
        () => sin(mul(x, square(w))),
      ),
  },
  {
    title: 'switchCase',
    build: (x, w) =>
      switchCase(place(x, 3), [() => sin(mul(x, w)), () => mul(square(x), w), () => mul(exp(mul(0.3, x)), sum(w))]),
  },
  {
    title: 'whileLoop with a bound',
    build: (x, w) => {
      const start = { c: x, n: indices([0]) }
      const done = whileLoop(
        start,
        ({ c, n }) => reshape(less(mul(cast(n, x.dtype), add(1.2, sum(mul(c, c)))), 9.1), []),
        ({ c, n }) => ({ c: tanh(add(mul(c, w), sin(c))), n: add(n, 1) }),
        { bound: 7 },
      )
      return done.c
    },
  },
  {
    title: 'whileLoop with a bound in a scan',
    build: (x, w) => {
      const grown = (h: Node, v: Node) =>
        whileLoop(
          h,
          (c: Node) => less(sum(square(c)), 20),
          (c: Node) => mul(1.7, add(c, mul(v, w))),
          { bound: 5 },
        )
      return scan((h: Node, v: Node) => ({ carry: tanh(grown(h, v)), output: [] }), w, spread(x, [3, COUNT])).carry
    },
  },
  {
    title: 'where, masked',
    build: (x, w) => mul(where(greater(x, 0), sqrt(where(greater(x, 0), x, 1)), square(x)), w),
  },
]
