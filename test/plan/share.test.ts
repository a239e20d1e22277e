// In: programs with kernels that differ in numbers, or in where they read. Out: that such kernels are one, that each step still
// computes what it did, to the bit, and that no number is taken for another. Invariant: on both targets, every pass checked.

import {
  add,
  concat,
  exp,
  full,
  greater,
  heNormal,
  input,
  matmul,
  type Node,
  ones,
  param,
  sgd,
  slice,
  square,
  sub,
  sum,
  tanh,
  where,
  zeros,
} from 'nabla'
import { type Artifact, compile, interpret, type Scalar, tensor, trainStep } from 'nabla/compiler'
import { load } from 'nabla/runtime'
import { describe, expect, it } from 'vitest'
import type { Plan } from '../../compiler/plan/plan.ts'
import { nameOf } from '../../src/expr/origin.ts'
import { paramsOf } from '../../src/expr/node.ts'
import { rightOf } from '../artifact/outcome.ts'
import { compileAndRun, compiled, type Target } from '../pipeline/compiled.ts'

const targets: readonly Target[] = ['wasm', 'javascript']

/** The sum of (w − x)² over as many parameters, each drawn by an initializer with bounds and a key of its own. */
const wide = (count: number) => {
  const x = input('x', [4]) as Node
  const weights = Array.from({ length: count }, (_, i) => param(`w${i}`, [4], heNormal) as Node)
  const loss = weights.reduce((s, w) => add(s, sum(square(sub(w, x)))) as Node, sum(x) as Node)
  return { weights, step: trainStep(loss as Scalar, sgd()) }
}

const stepsOf = (plan: Plan, entry: string): number => plan.entries.find((e) => e.name === entry)?.steps.length ?? 0

describe.each(targets)('kernels that differ in numbers, as %s', (target) => {
  it('are one, and no number is taken for another', async () => {
    const numbers = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 1, 1 + 2 ** -23, 16_777_217]
    const x = input('x', [5]) as Node
    const results = Object.fromEntries(numbers.map((c, i) => [`r${i}`, where(greater(x, 1.5), c, x) as Node]))
    const { plan } = await compiled(results, target)
    expect([stepsOf(plan, 'main'), plan.kernels.length]).toEqual([numbers.length, 1])
    const found = await compileAndRun(results, new Map([[x, tensor('f32', [5], [1, -1, 2, -2, 3])]]), target)
    for (const [i, c] of numbers.entries())
      expect([...(found[i] as Float32Array)]).toEqual([1, -1, 2, -2, 3].map((v) => (v > 1.5 ? Math.fround(c) : v)))
  })

  it('keep apart what differs in more', async () => {
    const x = input('x', [5]) as Node
    const results = {
      a: exp(add(x, 1)) as Node,
      b: exp(sub(x, 1)) as Node,
      c: tanh(add(x, 2)) as Node,
      d: full([3], 1) as Node,
      e: full([4], 1) as Node,
    }
    expect((await compiled(results, target)).plan.kernels).toHaveLength(5)
  })

  it('draw initial values as the interpreter does', async () => {
    const shapes = [[3, 5], [7, 5], [4, 4], [4, 4], [5]] as const
    const weights = shapes.map((shape, i) => param(`w${i}`, shape, heNormal) as Node)
    const others = [param('b', [5], zeros) as Node, param('c', [5], ones) as Node]
    const loss = [...weights, ...others].reduce((s, w) => add(s, sum(square(w))) as Node, sum(input('x', [2])) as Node)
    const artifact = rightOf(await compile({ step: trainStep(loss as Scalar, sgd()) }, { target }))
    const program = rightOf(await load(artifact, { seed: 5 }))
    for (const w of [...weights, ...others]) {
      const init = paramsOf(w, 'param').init as Node
      const [wanted] = interpret([init], new Map([[input('key', [2], 'i32') as Node, tensor('i32', [2], [5, 0])]]))
      expect(program.params[nameOf(w) as string]).toEqual(wanted?.data)
    }
  })
})

describe.each(targets)('kernels that differ in where they read, as %s', (target) => {
  it('are one: the steps of a network without a loop', async () => {
    const [T, B, H] = [5, 3, 4]
    const xs = input('xs', [T, B, H]) as Node
    const w = input('w', [H, H]) as Node
    const rows = Array.from({ length: T }, (_, t) => tanh(matmul(slice(xs, [t, 0, 0], [t + 1, B, H]), w)) as Node)
    const results = Object.fromEntries(rows.map((r, t) => [`y${t}`, r]))
    const { plan } = await compiled(results, target)
    expect([stepsOf(plan, 'main'), plan.kernels.length]).toEqual([T, 1])
    const env = new Map([
      [
        xs,
        tensor(
          'f32',
          [T, B, H],
          Array.from({ length: T * B * H }, (_, i) => Math.sin(i)),
        ),
      ],
      [
        w,
        tensor(
          'f32',
          [H, H],
          Array.from({ length: H * H }, (_, i) => Math.cos(i)),
        ),
      ],
    ])
    const all = concat(rows, 0) as Node
    const [whole] = await compileAndRun({ all }, env, target)
    const found = (await compileAndRun(results, env, target)).flatMap((y) => [...(y as Float32Array)])
    expect(found).toEqual([...(whole as Float32Array)])
    const [wanted] = interpret([all], env)
    for (const [i, v] of found.entries()) expect(v).toBeCloseTo(wanted?.data[i] as number, 6)
  })
})

describe('a program of many parameters', () => {
  it('has as many functions whatever their number, of which an engine takes each', async () => {
    const plans = await Promise.all(
      [100, 400].map(async (n) => {
        const { step } = wide(n)
        return rightOf(await compile({ step }))
      }),
    )
    const [small, large] = plans
    for (const { bytes } of plans) expect(WebAssembly.validate(bytes.slice())).toBe(true)
    const initial = (made: Artifact | undefined): number => made?.kernels['init'] ?? 0
    expect(initial(large)).toBe(4 * initial(small) - 3)
    // names, places and calls of each: no code
    expect(((large?.bytes.length ?? 0) - (small?.bytes.length ?? 0)) / 300).toBeLessThan(350)
  })
})
