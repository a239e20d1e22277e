// In: the gradients of a layer's weights and of its bias. Out: that one kernel makes both, with the bits that a sum in order
// has, whole and in parts, on both targets; and that what only looks like it stays a sum of its own.

import { describe, expect, it } from 'vitest'
import { scratchFor } from '../../compiler/emit/wasm/split.ts'
import { fuse } from '../../compiler/fuse/fuse.ts'
import type { Kernel } from '../../compiler/kernel/kernel.ts'
import { axesOf, type Split } from '../../compiler/kernel/split.ts'
import { makePlan } from '../../compiler/plan/make.ts'
import type { Plan } from '../../compiler/plan/plan.ts'
import type { Node } from '../../src/expr/expr.ts'
import { graph as b, make } from '../../src/expr/node.ts'
import { read, type Running, startJavaScript, startWasm, write } from './run.ts'

const [TIMES, BATCH, INPUTS, UNITS] = [3, 7, 11, 34]
const leaf = (name: string, shape: readonly number[]): Node => make('input', [], { name, dtype: 'f32', shape })
const x = leaf('x', [TIMES, BATCH, INPUTS])
const y = leaf('y', [TIMES, BATCH, UNITS])
const ct = b.tanh([y])
const over = [0, 1]
const weights = b.dotGeneral([x, ct], { batch: [[], []], contract: [over, over] })
const bias = b.sum([ct], { axes: over, keepDims: false })

const planOf = (roots: Readonly<Record<string, Node>>, cut?: (k: Kernel) => Split | null): Plan => {
  const results = Object.entries(roots).map(([name, value]) => ({ name, value }))
  const scratchBytes = scratchFor('plain')
  const threads = cut === undefined ? {} : { threads: { most: 3, split: cut } }
  return makePlan([fuse({ name: 'main', results, updates: [] })], { scratchBytes, ...threads })
}

/** Whether each product of the plan sums columns beside. */
const beside = (roots: Readonly<Record<string, Node>>): readonly boolean[] =>
  planOf(roots).kernels.flatMap((k) => (k.tag === 'contraction' ? [k.columnSums !== undefined] : []))

const wave = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => Math.sin(1 + 7 * i))

const ran = async (plan: Plan, start: (plan: Plan) => Promise<Running>): Promise<readonly (readonly number[])[]> => {
  const running = await start(plan)
  write(plan, running, 'x', wave(TIMES * BATCH * INPUTS))
  write(plan, running, 'y', wave(TIMES * BATCH * UNITS))
  running.run('main')
  return ['ct', 'bias', 'weights'].map((name) => Array.from(read(plan, running, name)))
}

describe("a bias' gradient", () => {
  const roots = { ct, bias, weights }

  it("is made by the product that makes the weights'", () => {
    expect(beside(roots)).toEqual([true])
    expect(planOf(roots).kernels.filter((k) => k.tag === 'loop').length).toBe(1)
  })

  it('is the sum in order, on both targets and in any parts', async () => {
    const want = await ran(planOf(roots), startWasm)
    const [elements, sums] = want as [readonly number[], readonly number[]]
    sums.forEach((found, j) => {
      let sum = 0
      for (let k = 0; k < TIMES * BATCH; k++) sum = Math.fround(sum + (elements[k * UNITS + j] as number))
      expect(found).toBe(sum)
    })
    expect(await ran(planOf(roots), startJavaScript)).toEqual(want)
    for (const axis of [0, 1])
      for (const length of [1, 3, 8]) {
        const cut = (k: Kernel): Split | null =>
          k.tag === 'contraction' ? { axis, length, parts: Math.ceil((axesOf(k)[axis] as number) / length) } : null
        expect(await ran(planOf(roots, cut), startWasm)).toEqual(want)
      }
  })

  it('is so wherever the graph names it first, and if the next step waits for it', () => {
    expect(beside({ bias, weights })).toEqual([true])
    expect(beside({ weights: b.mul([weights, b.sum([bias], { axes: [0], keepDims: false })]) })).toEqual([true])
    const scaled = b.dotGeneral([b.mul([x, b.sum([bias], { axes: [0], keepDims: false })]), ct], {
      batch: [[], []],
      contract: [over, over],
    })
    // a product cannot make what it waits for
    expect(beside({ scaled })).toEqual([false])
  })

  it('stays a sum where other elements are summed, where rows are few, or where only an expression of them is', () => {
    const product = (left: Node, right: Node): Node =>
      b.dotGeneral([left, right], { batch: [[], []], contract: [over, over] })
    const part = b.slice([ct], { start: [1, 0, 0], limit: [TIMES, BATCH, UNITS], step: [1, 1, 1] })
    expect(beside({ weights, part: b.sum([part], { axes: over, keepDims: false }) })).toEqual([false])
    expect(beside({ weights, rows: b.sum([ct], { axes: [2], keepDims: false }) })).toEqual([false])
    expect(beside({ weights, squares: b.sum([b.mul([ct, ct])], { axes: over, keepDims: false }) })).toEqual([false])
    expect(beside({ bias, few: product(leaf('z', [TIMES, BATCH, 3]), ct) })).toEqual([false])
  })
})
