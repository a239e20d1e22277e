// In: what programs are made of (constructs/), in f32, with derivatives of first and second order and of each
// example. Out: whether the targets compute what the interpreter does.

import { input, mul, type Node, sin, sum } from 'nabla'
import { grad, hvp, interpret, type Scalar, vmap } from 'nabla/compiler'
import { describe, test } from 'vitest'
import { compileAndRun, type Target } from '../pipeline/compiled.ts'
import { constructs } from './constructs/all.ts'
import { type Construct, COUNT } from './constructs/construct.ts'
import { endless } from './constructs/loops.ts'
import { env } from '../expr/run.ts'
import { expectNear } from './values.ts'

const [x, w] = [input('x', [COUNT]), input('w', [COUNT])]
const [dx, xs] = [input('dx', [COUNT]), input('xs', [3, COUNT])]

const targets: readonly Target[] = ['wasm', 'javascript']

const lossOf = (y: Node): Scalar => sum(sin(mul(0.7, y))) as Scalar

const derivatives = ({ build }: Construct): Readonly<Record<string, Node>> => {
  const loss = lossOf(build(x, w))
  const gradient = grad(loss, { x, w })
  return {
    value: build(x, w),
    ...gradient,
    product: hvp(loss, x, dx),
    each: vmap((v: Node) => grad(lossOf(build(v, w)), w))(xs),
  }
}

describe.each(targets)('on %s', (target) => {
  const expectSame = async (results: Readonly<Record<string, Node>>): Promise<void> => {
    const values = env(x, w, dx, xs)
    const want = interpret(Object.values(results), values).map((t) => t.data)
    expectNear(await compileAndRun(results, values, target), want, 1e-4)
  }

  test.each(constructs)('$title', (c) => expectSame(derivatives(c)))

  test(endless.title, () =>
    expectSame({ value: endless.build(x, w), each: vmap((v: Node) => endless.build(v, w))(xs) }),
  )
})
