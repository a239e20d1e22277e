// In: one plan of two entries. Out: that Wasm and JavaScript leave the same bits in memory, run after run, and that they
// are the oracle's.

import { describe, expect, it } from 'vitest'
import { emitJavaScript } from '../../compiler/emit/javascript/module.ts'
import { emitWasm } from '../../compiler/emit/wasm/emit.ts'
import type { PlanBuffer } from '../../compiler/plan/plan.ts'
import { LOSS, P, sound, W, X } from '../plan/sound.ts'
import { arrayOf, bitsOf, type Memory, runKernel } from './oracle.ts'
import { importText } from './run-javascript.ts'

interface Running {
  readonly memory: ArrayBuffer
  readonly run: (entry: string) => void
}

const wasm = async (): Promise<Running> => {
  const { instance } = await WebAssembly.instantiate((await emitWasm(sound)) as BufferSource as ArrayBuffer)
  const { memory, ...entries } = instance.exports
  return {
    memory: (memory as WebAssembly.Memory).buffer,
    run: (entry) => (entries[entry] as () => void)(),
  }
}

const javascript = async (): Promise<Running> => {
  const { memory, entries } = (await importText(emitJavaScript(sound, { manifest: '{}' }))).instantiate()
  return { memory, run: (entry) => entries[entry]?.() }
}

/** Runs the steps of an entry one by one, over memory as the plan lays it out. */
const oracle = async (): Promise<Running> => {
  const memory = new ArrayBuffer(sound.memoryBytes)
  for (const { buffer, bytes } of sound.constants) new Uint8Array(memory).set(bytes, sound.buffers[buffer]?.offset)
  const run = (name: string): void => {
    for (const { kernel, bindings } of sound.entries.find((e) => e.name === name)?.steps ?? []) {
      const k = sound.kernels[kernel]
      if (k !== undefined)
        runKernel(
          k,
          bindings.map((b) => view(memory, b)),
        )
    }
  }
  return { memory, run }
}

const view = (memory: ArrayBuffer, b: number): Memory => {
  const { offset, elements } = sound.buffers[b] as PlanBuffer
  return new Float32Array(memory, offset, elements)
}

const history = async (target: () => Promise<Running>): Promise<readonly (readonly string[])[]> => {
  const { memory, run } = await target()
  view(memory, X).set(arrayOf('f32', 35).map((_, i) => Math.sin(i + 1)))
  view(memory, W).set(arrayOf('f32', 42).map((_, i) => Math.cos(3 * i)))
  return Array.from({ length: 4 }, () => {
    for (const name of ['predict', 'train', 'train']) run(name)
    return [P, LOSS, W, X].flatMap((b) => bitsOf(view(memory, b)))
  })
}

describe('one plan on every target', () => {
  it('gives the same bits', async () => {
    const wanted = await history(oracle)
    expect(new Set(wanted.map(String)).size).toBe(4)
    expect(wanted[0]?.some((x) => x === 'NaN')).toBe(false)
    expect(await history(javascript)).toEqual(wanted)
    expect(await history(wasm)).toEqual(wanted)
  })
})
