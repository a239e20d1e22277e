// A workload's parameters, first batch and learning rate at the places that a manifest gives them, for modules that are run
// without the runtime.

import { type Manifest, type ManifestPort, viewOf } from '../../src/artifact/types.ts'
import type { Training } from '../workloads/workload.ts'

const fill = (memory: WebAssembly.Memory, ports: readonly ManifestPort[], values: Training['parameters']): void => {
  for (const { name, dtype, shape, offset } of ports) {
    const value = values[name]
    if (value === undefined) throw new Error(`nobody has a value for ${name}`)
    const elements = shape.reduce((n, d) => n * d, 1)
    viewOf(memory.buffer, dtype, offset, elements).set(value.data)
  }
}

export const placeFirst = (
  memory: WebAssembly.Memory,
  { params, entries }: Manifest,
  { parameters, batches, optimizer }: Training,
): void => {
  const step = entries.find(({ name }) => name === 'step')
  if (step === undefined) throw new Error('there is no entry step')
  const learningRate = { shape: [], data: Float32Array.of(optimizer.learningRate) }
  fill(memory, params, parameters)
  fill(memory, step.inputs, { ...batches[0], learningRate })
}
