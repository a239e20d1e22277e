import { describe, expect, test } from 'vitest'
import { contractionScratch } from '../../compiler/emit/wasm/contraction/schedule.ts'
import { fuse } from '../../compiler/fuse/fuse.ts'
import { interpret, type Tensor } from '../../compiler/interpret.ts'
import { faultsOf } from '../../compiler/kernel/check.ts'
import { faultsOfPlan } from '../../compiler/plan/check.ts'
import { makePlan } from '../../compiler/plan/make.ts'
import type { Plan } from '../../compiler/plan/plan.ts'
import type { Node } from '../../src/expr/expr.ts'
import { make } from '../../src/expr/node.ts'
import type { Elements } from '../../src/ops/leaf.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { read, startJavaScript, startWasm, write } from '../pipeline/run.ts'
import { type Case, casesOf, drawOperand, sampleOf, stream, triedOps } from './cases.ts'

const lengths = [0, 1, 3, 4, 5, 15, 16, 17, 31, 33] as const

/** The op's own cases and, where its operands may have any shape, vectors of every length about the vector widths. */
const allCases = (op: OpName): readonly Case[] => {
  const own = casesOf(op)
  const [first] = own
  const def = opDef(op)
  if (first === undefined || def.kind !== 'elementwise') return own
  return [...own, ...lengths.map((n) => ({ ...first, shapes: first.shapes.map(() => [n]) }))]
}

interface Setting {
  readonly inputs: readonly Node[]
  readonly values: readonly Tensor[]
  readonly output: Node
}

/** Values from the domain, with the op's special values put in front where there is room. */
const settingOf = (c: Case, k: number, float: 'f32' | 'f64'): Setting => {
  const next = stream(k + 1)
  const special = sampleOf(c.op).special ?? []
  const values = c.shapes.map((shape, i) => {
    const drawn = drawOperand(c.op, i, shape, float, next)
    if (drawn.dtype === 'f32' || drawn.dtype === 'f64')
      for (let j = 0; j < drawn.data.length && j < special.length; j++)
        drawn.data[j] = special[(j * (i === 0 ? 1 : 3)) % special.length] as number
    return drawn
  })
  const inputs = values.map((v, i) => make('input', [], { name: `x${k}_${i}`, dtype: v.dtype, shape: v.shape }))
  return { inputs, values, output: make(c.op, inputs, c.params) }
}

const planOf = (settings: readonly Setting[]): Plan => {
  const results = settings.map((s, k) => ({ name: `y${k}`, value: s.output }))
  const fused = fuse({ name: 'main', results, updates: [] })
  return makePlan([fused], { scratchBytes: (k) => (k.tag === 'contraction' ? contractionScratch(k, 'plain') : 0) })
}

const differs = (a: Elements, b: Elements): number => a.findIndex((v, i) => !Object.is(v, b[i]))

/** Sums are added in another order by the interpreter, and their terms may cancel. */
const near = (got: number, want: number, float: 'f32' | 'f64'): boolean =>
  Object.is(got, want) ||
  got === want ||
  Math.abs(got - want) <= (float === 'f32' ? 2e-5 : 1e-12) * (1 + Math.abs(want))

const isExact = (op: OpName): boolean => ['elementwise', 'movement', 'indexing'].includes(opDef(op).kind)

/** An op whose result has a float type of its own params cannot be asked for at both. */
const floatsOf = (op: OpName): readonly ('f32' | 'f64')[] =>
  op === 'unitFloat' || op === 'threefry' || op === 'bitXor' || op === 'bitcast' ? ['f32'] : ['f32', 'f64']

const runs = triedOps.flatMap((op) => floatsOf(op).map((float) => ({ op, float })))

describe('every op on every target', () => {
  test.each(runs)('$op at $float', async ({ op, float }) => {
    const settings = allCases(op).map((c, k) => settingOf(c, k, float))
    const plan = planOf(settings)
    expect(plan.kernels.flatMap((k) => faultsOf(k))).toEqual([])
    expect(faultsOfPlan(plan)).toEqual([])
    const targets = [await startWasm(plan), await startJavaScript(plan)]
    for (const t of targets) {
      for (const s of settings)
        for (const [i, n] of s.inputs.entries())
          write(plan, t, (n.params as { readonly name: string }).name, (s.values[i] as Tensor).data)
      t.run('main')
    }
    for (const [k, s] of settings.entries()) {
      const [want] = interpret([s.output], new Map(s.inputs.map((n, i) => [n, s.values[i] as Tensor]))) as [Tensor]
      const [wasm, javascript] = targets.map((t) => read(plan, t, `y${k}`)) as [Elements, Elements]
      const at = differs(wasm, javascript)
      expect({ k, at, wasm: wasm[at], javascript: javascript[at] }).toEqual({ k, at: -1 })
      const bad = isExact(op)
        ? differs(wasm, want.data)
        : wasm.findIndex((v, i) => !near(v, want.data[i] as number, float))
      expect({ k, bad, got: wasm[bad], want: want.data[bad], shapes: s.inputs.map((n) => n.shape) }).toEqual({
        k,
        bad: -1,
        shapes: s.inputs.map((n) => n.shape),
      })
    }
  })
})
