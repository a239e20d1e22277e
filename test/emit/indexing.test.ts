// Kernels with computed places against the oracle, bit for bit, on both targets.
import { describe, expect, it } from 'vitest'
import { faultsOf } from '../../compiler/kernel/check.ts'
import { anyCase, type LoopCase, updateCase } from './kernels.ts'
import { bitsOf, type Memory, runKernel } from './oracle.ts'
import { runJavaScript } from './run-javascript.ts'
import { runWasm } from './wasm-run.ts'

const expected = ({ kernel, arrays }: LoopCase): readonly Memory[] => {
  const copies = arrays.map((a) => a.slice())
  runKernel(kernel, copies)
  return copies
}

const texts = (all: readonly (readonly Memory[])[]): readonly string[] =>
  all.map((arrays) => arrays.map((a) => bitsOf(a).join()).join(';'))

const bodies = (c: LoopCase) => c.kernel.stages.flatMap((s) => s.body)

describe('computed places', () => {
  const updates = Array.from({ length: 90 }, (_, i) => updateCase(i + 1))
  const gathers = Array.from({ length: 100 }, (_, i) => anyCase(5000 + i)).filter((c) =>
    bodies(c).some((i) => i.tag === 'gather'),
  )

  it('are tried in plenty', () => {
    expect(gathers.length).toBeGreaterThan(30)
    expect([...updates, ...gathers].flatMap((c) => faultsOf(c.kernel))).toEqual([])
  })

  it.each([
    ['rows added', updates],
    ['rows taken', gathers],
  ] as const)('%s: Wasm and JavaScript give the bits of the oracle', async (_, cases) => {
    const want = texts(cases.map(expected))
    const wasm = await runWasm(cases)
    expect(wasm.strays).toEqual([])
    expect(texts(wasm.arrays)).toEqual(want)
    expect(texts(await runJavaScript(cases.map((c) => ({ kernel: c.kernel, buffers: c.arrays }))))).toEqual(want)
  })
})
