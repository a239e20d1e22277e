// Programs of any size: a deep chain, a long loop, many parameters. Comes in: a size; goes out: what `compile` takes.

import { add, glorotUniform, input, matmul, mul, type Node, param, scan, sgd, square, sub, sum, tanh } from 'nabla'
import { type compile, grad, type Scalar, trainStep } from 'nabla/compiler'

export const curves = ['chain', 'scan', 'params'] as const
export type Curve = (typeof curves)[number]

/** c₁ · (c₂ + c₃ · (c₄ + …)) with an x in each, and its gradient: as many operations as asked for. */
const chain = (size: number) => {
  const x = input('x', [8]) as Node
  let y = x
  for (let i = 0; i < size / 2; i++) y = mul(x, add(y, 1 + i / size)) as Node
  return { main: { loss: sum(y), g: grad(sum(y) as Scalar, x) } }
}

/** The gradients of a recurrent network over as many steps. */
const loop = (size: number) => {
  const [xs, h0] = [input('xs', [size, 2, 4]) as Node, input('h0', [2, 4]) as Node]
  const w = param('w', [4, 4], glorotUniform) as Node
  const step = (h: Node, x: Node) => ({ carry: tanh(add(matmul(h, w), x)) as Node, output: [] })
  const loss = sum(square(scan(step, h0, xs).carry)) as Scalar
  return { main: { loss, g: grad(loss, w) } }
}

/** One training step of as many parameters. */
const wide = (size: number) => {
  const x = input('x', [4]) as Node
  const weights = Array.from({ length: size }, (_, i) => param(`w${i}`, [4], glorotUniform) as Node)
  const loss = weights.reduce((s, w) => add(s, sum(square(sub(w, x)))) as Node, sum(x) as Node)
  return { step: trainStep(loss as Scalar, sgd()) }
}

export const programs: { readonly [K in Curve]: (size: number) => Parameters<typeof compile>[0] } = {
  chain,
  scan: loop,
  params: wide,
}
