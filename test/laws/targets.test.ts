import { describe, expect, test } from 'vitest'
import { scratchFor } from '../../compiler/emit/wasm/split.ts'
import { fuse } from '../../compiler/fuse/fuse.ts'
import { withoutCustom } from '../../compiler/grad/custom.ts'
import { interpret } from '../../compiler/interpret/interpret.ts'
import type { Tensor } from '../../compiler/interpret/tensor.ts'
import { faultsOf } from '../../compiler/kernel/check.ts'
import { faultsOfPlan } from '../../compiler/plan/check.ts'
import { makePlan } from '../../compiler/plan/make.ts'
import type { Plan } from '../../compiler/plan/plan.ts'
import type { Node } from '../../src/expr/expr.ts'
import type { Elements } from '../../src/ops/leaf.ts'
import { opDef } from '../../src/ops/registry.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { read, startJavaScript, startWasm, write } from '../pipeline/run.ts'
import { casesOf, triedOps } from './cases.ts'
import { derivatives, isSmooth, type Precision, type Setting, settingOf } from './setting.ts'
import { targetCases } from './target-cases.ts'

/** Programs over the operands of one setting. */
interface Programs {
  readonly setting: Setting
  readonly roots: readonly Node[]
}

const planOf = (all: readonly Programs[]): Plan => {
  const results = all.flatMap(({ roots }, k) => withoutCustom(roots).map((value, i) => ({ name: `y${k}_${i}`, value })))
  const fused = fuse({ name: 'main', results, updates: [] })
  return makePlan([fused], { scratchBytes: scratchFor('plain') })
}

const differs = (a: Elements, b: Elements): number => a.findIndex((v, i) => !Object.is(v, b[i]))

/** Sums are added in another order by the interpreter, and their terms may cancel. */
const near = (got: number, want: number, float: Precision): boolean =>
  Object.is(got, want) ||
  got === want ||
  Math.abs(got - want) <= (float === 'f32' ? 2e-5 : 1e-12) * (1 + Math.abs(want))

/** Whether the value is computed element by element, so that every target gives the interpreter's bits. */
const isExact = (op: OpName): boolean => ['elementwise', 'movement', 'indexing', 'sorting'].includes(opDef(op).kind)

/** An op whose result has a float type of its own params cannot be asked for at both. */
const floatsOf = (op: OpName): readonly Precision[] =>
  op === 'unitFloat' || op === 'threefry' || op === 'bitXor' || op === 'bitcast' ? ['f32'] : ['f32', 'f64']

/** All programs in one plan, run on both targets, against the interpreter. */
const expectAgreement = async (all: readonly Programs[], float: Precision, exact: boolean): Promise<void> => {
  const plan = planOf(all)
  expect(plan.kernels.flatMap((k) => faultsOf(k))).toEqual([])
  expect(faultsOfPlan(plan)).toEqual([])
  const targets = [await startWasm(plan), await startJavaScript(plan)]
  for (const t of targets) {
    for (const { setting } of all)
      for (const [i, n] of setting.inputs.entries())
        write(plan, t, (n.params as { readonly name: string }).name, (setting.values[i] as Tensor).data)
    t.run('main')
  }
  for (const [k, { setting, roots }] of all.entries()) {
    const env = new Map(setting.inputs.map((n, i) => [n, setting.values[i] as Tensor]))
    const shapes = setting.inputs.map((n) => n.shape)
    for (const [i, want] of interpret(roots, env).entries()) {
      const [wasm, javascript] = targets.map((t) => read(plan, t, `y${k}_${i}`)) as [Elements, Elements]
      const at = differs(wasm, javascript)
      expect({ k, i, at, wasm: wasm[at], javascript: javascript[at] }).toEqual({ k, i, at: -1 })
      const bad = exact ? differs(wasm, want.data) : wasm.findIndex((v, j) => !near(v, want.data[j] as number, float))
      expect({ k, i, bad, got: wasm[bad], want: want.data[bad], shapes }).toEqual({ k, i, bad: -1, shapes })
    }
  }
}

const runs = triedOps.flatMap((op) => floatsOf(op).map((float) => ({ op, float })))

describe('every op on every target', () => {
  test.each(runs)('$op at $float', async ({ op, float }) => {
    const all = targetCases(op).map((c, k) => {
      const setting = settingOf(c, { float, seed: k + 1, prefix: `x${k}_`, special: true })
      return { setting, roots: [setting.output] }
    })
    await expectAgreement(all, float, isExact(op))
  })
})

const orders = [1, 2] as const

const derived = runs.flatMap(({ op, float }) => orders.map((order) => ({ op, float, order })))

describe('derivatives of every op on every target', () => {
  test.each(derived)('$op at $float, order $order', async ({ op, float, order }) => {
    const settings = casesOf(op).map((c, k) => settingOf(c, { float, seed: k + 1, prefix: `x${k}_` }))
    const all = settings.filter(isSmooth).map((setting) => ({ setting, roots: derivatives(setting, order) }))
    if (all.every(({ roots }) => roots.length === 0)) return
    await expectAgreement(all, float, false)
  })
})
