/**
 * Loops whose carries are stacked: where the stacks lie, and that all values are the interpreter's, to the bit, on both targets.
 */
import { add, input, mul, type Node, scan, sub } from 'nabla'
import { describe, expect, test } from 'vitest'
import { scratchFor } from '../../compiler/emit/wasm/split.ts'
import { fuse } from '../../compiler/fuse/fuse.ts'
import { interpret } from '../../compiler/interpret/interpret.ts'
import { tensor } from '../../compiler/interpret/tensor.ts'
import { faultsOfPlan } from '../../compiler/plan/check.ts'
import { makePlan } from '../../compiler/plan/make.ts'
import type { Plan } from '../../compiler/plan/plan.ts'
import { stream } from '../random.ts'
import { read, startJavaScript, startWasm, write } from './run.ts'

const [steps, size] = [7, 6]
const xs: Node = input('xs', [steps, size])
const h0: Node = input('h0', [size])
const c0: Node = input('c0', [size])

type Step = (
  h: Node,
  x: Node,
) => { readonly carry: Node; readonly output: { readonly before: Node; readonly behind: Node } }
const loop = (step: Step, reverse = false) => scan(step, h0, xs, { reverse })

/** A use that lets a stack lie anywhere: as it is, a result has a place of its own. */
const used = (n: Node): Node => mul(n, 2)

const next = (h: Node, x: Node): Node => sub(mul(h, x), x)

const expectInterpreted = async (results: Readonly<Record<string, Node>>): Promise<Plan> => {
  const named = Object.entries(results).map(([name, value]) => ({ name, value }))
  const plan = makePlan([fuse({ name: 'main', results: named, updates: [] })], { scratchBytes: scratchFor('plain') })
  expect(faultsOfPlan(plan)).toEqual([])
  const random = stream(5)
  const given = [xs, h0, c0].map((n) => {
    const elements = n.shape.reduce((a, b) => a * b, 1)
    return [
      n,
      tensor(
        'f32',
        n.shape,
        Array.from({ length: elements }, () => random() - 0.5),
      ),
    ] as const
  })
  const want = interpret(Object.values(results), new Map(given))
  const inputs = new Set(plan.entries[0]?.inputs.map((p) => p.name))
  for (const start of [startWasm, startJavaScript]) {
    const target = await start(plan)
    for (const [n, t] of given) {
      const { name } = n.params as { readonly name: string }
      if (inputs.has(name)) write(plan, target, name, t.data)
    }
    target.run('main')
    for (const [i, { name }] of named.entries())
      expect({ start: start.name, name, values: Array.from(read(plan, target, name)) }).toEqual({
        start: start.name,
        name,
        values: Array.from(want[i]?.data ?? []),
      })
  }
  return plan
}

/** Names of the kernels within loops. */
const inside = ({ kernels, entries }: Plan): readonly string[] =>
  entries.flatMap(({ steps: all, ranges }) =>
    all.flatMap((s, at) => (ranges.some((r) => r.from <= at && at < r.to) ? [kernels[s.kernel]?.name ?? ''] : [])),
  )

describe.each([
  ['forward', false],
  ['in reverse', true],
] as const)('a loop %s copies no carry', (_, reverse) => {
  test('where it stacks the values before its steps, behind them, or both', async () => {
    const both = loop((h, x) => ({ carry: next(h, x), output: { before: h, behind: next(h, x) } }), reverse)
    const { before, behind } = both.outputs
    for (const results of [
      { before: used(before), behind: used(behind), last: both.carry },
      { before: used(before), last: used(both.carry) },
      { behind: used(behind) },
      { product: mul(before, behind), last: both.carry },
    ])
      expect(inside(await expectInterpreted(results))).not.toContain('copy')
  })
})

describe('stacks of carries', () => {
  test('that are results are filled where they are wanted', async () => {
    const both = loop((h, x) => ({ carry: next(h, x), output: { before: h, behind: next(h, x) } }))
    const { before, behind } = both.outputs
    const { carry } = both
    await expectInterpreted({ before, behind, carry })
    await expectInterpreted({ before: used(before), behind, twice: used(behind), carry })
    await expectInterpreted({ before, again: used(before), behind: used(behind) })
  })

  test('of carries that wait for one another, change places, or stay', async () => {
    const both = (step: (h: Node, c: Node, x: Node) => readonly [Node, Node]) =>
      scan(
        ({ h, c }: { readonly h: Node; readonly c: Node }, x: Node) => {
          const [p, q] = step(h, c, x)
          return { carry: { h: p, c: q }, output: { h, c, p, q, d: sub(p, q) } }
        },
        { h: h0, c: c0 },
        xs,
      )
    for (const step of [
      (h: Node, c: Node, x: Node) => [next(h, x), h] as const,
      (h: Node, c: Node, x: Node) => [next(h, x), add(c, next(h, x))] as const,
      (h: Node, c: Node) => [c, h] as const,
      (h: Node, c: Node, x: Node) => [h, next(c, x)] as const,
      (h: Node, c: Node, x: Node) => [next(c, x), next(c, x)] as const,
    ]) {
      const { carry, outputs } = both(step)
      const all = Object.fromEntries(Object.entries(outputs).map(([name, n]) => [`all-${name}`, used(n)]))
      await expectInterpreted({ ...all, h: carry.h, c: used(carry.c) })
      await expectInterpreted({ h: used(outputs.h), q: outputs.q, last: carry.c })
    }
  })

  test('within another loop', async () => {
    const outer = loop((h, x) => {
      const inner = scan(
        (g: Node, y: Node) => ({ carry: next(g, y), output: { before: g, behind: next(g, y) } }),
        h,
        xs,
      )
      return {
        carry: add(inner.carry, x),
        output: { before: h, behind: mul(inner.outputs.before, inner.outputs.behind) },
      }
    })
    const { before, behind } = outer.outputs
    const plan = await expectInterpreted({ before: used(before), behind: used(behind), last: outer.carry })
    // the inner loop's first value, and no more
    expect(inside(plan).filter((name) => name === 'copy')).toHaveLength(1)
  })
})
