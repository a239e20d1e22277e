// In: loops whose output is read at its last step alone, or which add up products. Out: whether that work is done once, behind
// the loop, with the same values and gradients, and whether it stays where it has to.

import {
  add,
  cond,
  greater,
  input,
  matmul,
  mul,
  type Node,
  outer,
  reshape,
  scan,
  slice,
  softmax,
  square,
  sum,
  tanh,
  zeros,
} from 'nabla'
import { grad, interpret, type Scalar } from 'nabla/compiler'
import { describe, expect, test } from 'vitest'
import { behindLoops } from '../../compiler/loops/behind.ts'
import { topological } from '../../compiler/program/walk.ts'
import { opDef } from '../../src/ops/registry.ts'
import { scanParts } from '../../src/expr/scan.ts'
import { draw, inputsOf } from '../simplify/proof.ts'
import { stream } from '../random.ts'
import { compileAndRun, compiled } from './compiled.ts'

const leaf = (name: string, ...shape: readonly number[]): Node => input(name, shape, 'f64')

const [xs, ys, h0] = [leaf('xs', 6, 4), leaf('ys', 6, 3), leaf('h0', 4)]
const [w, v, s0] = [leaf('w', 4, 4), leaf('v', 4, 3), leaf('s0', 4, 3)]

const scansOf = (roots: readonly Node[]): readonly Node[] => topological(roots).filter((n) => n.op === 'scan')
const products = (nodes: readonly Node[]): number =>
  topological(nodes).filter((n) => opDef(n.op).kind === 'contraction').length

const drawn = (roots: readonly Node[]) => draw(inputsOf(roots), { domain: {}, special: 0, scale: 0.3 }, stream(5))

const expectClose = (got: readonly ArrayLike<number>[], want: readonly ArrayLike<number>[]): void => {
  for (const [i, t] of want.entries())
    for (const [k, value] of Array.from(t).entries()) expect(got[i]?.[k]).toBeCloseTo(value, 11)
}

/** What is compiled on both targets has the interpreter's values of the text as it is written. */
const expectCompiled = async (results: Readonly<Record<string, Node>>): Promise<void> => {
  const roots = Object.values(results)
  const env = drawn(roots)
  const want = interpret(roots, env).map((t) => t.data)
  expectClose(
    interpret(behindLoops(roots), env).map((t) => t.data),
    want,
  )
  for (const target of ['wasm', 'javascript'] as const) expectClose(await compileAndRun(results, env, target), want)
}

const lastOf = (stack: Node, at: number): Node => reshape(slice(stack, at, at + 1), stack.shape.slice(1))

const step = (h: Node, x: Node): Node => tanh(add(matmul(h, w), x))

/** Steps that say something of their state, their element and what is around: softmax(h V) + y. */
const spoken = (options: { readonly reverse?: boolean } = {}): Node =>
  scan(
    (h: Node, { x, y }: { readonly x: Node; readonly y: Node }) => {
      const next = step(h, x)
      return { carry: next, output: add(softmax(matmul(next, v)), y) }
    },
    h0,
    { x: xs, y: ys },
    options,
  ).outputs

/** S + Σₜ tanh(hₜ) ⊗ yₜ, added up by a carry. */
const memory = (): { readonly h: Node; readonly s: Node } =>
  scan(
    ({ h, s }: { readonly h: Node; readonly s: Node }, { x, y }: { readonly x: Node; readonly y: Node }) => {
      const next = step(h, x)
      return { carry: { h: next, s: add(s, outer(next, y)) }, output: [] }
    },
    { h: h0, s: s0 },
    { x: xs, y: ys },
  ).carry

const scalar = (n: Node): Scalar => sum(square(n)) as Scalar

describe('an output of which the last step alone is read', () => {
  test.each([
    ['forwards', {}, 5],
    ['backwards', { reverse: true }, 0],
  ] as const)('is computed once, behind the loop: %s', async (_, options, at) => {
    const last = lastOf(spoken(options), at)
    const [now] = behindLoops([last]) as [Node]
    const [loop] = scansOf([now]) as [Node]
    // the loop is left with its carry's product, and the output's is outside
    expect(products(scanParts(loop).fn.results.slice(0, 1))).toBe(1)
    expect(products([now])).toBe(1)
    expect(
      topological([now])
        .filter((n) => n.op === 'result')
        .map((n) => n.shape),
    ).toEqual([[4]])
    await expectCompiled({ last, ...named(grad(scalar(last), [xs, ys, h0, w, v])) })
  })

  test('is stacked where another step is read too, or where it is made of the state before', () => {
    const stack = spoken()
    const both = [lastOf(stack, 5), lastOf(stack, 2)]
    expect(behindLoops(both)).toEqual(both)
    const before = scan((h: Node, x: Node) => ({ carry: step(h, x), output: mul(h, x) }), h0, xs).outputs
    const read = [lastOf(before, 5)]
    expect(behindLoops(read)).toEqual(read)
  })
})

const named = (gradients: readonly Node[]): Readonly<Record<string, Node>> =>
  Object.fromEntries(gradients.map((g, i) => [`g${i}`, g]))

describe('a carry that only adds up products', () => {
  test('is one product over all steps', async () => {
    const { s } = memory()
    const [now] = behindLoops([s]) as [Node]
    const [loop] = scansOf([now]) as [Node]
    expect(scanParts(loop).init).toEqual([h0])
    expect(products([now])).toBe(1)
    await expectCompiled({ s, ...named(grad(scalar(s), [xs, ys, h0, w, s0])) })
  })

  test('leaves no loop at all where the factors are elements', async () => {
    const s = scan(
      (c: Node, { x, y }: { readonly x: Node; readonly y: Node }) => ({
        carry: add(outer(x, y), c),
        output: [],
      }),
      s0,
      { x: xs, y: ys },
    ).carry
    const whole = await compiled({ s }, 'javascript')
    expect(whole.plan.entries[0]?.ranges).toHaveLength(0)
    await expectCompiled({ s, ...named(grad(scalar(s), [xs, ys, s0])) })
  })

  test('stays a carry where the loop reads it, or where the stacks are larger than the sum', async () => {
    const read = scan(
      (s: Node, { x, y }: { readonly x: Node; readonly y: Node }) => ({
        carry: add(s, outer(x, y)),
        output: sum(s),
      }),
      s0,
      { x: xs, y: ys },
    )
    const roots = [read.carry, read.outputs]
    expect(behindLoops(roots)).toEqual(roots)
    await expectCompiled({ s: read.carry, o: read.outputs })
    const small = scan(
      (s: Node, x: Node) => ({
        carry: add(s, matmul(x, x)),
        output: [],
      }),
      zeros([], 'f64'),
      xs,
    ).carry
    expect(behindLoops([small])).toEqual([small])
  })

  test('in a branch, too', async () => {
    const chosen = cond(
      greater(sum(xs), 0),
      () => memory().s,
      () => s0,
    )
    await expectCompiled({ chosen, ...named(grad(scalar(chosen), [xs, ys, w])) })
  })
})
