// Constructs: loops, in every direction, one in another, under every policy, and one whose end nobody knows.

import {
  abs,
  add,
  div,
  dropout,
  exp,
  key,
  less,
  map,
  matmul,
  mean,
  mul,
  type Node,
  type SavePolicy,
  scan,
  sin,
  square,
  sum,
  transpose,
  whileLoop,
} from 'nabla'
import { cell, type Construct, COUNT, half, spread } from './construct.ts'

export const overSteps = (
  x: Node,
  w: Node,
  options: { readonly save?: SavePolicy; readonly reverse?: boolean } = {},
): Node => {
  const u = spread(w, [3, 3])
  const step = (h: Node, v: Node) => {
    const next = cell(h, v, u)
    return { carry: next, output: sin(mul(h, next)) }
  }
  const { carry, outputs } = scan(step, spread(w, [3], 1), spread(x, [5, 3]), options)
  return add(carry, sum(outputs, 0))
}

const policies: readonly SavePolicy[] = ['products', 'nothing', 'sqrt', { every: 2 }]

const scanInScan = (x: Node, w: Node, save: SavePolicy): Node => {
  const u = half(spread(w, [3, 3]))
  const outer = (h: Node, v: Node) => {
    const inner = (c: Node) => ({ carry: cell(c, mul(v, h), u), output: mul(c, v) })
    const { carry, outputs } = scan(inner, h, [], { length: 3, save })
    return { carry, output: sum(outputs, 0) }
  }
  const { carry, outputs } = scan(outer, spread(w, [3], 1), spread(x, [4, 3]), { save })
  return add(carry, mean(outputs, 0))
}

export const loops: readonly Construct[] = [
  { title: 'no loop', build: (x, w) => mul(sin(mul(x, w)), exp(mul(0.3, x))) },
  { title: 'scan', build: (x, w) => overSteps(x, w) },
  { title: 'scan backwards', build: (x, w) => overSteps(x, w, { reverse: true }) },
  ...policies.map((save) => ({
    title: `scan that saves ${JSON.stringify(save)}`,
    build: (x: Node, w: Node) => overSteps(x, w, { save }),
  })),
  { title: 'scan in a scan', build: (x, w) => scanInScan(x, w, 'all') },
  { title: 'scan in a scan that saves nothing', build: (x, w) => scanInScan(x, w, 'nothing') },
  { title: 'scan in a scan, in segments', build: (x, w) => scanInScan(x, w, { every: 2 }) },
  {
    title: 'scan with a key for each step',
    build: (x, w) => {
      const u = spread(w, [3, 3])
      const step = (h: Node, v: Node, k: Node) => ({
        carry: dropout(cell(h, v, u), 0.4, k as never),
        output: h,
      })
      const { carry, outputs } = scan(step, spread(w, [3], 1), spread(x, [5, 3]), { key: key(3) })
      return add(carry, sum(outputs as Node, 0))
    },
  },
  {
    title: 'map',
    build: (x, w) => map((v: Node) => mul(sin(mul(v, w)), sum(v)), spread(x, [4, COUNT])),
  },
  {
    title: 'map in a map',
    build: (x, w) => {
      const rows = spread(x, [3, 2])
      return map(
        (a: Node) => map((b: Node) => sum(sin(mul(matmul(b, transpose(rows)), sum(a)))), spread(w, [4, 2])),
        rows,
      )
    },
  },
]

/** A loop whose end nobody knows beforehand: forward mode alone. */
export const endless: Construct = {
  title: 'whileLoop without a bound',
  build: (x, w) =>
    whileLoop(
      x,
      (c: Node) => less(sum(abs(c)), 30),
      (c: Node) => mul(1.7, add(c, mul(w, div(c, add(1, square(c)))))),
    ),
}
