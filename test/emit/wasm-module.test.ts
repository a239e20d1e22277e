// The module around the kernels: memory, constants, entries, names, text, and what it refuses.
import { describe, expect, it } from 'vitest'
import { emitWasm, emitWasmText } from '../../compiler/emit/wasm/emit.ts'
import type { Plan } from '../../compiler/plan/plan.ts'
import { checkSections, readSections } from '../../src/artifact/sections.ts'
import { InternalError } from '../../src/core/errors.ts'
import { mapCase } from './kernels.ts'
import { planOf } from './wasm-run.ts'

const double = mapCase('f32', 5, 1, 'lanes', 2)
const plan = planOf([double])

/** Two entries over one kernel, the first operand a constant. */
const withConstant: Plan = {
  ...plan,
  constants: [{ buffer: 0, bytes: new Uint8Array(new Float32Array([1, 2, 3, 4, 5]).buffer) }],
  entries: [
    { ...(plan.entries[0] as Plan['entries'][number]), name: 'once' },
    { ...(plan.entries[0] as Plan['entries'][number]), name: 'nothing', steps: [] },
  ],
  memoryBytes: 3 * 65_536 + 1,
}

const instantiate = async (bytes: Uint8Array): Promise<WebAssembly.Exports> =>
  (await WebAssembly.instantiate(bytes as BufferSource as ArrayBuffer)).instance.exports

describe('a module', () => {
  it('exports its memory and its entries, and holds its constants', async () => {
    const exports = await instantiate(await emitWasm(withConstant))
    expect(Object.keys(exports)).toEqual(['memory', 'once', 'nothing'])
    const { buffer } = exports.memory as WebAssembly.Memory
    ;(exports.nothing as () => void)()
    const result = new Float32Array(buffer, plan.buffers[2]?.offset, 5)
    expect(Array.from(result)).toEqual([0, 0, 0, 0, 0])
    ;(exports.once as () => void)()
    expect(Array.from(result)).toEqual([3, 6, 9, 12, 15])
  })

  it('has exactly the pages that the plan needs, and nothing that an artifact may not have', async () => {
    const bytes = await emitWasm(withConstant)
    const sections = readSections(bytes)
    expect(sections._tag).toBe('Right')
    if (sections._tag === 'Right')
      expect(checkSections(bytes, sections.right, withConstant.memoryBytes)).toMatchObject({ _tag: 'Right' })
  })

  it('is the same bytes for the same plan, and has names only when asked for', async () => {
    const bytes = await emitWasm(withConstant)
    expect(await emitWasm(withConstant)).toEqual(bytes)
    const named = await emitWasm(withConstant, { debug: true })
    const namesOf = (b: Uint8Array) =>
      WebAssembly.Module.customSections(new WebAssembly.Module(b as BufferSource as ArrayBuffer), 'name').length
    expect([namesOf(bytes), namesOf(named)]).toEqual([0, 1])
    expect(await emitWasm(withConstant)).toEqual(bytes)
  })

  it('says in its text which kernel a function came from', async () => {
    const text = await emitWasmText(withConstant)
    const at = text.indexOf(';; kernel k')
    expect(at).toBeGreaterThan(0)
    expect(text.slice(at)).toMatch(/^;; kernel k[\s\S]*?\n \(func \$k /)
    expect(text).toContain('(func $entry_once')
  })

  it('makes its constants ahead of its loops, once each', async () => {
    const text = await emitWasmText(planOf([mapCase('f32', 160, 1, 'lanes', 2)]))
    const [ahead, ...loops] =
      text
        .slice(text.indexOf('(func $k'))
        .split(/\(func \$entry/)[0]
        ?.split('(loop') ?? []
    expect(ahead?.match(/v128\.const/g)).toHaveLength(1)
    expect(loops).toHaveLength(1)
    expect(loops[0]?.match(/f32x4\.mul/g)).toHaveLength(4)
    expect(loops[0]).not.toContain('v128.const')
  })

  it('is refused where the plan names what it has not', async () => {
    const [entry] = plan.entries
    const broken = (change: Partial<Plan['entries'][number]['steps'][number]>): Plan => ({
      ...plan,
      entries: entry === undefined ? [] : [{ ...entry, steps: entry.steps.map((s) => ({ ...s, ...change })) }],
    })
    await expect(emitWasm(broken({ kernel: 9 }))).rejects.toThrow(InternalError)
    await expect(emitWasm(broken({ bindings: [9, 9, 9] }))).rejects.toThrow('names buffer 9')
    await expect(emitWasm(broken({ bindings: [0, 1] }))).rejects.toThrow('binds 2 buffers')
    await expect(emitWasm({ ...plan, memoryBytes: 2 ** 33 })).rejects.toThrow('beyond 32-bit addresses')
  })
})
