// In: kernels with the contents of their buffers. Out: the contents after the JavaScript target has run them.
// Invariant: one module for all, loaded as a page would load it; the arrays given are not touched.

import { emitJavaScript } from '../../compiler/emit/javascript/module.ts'
import type { Kernel } from '../../compiler/kernel/kernel.ts'
import type { Lower } from '../../compiler/kernel/scalar.ts'
import type { Plan, PlanBuffer } from '../../compiler/plan/plan.ts'
import { arrayOf, type Memory } from './oracle.ts'

export interface Job {
  readonly kernel: Kernel
  readonly buffers: readonly Memory[]
}

interface Instance {
  readonly memory: ArrayBuffer
  readonly entries: Readonly<Record<string, () => void>>
}

export interface Module {
  readonly manifest: unknown
  readonly instantiate: (memory?: ArrayBuffer) => Instance
}

/** Imports the text of a module. */
export const importText = async (text: string): Promise<Module> =>
  (await import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as Module

const bytesWith = (size: number): number => Math.ceil(size / 16) * 16 + 16

/** A plan of one entry a job, `job0`, `job1`, …, each buffer in memory of its own. */
export const planOf = (jobs: readonly Job[]): Plan => {
  let memoryBytes = 0
  const buffers: PlanBuffer[] = []
  const entries = jobs.map(({ kernel, buffers: contents }, n) => {
    const bindings = kernel.buffers.map((slot, i) => {
      buffers.push({
        dtype: slot.dtype,
        elements: slot.elements,
        region: 'arena',
        offset: memoryBytes,
        label: slot.label,
      })
      memoryBytes += bytesWith(contents[i]?.byteLength ?? 0)
      return buffers.length - 1
    })
    const steps = [{ kernel: n, bindings, scratch: 0, scratchBytes: 0 }]
    return { name: `job${n}`, inputs: [], outputs: [], steps, ranges: [], flops: 0, traffic: 0, peak: 0 }
  })
  const kernels = jobs.map((job) => job.kernel)
  return { kernels, buffers, params: [], states: [], constants: [], entries, memoryBytes }
}

export const runJavaScript = async (jobs: readonly Job[], lower?: Lower): Promise<readonly (readonly Memory[])[]> => {
  const plan = planOf(jobs)
  const text = emitJavaScript(plan, { manifest: '{}', ...(lower === undefined ? {} : { lower }) })
  const { memory, entries } = (await importText(text)).instantiate()
  const views = plan.entries.map((e) =>
    (e.steps[0]?.bindings ?? []).map((b) => {
      const { dtype, elements, offset } = plan.buffers[b] as PlanBuffer
      const like = arrayOf(dtype, 0)
      return like instanceof Float32Array
        ? new Float32Array(memory, offset, elements)
        : like instanceof Float64Array
          ? new Float64Array(memory, offset, elements)
          : new Int32Array(memory, offset, elements)
    }),
  )
  jobs.forEach((job, n) => {
    job.buffers.forEach((contents, i) => views[n]?.[i]?.set(contents))
    entries[`job${n}`]?.()
  })
  return views
}
