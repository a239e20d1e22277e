// In: every op and its first derivatives, every kernel cut into parts wherever it can be. Out: that no part touches what is
// another's, and that the parts together leave the bits of the whole.

import { describe, expect, test } from 'vitest'
import { scratchFor } from '../../compiler/emit/wasm/split.ts'
import { fuse } from '../../compiler/fuse/fuse.ts'
import { withoutCustom } from '../../compiler/grad/custom.ts'
import type { Tensor } from '../../compiler/interpret/tensor.ts'
import type { Kernel } from '../../compiler/kernel/kernel.ts'
import { axesOf, isIndependent, type Split } from '../../compiler/kernel/split.ts'
import { faultsOfPlan } from '../../compiler/plan/check.ts'
import { makePlan } from '../../compiler/plan/make.ts'
import type { Plan } from '../../compiler/plan/plan.ts'
import type { Node } from '../../src/expr/expr.ts'
import type { OpName } from '../../src/ops/signature.ts'
import { read, startWasm, write } from '../pipeline/run.ts'
import { triedOps } from './cases.ts'
import { derivatives, isSmooth, type Setting, settingOf } from './setting.ts'
import { targetCases } from './target-cases.ts'

interface Programs {
  readonly setting: Setting
  readonly roots: readonly Node[]
}

/** The n-th axis that may be cut, in parts of a length that no vector has; null where there is none. */
const anyCut = (k: Kernel, n: number): Split | null => {
  const extents = axesOf(k)
  if (extents.includes(0)) return null
  const axes = [...extents.keys()].filter((axis) => (extents[axis] ?? 1) > 1 && isIndependent(k, axis))
  const axis = axes[n % Math.max(axes.length, 1)]
  if (axis === undefined) return null
  const extent = extents[axis] as number
  const length = [1, 3, 5, 7].findLast((l) => l < extent && (extent <= 12 || l === 7)) ?? 1
  return { axis, length, parts: Math.ceil(extent / length) }
}

const planOf = (all: readonly Programs[], cut?: (k: Kernel) => Split | null): Plan => {
  const results = all.flatMap(({ roots }, k) => withoutCustom(roots).map((value, i) => ({ name: `y${k}_${i}`, value })))
  const fused = fuse({ name: 'main', results, updates: [] })
  const scratchBytes = scratchFor('plain')
  return makePlan([fused], cut === undefined ? { scratchBytes } : { scratchBytes, threads: { most: 3, split: cut } })
}

const resultsOf = async (plan: Plan, all: readonly Programs[]): Promise<readonly (readonly number[])[]> => {
  const running = await startWasm(plan)
  for (const { setting } of all)
    for (const [i, n] of setting.inputs.entries())
      write(plan, running, (n.params as { readonly name: string }).name, (setting.values[i] as Tensor).data)
  running.run('main')
  return all.flatMap(({ roots }, k) => roots.map((_, i) => Array.from(read(plan, running, `y${k}_${i}`))))
}

const programsOf = (op: OpName): readonly Programs[] =>
  targetCases(op).map((c, k) => {
    const setting = settingOf(c, { float: 'f32', seed: k + 1, prefix: `x${k}_` })
    return { setting, roots: [setting.output, ...(isSmooth(setting) ? derivatives(setting, 1) : [])] }
  })

describe('every op in parts', () => {
  const cuts = new Map<string, number>()

  test.each(triedOps)('%s', async (op) => {
    const all = programsOf(op)
    const wanted = await resultsOf(planOf(all), all)
    for (const n of [0, 1]) {
      const plan = planOf(all, (k) => anyCut(k, n))
      expect(faultsOfPlan(plan)).toEqual([])
      for (const [i, k] of plan.kernels.entries())
        if ((plan.threads?.splits[i] ?? null) !== null) cuts.set(k.tag, (cuts.get(k.tag) ?? 0) + 1)
      expect(await resultsOf(plan, all)).toEqual(wanted)
    }
  })

  test('there was much to cut', () => {
    expect(cuts.get('loop')).toBeGreaterThan(500)
    expect(cuts.get('contraction')).toBeGreaterThan(20)
    expect(cuts.get('sort')).toBeGreaterThan(0)
  })
})
