// In: kernels, each with an array a buffer. Out: the arrays after the kernels have run in one Wasm module.
// Invariant: every buffer is padded with NaN; a kernel that lets it into a result, or writes there, is found out.

import v8 from 'node:v8'
import type { DType } from '../../src/core/dtype.ts'
import { emitWasm } from '../../compiler/emit/wasm/emit.ts'
import type { WasmOptions } from '../../compiler/emit/wasm/module.ts'
import { scratchFor } from '../../compiler/emit/wasm/split.ts'
import type { Kernel } from '../../compiler/kernel/kernel.ts'
import type { Plan, PlanBuffer, PlanEntry } from '../../compiler/plan/plan.ts'
import type { Memory } from './oracle.ts'

export interface Case {
  readonly kernel: Kernel
  /** What each of the kernel's buffers holds before. */
  readonly arrays: readonly Memory[]
}

/** Bytes behind each buffer: 16 that may be read, and as many again that nothing may touch. */
const PADDING = 32
/** A NaN of either width, and another one at each address, so that one carried elsewhere is seen as well. */
const pattern = (at: number): number => ((at & 3) === 3 ? 0x7f : (at & 3) === 2 ? 0xff : (at * 37 + (at >> 8)) & 0xff)

const aligned = (n: number): number => Math.ceil(n / 16) * 16

/** One entry a case, named by its number, over buffers of its own. */
export const planOf = (cases: readonly Case[]): Plan => {
  const buffers: PlanBuffer[] = []
  let end = PADDING
  const entries = cases.map(({ kernel, arrays }, i): PlanEntry => {
    const bindings = arrays.map((array, b) => {
      const { dtype, label } = kernel.buffers[b] as { readonly dtype: DType; readonly label: string }
      buffers.push({ dtype, elements: array.length, region: 'arena', offset: end, label })
      end += aligned(array.byteLength) + PADDING
      return buffers.length - 1
    })
    const scratchBytes = kernel.tag === 'loop' ? scratchFor('plain')(kernel, null) : 0
    const step = { kernel: i, bindings, scratch: end, scratchBytes }
    end += aligned(scratchBytes) + PADDING
    return { name: `e${i}`, inputs: [], outputs: [], steps: [step], ranges: [], flops: 0, traffic: 0, peak: 0 }
  })
  const kernels = cases.map((c) => c.kernel)
  return { kernels, buffers, params: [], states: [], constants: [], entries, memoryBytes: end }
}

const viewOf = (memory: ArrayBuffer, { dtype, offset, elements }: PlanBuffer): Memory =>
  dtype === 'f32'
    ? new Float32Array(memory, offset, elements)
    : dtype === 'f64'
      ? new Float64Array(memory, offset, elements)
      : new Int32Array(memory, offset, elements)

export interface Ran {
  /** Per case, its arrays afterwards. */
  readonly arrays: readonly (readonly Memory[])[]
  /** Addresses outside of all buffers that were written to. */
  readonly strays: readonly number[]
  readonly bytes: Uint8Array
}

/** Relaxed SIMD stands behind a flag in Node 20, which may be set as long as nothing relaxed was compiled. */
export const allowRelaxed = (bytes: Uint8Array): void => {
  if (!WebAssembly.validate(bytes as BufferSource)) v8.setFlagsFromString('--experimental-wasm-relaxed-simd')
}

export const runWasm = async (cases: readonly Case[], options: WasmOptions = {}): Promise<Ran> => {
  const plan = planOf(cases)
  const bytes = await emitWasm(plan, options)
  if (options.simd === 'relaxed') allowRelaxed(bytes)
  const { instance } = await WebAssembly.instantiate(bytes as BufferSource as ArrayBuffer)
  const memory = (instance.exports.memory as WebAssembly.Memory).buffer
  const all = new Uint8Array(memory)
  for (const at of all.keys()) all[at] = pattern(at)
  const inside = new Uint8Array(all.length)
  const views = plan.buffers.map((b) => viewOf(memory, b))
  cases
    .flatMap((c) => c.arrays)
    .forEach((array, i) => {
      const view = views[i] as Memory
      view.set(array)
      inside.fill(1, view.byteOffset, view.byteOffset + view.byteLength)
    })
  for (const { scratch, scratchBytes } of plan.entries.flatMap((e) => e.steps))
    inside.fill(1, scratch, scratch + scratchBytes)
  for (const i of cases.keys()) (instance.exports[`e${i}`] as () => void)()
  const strays = Array.from(all.keys()).filter((at) => inside[at] === 0 && all[at] !== pattern(at))
  let next = 0
  return { arrays: cases.map((c) => c.arrays.map(() => (views[next++] as Memory).slice())), strays, bytes }
}
